// What the TPM of a real machine shows after the boot: as predicted from the image, and as its event log explains it.
#include "image/predict.h"

#include <gtest/gtest.h>

#include <regex>

#include "format/event_log.h"
#include "init/unlocking.h"
#include "test_image.h"

namespace ashlar::test {
namespace {

// Those that something measured into, or could have: all but 10, where the kernel's IMA would be, and 15, ours.
constexpr std::array kExplained = {0U, 1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, 11U, 12U, 13U, 14U};

// One boot; registers and event log are read once, from the shell of the dev image.
class Measured : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    Result<vm::MachineConfig> config = machine_with_keys(image_of("core", "dev"), "measured");
    ASSERT_OK(config);
    Result<vm::Machine> machine = vm::Machine::start(*config);
    ASSERT_OK(machine);
    ASSERT_OK(machine->wait_for_text("DEV ashlar# ", kBootLimit));
    ASSERT_OK(
        machine->type_serial("cd /sys/class/tpm/tpm0/pcr-sha256; for n in *; do echo \"pcr $n $(cat $n)\"; done; "
                             "basenc --base16 -w 64 /sys/kernel/security/tpm0/binary_bios_measurements | sed 's/^/log "
                             "/'; echo \"<end>\"\n"));
    Result<std::string> said = machine->wait_for_text("\n<end>", std::chrono::minutes(2));
    ASSERT_OK(said);
    // Only lines that begin as told: the kernel may say something in between.
    static const std::regex kLine("(^|\n)(pcr ([0-9]+)|log) ([0-9A-F]+)\r?(?=\n)");
    for (std::sregex_iterator line(said->begin(), said->end(), kLine), end; line != end; ++line) {
      Bytes bytes = from_hex((*line)[4].str()).value();
      if ((*line)[3].matched) {
        std::ranges::copy_n(bytes.begin(), 32, pcrs_[static_cast<unsigned>(std::stoul((*line)[3]))].bytes.begin());
      } else {
        append(raw_log_, bytes);
      }
    }
    ASSERT_EQ(pcrs_.size(), 24U) << *said;
    ASSERT_OK(write_file(result_path("event-log.bin"), raw_log_));
  }

  // What the log says about one register, for who reads a failure.
  static std::string events_of(unsigned pcr) {
    std::string text;
    Result<EventLog> log = parse_event_log(raw_log_);
    if (!log) return log.error().message();
    for (const LoggedEvent& event : log->events) {
      if (event.pcr != pcr) continue;
      text += "type " + std::to_string(event.type) + "  " + event.digest.hex() + "  " +
              to_hex(event.data.first(std::min<std::size_t>(event.data.size(), 64))) + "\n";
    }
    return text;
  }

  // Registers that differ from the machine's after replaying the log.
  static std::vector<unsigned> unexplained(const EventLog& log) {
    PcrValues values = replay(log).value();
    std::vector<unsigned> differ;
    for (unsigned pcr : kExplained) {
      if (values.at(pcr) != pcrs_.at(pcr)) differ.push_back(pcr);
    }
    return differ;
  }

  static PcrValues pcrs_;
  static Bytes raw_log_;
};
PcrValues Measured::pcrs_;
Bytes Measured::raw_log_;

TEST_F(Measured, TpmShowsWhatWasPredicted) {
  Result<PcrValues> predicted = image::predict_pcrs(image_of("core", "dev"));
  ASSERT_OK(predicted);
  EXPECT_EQ(predicted->size(), 5U);
  for (const auto& [pcr, value] : *predicted) {
    EXPECT_EQ(value.hex(), pcrs_.at(pcr).hex()) << "PCR " << pcr << ":\n" << events_of(pcr);
  }
}

TEST_F(Measured, PredictionTellsImagesApart) {
  Result<PcrValues> other = image::predict_pcrs(image_of("core", "release"));
  ASSERT_OK(other);
  for (unsigned pcr : {kPcrBootPrograms, kPcrSecureBoot, kPcrUki}) EXPECT_NE(other->at(pcr), pcrs_.at(pcr)) << pcr;
}

TEST_F(Measured, EventLogExplainsEveryRegister) {
  Result<EventLog> log = parse_event_log(raw_log_);
  ASSERT_OK(log);
  EXPECT_EQ(unexplained(*log), std::vector<unsigned>{});
  EXPECT_NE(pcrs_.at(9), Sha256Digest{}) << "the kernel measures initramfs and command line there";
}

// PID 1 has closed the TPM to whoever would unseal /data's secret now.
TEST_F(Measured, Pcr15IsExtendedWhenUnlockingHasEnded) {
  EXPECT_EQ(pcrs_.at(15), extend(Sha256Digest{}, kUnlockingEnded));
  EXPECT_EQ(pcrs_.at(14), Sha256Digest{}) << "the control: a register nobody extends reads as zero";
}

// The control: one bit of one digest, for each register something was measured into.
TEST_F(Measured, AChangedDigestExplainsNothing) {
  Result<EventLog> log = parse_event_log(raw_log_);
  ASSERT_OK(log);
  std::map<unsigned, LoggedEvent*> last;
  for (LoggedEvent& event : log->events) {
    if (event.type != kEventNoAction) last[event.pcr] = &event;
  }
  EXPECT_GE(last.size(), 10U);
  for (const auto& [pcr, event] : last) {
    event->digest.bytes[31] ^= 1;
    EXPECT_EQ(unexplained(*log), std::vector{pcr});
    event->digest.bytes[31] ^= 1;
  }
}

}  // namespace
}  // namespace ashlar::test
