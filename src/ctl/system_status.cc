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

}  // namespace

Result<MachineState> observe_system(Kernel& kernel) {
  MachineState state{.version = std::string(kVersion), .variant = std::string(kVariant)};
  state.verified = TRY(in("ask what / is mounted from", verified_root_hash(kernel)));
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
