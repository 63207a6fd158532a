#include "image/selinux_policy.h"

#include <gtest/gtest.h>

#include "image/build.h"
#include "tool.h"

namespace ashlar::test {
namespace {

// secilc's words, with file and line; the policy as it is compiles.
TEST(SelinuxPolicy, SaysWhereItIsWrong) {
  image::BuildOptions options;
  options.lock = lock_file();
  auto workshop = image::open_tools(options, "workshop");
  ASSERT_TRUE(workshop) << workshop.error().message();
  image::TemporaryDirectory work = scratch();
  image::Cache cache(work.path());
  auto build = [&](const std::string& added) {
    auto sources = image::read_policy_sources(fs::path(ASHLAR_SOURCE_DIR) / "os", image::Variant::kDev);
    EXPECT_TRUE(sources) << sources.error().message();
    sources->cil.push_back({"os/policy/selinux/zz.cil", added});
    return image::build_selinux_policy(cache, *workshop, *sources);
  };
  auto good = build("");
  ASSERT_TRUE(good) << good.error().message();
  EXPECT_FALSE(good->was_cached);
  EXPECT_TRUE(build("")->was_cached);
  for (const auto& [wrong, said] : std::vector<std::pair<std::string, std::string>>{
           {"\n(allow session_t gone_t (file (read)))", "os/policy/selinux/zz.cil:2"},
           {"(allow session_t self (process (execmem)))", "neverallow check failed at os/policy/selinux/limits.cil:"},
           {"(allow session_t home_t (file (execute)))", "allow at os/policy/selinux/zz.cil:1"},
           {"(allow", "os/policy/selinux/zz.cil:1: '(' is never closed"}}) {
    auto refused = build(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_TRUE(refused.error().is_misuse());
    EXPECT_NE(refused.error().message().find(said), std::string::npos) << refused.error().message();
  }
}

}  // namespace
}  // namespace ashlar::test
