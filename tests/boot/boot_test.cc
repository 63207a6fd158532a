// The images boot for real: keys are enrolled, Secure Boot is on, the root is verified, PID 1 is ours.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <set>

#include "base/subprocess.h"
#include "image/inspect.h"
#include "image/sandbox.h"
#include "test_image.h"
#include "vm/console.h"
#include "vm/run.h"

namespace ashlar::test {
namespace {

using std::chrono::seconds;

std::string root_hash_of(const fs::path& image) {
  auto opened = image::open_image(image).value();
  return image::open_uki(opened.only_file(image::kUkiDirectory, ".efi").value()->content).value().root_hash.hex();
}

vm::RunOptions until_ready(const std::string& profile) {
  return {.image = image_of(profile, "dev"),
          .until = vm::Until::ready,
          .screenshot = result_path(profile + ".png"),
          .serial_log = result_path(profile + ".log"),
          .timeout = kBootLimit};
}

void expect_verified(const vm::RunReport& report, const fs::path& image) {
  EXPECT_EQ(report.facts.at("SecureBoot"), "1");
  EXPECT_EQ(report.facts.at("SetupMode"), "0");
  EXPECT_EQ(report.facts.at("root"), "verity");
  EXPECT_EQ(report.facts.at("variant"), "dev");
  EXPECT_EQ(report.facts.at("roothash"), root_hash_of(image));
  EXPECT_EQ(report.resets, 1U) << "the first boot enrols the keys and resets";
}

TEST(Boot, CoreFromSetupModeToReady) {
  Result<vm::RunReport> report = vm::run_image(until_ready("core"));
  ASSERT_OK(report);
  expect_verified(*report, image_of("core", "dev"));
  EXPECT_GT(fs::file_size(result_path("core.png")), 1000U);
}

TEST(Boot, DesktopFromSetupModeToReady) {
  Result<vm::RunReport> report = vm::run_image(until_ready("desktop"));
  ASSERT_OK(report);
  expect_verified(*report, image_of("desktop", "dev"));
  EXPECT_GT(fs::file_size(result_path("desktop.png")), 1000U);
}

// A release image has no serial console: its whole screen must be the page the host draws for it.
TEST(Boot, ReleaseIsReadyOnItsScreenAndSilentOnTheSerialLine) {
  fs::path serial = result_path("release.log");
  Result<CommandOutput> output = run({.argv = {ASHLAR_TOOL, "run", "--headless", "--until", "ready", "--image",
                                               image_of("core", "release"), "--serial", serial, "--screenshot",
                                               result_path("release.png"), "--timeout", "480", "--lock", lock_file()}});
  ASSERT_OK(output);
  EXPECT_EQ(output->exit_status, 0) << output->err;
  EXPECT_NE(output->out.find("variant=release"), std::string::npos) << output->out;
  std::string said = read_text(serial).value();
  EXPECT_NE(said.find("BdsDxe"), std::string::npos) << "the control: the firmware's words are in the log";
  EXPECT_EQ(said.find("ashlar"), std::string::npos) << said;
}

// One boot for what the running system shows of itself.
class Shell : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    Result<vm::MachineConfig> config = machine_with_keys(image_of("core", "dev"), "shell");
    ASSERT_OK(config);
    Result<vm::Machine> started = vm::Machine::start(*config);
    ASSERT_OK(started);
    machine_ = std::make_unique<vm::Machine>(std::move(*started));
    ASSERT_OK(machine_->wait_for_text("DEV ashlar# ", kBootLimit));
  }
  static void TearDownTestSuite() { machine_.reset(); }
  void TearDown() override {
    if (machine_ != nullptr) KeepsEvidence(*machine_, "shell");
  }

  static std::string run(const std::string& command) {
    Result<std::string> said = vm::Console(*machine_).run(command);
    EXPECT_TRUE(said.has_value()) << command << ": " << said.error().message();
    return said.value_or("");
  }

  static std::unique_ptr<vm::Machine> machine_;
};
std::unique_ptr<vm::Machine> Shell::machine_;

