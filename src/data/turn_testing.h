// A machine whose life is a row of boots: a real TPM (swtpm), a real LUKS2 header in a file, and somebody at the
// prompt.
#pragma once

#include <gtest/gtest.h>

#include "base/random.h"
#include "data/fake_storage.h"
#include "data/homes.h"
#include "data/requests.h"
#include "data/test_person.h"
#include "data/turn.h"
#include "format/pcr_signer.h"
#include "format/testing.h"
#include "sys/test_tpm.h"

namespace ashlar::testing {

// Told after every fsync(2) of this process, libcryptsetup's among them, as long as it lives: the moments in which what
// a power cut leaves can differ.
class SyncWatch {
 public:
  explicit SyncWatch(std::function<void()> seen);
  ~SyncWatch();
  SyncWatch(const SyncWatch&) = delete;
  SyncWatch& operator=(const SyncWatch&) = delete;
};

// An image as it measures itself, and what its UKI carries.
struct TestImage {
  std::string name = "image of epoch 5";
  unsigned epoch = 5;

  [[nodiscard]] SignedImage carried() const {
    Sha256Digest uki = Sha256().update(Sha256Digest{}.bytes).update(sha256(name).bytes).finish();
    return {sign_image_policies(owner(), uki, Epoch::from(epoch).value()).value(),
            rsa_public_key_of(owner().certificate).value()};
  }
};

class TurnTest : public ::testing::Test {
 protected:
  // One boot: the turn, from power-on to the end of the program. What was there in memory is gone afterwards.
  Result<TurnEnd> boot() {
    if (!kept_power_) storage_.restart();
    kept_power_ = false;
    person_.seen.clear();
    person_.texts.clear();
    log_.clear();
    Turn turn{.prompter = person_,
              .storage = storage_,
              .tpm = TurnTpm([this] { return power_tpm_on(); }),
              .image = carried_ ? *carried_ : image_.carried(),
              .calibrate = [] { return Result<Argon2idParameters>(quick()); },
              .log = [this](std::string_view line) { log_.emplace_back(line); },
              .session_file = storage_.root().parent_path() / "session.json",
              .owner_file = storage_.root().parent_path() / "session"};
    return take_turn(turn);
  }
  void expect_end(TurnEnd wanted) {
    Result<TurnEnd> end = boot();
    ASSERT_TRUE(end) << end.error().message() << "\n" << person_.story();
    ASSERT_EQ(static_cast<int>(*end), static_cast<int>(wanted)) << person_.story() << log();
  }
  // /data is open, and so is the home of `user`.
  void expect_open(unsigned user = 1) {
    expect_end(TurnEnd::open);
    if (HasFatalFailure()) return;
    ASSERT_TRUE(storage_.is_mounted());
    EXPECT_TRUE(storage_.is_open(Homes(storage_).get(user).value().home)) << person_.story();
  }
  void set_up() {
    expect_open();
    ASSERT_EQ(storage_.state, PartitionState::complete);
  }
  // The steps of the next boot are told to fail: restart() would forget that.
  void prepare(std::size_t fail_at, std::size_t cut_after) {
    storage_.restart();
    storage_.fail_at = fail_at;
    storage_.cut_after = cut_after;
    kept_power_ = true;
  }

  // The next boot, which opens; what the disk held each time something was made sure of in it, in `snapshots_`.
  void boot_with_snapshots() {
    SyncWatch watch([this] {
      if (!storage_.has_power()) return;
      fs::path snapshot = storage_.root().parent_path() / ("snapshot-" + std::to_string(snapshots_.size()));
      fs::create_directory(snapshot);
      fs::copy_file(storage_.device(), snapshot / "partition");
      fs::copy(storage_.is_mounted() ? storage_.root() : content(), snapshot / "content", fs::copy_options::recursive);
      snapshots_.push_back(snapshot);
    });
    expect_open();
  }
  // As if the power had been cut at that moment.
  void put_back(const fs::path& snapshot) {
    storage_.restart();
    fs::copy_file(snapshot / "partition", storage_.device(), fs::copy_options::overwrite_existing);
    fs::remove_all(content());
    fs::copy(snapshot / "content", content(), fs::copy_options::recursive);
  }
  [[nodiscard]] fs::path content() const { return storage_.root().parent_path() / "content"; }

  static Argon2idParameters quick() {
    Argon2idParameters parameters{kLeastArgon2idMemory, 1, 1, {}};
    EXPECT_TRUE(fill_random(parameters.salt));
    return parameters;
  }
  [[nodiscard]] std::string log() const {
    std::string text;
    for (const std::string& line : log_) text += line + "\n";
    return text;
  }
  [[nodiscard]] std::string owner() const { return read_text(storage_.root().parent_path() / "session").value_or(""); }
  [[nodiscard]] std::string session() const {
    return read_text(storage_.root().parent_path() / "session.json").value_or("");
  }

  // As the kernel gives it: opened again in the same boot, its registers are what they were.
  Result<Tpm> power_tpm_on() {
    if (!machine_) return std::unexpected(Error("this machine shows no TPM 2.0").as(TpmFailure::absent));
    Tpm tpm = machine_->power_on();
    for (unsigned pcr : {0U, 2U, 7U}) TRY(tpm.extend_pcr(pcr, sha256(firmware_[pcr])));
    TRY(tpm.extend_pcr(11, sha256(image_.name)));
    return tpm;
  }

  TestImage image_;
  std::optional<SignedImage> carried_;  // where that is not the image's own
  std::map<unsigned, std::string> firmware_ = {{0, "firmware"}, {2, "cards"}, {7, "keys"}};
  std::unique_ptr<TestTpm> machine_ = std::make_unique<TestTpm>();
  FakeStorage storage_;
  TestPerson person_;
  std::vector<std::string> log_;
  std::vector<fs::path> snapshots_;
  bool kept_power_ = false;
};

}  // namespace ashlar::testing
