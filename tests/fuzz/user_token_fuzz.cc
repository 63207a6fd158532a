// A user's LUKS2 token: what was accepted is written again, and accepted again, as the same.
#include "data/token.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Result<UserToken> token = parse_user_token({data, size});
  if (!token) return 0;
  fuzz::require(check_argon2id(token->password).has_value());
  fuzz::require(token->user >= 1 && token->user <= kUsers && token->keyslot < 32);
  Result<UserToken> again = parse_user_token(as_bytes(build_user_token(*token)));
  fuzz::require(again && *again == *token);
  return 0;
}