// First of this boot: nothing was denied on the way here, and then it is.
TEST_F(Shell, EveryProgramIsInItsDomain) {
  const std::string records = "timeout 3 grep -a 'avc:  denied' /dev/kmsg";
  std::string before = run(records);
  EXPECT_EQ(before.find("avc:  denied  {"), std::string::npos) << before;
  EXPECT_NE(run("echo enforce:$(cat /sys/fs/selinux/enforce)").find("\nenforce:1"), std::string::npos);
  std::string domains = run("for p in 1 2 self; do tr '\\0' '\\n' < /proc/$p/attr/current; echo; done");
  for (const char* domain :
       {"\nsystem_u:system_r:init_t", "\nsystem_u:system_r:kernel_t", "\nsystem_u:system_r:console_t"}) {
    EXPECT_NE(domains.find(domain), std::string::npos) << domains;
  }

  EXPECT_NE(run("echo system_u:system_r:init_t > /run/probe && echo written").find("\nwritten"), std::string::npos)
      << "the control";
  for (const char* attack : {"cat /run/probe > /sys/fs/selinux/load", "echo 0 > /sys/fs/selinux/enforce",
                             "echo /data/x > /proc/sys/kernel/poweroff_cmd", "cat /dev/vda", "cat /dev/tpmrm0",
                             "cat /run/probe > /proc/self/attr/current"}) {
    std::string said = run("(" + std::string(attack) + ") && echo done || echo re''fused");
    EXPECT_NE(said.find("\nrefused"), std::string::npos) << said;
    // The kernel turns SELinux's answer about a process' own domain into EPERM.
    const bool denied =
        said.find("Permission denied") != said.npos || said.find("Operation not permitted") != said.npos;
    EXPECT_TRUE(denied) << said;
  }
  std::string denied = run(records);
  for (const char* record : {"{ write } for  pid=", "tcontext=system_u:object_r:selinuxfs_t", "helper_sysctl_t",
                             "disk_device_t", "tpm_device_t", "permissive=0"}) {
    EXPECT_NE(denied.find(record), std::string::npos) << record << ": " << denied;
  }
}

TEST_F(Shell, RootIsReadOnlyErofsOnDeviceMapper) {
  std::string mounts = run("grep ' / ' /proc/mounts");
  EXPECT_NE(mounts.find("/dev/"), std::string::npos) << mounts;
  EXPECT_NE(mounts.find(" / erofs ro"), std::string::npos) << mounts;
  EXPECT_NE(run("echo x > /usr/probe || echo refused").find("refused"), std::string::npos);
  EXPECT_NE(run("echo x > /tmp/probe && echo written").find("written"), std::string::npos) << "the control";
}

TEST_F(Shell, ProgramsHaveTheHardenedAllocator) {
  EXPECT_NE(run("grep libscudo.so /proc/self/maps").find("/usr/lib/ashlar/libscudo.so"), std::string::npos);
}

TEST_F(Shell, WhatIsNotOnTheRootDoesNotExecute) {
  EXPECT_NE(run("/usr/bin/true && echo ran").find("ran"), std::string::npos) << "the control";
  std::string said = run("cp /usr/bin/true /tmp/copy; /tmp/copy && echo ran || echo refused");
  EXPECT_NE(said.find("refused"), std::string::npos) << said;
}

// IPE's policy is the image's own, pinned to its root hash; the boot policy, which trusts the initramfs, is gone.
TEST_F(Shell, OnlyThisRootsPolicyIsInForce) {
  const std::string ipe = "/sys/kernel/security/ipe/";
  EXPECT_NE(run("echo only: $(echo " + ipe + "policies/*)").find("\nonly: " + ipe + "policies/ashlar\n"),
            std::string::npos);
  EXPECT_NE(run("echo active:$(cat " + ipe + "policies/ashlar/active)").find("\nactive:1"), std::string::npos);
  std::string policy = run("cat " + ipe + "policies/ashlar/policy");
  EXPECT_NE(policy.find("dmverity_roothash=sha256:" + root_hash_of(image_of("core", "dev"))), std::string::npos)
      << policy;
  EXPECT_EQ(policy.find("boot_verified"), std::string::npos) << policy;
}

