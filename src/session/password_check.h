// Is it this user's password? The user's record on /data holds the key of the home, wrapped by the password's own
// Argon2id key (data/homes.h): the wrap opens by the right password and by no other. No TPM is asked, so no try is lost
// there, and nothing is stored for the lock alone.
#pragma once

#include "data/homes.h"
#include "session/login_protocol.h"

namespace ashlar {

class Records {
 public:
  virtual ~Records() = default;
  virtual Result<UserRecord> get(unsigned user) = 0;
  // Hands a home's key to the kernel (add_fscrypt_key).
  virtual Result<HomeKeyId> open(const Secret& key) = 0;
};

// A right password opens the home too, where the end of the last session has closed it. An error says why it cannot be
// told.
Result<Answer> check_password(Records& records, unsigned user, const Secret& password);

}  // namespace ashlar
