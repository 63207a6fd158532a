// One boot, attacked while the prompt is open and again after it: by who has the password and the disk and reaches the
// TPM, the wire to it, and the memory.
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "data/prompt.h"
#include "data_machine.h"
#include "image/inspect.h"
#include "memory.h"
#include "outsider.h"
#include "sys/tpm_authority.h"
#include "sys/tpm_rollback.h"

namespace ashlar::test {
namespace {

#define ASSERT_OK(result) ASSERT_TRUE((result).has_value()) << (result).error().message()

// A partition by its label, and the hash of what is in it.
using Hashes = std::map<std::string, std::string>;

Result<Hashes> hashes_of(const fs::path& disk) {
  image::MappedFile file = TRY(image::MappedFile::open(disk));
  GptTable table = TRY(image::read_partition_table(file.bytes()));
  Hashes hashes;
  for (const GptPartition& partition : table.partitions) {
    std::string name =
        partition.name == "_empty" ? partition.name + std::to_string(partition.first_lba) : partition.name;
    // Of /data, 4 GiB of mostly nothing, the beginning will do: the file system's superblock is there.
    std::uint64_t bytes = partition.sectors() * kSectorSize;
    if (name == "data") bytes = std::min(bytes, std::uint64_t{64} << 20);
    hashes[name] = sha256(file.bytes().subspan(partition.first_lba * kSectorSize, bytes)).hex();
  }
  hashes["(table)"] = sha256(file.bytes().first(kGptFirstSectors * kSectorSize)).hex();
  return hashes;
}

struct NamedSecret {
  std::string name;
  Bytes value;
};
Bytes bytes_of_secret(const Secret& secret) { return {secret.bytes().begin(), secret.bytes().end()}; }

class OneBoot : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    Result<Origin> made = origin();
    ASSERT_OK(made);
    Result<DataMachine> copy = DataMachine::like(*made, "one-boot");
    ASSERT_OK(copy);
    machine_ = std::make_unique<DataMachine>(std::move(*copy));
    Result<fs::path> disk = machine_->own_disk();
    ASSERT_OK(disk);
    disk_ = *disk;
    Result<Hashes> hashes = hashes_of(disk_);
    ASSERT_OK(hashes);
    before_ = *hashes;
    Result<Outsider> outsider = Outsider::with(disk_);
    ASSERT_OK(outsider);
    outsider_ = std::make_unique<Outsider>(std::move(*outsider));
    at_the_prompt();
    if (HasFatalFailure()) return;
    log_in();
  }

  // What works while the prompt is open: the controls.
  static void at_the_prompt() {
    Result<Asked> asked = machine_->start();
    ASSERT_OK(asked);
    ASSERT_EQ(asked->label, kPasswordLabel) << asked->text();
    Result<Tpm> tpm = machine_->live_tpm();
    ASSERT_OK(tpm);
    Result<Secret> secret = outsider_->unseal(*tpm, kPassword);
    ASSERT_OK(secret);
    Result<PasswordKeys> keys = outsider_->keys(kPassword);
    ASSERT_OK(keys);
    Result<Secret> keyslot = keyslot_key(keys->luks, *secret);
    ASSERT_OK(keyslot);
    secrets_ = {{"password", Bytes(std::begin(kPassword), std::end(kPassword) - 1)},
                {"TPM secret", bytes_of_secret(*secret)},
                {"authorization value", bytes_of_secret(keys->tpm_auth)},
                {"keyslot's half", bytes_of_secret(keys->luks)},
                {"home's part", bytes_of_secret(keys->home)},
                {"keyslot key", bytes_of_secret(*keyslot)}};

    // Typed by keyboard, as a person does: the serial line's own buffers are not what this is about.
    ASSERT_OK(machine_->machine().type_keys(kPassword));
    std::this_thread::sleep_for(std::chrono::seconds(3));  // the guest reads in its own time
    ASSERT_OK(machine_->machine().screenshot(result_path("data-password-typed.png")));
    at_prompt_ = search("memory-prompt");
  }

  static void log_in() {
    ASSERT_OK(machine_->machine().send_keys({"ret"}));
    Result<Asked> shell = machine_->console().next_question(kBootLimit);
    ASSERT_OK(shell);
    ASSERT_TRUE(shell->at_shell()) << shell->text();
    ASSERT_OK(machine_->console().run("true"));
    wire_ = machine_->traffic();
    after_ = search("memory-session");
  }