// The shell's user is root; what would switch the policies off is no longer anybody's.
TEST_F(Shell, RootCannotSwitchEnforcementOff) {
  std::string said = run("echo 0 > /sys/kernel/security/ipe/enforce && echo switched || echo refused");
  EXPECT_NE(said.find("\nrefused"), std::string::npos) << said;
  EXPECT_NE(run("echo enforce:$(cat /sys/kernel/security/ipe/enforce)").find("\nenforce:1"), std::string::npos);
  // CAP_SYS_MODULE 16, SYS_RAWIO 17, MAC_OVERRIDE 32, MAC_ADMIN 33, PERFMON 38, BPF 39; SYS_BOOT 22 is PID 1's alone.
  std::string own = run("echo have:$((0x$(grep CapEff /proc/1/status | cut -f2) & 0xc300030000))");
  EXPECT_NE(own.find("\nhave:0"), std::string::npos) << own;
  std::string shells = run("echo have:$((0x$(grep CapBnd /proc/self/status | cut -f2) & 0xc300430000))");
  EXPECT_NE(shells.find("\nhave:0"), std::string::npos) << shells;
  std::string others = run("[ $((0x$(grep CapEff /proc/self/status | cut -f2))) -ne 0 ] && echo has:others");
  EXPECT_NE(others.find("\nhas:others"), std::string::npos) << "the control: " << others;
}

// A script that is not on the verified root, however it reaches the shell. "ran-2" is not in what is typed.
TEST_F(Shell, RunsNoScriptFromElsewhere) {
  run("echo 'echo ran-$((1+1))' > /tmp/script; chmod +x /tmp/script");
  for (const char* attack :
       {"sh /tmp/script", "sh < /tmp/script", "cat /tmp/script | sh", "sh -s < /tmp/script", "sh -i < /tmp/script",
        "(. /tmp/script)", "sh /proc/self/fd/0 < /tmp/script", "/tmp/script", "sh -c '. /tmp/script' < /dev/null",
        "sh -c 'echo ran-$((1+1))' < /dev/null", "echo x | sh -c 'echo ran-$((1+1))'",
        "ENV=/tmp/script sh -i < /dev/null",
        "PS4='$(echo ran-$((1+1)) >&2)' sh -x /usr/share/ashlar/lock < /dev/null"}) {
    std::string said = run(attack);
    EXPECT_EQ(said.find("ran-2"), std::string::npos) << attack << ": " << said;
  }
  EXPECT_NE(run("sh /tmp/script").find("not a script of this system"), std::string::npos);
  EXPECT_NE(run("sh -c 'date' < /dev/null").find("not a command of this system: date"), std::string::npos);
  // The controls: on a terminal a person runs what she likes, and scripts of the root run anywhere.
  EXPECT_NE(run("sh -c 'echo ran-$((1+1))'").find("ran-2"), std::string::npos);
  EXPECT_NE(run("sh /usr/share/ashlar/lock < /dev/null && echo script-$((1+1))").find("script-2"), std::string::npos);
  EXPECT_NE(run("sh < /usr/share/ashlar/lock && echo input-$((1+1))").find("input-2"), std::string::npos);
  EXPECT_NE(run("sh -c /usr/share/ashlar/lock < /dev/null && echo listed-$((1+1))").find("listed-2"),
            std::string::npos);
}

std::string line_with(const std::string& text, std::string_view part) {
  std::size_t at = text.find(part);
  if (at == std::string::npos) return {};
  std::size_t start = text.rfind('\n', at) + 1;
  return text.substr(start, text.find('\n', at) - start);
}

