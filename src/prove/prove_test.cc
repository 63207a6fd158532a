#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

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

TEST(Report, TableCounts) {
  std::string table = as_table(two_cases());
  EXPECT_NE(table.find("2 cases, 1 held, 1 broken"), std::string::npos) << table;
  EXPECT_NE(table.find("BROKEN"), std::string::npos);
}

}  // namespace
}  // namespace ashlar::prove
