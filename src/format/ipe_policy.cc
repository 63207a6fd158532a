#include "format/ipe_policy.h"

namespace ashlar {

std::string ipe_run_policy(const RootHash& root_hash) {
  return "policy_name=" + std::string(kIpeRunPolicyName) +
         " policy_version=1.0.0\n"
         "DEFAULT action=DENY\n"
         "op=EXECUTE dmverity_roothash=sha256:" +
         root_hash.hex() + " dmverity_signature=TRUE action=ALLOW\n";
}

}  // namespace ashlar
