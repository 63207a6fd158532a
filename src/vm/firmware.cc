#include "vm/firmware.h"

#include <array>
#include <string_view>

namespace ashlar::vm {
namespace {

constexpr std::string_view kDebianDirectory = "/usr/share/OVMF";

struct Names {
  std::string_view code;
  std::string_view variables;
};
// The 4 MiB builds come first: newer releases have no other.
constexpr std::array<Names, 2> kEnforced = {Names{"OVMF_CODE_4M.secboot.fd", "OVMF_VARS_4M.fd"},
                                            Names{"OVMF_CODE.secboot.fd", "OVMF_VARS.fd"}};
constexpr std::array<Names, 2> kAbsent = {Names{"OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"},
                                          Names{"OVMF_CODE.fd", "OVMF_VARS.fd"}};

}  // namespace

Result<Firmware> find_firmware(SecureBoot secure_boot, const fs::path& directory) {
  for (const Names& names : secure_boot == SecureBoot::enforced ? kEnforced : kAbsent) {
    Firmware found{directory / names.code, directory / names.variables};
    std::error_code ignored;
    if (fs::is_regular_file(found.code, ignored) && fs::is_regular_file(found.variables, ignored)) return found;
  }
  return fail("no UEFI firmware" + std::string(secure_boot == SecureBoot::enforced ? " with Secure Boot" : "") +
              " in " + directory.string() + ": install the package ovmf");
}

Result<Firmware> find_firmware(SecureBoot secure_boot) { return find_firmware(secure_boot, kDebianDirectory); }

}  // namespace ashlar::vm
