#include "ctl/system_status.h"

#include "sys/device_mapper.h"
#include "sys/efi_variables.h"
#include "sys/release.h"

namespace ashlar::ctl {
namespace {

std::string json_of(std::optional<bool> value) {
  if (!value) return "null";
  return *value ? "true" : "false";
}

// Of the ready line (sys/pages.h).
Result<std::optional<std::string>> left_root_hash(Kernel& kernel) {
  constexpr std::string_view kKey = " roothash=";
  constexpr std::size_t kLongestLine = 512;  // bytes
  Bytes line = TRY(kernel.read_file(kReadyFile, kLongestLine));
  std::string_view text = as_text(line);
  std::size_t at = text.find(kKey);
  if (at == text.npos) return fail(std::string(kReadyFile) + " is not PID 1's");
  text.remove_prefix(at + kKey.size());
  std::string hash(text.substr(0, text.find_first_of(" \n")));
  if (hash == "none") return std::nullopt;
  return hash;
}

}  // namespace

Result<MachineState> observe_system(Kernel& kernel, bool root) {
  MachineState state{.version = std::string(kVersion), .variant = std::string(kVariant)};
  state.verified =
      root ? TRY(in("ask what / is mounted from", verified_root_hash(kernel))) : TRY(left_root_hash(kernel));
  state.secure_boot = TRY(in("ask the firmware for SecureBoot", efi_switch(kernel, "SecureBoot")));
  state.setup_mode = TRY(in("ask the firmware for SetupMode", efi_switch(kernel, "SetupMode")));
  return state;
}

// What PID 1's page says, on a terminal.
std::string system_text(const MachineState& state) {
  std::string text = "Ashlar " + state.version + ", " + state.variant + "\n";
  for (const PageLine& line : ready_page(state).lines) {
    std::string label = line.label;
    for (const std::string& row : line.text) {
      label.resize(14, ' ');
      text += "  " + label + row + "\n";
      label.clear();
    }
  }
  return text;
}

std::string system_json(const MachineState& state) {
  return R"({"version":")" + state.version + R"(","variant":")" + state.variant + R"(","root_hash":)" +
         (state.verified ? '"' + *state.verified + '"' : "null") + R"(,"secure_boot":)" + json_of(state.secure_boot) +
         R"(,"setup_mode":)" + json_of(state.setup_mode) + "}";
}

}  // namespace ashlar::ctl
