#include "data/data_header.h"

namespace ashlar {
namespace {

Result<DataHeader> read(const Luks2Metadata& metadata) {
  DataHeader header;
  for (const auto& [number, stored] : metadata.tokens) {
    if (metadata.hmac.changing.tokens.contains(number)) continue;
    if (stored.type == kMachineToken) header.machine = TRY(parse_machine_token(as_bytes(stored.json)));
    if (stored.type == kTpmAuthorityToken) header.tpm_authorities = stored.json;
    if (stored.type != kUserToken) continue;
    UserToken token = TRY(parse_user_token(as_bytes(stored.json)));
    unsigned user = token.user;
    if (!header.users.try_emplace(user, HeaderUser{number, std::move(token)}).second) {
      return fail("u" + std::to_string(user) + " has two tokens");
    }
  }
  return header;
}

}  // namespace

Result<DataHeader> read_data_header(const Luks2Metadata& metadata) {
  Result<DataHeader> header = in("the header of /data", read(metadata));
  if (!header) return std::unexpected(std::move(header).error().as(VolumeFailure::foreign));
  return header;
}

}  // namespace ashlar
