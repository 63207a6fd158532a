// The sources of the SELinux policy, as far as the builder reads them.
#include "fuzz.h"
#include "image/cil.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto read = image::parse_cil(as_text({data, size}), "fuzzed");
  if (!read) return 0;
  unsigned line = 0;
  for (const image::CilNode& statement : *read) {
    fuzz::require(statement.word.empty() && statement.line >= line);
    line = statement.line;
  }
  return 0;
}
