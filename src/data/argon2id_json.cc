#include "data/argon2id_json.h"

#include "base/base64.h"

namespace ashlar {

Json argon2id_json(const Argon2idParameters& parameters) {
  return {{"memory_kib", parameters.memory_kib},
          {"passes", parameters.passes},
          {"lanes", parameters.lanes},
          {"salt", to_base64(parameters.salt)}};
}

Result<Argon2idParameters> parse_argon2id_json(const Json& json) {
  TRY(has_exactly(json, {"memory_kib", "passes", "lanes", "salt"}, "\"argon2id\""));
  Argon2idParameters parameters{
      TRY(number_at(json, "memory_kib")), TRY(number_at(json, "passes")), TRY(number_at(json, "lanes")), {}};
  TRY(check_argon2id(parameters));
  Bytes salt = TRY(from_base64(TRY(text_at(json, "salt"))));
  if (salt.size() != parameters.salt.size()) return fail("a salt of another size");
  std::ranges::copy(salt, parameters.salt.begin());
  return parameters;
}

}  // namespace ashlar
