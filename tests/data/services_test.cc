// PID 1 among services that do what services must not, on the profile `faults`: one machine, four starts.
#include <gtest/gtest.h>

#include <iostream>
#include <thread>

#include "dialogue.h"

namespace ashlar::test {
namespace {

using std::chrono::seconds;

constexpr std::string_view kAsPerson = "chroot --userspec=1001:1001 / ";
constexpr std::string_view kAsAnother = "chroot --userspec=1002:1002 / ";

class Services : public Dialogue {
 protected:
  std::string run(const std::string& command, seconds limit = seconds(60)) {
    Result<std::string> said = machine_->console().run(command, limit);
    EXPECT_TRUE(said) << command << ": " << said.error().message();
    return said.value_or("");
  }
  // What a command says and its exit status; the shell's echo of the command is not in it.
  std::string says(std::string_view who, const std::string& command) {
    std::string said = run(std::string(who) + command + " 2>&1; echo status:$?");
    std::erase(said, '\r');
    std::size_t echo = said.find('\n');
    return echo == said.npos ? said : said.substr(echo + 1);
  }
  bool comes_to_say(const std::string& command, std::string_view what, seconds limit = seconds(90)) {
    for (auto until = std::chrono::steady_clock::now() + limit; std::chrono::steady_clock::now() < until;) {
      if (says("", command).find(what) != std::string::npos) return true;
      std::this_thread::sleep_for(seconds(1));
    }
    ADD_FAILURE() << command << " never says " << what << ":\n" << says("", command);
    return false;
  }
  static void expect(const std::string& said, std::string_view part) {
    EXPECT_NE(said.find(part), std::string::npos) << "not in it: " << part << "\n" << said;
  }
  // Kilobytes.
  unsigned long resident_size_of_pid_1() {
    std::string said = says("", "grep VmRSS /proc/1/status");
    std::size_t digits = said.find_first_of("0123456789");
    return digits == said.npos ? 0 : std::stoul(said.substr(digits));
  }
  // Asks for it as the person, and waits for the machine to be off.
  void power_off_by(const std::string& command, std::string_view what) {
    auto asked = std::chrono::steady_clock::now();
    ASSERT_OK(machine_->machine().type_serial(command + "\n"));
    ASSERT_OK(machine_->machine().wait_exit(seconds(60)));
    std::chrono::duration<double> took = std::chrono::steady_clock::now() - asked;
    std::cout << what << ": off after " << took.count() << " s" << std::endl;
    EXPECT_LT(took.count(), 30);
  }
  void next_start() {
    asked_ = machine_->unlock();
    ASSERT_OK(asked_);
    ASSERT_TRUE(asked_->at_shell()) << asked_->text();
  }
  // Those that must fail have, and nobody else has.
  void only_those_that_must_fail_have() {
    ASSERT_TRUE(comes_to_say("ashlarctl service list", "8 services, 4 failed"));
    std::string list = says("", "ashlarctl service list");
    for (std::string_view line :
         {"fault-exits     failed", "fault-forks     failed", "fault-hog       failed", "fault-never     failed",
          "fault-flood     running", "fault-stubborn  running", "logger          running", "stand-in        running"}) {
      expect(list, line);
    }
  }
};

TEST_F(Services, ThatMisbehaveHurtNobodyAndWhatTheyWroteIsKept) {
  talk_with(DataMachine::new_machine("services", "faults"));
  ASSERT_OK(machine_->power_on());
  Result<prove::FirstBoot> first = prove::set_up(*machine_);
  ASSERT_OK(first);
  ASSERT_TRUE(first->last.at_shell()) << first->last.text();
  only_those_that_must_fail_have();
  expect(says("", "ashlarctl service status fault-never"), "failed last is not ready after 3.");
  expect(says("", "ashlarctl service status fault-exits"), "failed last ended with status 3 before it was ready");
  expect(says("", "ashlarctl service status fault-forks"), "failed last ended with status 2");
  expect(says("", "ashlarctl service status fault-hog"), "failed last was ended by signal 9");
  expect(says("", "ashlarctl service log fault-exits"), "no such colour\nashlar: ended with status 3");
  expect(says("", "cat /sys/fs/cgroup/fault-forks/cgroup.procs"), "No such file");

  // A broken heap ends the program, with Scudo's words. Below /usr no ld.so.preload is found, and the C library's own
  // allocator is in its place: the control.
  const std::string faults = "/lib/ashlar/heap-faults ";
  for (auto [fault, words] : {std::pair{"overflow", "Scudo ERROR: corrupted chunk header"},
                              {"double-free", "Scudo ERROR: invalid chunk state"},
                              {"use-after-free", "GWP-ASan detected a memory error"}}) {
    const std::string noticed = says("", "/usr" + faults + fault);
    expect(noticed, words);
    EXPECT_EQ(noticed.find("status:0"), std::string::npos) << noticed;
    EXPECT_EQ(says("chroot /usr ", faults + fault).find(words), std::string::npos) << fault;
  }
  expect(says("", "/usr" + faults + "none"), "nobody noticed");
  expect(says("chroot /usr ", faults + "use-after-free"), "nobody noticed");

  // Who may ask for what.
  expect(says(kAsPerson, "ashlarctl service list"), "status:0");
  expect(says(kAsPerson, "ashlarctl service log stand-in"), "the session of u1");
  expect(says(kAsPerson, "ashlarctl boot"), "unlocking");
  expect(says(kAsPerson, "ashlarctl service restart fault-flood"), "only root may start a service again\nstatus:1");
  expect(says(kAsPerson, "ashlarctl service log fault-exits"), "only root may read what fault-exits writes");
  expect(says(kAsAnother, "ashlarctl service list"), "hung up");
  expect(says("", "sh -c 'echo $$ > /sys/fs/cgroup/logger/cgroup.procs; exec ashlarctl service restart fault-flood'"),
         "this is for root and for the person of the session");
  expect(says("", "sh -c 'echo $$ > /sys/fs/cgroup/fault-flood/cgroup.procs; exec ashlarctl service list'"), "hung up");
  expect(says("", "ashlarctl service restart nobody"), "there is no service nobody\nstatus:2");
  expect(says(kAsAnother, "ashlarctl power off"), "status:1");

  // One that ignores being asked is made to end, and starts again; one that is killed comes back.
  expect(says("", "ashlarctl service restart fault-stubborn"), "status:0");
  EXPECT_TRUE(comes_to_say("ashlarctl service log fault-stubborn", "does not end in 1.0 s and is made to"));
  EXPECT_TRUE(comes_to_say("ashlarctl service status fault-stubborn", "fault-stubborn: running"));
  for (std::string_view service : {"logger", "stand-in", "fault-flood"}) {
    const std::string name(service);
    run("kill -KILL $(head -n 1 /sys/fs/cgroup/" + name + "/cgroup.procs)");
    EXPECT_TRUE(comes_to_say("ashlarctl service status " + name, "failed last was ended by signal 9"));
    EXPECT_TRUE(comes_to_say("ashlarctl service status " + name, name + ": running"));
  }

  // A person kills everything they can.
  run(std::string(kAsPerson) + "sh -c 'kill -9 -1'");
  EXPECT_TRUE(comes_to_say("ashlarctl service status stand-in", "restarts    2"));
  EXPECT_TRUE(comes_to_say("ashlarctl service status stand-in", "stand-in: running"));

  // The machine's memory is taken, not a service's: who took it is ended, and PID 1 goes on.
  run("tail /dev/zero", seconds(600));
  EXPECT_TRUE(comes_to_say("ashlarctl service status logger", "logger: running"));
  const unsigned long resident = resident_size_of_pid_1();
  std::cout << "PID 1: " << resident << " kB resident" << std::endl;
  EXPECT_GT(resident, 100U);
  EXPECT_LE(resident, 2048U);

  // Busy: something writes, something computes.
  run("{ (while :; do :; done) & (while :; do head -c 1000000 /dev/zero > /data/busy; done) & }");
  power_off_by(std::string(kAsPerson) + "ashlarctl power off", "busy");

  // The next day, of which the machine thinks that it is in 1970. What the last one wrote is there.
  machine_->config.extra_arguments = {"-rtc", "base=1970-01-02T00:00:00"};
  next_start();
  only_those_that_must_fail_have();
  expect(says("", "ashlarctl service log logger"), "70-01-0");
  std::string last = says("", "ashlarctl service log fault-exits --boot -1");
  expect(last, "] no such colour\n[");
  expect(last, "ashlar: stays down");
  expect(says("", "ashlarctl service log stand-in --boot -1"), "] ashlar: was ended by signal 9");
  expect(says(kAsPerson, "ashlarctl service log stand-in --boot=-1"), "] the session of u1");
  expect(says(kAsPerson, "ashlarctl service log fault-exits --boot=-1"), "nothing of yours is kept of fault-exits");
  expect(says("", "ashlarctl service log fault-exits --boot -2"), "of 2 starts of this machine");
  expect(says(kAsPerson, "cat /data/log/00000001/stand-in.1001"), "Permission denied");
  std::string size = says("", "du -sk /data/log");
  EXPECT_LT(std::stoul(size), 2048U) << "the flood is kept within its bounds: " << size;
  power_off_by(std::string(kAsPerson) + "poweroff", "idle, but for one that ignores it");

  machine_->config.extra_arguments = {};
  for (int i = 0; i < 2; ++i) {
    next_start();
    only_those_that_must_fail_have();
    run("ashlarctl service restart fault-stubborn");
    ASSERT_OK(machine_->power_off());
  }
}

}  // namespace
}  // namespace ashlar::test
