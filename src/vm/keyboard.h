// Text as key presses on a US keyboard, in QMP's key names.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace ashlar::vm {

// The keys held together for one character: {"shift", "a"} for 'A'. nullopt for what such a keyboard cannot type.
std::optional<std::vector<std::string>> keys_for(char character);

}  // namespace ashlar::vm
