// What is asked of PID 1 over its control socket, and what ashlarctl and the logger read from it.
#include "format/control_message.h"
#include "format/log_message.h"
#include "format/words.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = as_text({data, size});
  if (Result<ControlQuestion> question = parse_control_question(text)) {
    fuzz::require(build_control_question(*question) == text);
    fuzz::require(question->service.size() <= kLongestServiceName);
  }
  if (Result<ControlAnswer> answer = parse_control_answer(text)) {
    fuzz::require(build_control_answer(answer->outcome, answer->text) == text);
  }
  if (Result<Report> report = parse_report(text)) {
    fuzz::require(parse_report(build_report(*report)) == *report);
  }
  if (Result<OutputPart> part = parse_output_part(text)) {
    fuzz::require(build_output_part(*part) == text);
  }
  return 0;
}
