// Real machines: QEMU, firmware and TPM start, say what they should, and leave nothing behind.
#include "vm/machine.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

#include "base/bytes.h"
#include "base/interrupt.h"
#include "vm/run.h"
#include "vm/sockets.h"

namespace ashlar::vm {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// In setup mode the firmware's last resort is its own shell.
constexpr std::string_view kNothingToStart = "UEFI Interactive Shell";

// Twenty times what an idle host takes.
constexpr Milliseconds kBoot = minutes(5);

struct TemporaryDirectory {
  TemporaryDirectory() {
    std::string name = fs::temp_directory_path() / "ashlar-vm-test-XXXXXX";
    path = ::mkdtemp(name.data());
  }
  ~TemporaryDirectory() { fs::remove_all(path); }
  fs::path path;
};

// An empty disk: the firmware looks at it and says that it found nothing to start.
fs::path empty_disk(const fs::path& directory) {
  fs::path disk = directory / "disk.raw";
  EXPECT_TRUE(write_file(disk, Bytes(1 << 20)));
  return disk;
}

MachineConfig small_machine() { return {.memory_mib = 256, .cpus = 1}; }

// One boot serves for all that needs a firmware that has come up: under emulation it takes most of the time.
TEST(Machine, FirmwareComesUpAndWhatCanBeDoneToItThen) {
  TemporaryDirectory scratch;
  MachineConfig config = small_machine();
  config.state_directory = scratch.path / "state";
  config.tpm = Tpm::traced;
  config.fw_cfg = {{"opt/ashlar/test", "a,b=c"}};
  auto machine = Machine::start(config);
  ASSERT_TRUE(machine) << machine.error().message();
  auto line = machine->wait_for_line(kNothingToStart, kBoot);
  ASSERT_TRUE(line) << line.error().message();
  EXPECT_EQ(machine->status().phase, Phase::running);

  // It measured itself: TPM2_PCR_Extend is command code 0x182 (TPM 2.0 Library, Part 2, 6.5.2).
  EXPECT_FALSE(fs::is_empty(config.state_directory / "tpm"));
  std::string trace = read_text(config.state_directory / "tpm.log").value();
  EXPECT_NE(trace.find("00 00 01 82"), std::string::npos) << trace.substr(0, 2000);

  fs::path screen = scratch.path / "screen.png";
  auto shot = machine->screenshot(screen);
  ASSERT_TRUE(shot) << shot.error().message();
  EXPECT_EQ(to_hex(ByteView(read_file(screen).value()).first(4)), "89504e47");

  auto prompt = machine->wait_for_text("Shell> ", kBoot);
  ASSERT_TRUE(prompt) << prompt.error().message();
  auto typed = machine->type_serial("ver\r");  // the firmware's shell reads the serial console
  EXPECT_TRUE(typed) << typed.error().message();
  auto answered = machine->wait_for_line("UEFI v2", kBoot);
  EXPECT_TRUE(answered) << answered.error().message();
  auto keys = machine->type_keys("Az!\n");
  EXPECT_TRUE(keys) << keys.error().message();
  EXPECT_FALSE(machine->send_keys({"no-such-key"}));
  EXPECT_FALSE(machine->type_keys("\x80"));

  ASSERT_TRUE(machine->reset());
  auto event = machine->wait_event("RESET", seconds(60));
  ASSERT_TRUE(event) << event.error().message();
  EXPECT_EQ(machine->status().resets, 1U);

  ASSERT_TRUE(machine->cut_power());
  EXPECT_EQ(machine->status().phase, Phase::ended);
  EXPECT_EQ(machine->status().exit_status, 128 + SIGKILL);
  Clock::time_point before = Clock::now();
  auto never = machine->wait_for_line("never said", std::chrono::hours(1));
  ASSERT_FALSE(never);
  EXPECT_LT(Clock::now() - before, seconds(10)) << "a wait ends when the machine does";
  EXPECT_NE(never.error().message().find("the machine has ended"), std::string::npos) << never.error().message();
  EXPECT_NE(never.error().message().find("Shell>"), std::string::npos) << never.error().message();
}

TEST(Machine, EndsInOrderAndLeavesNothingBehind) {
  fs::path state;
  {
    auto machine = Machine::start(small_machine());
    ASSERT_TRUE(machine) << machine.error().message();
    state = machine->state_directory();
    EXPECT_TRUE(fs::exists(state / "variables.fd"));
    ASSERT_TRUE(machine->quit());
    MachineStatus status = machine->status();
    EXPECT_EQ(status.phase, Phase::ended);
    EXPECT_EQ(status.shutdown_reason, "host-qmp-quit");
    EXPECT_EQ(status.exit_status, 0);
    EXPECT_FALSE(machine->powerdown()) << "a machine that has ended has no power button";
  }
  EXPECT_FALSE(fs::exists(state)) << "temporary state goes with the machine";
}

TEST(Machine, AWaitEndsAtItsDeadlineAndAtCancellation) {
  SocketPair cancel = socket_pair().value();
  MachineConfig config = small_machine();
  config.cancel = cancel.ours.get();
  auto machine = Machine::start(config);
  ASSERT_TRUE(machine) << machine.error().message();
  auto late = machine->wait_for_line("never said", Milliseconds(100));
  ASSERT_FALSE(late);
  EXPECT_NE(late.error().message().find("in time"), std::string::npos);
  ASSERT_EQ(::write(cancel.theirs.get(), "x", 1), 1);
  auto cancelled = machine->wait_for_line("never said", minutes(10));
  ASSERT_FALSE(cancelled);
  EXPECT_NE(cancelled.error().message().find("interrupted"), std::string::npos);
}

// In a process of its own: an interrupt that was noted stays so.
TEST(Machine, AWaitEndsAtAnInterrupt) {
  auto interrupted_wait = [] {
    note_interrupts();
    auto machine = Machine::start(small_machine());
    if (!machine) return 1;
    std::raise(SIGTERM);
    auto line = machine->wait_for_line("never said", minutes(10));
    return !line && line.error().message().find("interrupted") != std::string::npos ? 0 : 1;
  };
  EXPECT_EXIT(::_exit(interrupted_wait()), testing::ExitedWithCode(0), "");
}

TEST(Machine, WhatQemuRefusesIsToldInItsWords) {
  MachineConfig config = small_machine();
  config.extra_arguments = {"-device", "no-such-device"};
  auto machine = Machine::start(config);
  ASSERT_FALSE(machine);
  EXPECT_NE(machine.error().message().find("no-such-device"), std::string::npos) << machine.error().message();

  config = small_machine();
  config.disk = "/nowhere/disk.raw";
  auto without = Machine::start(config);
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().message(), "no disk image /nowhere/disk.raw");
}

