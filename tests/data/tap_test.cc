// The wire between machine and TPM, on an image without /data: what the other suites attack with works.
#include <gtest/gtest.h>

#include "format/tpm_command.h"
#include "image/predict.h"
#include "init/unlocking.h"
#include "sys/tpm_tcti.h"
#include "test_image.h"

namespace ashlar::test {
namespace {

TEST(Tap, TheHostHearsAndUsesTheTpmOfARunningMachine) {
  Result<vm::MachineConfig> config = machine_with_keys(image_of("core", "dev"), "tap");
  ASSERT_OK(config);
  config->tpm = vm::Tpm::tapped;
  config->memory_mib = 512;
  Result<vm::Machine> machine = vm::Machine::start(*config);
  ASSERT_OK(machine);
  KeepsEvidence evidence(*machine, "tap");
  ASSERT_OK(machine->wait_for_text("DEV ashlar# ", kBootLimit));

  Result<Tpm> tpm = Tpm::over(tcti_over([&](const Bytes& command) -> std::optional<Bytes> {
    Result<Bytes> answer = machine->tpm_tap().exchange(command);
    EXPECT_TRUE(answer);
    return answer ? std::optional(*answer) : std::nullopt;
  }));
  ASSERT_OK(tpm);
  Result<PcrValues> predicted = image::predict_pcrs(config->disk);
  ASSERT_OK(predicted);
  Result<PcrValues> read = tpm->read_pcrs({kPcrUki, kPcrUnlockingEnded});
  ASSERT_OK(read);
  EXPECT_EQ(read->at(kPcrUki), predicted->at(kPcrUki));
  EXPECT_EQ(read->at(kPcrUnlockingEnded), extend(Sha256Digest{}, kUnlockingEnded));

  machine->tpm_tap().wire([&](TpmWire& wire) {
    Bytes closing = build_pcr_extend(kPcrUnlockingEnded, kUnlockingEnded);
    EXPECT_EQ(std::ranges::count(wire.commands, closing), 1) << "what PID 1 sends when the turn has ended";
    EXPECT_GT(wire.commands.size(), 20U) << "the firmware's measurements";
    EXPECT_EQ(wire.commands.size(), wire.answers.size());
  });
}

}  // namespace
}  // namespace ashlar::test
