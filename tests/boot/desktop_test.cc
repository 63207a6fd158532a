// The desktop in a real machine: its services start, are kept in, come back, and end in order.
#include <gtest/gtest.h>

#include "test_image.h"
#include "vm/run.h"

namespace ashlar::test {
namespace {

using std::chrono::seconds;

#define ASSERT_OK(result) ASSERT_TRUE((result).has_value()) << (result).error().message()

TEST(Desktop, ShowsTheBrowsersFirstPage) {
  Result<vm::RunReport> report = vm::run_image({.image = image_of("desktop", "dev"),
                                                .until = vm::Until::ready,
                                                .screenshot = result_path("desktop-browser.png"),
                                                .serial_log = result_path("desktop-browser.log"),
                                                .timeout = kBootLimit,
                                                .memory_mib = 2048,
                                                .cpus = 2,
                                                .detector = std::make_shared<vm::DesktopReadyDetector>()});
  ASSERT_OK(report);
  EXPECT_EQ(report->facts.at("root"), "verity");
}

// One boot, to which things are done on the dev variant's console.
TEST(Desktop, ServicesAreKeptInComeBackAndEndInOrder) {
  Result<vm::MachineConfig> config = desktop_with_keys("services", 2048);
  ASSERT_OK(config);
  Result<vm::Machine> machine = vm::Machine::start(*config);
  ASSERT_OK(machine);
  KeepsEvidence evidence(*machine, "services");
  vm::Console console(*machine);
  ASSERT_OK(start_without_data(console));
  ASSERT_OK(machine->wait_for_line("ashlar: service session: ready", kBootLimit));

  auto main_process = [](std::string_view service) {
    return "$(head -n 1 /sys/fs/cgroup/" + std::string(service) + "/cgroup.procs)";
  };
  for (auto [service, capabilities] : {std::pair{"udevd", ""}, {"seatd", ""}, {"login", ""}, {"session", "0"}}) {
    ASSERT_OK(machine->type_serial("echo kept-in " + std::string(service) +
                                   " $(grep -E '^(NoNewPrivs|Seccomp|Seccomp_filters|CapBnd):' /proc/" +
                                   main_process(service) + "/status)\n"));
    // The shell's echo of the command has no value behind the names.
    Result<std::string> status = machine->wait_for_line("kept-in " + std::string(service) + " CapBnd: ", seconds(60));
    ASSERT_OK(status);
    EXPECT_NE(status->find(" NoNewPrivs: 1 Seccomp: 2 Seccomp_filters: 2"), std::string::npos) << *status;
    if (*capabilities != '\0') EXPECT_NE(status->find("CapBnd: 0000000000000000"), std::string::npos) << *status;
  }
  // What a filter refuses is in the log. The browser tries things; of the others the lists say all they need.
  ASSERT_OK(machine->type_serial(
      "echo refused $(timeout 5 cat /dev/kmsg | grep -a type=1326 | grep -avc /usr/lib/chromium/) calls\n"));
  Result<std::string> refused = machine->wait_for_line("refused 0 calls", seconds(60));
  EXPECT_TRUE(refused.has_value()) << "a service was refused a system call: see type=1326 in its log";

  for (std::string_view service : {"udevd", "seatd", "session"}) {
    ASSERT_OK(machine->type_serial("kill -KILL " + main_process(service) + "\n"));
    ASSERT_OK(
        machine->wait_for_line("ashlar: service " + std::string(service) + ": was ended by signal 9", seconds(60)));
    ASSERT_OK(machine->wait_for_line("ashlar: service " + std::string(service) + ": ready", seconds(180)));
  }
  ASSERT_OK(machine->powerdown());
  Result<vm::MachineStatus> ended = machine->wait_exit(seconds(60));
  ASSERT_OK(ended);
  EXPECT_EQ(ended->shutdown_reason, "guest-shutdown");
}

}  // namespace
}  // namespace ashlar::test
