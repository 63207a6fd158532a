// Kernel command lines.
#include "format/kernel_cmdline.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Result<KernelCmdline> line = parse_kernel_cmdline(as_text({data, size}));
  if (!line) return 0;
  fuzz::require(line->has_separator || line->init_arguments.empty());
  for (const KernelParameter& parameter : line->parameters) fuzz::require(line->has(parameter.name));
  return 0;
}
