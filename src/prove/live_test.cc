// What `prove --live` concludes from what machines said.
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <sstream>

#include "prove/live/line.h"
#include "prove/live_judge.h"
#include "prove/report.h"

namespace ashlar::prove {
namespace {

using live::Case;
using live::Control;
using live::Guard;
using live::Place;

constexpr Case kIpeCase = {"exec.memfd",     Place::session,         Guard::ipe,  "EACCES",
                           Control::watched, "A program in a memfd", "BPRM_CHECK"};
constexpr Case kMountCase = {"load.dlopen", Place::session, Guard::noexec, "EPERM", Control::bare, "A library"};
constexpr Case kWeakCase = {"kernel.bpf", Place::root, Guard::kernel, "ENOSYS", Control::weak,
                            "bpf",        "",          "call.answers"};
constexpr char kRecord[] =
    "record: audit: type=1420 audit(1.2:3): ipe_op=EXECUTE ipe_hook=BPRM_CHECK enforcing=1 pid=13 comm=\"exec.memfd\" "
    "path=\"/memfd:program\" dev=\"tmpfs\" ino=3 rule=\"DEFAULT action=DENY\"\n";

// As the program would have said it, every line with its sum.
LiveRun run_of(const std::string& console) {
  std::istringstream lines(console);
  std::string said;
  for (std::string line; std::getline(lines, line);) said += live::with_sum(line) + "\r\n";
  LiveRun run;
  run.take(said);
  return run;
}
// `strong` judged beside a control that succeeded.
CaseReport judged(const Case& each, const std::string& strong, std::string controls = "") {
  if (controls.empty()) {
    controls = "attack: " + std::string(each.attack) + " in bare: done - pids=7 \nattack: " + std::string(each.attack) +
               " in session: done - pids=7 \n";
  }
  LiveRun attacked = run_of(strong);
  LiveRun weakened = run_of(controls);
  return judge_live(each, {.strong = &attacked, .watched = &weakened, .open = &weakened, .bare = &weakened});
}

TEST(Live, HoldsWhenTheLayerSaysThatItWasIt) {
  CaseReport report =
      judged(kIpeCase, "attack: exec.memfd in session: refused EACCES pids=12,13 execveat\n" + std::string(kRecord));
  EXPECT_EQ(report.problem, "");
  EXPECT_EQ(result_of(report), "held");
  EXPECT_NE(report.evidence.find("BPRM_CHECK"), std::string::npos) << report.evidence;
}

TEST(Live, SuccessIsAHole) {
  CaseReport report = judged(kIpeCase, "attack: exec.memfd in session: done - pids=12,13 \n" + std::string(kRecord));
  EXPECT_EQ(result_of(report), "hole");
}

TEST(Live, SomebodyElsesDenialIsTold) {
  // No record of IPE's.
  EXPECT_EQ(result_of(judged(kIpeCase, "attack: exec.memfd in session: refused EACCES pids=12,13 execveat\n")),
            "other layer");
  // One, of another process.
  EXPECT_EQ(result_of(judged(
                kIpeCase, "attack: exec.memfd in session: refused EACCES pids=20 execveat\n" + std::string(kRecord))),
            "other layer");
  // Another errno.
  EXPECT_EQ(result_of(judged(kMountCase, "attack: load.dlopen in session: refused EACCES pids=12 mmap\n")),
            "other layer");
  // The right one, but IPE says that it was IPE.
  CaseReport report =
      judged(kMountCase, "attack: load.dlopen in session: refused EPERM pids=13 mmap\n" + std::string(kRecord));
  EXPECT_EQ(result_of(report), "other layer");
  EXPECT_EQ(report.problem, "IPE denied it, not noexec mount");
  // The control.
  EXPECT_EQ(result_of(judged(kMountCase, "attack: load.dlopen in session: refused EPERM pids=12 mmap\n")), "held");
}

TEST(Live, AnAttackThatDoesNothingIsBroken) {
  const std::string refused = "attack: load.dlopen in session: refused EPERM pids=12 mmap\n";
  for (const char* control : {"attack: load.dlopen in bare: refused EPERM pids=7 mmap\n",
                              "attack: load.dlopen in bare: broken ENOENT pids=7 copy\n", "nothing\n"}) {
    CaseReport report = judged(kMountCase, refused, control);
    EXPECT_EQ(result_of(report), "broken") << control;
    EXPECT_NE(report.problem.find("the control shows nothing"), std::string::npos) << report.problem;
  }
  EXPECT_EQ(result_of(judged(kMountCase, "attack: load.dlopen in session: broken ENOENT pids=12 copy\n")), "broken");
  EXPECT_EQ(result_of(judged(kMountCase, "nothing at all\n")), "broken");
  // A weakened machine is a control of its own.
  const std::string kept = "attack: exec.memfd in session: refused EACCES pids=13 execveat\n" + std::string(kRecord);
  const std::string only_bare = "attack: exec.memfd in bare: done - pids=7 \n";
  EXPECT_EQ(result_of(judged(kIpeCase, kept, only_bare)), "broken");
  // Where that machine did not run, the bare one stands in for it.
  LiveRun strong = run_of(kept);
  LiveRun bare = run_of(only_bare);
  EXPECT_EQ(result_of(judge_live(kIpeCase, {.strong = &strong, .bare = &bare})), "held");
}

TEST(Live, TheRecordSaysWhatTheRowSays) {
  Case each = kIpeCase;
  each.record = "ipe_hook=MMAP";
  CaseReport report =
      judged(each, "attack: exec.memfd in session: refused EACCES pids=12,13 execveat\n" + std::string(kRecord));
  EXPECT_EQ(result_of(report), "other layer");
  EXPECT_EQ(report.problem, "IPE's record does not say ipe_hook=MMAP");
}

TEST(Live, WhatStandsBehindSelinuxIsReadOnTheMachineWhereThatOnlyWatches) {
  LiveRun strong = run_of("attack: exec.memfd in session: done - pids=12 \n");
  LiveRun watched =
      run_of("attack: exec.memfd in session: refused EACCES pids=12,13 execveat\n" + std::string(kRecord));
  LiveRun bare = run_of("attack: exec.memfd in bare: done - pids=7 \n");
  Case each = kIpeCase;
  each.control = Control::open;
  EXPECT_EQ(result_of(judge_live(each, {.strong = &strong, .watched = &watched, .bare = &bare})), "hole");
  CaseReport report = judge_live(behind(each), {.strong = &strong, .watched = &watched, .bare = &bare});
  EXPECT_EQ(result_of(report), "held") << report.problem;
  EXPECT_EQ(report.id, "session/exec.memfd/behind");
  EXPECT_EQ(result_of(judge_live(behind(each), {.strong = &strong, .bare = &bare})), "broken");
}

TEST(Live, WhereNoLayerCanBeOffACallBesideItMustSucceed) {
  const std::string refused = "attack: kernel.bpf in root: refused ENOSYS pids=12 bpf\n";
  EXPECT_EQ(result_of(judged(kWeakCase, refused + "attack: call.answers in root: done - pids=13 \n")), "held");
  EXPECT_EQ(result_of(judged(kWeakCase, refused + "attack: call.answers in root: refused ENOSYS pids=13 getpid\n")),
            "broken");
  EXPECT_EQ(result_of(judged(kWeakCase, refused)), "broken");
}

TEST(Live, WhatEndsTheAttackerIsNotItsOwnAlarm) {
  Case each = kMountCase;
  each.error = "";
  EXPECT_EQ(result_of(judged(each, "attack: load.dlopen in session: killed SIGSEGV pids=12 \n")), "held");
  EXPECT_EQ(result_of(judged(each, "attack: load.dlopen in session: killed SIGALRM pids=12 \n")), "broken");
}

TEST(Live, WhatAPageSaysIsNotWhatItsBrowserIsRefused) {
  Case each = kMountCase;
  each.error = "";
  const std::string said = "attack: load.dlopen in session: refused - pids=12-14 the page\n" + std::string(kRecord);
  EXPECT_EQ(result_of(judged(each, said)), "other layer");
  each.guard = Guard::flags;
  EXPECT_EQ(result_of(judged(each, said)), "held");
}

TEST(Live, ProcessesAreNumbersAndRanges) {
  auto processes = [](const std::string& list) {
    return parse_attempt("attack: a in session: done - pids=" + list + " ").value().processes;
  };
  EXPECT_EQ(processes("12,20-22,7"), (std::vector<unsigned>{12, 20, 21, 22, 7}));
  EXPECT_EQ(processes("x,-,3-,-4,9-8,1-9999999,5"), (std::vector<unsigned>{5}));
  EXPECT_EQ(processes(""), std::vector<unsigned>{});
}

TEST(Live, LinesThatWereSpoiltDoNotCount) {
  const std::string line = live::with_sum("attack: a in session: killed SIGSYS pids=1 ");
  std::string doubled = line;
  doubled.insert(10, 1, doubled[10]);
  LiveRun run;
  run.take("DEV ashlar# " + line + "\n" + doubled + "\nattack: a in session: done - pids=1 \n" + line.substr(1) + "\n");
  EXPECT_EQ(run.find("session", "a"), nullptr);
  EXPECT_FALSE(run.complete());
  run.take(line + "\r\n" + live::with_sum("end: 2") + "\r\n");
  ASSERT_NE(run.find("session", "a"), nullptr);
  EXPECT_EQ(run.find("session", "a")->error, "SIGSYS");
  EXPECT_FALSE(run.complete()) << "one of two lines";
  run.take(live::with_sum("record: audit: x") + "\r\n");
  EXPECT_TRUE(run.complete());
  for (const char* other :
       {"attack: a in session: refused EACC", "attack: a in session: melted - pids=1 x", "", "attack: "}) {
    EXPECT_FALSE(parse_attempt(other)) << other;
  }
}

TEST(Live, TheDeviceSaysInSentencesWhatWasDenied) {
  constexpr std::array kCases = {kIpeCase};
  const std::string kept = "attack: exec.memfd in session: refused EACCES pids=12,13 execveat\n" + std::string(kRecord);
  const std::string sentence =
      "sentence: exec.memfd (process 7) wanted to run /memfd:program. Denied by IPE, rule \"DEFAULT action=DENY\".";
  EXPECT_EQ(result_of(judge_denials(kCases, run_of(kept + sentence + "\n"))), "held");
  EXPECT_EQ(result_of(judge_denials(kCases, run_of(kept + sentence + " Service session. 2 times.\n"))), "held");
  CaseReport silent = judge_denials(kCases, run_of(kept + "sentence: exec.memfd wanted something.\n"));
  EXPECT_EQ(result_of(silent), "broken");
  EXPECT_NE(silent.problem.find("/memfd:program. Denied by IPE"), std::string::npos) << silent.problem;
  EXPECT_EQ(result_of(judge_denials(kCases, run_of(sentence + "\n"))), "broken") << "nothing was denied";
}

TEST(LiveCases, AreEachOneOfAKindAndHaveTheirControl) {
  std::set<std::string> ids;
  for (const Case& each : live::kCases) {
    EXPECT_TRUE(ids.insert(id_of(each)).second) << id_of(each);
    EXPECT_FALSE(each.what.empty());
    EXPECT_EQ(each.control == Control::weak, !each.beside.empty()) << id_of(each);
    // SELinux is first: what IPE denies is seen where SELinux only watches, and there nothing else does.
    EXPECT_EQ(each.guard == Guard::ipe, each.layers == live::Layers::watched && each.control == Control::open)
        << id_of(each);
  }
  EXPECT_GE(ids.size(), 45U);
}

}  // namespace
}  // namespace ashlar::prove
