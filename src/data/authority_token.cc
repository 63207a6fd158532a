#include "data/authority_token.h"

#include <algorithm>

#include "base/base64.h"
#include "data/aead.h"
#include "data/luks2_metadata.h"
#include "data/strict_json.h"

namespace ashlar {
namespace {

constexpr std::size_t kContent = 64;
constexpr std::string_view kAssociated = "ashlar-tpm 1";

Json json_of(ByteView sealed) {
  return {{"type", kTpmAuthorityToken}, {"keyslots", Json::array()}, {"version", 1}, {"sealed", to_base64(sealed)}};
}

Result<TpmAuthorities> open(ByteView bytes, const Secret& key) {
  Json json = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (json.is_discarded()) return fail("not JSON");
  TRY(has_exactly(json, {"type", "keyslots", "version", "sealed"}, "it"));
  Bytes sealed = TRY(from_base64(TRY(text_at(json, "sealed"))));
  if (json_of(sealed).dump() != json.dump()) return fail("in another form than ours");
  Secret content = TRY(aead_open(key, sealed, kContent, kAssociated));
  Secret owner = TRY(Secret::copy_of(content.bytes().first(32)));
  Secret lockout = TRY(Secret::copy_of(content.bytes().last(32)));
  return TpmAuthorities{std::move(owner), std::move(lockout)};
}

}  // namespace

Result<std::string> build_tpm_authority_token(const TpmAuthorities& authorities, const Secret& key) {
  if (authorities.owner.bytes().size() != 32 || authorities.lockout.bytes().size() != 32) {
    return fail("an authorization value of the TPM has 32 bytes here");
  }
  Secret content = TRY(Secret::of_size(kContent));
  std::ranges::copy(authorities.owner.bytes(), content.bytes().begin());
  std::ranges::copy(authorities.lockout.bytes(), content.bytes().begin() + 32);
  Bytes sealed = TRY(aead_seal(key, content, kAssociated));
  return json_of(sealed).dump();
}

Result<TpmAuthorities> open_tpm_authority_token(ByteView json, const Secret& key) {
  return in("the token with the TPM's authorizations", open(json, key));
}

}  // namespace ashlar