// What kernel-hardening-checker does not find: no other, and every one of these. docs/THREATS.md has the reasons.
TEST_F(Shell, PassesTheHardeningCheckerButForTheseChecks) {
  const char* kernel = std::getenv("ASHLAR_TEST_KERNEL");
  const char* tools = std::getenv("ASHLAR_WORKSHOP");
  ASSERT_TRUE(kernel != nullptr && tools != nullptr) << "`ashlar test` sets them";
  // As `sysctl -a` would print them: "/proc/sys/kernel/printk:4" -> "kernel.printk = 4".
  std::string listed =
      run("cd /proc/sys; grep -s '' dev/tty/* kernel/* kernel/yama/* vm/* fs/* user/* net/ipv4/icmp* "
          "net/ipv4/tcp_sync* net/ipv4/conf/all/* net/ipv4/conf/default/*; cd /");
  std::string sysctls;
  for (std::string_view rest = listed; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || line.find(' ') < colon || line.find('/') > colon) continue;
    std::string name(line.substr(0, colon));
    std::ranges::replace(name, '/', '.');
    sysctls += name + " = " + std::string(line.substr(colon + 1)) + "\n";
  }
  fs::path work = result_path("hardening");
  fs::create_directories(work);
  ASSERT_OK(write_file(work / "config", read_file(fs::path(kernel) / "config").value()));
  ASSERT_OK(write_file(work / "cmdline", as_bytes(line_with(run("cat /proc/cmdline"), "roothash=") + "\n")));
  ASSERT_OK(write_file(work / "sysctl", as_bytes(sysctls)));
  Result<std::string> checked = image::run_sandboxed(
      {.root = tools,
       .binds = {{work, "/run/checked"}},
       .directory = "/run/checked",
       .argv = {"kernel-hardening-checker", "-m", "json", "-c", "config", "-l", "cmdline", "-s", "sysctl"}});
  ASSERT_OK(checked);
  std::set<std::string> failed;
  auto results = nlohmann::json::parse(*checked);
  for (const auto& check : results) {
    std::string option = check["option_name"];
    // Of IPv6, which is not built, there is nothing to ask.
    if (!check["check_result_bool"] && !option.starts_with("net.ipv6.")) failed.insert(option);
  }
  EXPECT_GT(results.size(), 350U);
  EXPECT_EQ(failed, (std::set<std::string>{"CONFIG_CFI_CLANG", "CONFIG_CFI_PERMISSIVE", "CONFIG_RANDOM_KMALLOC_CACHES",
                                           "CONFIG_GCC_PLUGIN_LATENT_ENTROPY", "CONFIG_KSTACK_ERASE",
                                           "CONFIG_KSTACK_ERASE_METRICS", "CONFIG_KSTACK_ERASE_RUNTIME_DISABLE",
                                           "CONFIG_USER_NS", "pti", "nosmt", "user.max_user_namespaces"}));
}

// The whole root; what is mounted on it is not the image's. A line of `ls -ln`: mode (and a dot: it has a label),
// links, owner, group, ...
TEST_F(Shell, EveryFileBelongsToRootWithoutSetId) {
  std::string entries =
      "ls -lnRA --ignore=proc --ignore=sys --ignore=dev --ignore=run --ignore=tmp / | grep -E '^[-dl]'";
  std::string sound = "'^.([r-][w-][x-]){2}[r-][w-][xtT-][.]? +[0-9]+ 0 +0 '";
  std::string bad = run(entries + " | grep -vE " + sound + " || echo none:bad");
  EXPECT_NE(bad.find("\nnone:bad"), std::string::npos) << bad;
  std::string good = run("[ $(" + entries + " | grep -cE " + sound + ") -gt 500 ] && echo many:good");
  EXPECT_NE(good.find("\nmany:good"), std::string::npos) << "the control: " << good;
}

TEST(Power, ButtonPowersOffInOrder) {
  Result<vm::MachineConfig> config = machine_with_keys(image_of("core", "dev"), "power");
  ASSERT_OK(config);
  Result<vm::Machine> machine = vm::Machine::start(*config);
  ASSERT_OK(machine);
  KeepsEvidence evidence(*machine, "power");
  ASSERT_OK(machine->wait_for_line("ashlar: ready", kBootLimit));
  ASSERT_OK(machine->powerdown());
  Result<vm::MachineStatus> ended = machine->wait_exit(seconds(60));
  ASSERT_OK(ended);
  EXPECT_EQ(ended->shutdown_reason, "guest-shutdown");
}

TEST(Power, RebootComesBack) {
  Result<vm::MachineConfig> config = machine_with_keys(image_of("core", "dev"), "reboot");
  ASSERT_OK(config);
  Result<vm::Machine> machine = vm::Machine::start(*config);
  ASSERT_OK(machine);
  KeepsEvidence evidence(*machine, "reboot");
  ASSERT_OK(machine->wait_for_text("DEV ashlar# ", kBootLimit));
  ASSERT_OK(machine->type_serial("reboot\n"));
  ASSERT_OK(machine->wait_for_line("ashlar: ready", kBootLimit));
  EXPECT_EQ(machine->status().resets, 1U);
}

}  // namespace
}  // namespace ashlar::test
