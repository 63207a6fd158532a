#include "format/ipe_policy.h"

#include <gtest/gtest.h>

namespace ashlar {
namespace {

TEST(IpePolicy, LetsOnlyThisRootExecute) {
  const std::string hash(64, 'c');
  EXPECT_EQ(ipe_run_policy(parse_root_hash(hash).value()),
            "policy_name=ashlar policy_version=1.0.0\n"
            "DEFAULT action=DENY\n"
            "op=EXECUTE dmverity_roothash=sha256:" +
                hash + " dmverity_signature=TRUE action=ALLOW\n");
}

}  // namespace
}  // namespace ashlar
