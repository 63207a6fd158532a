#include "sys/efi_variables.h"

namespace ashlar {
namespace {

constexpr std::string_view kDirectory = "/sys/firmware/efi/efivars/";
constexpr std::string_view kGlobalVariable = "-8be4df61-93ca-11d2-aa0d-00e098032b8c";
constexpr std::size_t kAttributes = 4;  // bytes

}  // namespace

Result<std::optional<bool>> efi_switch(Kernel& kernel, const std::string& name) {
  std::string path = std::string(kDirectory) + name + std::string(kGlobalVariable);
  if (!kernel.exists(path)) return std::nullopt;
  Bytes content = TRY(kernel.read_file(path, kAttributes + 1));
  if (content.size() != kAttributes + 1 || content[kAttributes] > 1) return fail(name + " is neither 0 nor 1");
  return content[kAttributes] == 1;
}

}  // namespace ashlar