TEST(SoftwareTpm, AnswersWithoutAnyMachine) {
  TemporaryDirectory scratch;
  auto tpm = SoftwareTpm::start(scratch.path / "tpm", scratch.path / "tpm.log");
  ASSERT_TRUE(tpm) << tpm.error().message();
  // CMD_GET_CAPABILITY of swtpm's control channel (swtpm_ioctls(3)): command 1, answer: result 0, capabilities.
  const std::array<std::uint8_t, 4> ask = {0, 0, 0, 1};
  ASSERT_EQ(::send(tpm->machine_end().get(), ask.data(), ask.size(), MSG_NOSIGNAL), 4);
  std::array<std::uint8_t, 8> answer{};
  timeval limit{10, 0};
  ::setsockopt(tpm->machine_end().get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ASSERT_GE(::recv(tpm->machine_end().get(), answer.data(), answer.size(), 0), 8)
      << read_text(scratch.path / "tpm.log").value();
  EXPECT_EQ(to_hex(ByteView(answer).first(4)), "00000000");
}

TEST(SoftwareTpm, APathSwtpmWouldMisreadIsRefused) {
  TemporaryDirectory scratch;
  EXPECT_FALSE(SoftwareTpm::start(scratch.path / "a,b", scratch.path / "tpm.log"));
}

TEST(Run, AnImageThatCannotBootFailsAtOnceAndSaysWhy) {
  TemporaryDirectory scratch;
  RunOptions options;
  options.image = empty_disk(scratch.path);
  options.until = Until::ready;
  options.screenshot = scratch.path / "screen.png";
  options.timeout = kBoot;
  options.memory_mib = 256;
  auto report = run_image(options);
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().message().find(kNothingToStart), std::string::npos) << report.error().message();
  EXPECT_TRUE(fs::exists(options.screenshot));
}

TEST(Run, AScreenDetectorIsShownTheScreen) {
  class SeesAnything : public ReadyDetector {
   public:
    [[nodiscard]] Source source() const override { return Source::screen; }
    Result<Verdict> on_screen(const fs::path& ppm) override {
      Bytes screen = TRY(read_file(ppm));
      if (screen.size() < 2 || screen[0] != 'P' || screen[1] != '6') return fail("not a PPM");
      return Verdict{Verdict::State::ready, "screen=seen"};
    }
  };
  TemporaryDirectory scratch;
  RunOptions options;
  options.image = empty_disk(scratch.path);
  options.until = Until::ready;
  options.detector = std::make_shared<SeesAnything>();
  options.memory_mib = 256;
  auto report = run_image(options);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->facts.at("screen"), "seen");
}

TEST(Run, ATerminationSignalEndsTheMachineInOrder) {
  TemporaryDirectory scratch;
  RunOptions options;
  options.image = empty_disk(scratch.path);
  options.until = Until::ready;
  options.memory_mib = 256;
  class Interrupts : public ReadyDetector {
   public:
    [[nodiscard]] Source source() const override { return Source::screen; }
    Result<Verdict> on_screen(const fs::path& /*ppm*/) override {
      ::kill(::getpid(), SIGTERM);
      return Verdict{};
    }
  };
  options.detector = std::make_shared<Interrupts>();
  auto report = run_image(options);
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().message().find("interrupted"), std::string::npos) << report.error().message();
}

}  // namespace
}  // namespace ashlar::vm
