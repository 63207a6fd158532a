// The prompt of every day: a password, or the recovery key, until the volume is open.
#pragma once

#include "data/data_header.h"
#include "data/opened.h"
#include "data/turn.h"
#include "sys/tpm_authority.h"
#include "sys/tpm_policy_steps.h"

namespace ashlar {

class UnlockDialogue {
 public:
  UnlockDialogue(Turn& turn, Volume& volume, const DataHeader& header)
      : turn_(turn), volume_(volume), header_(header) {}

  // What can be told before is told before: a password that cannot work is never asked for. Errors: TurnEnd; altered;
  // nobody can answer.
  Result<Opened> run();

 private:
  // How the TPM is asked for the user's secret now.
  struct Way {
    Tpm& tpm;
    TpmStorageKey key;
    UnsealSteps steps;
    const SealedBlobs& blobs;
    bool as_expected = false;
  };
  // One round; nullopt: another one.
  using Round = Result<std::optional<Opened>>;

  [[nodiscard]] const UserToken& token() const { return header_.users.at(user_).token; }
  Status choose_user();
  // nullopt: this user has no TPM to ask. Errors: why the TPM will refuse.
  Result<std::optional<Way>> find_way();
  Round by_password(const std::optional<Way>& way);
  Round check(const Secret& typed, const std::optional<Way>& way);
  Round other_ways();
  Round after_refusal(Error refusal);
  Round by_recovery_key(const Notice& notice, std::optional<Error> refusal);
  std::optional<LockoutState> lockout();

  Turn& turn_;
  Volume& volume_;
  const DataHeader& header_;
  unsigned user_ = 0;
  std::string remark_;
};

}  // namespace ashlar
