// The desktop in a real machine: its services start, are kept in, come back, and end in order.
#include <gtest/gtest.h>

#include <cstdlib>

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
  ASSERT_OK(machine->type_serial("grep -E '^(NoNewPrivs|Seccomp|CapBnd):' /proc/" + main_process("session") +
                                 "/status | tr -d '\\n'; echo\n"));
  Result<std::string> status = machine->wait_for_line("CapBnd:\t", seconds(60));
  ASSERT_OK(status);
  EXPECT_NE(status->find("CapBnd:\t0000000000000000"), std::string::npos) << *status;
  EXPECT_NE(status->find("NoNewPrivs:\t1"), std::string::npos) << *status;
  EXPECT_NE(status->find("Seccomp:\t2"), std::string::npos) << *status;

  for (std::string_view service : {"udevd", "seatd", "session"}) {
    ASSERT_OK(machine->type_serial("kill -KILL " + main_process(service) + "\n"));
    ASSERT_OK(
        machine->wait_for_line("ashlar: service " + std::string(service) + ": was ended by signal 9", seconds(60)));
    ASSERT_OK(machine->wait_for_line("ashlar: service " + std::string(service) + ": ready", seconds(180)));
  }

  // Once more, or as often as the soak run wants: no service has failed.
  const char* wanted = std::getenv("ASHLAR_RESTARTS");
  const int restarts = wanted != nullptr ? std::atoi(wanted) : 1;
  for (int i = 0; i < restarts; ++i) {
    ASSERT_OK(machine->type_serial("ashlarctl power restart\n"));
    ASSERT_OK(start_without_data(console));
    ASSERT_OK(machine->wait_for_line("ashlar: service session: ready", kBootLimit));
    ASSERT_OK(machine->type_serial("ashlarctl service list\n"));
    Result<std::string> services = machine->wait_for_line(" services, ", seconds(60));
    ASSERT_OK(services);
    ASSERT_TRUE(services->ends_with(" services, 0 failed")) << *services << " at restart " << i;
  }
  ASSERT_OK(machine->powerdown());
  Result<vm::MachineStatus> ended = machine->wait_exit(seconds(60));
  ASSERT_OK(ended);
  EXPECT_EQ(ended->shutdown_reason, "guest-shutdown");
}

}  // namespace
}  // namespace ashlar::test
