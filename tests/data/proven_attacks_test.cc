// The attacks on /data that `ashlar prove` carries out, each a test; and that a case in which nothing was attacked is
// found out. Headers, power cuts and what is seen of one login have files of their own, where several share a machine.
#include <gtest/gtest.h>

#include <map>

#include "data_machine.h"

namespace ashlar::test {
namespace {

std::map<std::string, prove::DataAttack> attacks() {
  std::map<std::string, prove::DataAttack> all = {{"data.untouched", prove::data_untouched()}};
  for (prove::DataAttack& attack : prove::data_tpm_attacks()) all[attack.id] = std::move(attack);
  for (prove::DataAttack& attack : prove::data_login_attacks()) {
    if (attack.id == "data.guessing") all[attack.id] = std::move(attack);
  }
  return all;
}

std::vector<std::string> ids() {
  std::vector<std::string> all;
  for (const auto& [id, attack] : attacks()) all.push_back(id);
  return all;
}

class Proven : public ::testing::TestWithParam<std::string> {};

TEST_P(Proven, Holds) {
  const prove::DataAttack attack = attacks().at(GetParam());
  ASSERT_TRUE(attack.needs.empty() || fs::exists(attack.needs)) << attack.needs;
  Result<const prove::DataLab*> lab = data_lab();
  ASSERT_OK(lab);
  prove::CaseReport report = prove::judge_data(**lab, attack);
  EXPECT_EQ(report.problem, "") << report.console;
  EXPECT_NE(report.evidence, "");
  EXPECT_NE(report.control, "");
}

INSTANTIATE_TEST_SUITE_P(Attacks, Proven, ::testing::ValuesIn(ids()), [](const auto& id) {
  std::string name = id.param;
  std::ranges::replace_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});

// The control of all refusals: a machine that nobody moved asks for the password, and that counts as broken.
TEST(ProvenNothing, AnAttackThatDoesNothingIsBroken) {
  Result<const prove::DataLab*> lab = data_lab();
  ASSERT_OK(lab);
  prove::DataAttack attack = prove::data_tpm_attacks().front();
  ASSERT_EQ(attack.id, "data.moved");
  attack.id = "data.nothing";
  attack.carry_out = [](prove::DataScene&) -> Status { return {}; };
  prove::CaseReport report = prove::judge_data(**lab, attack);
  EXPECT_FALSE(report.held());
  EXPECT_EQ(report.problem, "the attack went through: the password is asked for");
  fs::remove_all((*lab)->origin.setting.work / attack.id);  // what a broken case keeps
}

}  // namespace
}  // namespace ashlar::test
