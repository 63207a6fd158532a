#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>

#include "data/prompt.h"
#include "prove/attack_data.h"
#include "prove/erofs_places.h"
#include "prove/report.h"

namespace ashlar::prove {
namespace {

using End = Observation::End;

const Prediction kPredicted = {"aa11", {{4, sha256("4")}, {7, sha256("7")}, {11, sha256("11")}, {12, {}}, {13, {}}}};

Observation ready() {
  return {.end = End::ready, .line = "ashlar: ready", .root_hash = "aa11", .secure_boot = "1", .pcrs = kPredicted.pcrs};
}

std::string problem(Outcome outcome, const Observation& seen, std::vector<unsigned> changed = {}) {
  CaseReport report;
  std::string evidence = outcome == Outcome::stopped ? "denied" : "";
  compare(kPredicted, {.id = "case", .outcome = outcome, .evidence = evidence, .changed = std::move(changed)}, seen,
          report);
  return report.problem;
}

TEST(Compare, StoppedMeansByTheLayerThatHadToStopIt) {
  EXPECT_EQ(problem(Outcome::stopped, {.end = End::gave_up, .line = "panic", .evidence = "denied"}), "");
  EXPECT_NE(problem(Outcome::stopped, {.end = End::silent, .evidence = "denied"}), "") << "it may have gone on";
  EXPECT_EQ(problem(Outcome::stopped, {.end = End::gave_up, .line = "panic"}), "something else stopped it: panic");
  EXPECT_EQ(problem(Outcome::stopped, ready()), "the attack went through: ashlar: ready");
  EXPECT_NE(problem(Outcome::stopped, {.end = End::silent}), "");
}

TEST(Compare, UnchangedMeansTheSameRootAndTheSamePcrs) {
  EXPECT_EQ(problem(Outcome::unchanged, ready()), "");
  Observation other_root = ready();
  other_root.root_hash = "bb22";
  EXPECT_NE(problem(Outcome::unchanged, other_root), "");
  for (unsigned pcr : {4U, 7U, 11U, 12U, 13U}) {
    Observation other = ready();
    other.pcrs[pcr] = sha256("other");
    EXPECT_NE(problem(Outcome::unchanged, other), "") << pcr;
    EXPECT_EQ(problem(Outcome::unchanged, other, {pcr}), "") << pcr;
    EXPECT_NE(problem(Outcome::unchanged, ready(), {pcr}), "") << "the input was not measured";
    Observation untold = ready();
    untold.pcrs.erase(pcr);
    EXPECT_NE(problem(Outcome::unchanged, untold), "") << pcr;
  }
  EXPECT_NE(problem(Outcome::unchanged, {.end = End::gave_up, .line = "panic"}), "");
}

TEST(Compare, AnAttackThatNeverArrivedProvesNothing) {
  Attack attack = {.id = "case", .outcome = Outcome::unchanged, .evidence = "the menu"};
  CaseReport without;
  compare(kPredicted, attack, ready(), without);
  EXPECT_NE(without.problem.find("did not reach"), std::string::npos) << without.problem;
  Observation seen = ready();
  seen.evidence = "the menu";
  CaseReport with;
  compare(kPredicted, attack, seen, with);
  EXPECT_EQ(with.problem, "");
}

TEST(Compare, ExposedMeansAnotherPcr) {
  EXPECT_NE(problem(Outcome::exposed, ready(), {7}), "");
  Observation other = ready();
  other.pcrs[7] = sha256("other");
  EXPECT_EQ(problem(Outcome::exposed, other, {7}), "");
  EXPECT_NE(problem(Outcome::exposed, {.end = End::gave_up}, {7}), "");
}

TEST(Compare, ExposedMeansThatTheMachineSaysSo) {
  Attack attack = {.id = "case", .outcome = Outcome::exposed, .evidence = "SecureBoot=0", .changed = {7}};
  Observation other = ready();
  other.pcrs[7] = sha256("other");
  CaseReport without;
  compare(kPredicted, attack, other, without);
  EXPECT_NE(without.problem, "");
  other.evidence = "ashlar: ready SecureBoot=0";
  CaseReport with;
  compare(kPredicted, attack, other, with);
  EXPECT_EQ(with.problem, "");
}

TEST(Compare, DamageAtRandomMayStopTheMachineButNotChangeIt) {
  EXPECT_EQ(problem(Outcome::either, ready()), "");
  EXPECT_EQ(problem(Outcome::either, {.end = End::gave_up, .line = "panic"}), "");
  Observation other = ready();
  other.pcrs[11] = sha256("other");
  EXPECT_NE(problem(Outcome::either, other), "");
  EXPECT_NE(problem(Outcome::either, {.end = End::silent}), "") << "a time-out proves nothing";
}

// The page of a refusal, and what it has to say.
const Refusal kRefusal = {.says = {"PCR 0: the firmware"}, .says_not = {"PCR 7"}};
vm::Asked refusing_page() {
  return {.lines = {"/data does not open", "  PCR 0: the firmware itself"}, .label = kRecoveryKeyLabel};
}

std::string problem_of(const vm::Asked& asked, const Refusal& refusal = kRefusal) {
  Result<std::string> evidence = refused(asked, refusal);
  return evidence ? "" : evidence.error().message();
}

TEST(Refused, MeansInTheseWordsAndBeforeAnyPassword) {
  EXPECT_EQ(refused(refusing_page(), kRefusal).value(), "PCR 0: the firmware itself");
  vm::Asked page = refusing_page();
  page.label = kPasswordLabel;
  EXPECT_EQ(problem_of(page), "the attack went through: the password is asked for");
  page.label = vm::kShellPrompt;
  EXPECT_EQ(problem_of(page), "the attack went through: /data is open");
  page.label = "";  // the machine ended or restarted
  EXPECT_NE(problem_of(page), "");
  page.label = kMenuLabel;
  EXPECT_NE(problem_of(page), "");
  EXPECT_EQ(problem_of(page, {.says = {"PCR 0"}, .asks = Refusal::Asks::menu}), "");
}

TEST(Refused, MeansForTheReasonThatWasExpected) {
  vm::Asked other = refusing_page();
  other.lines[1] = "  PCR 2: the firmware of cards";
  EXPECT_NE(problem_of(other), "");
  vm::Asked more = refusing_page();
  more.lines.emplace_back("  PCR 7: Secure Boot");
  EXPECT_NE(problem_of(more), "");
  vm::Asked open = refusing_page();
  open.lines[0] = "Unlock this machine";
  EXPECT_NE(problem_of(open), "");
}

// A wire on which one TPM2_Unseal passed, and what it says.
std::string heard(std::string_view said, bool unseals = true) {
  const std::vector<NamedSecret> secrets = {{"password", {'s', 'e', 's', 'a', 'm', 'e'}}};
  TpmWire wire;
  Bytes unseal = {0x80, 0x02, 0, 0, 0, 10, 0, 0, 0x01, 0x5e};
  if (unseals) wire.commands.push_back(unseal);
  Bytes answer = tpm_answer(0);
  append(answer, as_bytes(said));
  wire.answers.push_back(answer);
  Result<std::string> nothing = wire_tells_nothing(wire, secrets, as_bytes(std::string_view("in plain")));
  return nothing ? "" : nothing.error().message();
}

TEST(WireTellsNothing, IsBrokenByASecretAndByHavingHeardNothing) {
  EXPECT_EQ(heard("in plain"), "");
  EXPECT_EQ(heard("in plain, sesame"), "the attack went through: the wire carried password");
  EXPECT_NE(heard("ciphertext alone"), "") << "the control was not found";
  EXPECT_NE(heard("in plain", false), "") << "nobody unsealed anything";
}

TEST(MemoryKeepsNothing, IsBrokenByASecretAndByASearchThatFindsNothing) {
  const Found typed = {{"password", 2}, {"TPM secret", 0}};
  const Found after = {{"password", 0}, {"TPM secret", 0}, {"what the kernel says first", 1}};
  EXPECT_TRUE(memory_keeps_nothing(typed, after));
  Found left = after;
  left["TPM secret"] = 1;
  EXPECT_EQ(memory_keeps_nothing(typed, left).error().message(),
            "the attack went through: still in memory: TPM secret");
  EXPECT_FALSE(memory_keeps_nothing({}, after)) << "the password is there while it is typed";
  EXPECT_FALSE(memory_keeps_nothing(typed, {})) << "a memory without a kernel";
}

TEST(DataAttacks, EachSaysWhatItDoesAndWhoDenies) {
  std::set<std::string> ids;
  for (const DataAttack& attack : data_attacks(1)) {
    EXPECT_TRUE(attack.id.starts_with("data.")) << attack.id;
    EXPECT_TRUE(ids.insert(attack.id).second) << attack.id;
    for (const std::string& text : {attack.what, attack.denied_by, attack.expected}) EXPECT_NE(text, "") << attack.id;
    EXPECT_TRUE(attack.carry_out) << attack.id;
    EXPECT_TRUE(attack.judge) << attack.id;
  }
  for (const char* id : {"data.moved", "data.no-tpm", "data.tpm-cleared", "data.firmware-build", "data.card-firmware",
                         "data.secure-boot-off", "data.dbx", "data.retired-image", "data.second-unseal",
                         "data.header-keyslot", "data.guessing", "data.bus-sniffer", "data.memory"}) {
    EXPECT_TRUE(ids.contains(id)) << id;
  }
}

TEST(DataAttacks, PowerIsCutAtTheSameMomentsForTheSameSeed) {
  EXPECT_EQ(moment_of_cut(7, 3), moment_of_cut(7, 3));
  EXPECT_NE(moment_of_cut(7, 3), moment_of_cut(8, 3));
  EXPECT_LT(moment_of_cut(7, 3), std::chrono::seconds(12));
}

// One that cannot be judged is no case that held.
TEST(DataAttacks, WhatCannotBeJudgedIsBroken) {
  CaseReport report = could_not_judge(data_untouched(), Error("no room on the disk"));
  EXPECT_FALSE(report.held());
  EXPECT_NE(report.problem.find("no room on the disk"), std::string::npos);
}

TEST(ReadablePlace, IsTheMiddleOfTheLongestText) {
  std::string stored = std::string(40, '\xff') + "short" + std::string(7, '\0') + "a longer piece of text" + "\x01";
  EXPECT_EQ(readable_place(as_bytes(stored)).value(), stored.find("a longer") + 10);
  EXPECT_FALSE(readable_place(as_bytes(std::string_view("\x01\x02too short\x03"))));
  EXPECT_FALSE(readable_place({}));
}

Proof two_cases() {
  return {.image = "/somewhere/image.raw",
          .root_hash = "aa11",
          .seed = 7,
          .cases = {{.id = "one", .attack = "A & B", .denied_by = "firmware", .evidence = "denied"},
                    {.id = "two",
                     .attack = "C",
                     .denied_by = "dm-verity",
                     .problem = "the attack went through",
                     .console = "<script>alert(1)</script>\x1b[0m"}}};
}

TEST(Report, JsonHasEveryCase) {
  auto json = nlohmann::json::parse(as_json(two_cases()));
  EXPECT_EQ(json["held"], 1);
  EXPECT_EQ(json["broken"], 1);
  ASSERT_EQ(json["cases"].size(), 2U);
  EXPECT_EQ(json["cases"][0]["result"], "held");
  EXPECT_EQ(json["cases"][0]["evidence"], "denied");
  EXPECT_EQ(json["cases"][1]["result"], "broken");
}

TEST(Report, PageShowsBrokenCasesFirstAndTrustsNoConsole) {
  std::string page = as_html(two_cases()).value();
  EXPECT_LT(page.find("<code>two</code>"), page.find("<code>one</code>"));
  EXPECT_NE(page.find("A &amp; B"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;"), std::string::npos);
  EXPECT_EQ(page.find("<script>"), std::string::npos);
  EXPECT_EQ(page.find('\x1b'), std::string::npos);
  EXPECT_EQ(page.find("http"), std::string::npos) << "nothing comes from outside";
}

TEST(Report, PictureEndsWithDataAndCountsItsCases) {
  Proof proof = two_cases();
  EXPECT_EQ(as_html(proof).value().find("2 held, 1 not"), std::string::npos);
  for (const char* id : {"data.moved", "data.guessing"}) proof.cases.push_back({.id = id, .denied_by = "TPM"});
  proof.cases.push_back({.id = "data.untouched", .denied_by = "nobody"});
  proof.cases.push_back({.id = "data.memory", .denied_by = "wiped memory", .problem = "found"});
  std::string page = as_html(proof).value();
  EXPECT_NE(page.find(">/data<"), std::string::npos);
  EXPECT_NE(page.find("2 held, 1 not"), std::string::npos);
}

TEST(Report, TableCounts) {
  std::string table = as_table(two_cases());
  EXPECT_NE(table.find("2 cases, 1 held, 1 broken"), std::string::npos) << table;
  EXPECT_NE(table.find("BROKEN"), std::string::npos);
}

}  // namespace
}  // namespace ashlar::prove
