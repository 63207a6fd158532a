// Sessions with the TPM, salted to the storage root key: nobody who reads the bus learns the session's key, and so
// neither secrets nor authorization values (Part 1, 19.6.8 and chapter 21).
#pragma once

#include "sys/tpm_storage_key.h"

namespace ashlar {

class TpmSession {
 public:
  enum class Kind { hmac, policy, trial };

  static Result<TpmSession> start(Tpm& tpm, const TpmStorageKey& key, Kind kind);

  // Which of the next command's parameters are encrypted, with AES-128 in CFB mode: the first one sent, the first one
  // that comes back. A command whose first parameter is not sized (Part 3 says) takes `sent` badly.
  enum class Encrypt { nothing, sent, answer, both };
  Result<ESYS_TR> use(Encrypt encrypt);

  [[nodiscard]] ESYS_TR handle() const { return session_.get(); }
  // The digest of the policy so far.
  Result<Sha256Digest> policy_digest();

 private:
  TpmSession(ESYS_CONTEXT* context, esys::Transient session) : context_(context), session_(std::move(session)) {}
  ESYS_CONTEXT* context_;
  esys::Transient session_;
};

}  // namespace ashlar
