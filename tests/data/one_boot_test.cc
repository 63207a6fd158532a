// One boot, attacked while the prompt is open and again after it: by who has the password and the disk and reaches the
// TPM, the wire to it, and the memory.
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "data/prompt.h"
#include "data_machine.h"
#include "image/inspect.h"
#include "sys/tpm_authority.h"
#include "sys/tpm_rollback.h"

namespace ashlar::test {
namespace {

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
    Result<prove::WatchedLogin> login = prove::WatchedLogin::at_prompt(*machine_);
    ASSERT_OK(login);
    ASSERT_OK(login->type_password(*machine_));
    ASSERT_OK(machine_->machine().screenshot(result_path("data-password-typed.png")));
    Result<prove::Found> typed = login->search_memory(*machine_);
    ASSERT_OK(typed);
    ASSERT_OK(login->log_in(*machine_));
    Result<prove::Found> afterwards = login->search_memory(*machine_);
    ASSERT_OK(afterwards);
    login->while_typed = *typed;
    login->afterwards = *afterwards;
    login_ = std::make_unique<prove::WatchedLogin>(std::move(*login));
  }

  static void TearDownTestSuite() {
    machine_.reset();
    login_.reset();
  }
  void SetUp() override { ASSERT_TRUE(login_) << "the machine did not come up"; }

  static std::string run(const std::string& command) {
    Result<std::string> said = machine_->console().run(command);
    EXPECT_TRUE(said) << command << ": " << said.error().message();
    return said.value_or("");
  }

  static std::unique_ptr<DataMachine> machine_;
  static std::unique_ptr<prove::WatchedLogin> login_;
  static fs::path disk_;
  static Hashes before_;
};
std::unique_ptr<DataMachine> OneBoot::machine_;
std::unique_ptr<prove::WatchedLogin> OneBoot::login_;
fs::path OneBoot::disk_;
Hashes OneBoot::before_;

TEST_F(OneBoot, ASecondUnsealIsRefused) {
  Result<std::string> refused = prove::second_unseal_refused(*machine_, login_->outsider());
  ASSERT_OK(refused);
}

TEST_F(OneBoot, WhoListensToTheTpmLearnsNothing) {
  Result<std::string> nothing = prove::wire_tells_nothing(login_->wire(), login_->secrets(),
                                                          login_->outsider().signature().policies.unseal.bytes);
  ASSERT_OK(nothing);
}

TEST_F(OneBoot, NothingSecretIsLeftInMemory) {
  Result<std::string> nothing = prove::memory_keeps_nothing(login_->while_typed, login_->afterwards);
  ASSERT_OK(nothing);
}

TEST_F(OneBoot, NobodyCanRemoveTheRollbackIndex) {
  Result<Tpm> tpm = machine_->live_tpm();
  ASSERT_OK(tpm);
  Result<TpmStorageKey> key = login_->outsider().storage_key(*tpm);
  ASSERT_OK(key);
  Status removed = undefine_nv_index(*tpm, *key, nullptr, kRollbackHandle);
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().kind<TpmFailure>(), TpmFailure::owned) << removed.error().message();
}

// With the image's own signatures, as anybody can read them on the ESP.
TEST_F(OneBoot, AForeignSystemSetsNoBits) {
  Result<Tpm> tpm = machine_->live_tpm();
  ASSERT_OK(tpm);
  Result<TpmStorageKey> key = login_->outsider().storage_key(*tpm);
  ASSERT_OK(key);
  RollbackIndex index(login_->outsider().owner().name());
  SignedPolicy policy = rollback_write_policy(login_->outsider().signature(), login_->outsider().owner());
  const std::uint64_t own = login_->outsider().signature().epoch.bit();
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
