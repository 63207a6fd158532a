#include "init/supervisor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "init/supervised_machine.h"

namespace ashlar {
namespace {

using namespace std::chrono_literals;
using Kind = ServiceEvent::Kind;
using State = Service::State;

constexpr int kExited0 = 0;
constexpr int kExited3 = 3 << 8;

Machine one(Readiness readiness) { return Machine({definition("a", readiness)}); }

TEST(Service, IsReadyInTheWayItSays) {
  struct Way {
    Readiness readiness;
    Kind kind;
    const char* text;
  };
  for (const Way& way : {Way{Readiness::started, Kind::executed, ""}, Way{Readiness::descriptor, Kind::ready, ""},
                         Way{Readiness::notify, Kind::notified, "READY=1"}}) {
    for (const Way& other : {Way{Readiness::started, Kind::executed, ""}, Way{Readiness::descriptor, Kind::ready, ""},
                             Way{Readiness::notify, Kind::notified, "READY=1"}}) {
      Machine machine({definition("a", way.readiness)});
      machine.happens(Kind::notified, 0, "STATUS=nearly");
      EXPECT_EQ(machine.state(), State::starting);
      machine.happens(other.kind, 0, other.text);
      EXPECT_EQ(machine.state(), other.kind == way.kind ? State::running : State::starting);
    }
  }
}

TEST(Service, FillsNoLogWithItsStatus) {
  Machine machine = one(Readiness::notify);
  machine.happens(Kind::notified, 0, "STATUS=the window is there");
  machine.happens(Kind::notified, 0, "READY=1");
  machine.happens(Kind::notified, 0, "STATUS=the page is there");
  auto told = [&](std::string_view status) {
    return std::ranges::count(machine.kernel.log, "ashlar: service a: says: " + std::string(status));
  };
  EXPECT_EQ(told("the window is there"), 1);
  EXPECT_EQ(told("the page is there"), 1);
  for (int i = 0; i < 100; ++i) machine.happens(Kind::notified, 0, "STATUS=and on");
  EXPECT_EQ(told("and on"), 2);
}

TEST(Service, ThatNeverGetsReadyIsEndedAndTriedAgain) {
  Machine machine = one(Readiness::notify);
  machine.processes.left_behind = {0};
  machine.processes.unkillable = {0};
  machine.passes(9s);
  EXPECT_EQ(machine.state(), State::starting);
  machine.passes(1s);
  EXPECT_EQ(machine.state(), State::clearing);
  EXPECT_EQ(machine.why(), "is not ready after 10.0 s");
  EXPECT_EQ(machine.processes.count("kill 0"), 1);
  machine.ends(SIGKILL);
  EXPECT_EQ(machine.state(), State::clearing) << "others of its group still live";
  EXPECT_EQ(machine.why(), "is not ready after 10.0 s");
  machine.passes(50ms);
  EXPECT_EQ(machine.processes.count("kill 0"), 2);
  machine.processes.left_behind.clear();
  machine.passes(1ms);
  EXPECT_EQ(machine.state(), State::pausing);
  EXPECT_EQ(machine.processes.count("start 0"), 1);
  machine.passes(200ms);
  EXPECT_EQ(machine.processes.count("start 0"), 2);
}

TEST(Service, ThatEndsAtOnceIsTriedMoreAndMoreSeldomAndThenStaysDown) {
  Machine machine = one(Readiness::started);
  machine.processes.outputs[0] = "loading\nno such colour\n";
  machine.ends(kExited3);
  EXPECT_EQ(machine.why(), "ended with status 3 before it was ready");
  EXPECT_EQ(machine.kernel.log.at(0), "ashlar: service a: | loading");
  EXPECT_EQ(machine.kernel.log.at(1), "ashlar: service a: | no such colour");
  for (auto pause : {200ms, 400ms, 800ms}) {
    machine.passes(pause - 1ms);
    EXPECT_EQ(machine.state(), State::pausing);
    EXPECT_EQ(machine.supervisor.patience(), 1);
    machine.passes(1ms);
    EXPECT_EQ(machine.state(), State::starting);
    machine.ends(kExited3);
  }
  EXPECT_EQ(machine.state(), State::failed);
  machine.passes(1h);
  EXPECT_EQ(machine.processes.count("start 0"), 4);
  EXPECT_EQ(machine.supervisor.patience(), -1) << "nothing is due any more";
  EXPECT_EQ(machine.kernel.log.back(), "ashlar: service a: stays down");
}

TEST(Service, ThatHeldForAWhileStartsCountingAnew) {
  Machine machine = one(Readiness::started);
  for (int i = 0; i < 10; ++i) {
    machine.happens(Kind::executed);
    machine.passes(10s);
    machine.ends(SIGSEGV);
    ASSERT_EQ(machine.state(), State::pausing) << i;
    machine.passes(200ms);
    ASSERT_EQ(machine.state(), State::starting) << i;
  }
  EXPECT_EQ(machine.supervisor.services()[0].restarts(), 10U);
}

TEST(Service, WhoseSandboxCannotBeSetUpStaysDownAndSaysWhy) {
  Machine machine = one(Readiness::started);
  machine.processes.refusals[0] = "set the user: Operation not permitted";
  machine.ends(127 << 8);
  EXPECT_EQ(machine.state(), State::failed);
  EXPECT_EQ(machine.why(), "cannot be kept in: set the user: Operation not permitted");
  EXPECT_EQ(machine.processes.count("start 0"), 1);
}

TEST(Service, IsTriedAgainWhenThereCouldBeNoProcess) {
  Machine machine({definition("a", Readiness::exit), definition("b", Readiness::started)});
  machine.table[1].needs = {};
  machine.ends(kExited0);
  machine.happens(Kind::executed, 1);
  machine.processes.refuse_starts = EAGAIN;
  machine.ends(SIGKILL, 1);
  machine.passes(200ms);
  EXPECT_EQ(machine.state(1), State::pausing);
  machine.passes(400ms);
  EXPECT_EQ(machine.state(1), State::starting);
  EXPECT_EQ(machine.state(0), State::finished);
}

TEST(Service, ThatFloodsItsLogWaitsAndKeepsNobodyBusy) {
  Machine machine = one(Readiness::started);
  machine.happens(Kind::executed);
  auto writes = [&] {
    machine.processes.outputs[0] = std::string(64 << 10, 'x');
    machine.happens(Kind::output);
  };
  for (int i = 0; i < 5; ++i) writes();
  EXPECT_EQ(machine.processes.count("hold 0"), 1);
  EXPECT_LE(machine.supervisor.services()[0].output().text().size(), OutputRing::kBytes);
  machine.passes(1s);
  EXPECT_EQ(machine.processes.count("let go 0"), 1);
  writes();
  EXPECT_EQ(machine.processes.count("hold 0"), 1) << "a new second, a new share";
  EXPECT_EQ(machine.state(), State::running);
}

TEST(Service, ThatForksWithoutEndIsStoppedWhole) {
  Machine machine = one(Readiness::started);
  machine.happens(Kind::executed);
  machine.processes.left_behind = {0};
  machine.processes.unkillable = {0};
  machine.ends(kExited3);
  for (int i = 0; i < 3; ++i) machine.passes(50ms);
  EXPECT_EQ(machine.processes.count("kill 0"), 4) << "again and again, until none is left";
  EXPECT_EQ(machine.processes.count("start 0"), 1);
  machine.processes.unkillable.clear();
  machine.passes(50ms);
  machine.passes(1ms);
  EXPECT_EQ(machine.state(), State::pausing);
}

TEST(Supervisor, StartsNothingBeforeItIsToldTo) {
  std::vector<ServiceDefinition> table = {definition("a", Readiness::started)};
  FakeKernel kernel;
  FakeProcesses processes;
  Supervisor supervisor(table, kernel, processes);
  supervisor.look();
  EXPECT_TRUE(processes.calls.empty());
  EXPECT_EQ(supervisor.patience(), -1);
  supervisor.begin({.user = 3}, true);
  EXPECT_EQ(processes.calls, std::vector<std::string>{"start 0"});
  EXPECT_EQ(processes.owner.value().user, 3U);
  supervisor.begin({.user = 4}, true);
  EXPECT_EQ(processes.owner.value().user, 3U) << "it begins once";
}

TEST(Supervisor, StartsNobodysSession) {
  std::vector<ServiceDefinition> table = {definition("a", Readiness::started), definition("s", Readiness::notify)};
  table[1].kind = ServiceKind::session;
  FakeKernel kernel;
  FakeProcesses processes;
  Supervisor supervisor(table, kernel, processes);
  supervisor.begin({.user = 0}, true);
  EXPECT_EQ(processes.calls, std::vector<std::string>{"start 0"});
  EXPECT_EQ(supervisor.services()[1].why(), "nobody's home is open");
}

TEST(Supervisor, SaysWhetherAServiceStartsAgain) {
  Machine machine = one(Readiness::started);
  machine.ends(kExited3);
  machine.passes(1s);
  EXPECT_EQ(machine.processes.occasions, (std::vector<Occasion>{Occasion::first, Occasion::again}));
}

// a and b at once; c needs both; d comes after c, whatever becomes of it.
constexpr ServiceNumber kFirstTwo[] = {0, 1};
constexpr ServiceNumber kThird[] = {2};
Machine four() {
  std::vector<ServiceDefinition> table = {definition("a", Readiness::exit), definition("b", Readiness::notify),
                                          definition("c", Readiness::started), definition("d", Readiness::started)};
  table[2].needs = kFirstTwo;
  table[3].after = kThird;
  return Machine(std::move(table));
}

TEST(Supervisor, StartsTogetherWhatDoesNotWaitForEachOther) {
  Machine machine = four();
  EXPECT_EQ(machine.processes.calls, (std::vector<std::string>{"start 0", "start 1"}));
  machine.ends(kExited0, 0);
  EXPECT_EQ(machine.state(2), State::waiting);
  machine.happens(Kind::notified, 1, "READY=1");
  EXPECT_EQ(machine.state(2), State::starting);
  EXPECT_EQ(machine.state(3), State::waiting);
  machine.happens(Kind::executed, 2);
  EXPECT_EQ(machine.state(3), State::starting);
}

TEST(Supervisor, WhatNeedsSomethingThatFailedFailsTooWhatOnlyComesAfterStarts) {
  Machine machine = four();
  machine.table[0].restart = RestartPolicy::never;
  machine.ends(kExited3, 0);
  EXPECT_EQ(machine.state(0), State::failed);
  EXPECT_EQ(machine.state(2), State::failed);
  EXPECT_EQ(machine.why(2), "it needs a, which is failed");
  EXPECT_EQ(machine.state(3), State::starting);
}

TEST(Supervisor, EndsInReverseAndMakesEndWhatIgnoresIt) {
  Machine machine = four();
  machine.ends(kExited0, 0);
  machine.happens(Kind::notified, 1, "READY=1");
  machine.happens(Kind::executed, 2);
  machine.happens(Kind::executed, 3);
  machine.processes.calls.clear();
  machine.supervisor.leave();
  EXPECT_EQ(machine.processes.calls, std::vector<std::string>{"ask 3"});
  machine.ends(kExited0, 3);
  EXPECT_EQ(machine.processes.calls.back(), "ask 2");
  EXPECT_EQ(machine.processes.count("ask 1"), 0);
  machine.passes(2s);
  EXPECT_EQ(machine.processes.calls.back(), "kill 2");
  EXPECT_FALSE(machine.supervisor.is_down());
  machine.ends(SIGKILL, 2);
  EXPECT_EQ(machine.processes.calls.back(), "ask 1");
  machine.ends(SIGTERM, 1);
  EXPECT_TRUE(machine.supervisor.is_down());
  EXPECT_EQ(machine.state(1), State::stopped);
  EXPECT_EQ(machine.processes.count("start 3"), 0) << "nothing starts again";
}

TEST(Supervisor, LeavesInTheEndThoughSomethingCannotBeKilled) {
  Machine machine = one(Readiness::started);
  machine.happens(Kind::executed);
  machine.processes.left_behind = {0};
  machine.processes.unkillable = {0};
  machine.supervisor.leave();
  machine.passes(9s);
  EXPECT_FALSE(machine.supervisor.is_down());
  EXPECT_GT(machine.supervisor.patience(), 0);
  machine.passes(1s);
  EXPECT_TRUE(machine.supervisor.is_down());
}

TEST(Supervisor, ASessionsOtherProcessesHaveTheirTimeToo) {
  Machine machine = one(Readiness::started);
  machine.table[0].kind = ServiceKind::session;
  machine.happens(Kind::executed);
  machine.processes.left_behind = {0};
  machine.supervisor.leave();
  machine.ends(kExited0);
  EXPECT_EQ(machine.state(), State::stopping);
  EXPECT_EQ(machine.processes.count("kill 0"), 0);
  machine.processes.left_behind.clear();
  machine.supervisor.look();
  EXPECT_TRUE(machine.supervisor.is_down());
}

TEST(Service, StartsAgainWhenItIsToldTo) {
  Machine machine = one(Readiness::started);
  machine.happens(Kind::executed);
  ASSERT_TRUE(machine.supervisor.restart(0));
  EXPECT_EQ(machine.state(), State::stopping);
  EXPECT_EQ(machine.processes.calls.back(), "ask 0");
  ASSERT_TRUE(machine.supervisor.restart(0)) << "again, on its way";
  machine.ends(SIGTERM);
  EXPECT_EQ(machine.state(), State::starting);
  EXPECT_EQ(machine.processes.count("start 0"), 2);
  EXPECT_EQ(machine.processes.occasions.back(), Occasion::again) << "a session must begin locked";
  EXPECT_EQ(machine.supervisor.services()[0].restarts(), 1U);

  for (int i = 0; i < 4; ++i) {
    machine.ends(kExited3);
    machine.passes(2s);
  }
  ASSERT_EQ(machine.state(), State::failed);
  ASSERT_TRUE(machine.supervisor.restart(0));
  EXPECT_EQ(machine.state(), State::starting);
  machine.ends(kExited3);
  EXPECT_EQ(machine.state(), State::pausing) << "earlier failures are forgotten";
}

TEST(Service, ThatIgnoresBeingAskedIsMadeToEndAndStartsAgain) {
  Machine machine = one(Readiness::started);
  machine.happens(Kind::executed);
  ASSERT_TRUE(machine.supervisor.restart(0));
  machine.passes(2s);
  EXPECT_EQ(machine.processes.calls.back(), "kill 0");
  machine.ends(SIGKILL);
  EXPECT_EQ(machine.state(), State::starting);
}

TEST(Supervisor, StartsNothingAgainWhenTheMachineLeavesNorANobodysSession) {
  std::vector<ServiceDefinition> table = {definition("a", Readiness::started), definition("s", Readiness::notify)};
  table[1].kind = ServiceKind::session;
  FakeKernel kernel;
  FakeProcesses processes;
  Supervisor supervisor(table, kernel, processes);
  EXPECT_FALSE(supervisor.restart(0)) << "before /data";
  supervisor.begin({.user = 0}, true);
  EXPECT_FALSE(supervisor.restart(1));
  EXPECT_TRUE(supervisor.restart(0)) << "the control";
  supervisor.leave();
  EXPECT_FALSE(supervisor.restart(0));
}

TEST(Supervisor, TheLoggerStartsWithDataAndEndsLast) {
  std::vector<ServiceDefinition> table = {definition("l", Readiness::started), definition("a", Readiness::started)};
  table[0].kind = ServiceKind::logger;
  Machine without(table, false);
  EXPECT_EQ(without.state(0), State::stopped);
  EXPECT_EQ(without.processes.count("start 0"), 0);

  Machine machine(table);
  machine.happens(Kind::executed, 0);
  machine.happens(Kind::executed, 1);
  machine.processes.calls.clear();
  machine.supervisor.leave();
  EXPECT_EQ(machine.processes.calls, std::vector<std::string>{"ask 1"});
  machine.ends(SIGTERM, 1);
  EXPECT_EQ(machine.processes.calls.back(), "ask 0");
}

TEST(Service, ReportsWhenItStartedFirstAndWhyItFailedLast) {
  Machine machine = one(Readiness::started);
  machine.passes(500ms);
  machine.happens(Kind::executed);
  machine.passes(20s);
  machine.ends(SIGSEGV);
  machine.passes(1s);
  machine.happens(Kind::executed);
  ServiceReport report = machine.supervisor.services()[0].report();
  EXPECT_EQ(report.started, 1000ms);
  EXPECT_EQ(report.ready, 1500ms);
  EXPECT_EQ(report.since, 22500ms);
  EXPECT_EQ(report.why, "was ended by signal 11");
  EXPECT_EQ(report.restarts, 1U);
  EXPECT_EQ(report.process, FakeProcesses::process(0));
}

TEST(Supervisor, OneThatSendsWithoutEndDoesNotKeepItFromTheOthers) {
  Machine machine = one(Readiness::started);
  for (int i = 0; i < 1000; ++i) machine.processes.events.push_back({Kind::notified, 0, "x"});
  machine.supervisor.look();
  EXPECT_GT(machine.processes.events.size(), 900U);
}

}  // namespace
}  // namespace ashlar
