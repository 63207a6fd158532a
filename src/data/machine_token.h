// The LUKS2 token with what the prompt must know of this machine before the volume is open (docs/FORMATS.md, "/data").
//
//     {"type": "ashlar-machine", "keyslots": [], "version": 1, "keyboard": "us"}
#pragma once

#include <string>

#include "base/bytes.h"

namespace ashlar {

struct MachineSettings {
  std::string keyboard;  // a layout of the X keyboard database: "us", "de(nodeadkeys)"

  bool operator==(const MachineSettings&) const = default;
};

std::string build_machine_token(const MachineSettings& settings);
// Authenticated by the header's HMAC, but only once the volume is open: before that it can be anybody's. Errors:
// everything that build_machine_token does not write; a layout whose name is not 1 to 32 of a-z, 0-9, _, ( and ).
Result<MachineSettings> parse_machine_token(ByteView json);

}  // namespace ashlar
