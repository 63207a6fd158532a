// What programs of the session send to the bar, which hands it on to swaybar as JSON.
#include <nlohmann/json.hpp>

#include "fuzz.h"
#include "session/bar_line.h"
#include "session/bar_message.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  BarMessage message = parse_bar_message(as_text({data, size}));
  BarState state;
  state.notice = Notice{.text = message.notice, .warning = message.warning};
  // One line, and JSON that says what the notice says.
  std::string line = bar_line(state);
  fuzz::require(line.find('\n') == line.npos);
  nlohmann::json parsed = nlohmann::json::parse(line);
  fuzz::require(parsed.at(0).at("full_text") == "  " + message.notice + "  ");
  // wpctl is a program of the image, but what it says goes through a pipe.
  if (auto volume = parse_volume(as_text({data, size}))) fuzz::require(volume->percent < 1000);
  return 0;
}
