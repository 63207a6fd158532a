#include <gtest/gtest.h>
#include <linux/capability.h>

#include <csignal>

#include "init/machine.h"
#include "init/shutdown.h"
#include "sys/capabilities.h"
#include "sys/device_mapper.h"
#include "sys/fake_kernel.h"
#include "sys/release.h"

namespace ashlar {
namespace {

using namespace std::string_view_literals;

const std::string kHash(64, 'c');
constexpr char kVariables[] = "/sys/firmware/efi/efivars/";
constexpr char kGlobal[] = "-8be4df61-93ca-11d2-aa0d-00e098032b8c";

FakeKernel machine() {
  FakeKernel kernel;
  kernel.put("/proc/self/mountinfo", "20 1 253:0 / / ro - erofs /dev/dm-0 ro\n");
  kernel.put("/sys/dev/block/253:0/dm/name", "root\n");
  kernel.active = MappedTarget{"verity", VerityTarget::create({.data = {254, 2},
                                                               .hash = {254, 3},
                                                               .data_blocks = 8,
                                                               .hash_start_block = 1,
                                                               .root_hash = kHash,
                                                               .salt = "",
                                                               .signature_key = "key"})
                                             ->table()};
  kernel.put(std::string(kVariables) + "SecureBoot" + kGlobal, "\6\0\0\0\1"sv);
  kernel.put(std::string(kVariables) + "SetupMode" + kGlobal, "\6\0\0\0\0"sv);
  return kernel;
}

TEST(Machine, IsReadyWithWhatTheKernelSays) {
  FakeKernel kernel = machine();
  announce_ready(kernel, observe_machine(kernel));
  EXPECT_EQ(kernel.log, std::vector<std::string>{"ashlar: ready variant=" + std::string(kVariant) +
                                                 " version=" + std::string(kVersion) + " roothash=" + kHash +
                                                 " SecureBoot=1 SetupMode=0 root=verity"});
  EXPECT_EQ(kernel.pages.size(), 1U);
  EXPECT_EQ(as_text(kernel.read_file(kReadyFile, 1000).value()), kernel.log.at(0) + "\n");
}

TEST(Machine, NeverAsksTheCommandLineForTheRootHash) {
  FakeKernel kernel = machine();
  kernel.put("/proc/cmdline", "roothash=" + std::string(64, 'd'));
  kernel.active.reset();
  MachineState state = observe_machine(kernel);
  EXPECT_EQ(state.verified, std::nullopt);
  EXPECT_FALSE(kernel.did("read /proc/cmdline"));
  EXPECT_TRUE(kernel.log.at(0).starts_with("ashlar: verified root: ")) << kernel.log.at(0);
}

TEST(Machine, SaysNoneWhereThereIsNoFirmwareVariable) {
  FakeKernel kernel = machine();
  kernel.remove(std::string(kVariables) + "SecureBoot" + kGlobal);
  kernel.remove(std::string(kVariables) + "SetupMode" + kGlobal);
  EXPECT_NE(ready_line(observe_machine(kernel)).find("SecureBoot=none SetupMode=none root=verity"), std::string::npos);
}

TEST(Machine, IsNotSetUpWithoutItsMounts) {
  FakeKernel sound;
  EXPECT_TRUE(set_up_machine(sound));
  FakeKernel broken;
  broken.refuse("mount tmpfs tmpfs /tmp", ENOMEM);
  EXPECT_FALSE(set_up_machine(broken));
  EXPECT_FALSE(broken.did("hostname"));
  // What is given up must be gone, and PID 1 keeps for itself what restarts the machine.
  for (const char* step :
       {"bound ", "drop ", "set /proc/sys/kernel/yama/ptrace_scope 3", "set /proc/sys/vm/memfd_noexec 2"}) {
    FakeKernel refusing;
    refusing.refuse(step, EPERM);
    EXPECT_FALSE(set_up_machine(refusing)) << step;
    EXPECT_TRUE(refusing.did(step)) << step;
  }
  EXPECT_TRUE(sound.did("bound " + std::to_string(capability_bit(CAP_MAC_ADMIN) | capability_bit(CAP_MAC_OVERRIDE) |
                                                  capability_bit(CAP_SYS_MODULE) | capability_bit(CAP_SYS_RAWIO) |
                                                  capability_bit(CAP_BPF) | capability_bit(CAP_PERFMON) |
                                                  capability_bit(CAP_SYS_BOOT))));
}

std::vector<std::string> signals(const FakeKernel& kernel) {
  std::vector<std::string> out;
  for (const std::string& call : kernel.calls) {
    if (call.starts_with("signal ")) out.push_back(call);
  }
  return out;
}

TEST(ShutDown, AsksThenUnmountsInReverseThenLeaves) {
  FakeKernel kernel;
  kernel.processes_end_after = 100;
  shut_down(kernel, PowerState::off);
  EXPECT_EQ(signals(kernel),
            (std::vector<std::string>{"signal " + std::to_string(SIGTERM), "signal " + std::to_string(SIGHUP),
                                      "signal " + std::to_string(SIGCONT)}));
  EXPECT_EQ(kernel.slept, 100);
  EXPECT_TRUE(kernel.did("unmount /data"));
  EXPECT_TRUE(kernel.did("remove data"));
  EXPECT_EQ(kernel.calls[kernel.calls.size() - 2], "unmount /tmp");
  EXPECT_EQ(kernel.calls.back(), "leave off");
  EXPECT_EQ(kernel.pages.back().heading, "Turning off");
}

TEST(ShutDown, KillsWhatDoesNotEndAndLeavesEvenThen) {
  FakeKernel kernel;
  kernel.processes_end_after = 1'000'000;
  kernel.refuse("unmount", EBUSY);
  shut_down(kernel, PowerState::restart);
  EXPECT_EQ(signals(kernel).back(), "signal " + std::to_string(SIGKILL));
  EXPECT_LE(kernel.slept, 5000);
  EXPECT_EQ(kernel.calls.back(), "leave restart");
}

}  // namespace
}  // namespace ashlar