  static std::map<std::string, std::size_t> search(const std::string& name) {
    std::map<std::string, std::size_t> found;
    Result<Memory> memory = Memory::of(machine_->machine(), machine_->config.memory_mib, machine_->directory() / name);
    EXPECT_TRUE(memory) << memory.error().message();
    if (!memory) return found;
    for (const NamedSecret& secret : secrets_) found[secret.name] = memory->count(secret.value);
    found["what the kernel says first"] = memory->count(as_bytes("Linux version "));
    return found;
  }

  static void TearDownTestSuite() {
    machine_.reset();
    outsider_.reset();
  }
  void SetUp() override { ASSERT_FALSE(wire_.commands.empty()) << "the machine did not come up"; }

  static std::string run(const std::string& command) {
    Result<std::string> said = machine_->console().run(command);
    EXPECT_TRUE(said) << command << ": " << said.error().message();
    return said.value_or("");
  }

  static std::unique_ptr<DataMachine> machine_;
  static std::unique_ptr<Outsider> outsider_;
  static fs::path disk_;
  static Hashes before_;
  static std::vector<NamedSecret> secrets_;
  static std::map<std::string, std::size_t> at_prompt_, after_;  // how often each secret is in memory
  static TpmWire wire_;
};
std::unique_ptr<DataMachine> OneBoot::machine_;
std::unique_ptr<Outsider> OneBoot::outsider_;
fs::path OneBoot::disk_;
Hashes OneBoot::before_;
std::vector<NamedSecret> OneBoot::secrets_;
std::map<std::string, std::size_t> OneBoot::at_prompt_, OneBoot::after_;
TpmWire OneBoot::wire_;

// The control: at_the_prompt() unsealed with the same code.
TEST_F(OneBoot, ASecondUnsealIsRefused) {
  Result<Tpm> tpm = machine_->live_tpm();
  ASSERT_OK(tpm);
  Result<Secret> again = outsider_->unseal(*tpm, kPassword);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind<TpmFailure>(), TpmFailure::already_unlocked) << again.error().message();
  // It is the TPM that refuses, not only we who look first.
  PcrValues present = tpm->read_pcrs({kPcrUnlockingEnded}).value();
  Result<Secret> forced =
      outsider_->unseal(*tpm, kPassword, [&](UnsealSteps& steps) { steps.not_yet_unlocked = present; });
  ASSERT_FALSE(forced);
  EXPECT_NE(forced.error().message().find("0x0000099d"), std::string::npos) << forced.error().message();
  EXPECT_EQ(lockout_state(*tpm).value().used, 0U) << "and it cost no try";
}

TEST_F(OneBoot, WhoListensToTheTpmLearnsNothing) {
  for (const NamedSecret& secret : secrets_) EXPECT_FALSE(wire_.carried(secret.value)) << secret.name;
  constexpr std::uint32_t kUnseal = 0x15e;
  EXPECT_EQ(std::ranges::count(wire_.commands, kUnseal, tpm_command_code), 1) << "the secret passed here";
  EXPECT_TRUE(wire_.carried(outsider_->signature().policies.unseal.bytes)) << "the control: sent in plain";
}

TEST_F(OneBoot, NothingSecretIsLeftInMemory) {
  for (const NamedSecret& secret : secrets_) EXPECT_EQ(after_[secret.name], 0U) << secret.name;
  EXPECT_GT(after_["what the kernel says first"], 0U) << "a control: it was the machine's memory";
  EXPECT_GT(at_prompt_["password"], 0U) << "the control: typed, and not entered yet";
}

TEST_F(OneBoot, NobodyCanRemoveTheRollbackIndex) {
  Result<Tpm> tpm = machine_->live_tpm();
  ASSERT_OK(tpm);
  Result<TpmStorageKey> key = outsider_->storage_key(*tpm);
  ASSERT_OK(key);
  Status removed = undefine_nv_index(*tpm, *key, nullptr, kRollbackHandle);
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().kind<TpmFailure>(), TpmFailure::owned) << removed.error().message();
}

