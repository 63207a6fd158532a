#include "image/selinux_policy.h"

#include <gtest/gtest.h>

namespace ashlar::image {
namespace {

constexpr char kDomains[] =
    "(type a_exec_t)\n"
    "(type a_t)\n"
    "(call service_type (a_t a_exec_t))\n"
    "(allow a_t a_t (process (fork)))\n"
    "(type inside_t)\n"
    "(call domain_type (inside_t))\n"
    "(call reads (inside_t a_exec_t))\n";

PolicyNames names_of(const std::string& text) {
  Result<PolicyNames> names = policy_names({{"os/policy/selinux/x.cil", text}});
  EXPECT_TRUE(names) << names.error().message();
  return names.value_or(PolicyNames{});
}
std::string error_of(const std::string& labels) {
  Result<std::string> made = file_contexts({{"os/policy/selinux/labels", labels}}, names_of(kDomains));
  if (made) return "accepted";
  EXPECT_TRUE(made.error().is_misuse());
  return made.error().message();
}

TEST(PolicyNames, KnowsTypesAndTheDomainsOfServices) {
  PolicyNames names = names_of(kDomains);
  EXPECT_EQ(names.types, (std::set<std::string, std::less<>>{"a_exec_t", "a_t", "inside_t"}));
  EXPECT_EQ(names.services, (std::set<std::string, std::less<>>{"a_t"}));
}

// To come into it, and to be one, says nothing of what it may do.
TEST(PolicyNames, RefusesADomainWithoutRules) {
  for (const char* declared : {"(call domain_type (idle_t))", "(call service_type (idle_t a_exec_t))",
                               "(call inner_type (idle_t a_exec_t))\n(call enters_by_itself (a_t a_exec_t idle_t))"}) {
    Result<PolicyNames> names =
        policy_names({{"x.cil", kDomains}, {"y.cil", "(type idle_t)\n" + std::string(declared)}});
    ASSERT_FALSE(names) << declared;
    EXPECT_TRUE(names.error().is_misuse());
    EXPECT_EQ(names.error().message(), "y.cil:2: no rule says what idle_t may do");
  }
}

TEST(FileContexts, AreInTheFormOfLibselinuxTheShortestFirst) {
  Result<std::string> made = file_contexts(
      {{"labels", "# a comment\n/usr/bin/a.b   a_exec_t\n/usr/bin/** a_t\n\n/** inside_t\n"}}, names_of(kDomains));
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(*made,
            "/.* system_u:object_r:inside_t\n"
            "/usr/bin(/.*)? system_u:object_r:a_t\n"
            "/usr/bin/a\\.b system_u:object_r:a_exec_t\n");
}

TEST(FileContexts, RefuseWhatIsNoLabel) {
  const std::string at = "os/policy/selinux/labels:2: ";
  EXPECT_EQ(error_of("\n/usr/x"), at + "/usr/x has no type");
  EXPECT_EQ(error_of("\n/usr/x gone_t"), at + "the policy has no type 'gone_t'");
  for (const char* line : {"usr/x a_t", "/usr/*/x a_t", "/usr/x/ a_t", "/usr/x a_t a_t"}) {
    EXPECT_EQ(error_of("\n" + std::string(line)), at + "a line is a path, or a path and /**, and a type") << line;
  }
  EXPECT_EQ(error_of("/usr/x a_t\n/usr/x a_exec_t"), at + "/usr/x has a type at os/policy/selinux/labels:1");
}

TEST(Domains, OfServicesMustBeThePolicys) {
  Service service;
  service.domain_where = "os/services/x.toml:4: 'domain'";
  for (const char* missing : {"", "gone_t", "inside_t"}) {
    service.domain = missing;
    Status checked = check_domains({service}, names_of(kDomains));
    ASSERT_FALSE(checked) << missing;
    EXPECT_TRUE(checked.error().is_misuse());
    EXPECT_EQ(checked.error().message(), "os/services/x.toml:4: 'domain': the policy has no domain '" +
                                             std::string(missing) + "' for services (os/policy/selinux)");
  }
  service.domain = "a_t";
  EXPECT_TRUE(check_domains({service}, names_of(kDomains)));
}

}  // namespace
}  // namespace ashlar::image
