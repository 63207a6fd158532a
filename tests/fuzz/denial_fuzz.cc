// Records of the kernel about what it denied, with names and paths of programs in them.
#include "format/denial.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::optional<Denial> denial = parse_denial(as_text({data, size}));
  if (!denial) return 0;
  const std::string words = in_words(*denial);
  fuzz::require(words.ends_with('.'));
  for (char c : words) fuzz::require(c >= ' ' && c <= '~');
  return 0;
}