// With the image's own signatures, as anybody can read them on the ESP.
TEST_F(OneBoot, AForeignSystemSetsNoBits) {
  Result<Tpm> tpm = machine_->live_tpm();
  ASSERT_OK(tpm);
  Result<TpmStorageKey> key = outsider_->storage_key(*tpm);
  ASSERT_OK(key);
  RollbackIndex index(outsider_->owner().name());
  SignedPolicy policy = rollback_write_policy(outsider_->signature(), outsider_->owner());
  const std::uint64_t own = outsider_->signature().epoch.bit();
  auto set = [&](std::uint64_t bits) {
    return set_rollback_bits(*tpm, *key, kRollbackHandle, index.name(), bits, {11, 12, 13}, policy);
  };
  EXPECT_EQ(read_rollback_bits(*tpm, *key, kRollbackHandle, index.name()).value(), own) << "set by the good boot";
  Status control = set(own);
  EXPECT_TRUE(control) << control.error().message();
  EXPECT_FALSE(set(own << 1)) << "signed for another bit";
  // What a system would leave there that was started in another way.
  ASSERT_OK(tpm->extend_pcr(kPcrUkiParameters, sha256(std::string_view("a foreign system"))));
  Status foreign = set(own);
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().kind<TpmFailure>(), TpmFailure::image_not_signed) << foreign.error().message();
  EXPECT_EQ(read_rollback_bits(*tpm, *key, kRollbackHandle, index.name()).value(), own);
}

// "place type mounted" of each row in the section "What persists".
std::set<std::string> documented_mounts() {
  std::string text = read_text(ASHLAR_SOURCE_DIR "/docs/ARCHITECTURE.md").value();
  std::size_t start = text.find("## What persists");
  text = text.substr(start, text.find("\n## ", start) - start);
  static const std::regex kRow("\\| (/[^ ]*) \\| ([a-z0-9]+) \\| (r[ow]) \\|");
  std::set<std::string> mounts;
  for (std::sregex_iterator row(text.begin(), text.end(), kRow), end; row != end; ++row) {
    mounts.insert((*row)[1].str() + " " + (*row)[2].str() + " " + (*row)[3].str());
  }
  return mounts;
}

TEST_F(OneBoot, MountsAreThoseOfTheDocuments) {
  std::string said = run("cat /proc/mounts");
  static const std::regex kMount("[^ \n]+ (/[^ ]*) ([a-z0-9]+) (r[ow])[, ][^\n]* 0 0");
  std::set<std::string> mounts;
  for (std::sregex_iterator line(said.begin(), said.end(), kMount), end; line != end; ++line) {
    mounts.insert((*line)[1].str() + " " + (*line)[2].str() + " " + (*line)[3].str());
  }
  EXPECT_EQ(mounts, documented_mounts());
}

TEST_F(OneBoot, NothingOnDataExecutes) {
  std::string options = run("grep ' /data ' /proc/mounts");
  for (const char* option : {"nosuid", "nodev", "noexec"})
    EXPECT_NE(options.find(option), std::string::npos) << options;
  std::string said = run("cp /usr/bin/true /data/copy; /data/copy; echo exit:$?; /usr/bin/true; echo control:$?");
  EXPECT_NE(said.find("Permission denied"), std::string::npos) << said;
  EXPECT_NE(said.find("\nexit:126"), std::string::npos) << said;
  EXPECT_NE(said.find("\ncontrol:0"), std::string::npos) << said;
}

TEST_F(OneBoot, WhatWasWrittenIsThere) {
  std::string said = run(std::string("cat ") + kFile + " " + kHomeFile);
  std::size_t first = said.find(kContent);
  ASSERT_NE(first, std::string::npos) << said;
  EXPECT_NE(said.find(kContent, first + 1), std::string::npos) << said;
}

// Ends the boot, and so comes last.
TEST_F(OneBoot, OnlyTheDataPartitionChanges) {
  run("echo some more > /data/more; sync");
  ASSERT_OK(machine_->power_off());
  Result<Hashes> after = hashes_of(disk_);
  ASSERT_OK(after);
  ASSERT_EQ(after->size(), before_.size());
  for (const auto& [name, hash] : before_) {
    if (name == "data") {
      EXPECT_NE(after->at(name), hash) << "the control";
    } else {
      EXPECT_EQ(after->at(name), hash) << name;
    }
  }
}

}  // namespace
}  // namespace ashlar::test
