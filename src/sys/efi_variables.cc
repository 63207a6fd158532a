#include "sys/efi_variables.h"

namespace ashlar {
namespace {

constexpr std::string_view kDirectory = "/sys/firmware/efi/efivars/";
constexpr std::string_view kGlobalVariable = "-8be4df61-93ca-11d2-aa0d-00e098032b8c";
constexpr std::string_view kLoaderVariable = "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
constexpr std::size_t kAttributes = 4;    // bytes
constexpr std::size_t kLongestTime = 64;  // bytes, of a file

}  // namespace

Result<std::optional<bool>> efi_switch(Kernel& kernel, const std::string& name) {
  std::string path = std::string(kDirectory) + name + std::string(kGlobalVariable);
  if (!kernel.exists(path)) return std::nullopt;
  Bytes content = TRY(kernel.read_file(path, kAttributes + 1));
  if (content.size() != kAttributes + 1 || content[kAttributes] > 1) return fail(name + " is neither 0 nor 1");
  return content[kAttributes] == 1;
}

Result<std::optional<std::chrono::microseconds>> loader_time(Kernel& kernel, const std::string& name) {
  std::string path = std::string(kDirectory) + name + std::string(kLoaderVariable);
  if (!kernel.exists(path)) return std::nullopt;
  Bytes content = TRY(kernel.read_file(path, kLongestTime));
  // UTF-16 digits, and a zero behind them.
  std::uint64_t time = 0;
  for (std::size_t i = kAttributes; i + 1 < content.size(); i += 2) {
    if (content[i] == 0 && content[i + 1] == 0) break;
    std::optional<std::uint64_t> tens = checked_mul(time, std::uint64_t{10});
    if (content[i] < '0' || content[i] > '9' || content[i + 1] != 0 || !tens) return fail(name + " is no time");
    time = *tens + (content[i] - '0');
  }
  return std::chrono::microseconds(time);
}

}  // namespace ashlar
