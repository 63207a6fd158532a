// What the tokens of a LUKS2 header say together: who has a password, what the prompt must know.
#pragma once

#include "data/machine_token.h"
#include "data/token.h"
#include "data/volume.h"

namespace ashlar {

constexpr unsigned kRecoveryKeyslot = 0;

struct HeaderUser {
  unsigned number = 0;  // of the token
  UserToken token;
};

struct DataHeader {
  std::optional<MachineSettings> machine;
  std::map<unsigned, HeaderUser> users;        // by u1 to u8
  std::optional<std::string> tpm_authorities;  // the token as it stands
};

// Parts whose change is under way are left out: they are removed, whatever becomes of the change. So a user has one
// token at every moment. Errors: foreign, when a token is not ours or a user has two.
Result<DataHeader> read_data_header(const Luks2Metadata& metadata);

}  // namespace ashlar
