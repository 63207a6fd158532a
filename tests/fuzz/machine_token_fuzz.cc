// The machine's LUKS2 token: what was accepted is written again, and accepted again, as the same.
#include "data/machine_token.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Result<MachineSettings> settings = parse_machine_token({data, size});
  if (!settings) return 0;
  fuzz::require(settings->keyboard.find_first_of("/.\n") == std::string::npos);
  Result<MachineSettings> again = parse_machine_token(as_bytes(build_machine_token(*settings)));
  fuzz::require(again && *again == *settings);
  return 0;
}
