// UEFI variables as efivarfs shows them: four bytes of attributes, then the value (UEFI 2.10, 3.3; efivarfs.rst).
#pragma once

#include <chrono>
#include <optional>

#include "sys/kernel.h"

namespace ashlar {

// One of the global variables that hold 0 or 1, "SecureBoot" or "SetupMode". nullopt: this firmware has none. A
// variable of another size, or with another value, is an error and not a guess.
Result<std::optional<bool>> efi_switch(Kernel& kernel, const std::string& name);

// A time since the machine was turned on, which the boot loader left: "LoaderTimeInitUSec" (it began) or
// "LoaderTimeExecUSec" (it handed over), as the Boot Loader Interface of systemd has them. nullopt: it left none.
Result<std::optional<std::chrono::microseconds>> loader_time(Kernel& kernel, const std::string& name);

}  // namespace ashlar
