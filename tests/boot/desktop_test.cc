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
  ASSERT_OK(machine->type_serial("grep -E '^(NoNewPrivs|Seccomp|CapBnd):' /proc/" + main_process("session") +
                                 "/status | tr -d '\\n'; echo\n"));
  Result<std::string> status = machine->wait_for_line("CapBnd:\t", seconds(60));
  ASSERT_OK(status);
  EXPECT_NE(status->find("CapBnd:\t0000000000000000"), std::string::npos) << *status;
  EXPECT_NE(status->find("NoNewPrivs:\t1"), std::string::npos) << *status;
  EXPECT_NE(status->find("Seccomp:\t2"), std::string::npos) << *status;

  // Each in its own domain, which it entered although it can gain no privileges; and nothing was denied on the way.
  Result<std::string> domains = console.run(
      "for s in udevd seatd login session; do echo $s:$(tr '\\0' '\\n' < /proc/$(head -n 1 "
      "/sys/fs/cgroup/$s/cgroup.procs)/attr/current); done; echo enforce:$(cat /sys/fs/selinux/enforce)");
  ASSERT_OK(domains);
  for (const char* domain :
       {"udevd:system_u:system_r:devices_t", "seatd:system_u:system_r:seat_t", "login:system_u:system_r:login_t",
        "session:system_u:system_r:compositor_t", "enforce:1"}) {
    EXPECT_NE(domains->find("\n" + std::string(domain)), std::string::npos) << *domains;
  }
  ASSERT_OK(machine->wait_for_line("ashlar: service session: says: the first page is there", kBootLimit));
  Result<std::string> inner = console.run(
      "for p in $(cat /sys/fs/cgroup/session/cgroup.procs); do echo $(cat /proc/$p/comm):$(tr '\\0' '\\n' < "
      "/proc/$p/attr/current); done");
  ASSERT_OK(inner);
  for (const char* domain : {"chromium:system_u:system_r:chromium_t", "swaybg:system_u:system_r:session_t"}) {
    EXPECT_NE(inner->find("\n" + std::string(domain)), std::string::npos) << *inner;
  }
  Result<std::string> denied = console.run("timeout 5 grep -a 'avc:  denied' /dev/kmsg || echo none:denied");
  ASSERT_OK(denied);
  EXPECT_NE(denied->find("\nnone:denied"), std::string::npos) << *denied;

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
