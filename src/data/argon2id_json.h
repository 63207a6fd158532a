// Argon2id's parameters as they are stored: {"memory_kib": 524288, "passes": 3, "lanes": 4, "salt": "<base64, 32
// bytes>"}.
#pragma once

#include "data/argon2id_parameters.h"
#include "data/strict_json.h"

namespace ashlar {

Json argon2id_json(const Argon2idParameters& parameters);
// Errors: another form, and what check_argon2id() refuses.
Result<Argon2idParameters> parse_argon2id_json(const Json& json);

}  // namespace ashlar
