// What an attacker with the disk in hand changes, and who notices. The control for all of them is the boot of the same
// image untouched (Boot.CoreFromSetupModeToReady and the Shell suite); each test ends at the denier's own message.
#include <gtest/gtest.h>

#include <regex>

#include "image/inspect.h"
#include "test_image.h"

namespace ashlar::test {
namespace {

#define ASSERT_OK(result) ASSERT_TRUE((result).has_value()) << (result).error().message()

struct Places {
  std::uint64_t bootloader = 0;
  std::uint64_t uki = 0;
  std::uint64_t root = 0;  // first byte of the root partition
  std::uint64_t verity = 0;
};

// Where on the disk the parts begin; files of the ESP are found by their bytes.
Places find_places(const fs::path& path) {
  auto image = image::open_image(path).value();
  ByteView disk = image.file.bytes();
  auto offset_of = [&](ByteView content) {
    auto found = std::search(disk.begin(), disk.end(), content.begin(), content.begin() + 4096);
    return static_cast<std::uint64_t>(found - disk.begin());
  };
  const FatFile* uki_file = image.only_file(image::kUkiDirectory, ".efi").value();
  PartitionGuids ids = partition_guids(image::open_uki(uki_file->content).value().root_hash);
  Places places;
  places.uki = offset_of(uki_file->content);
  places.bootloader = offset_of(image.only_file("EFI/BOOT/", ".EFI").value()->content);
  for (const GptPartition& partition : image.table.partitions) {
    if (partition.id == ids.root) places.root = partition.first_lba * kSectorSize;
    if (partition.id == ids.verity) places.verity = partition.first_lba * kSectorSize;
  }
  return places;
}

class Tamper : public testing::Test {
 protected:
  void SetUp() override {
    places_ = find_places(image_of("core", "dev"));
    Result<DiskCopy> copy = DiskCopy::of(image_of("core", "dev"));
    ASSERT_OK(copy);
    disk_ = std::make_unique<DiskCopy>(std::move(*copy));
  }

  // `verify` names the broken link.
  void expect_verify_says(std::string_view link) {
    auto verdict = image::verify_image(disk_->path(), image::load_certificates(keys_of("dev")).value());
    ASSERT_FALSE(verdict);
    EXPECT_NE(verdict.error().message().find(link), std::string::npos) << verdict.error().message();
  }

  // The machine says `denial` and never that it is ready.
  void expect_boot_denied(const std::string& denial, const std::function<void(vm::MachineConfig&)>& change = nullptr) {
    std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    Result<vm::MachineConfig> config = machine_with_keys(disk_->path(), "tamper-" + name);
    ASSERT_OK(config);
    if (change) change(*config);
    Result<vm::Machine> machine = vm::Machine::start(*config);
    ASSERT_OK(machine);
    std::regex expected(denial);
    Result<std::string> line = machine->wait_for_line(
        [&](std::string_view said) {
          return said.find("ashlar: ready") != std::string_view::npos || std::regex_search(std::string(said), expected);
        },
        kBootLimit);
    ASSERT_OK(line);
    EXPECT_EQ(line->find("ashlar: ready"), std::string::npos) << "the attack went through: " << *line;
  }

  Places places_;
  std::unique_ptr<DiskCopy> disk_;
};

constexpr const char* kFirmwareDenial = "Access Denied|Security Violation";

TEST_F(Tamper, BootloaderByteIsDeniedByFirmware) {
  ASSERT_OK(disk_->flip(places_.bootloader + 0x2000));
  expect_verify_says("bootloader");
  expect_boot_denied(kFirmwareDenial);
}

TEST_F(Tamper, UkiByteIsDeniedByFirmware) {
  ASSERT_OK(disk_->flip(places_.uki + 0x2000));
  expect_verify_says("UKI");
  expect_boot_denied(kFirmwareDenial);
}

TEST_F(Tamper, RootSuperblockIsDeniedByVerity) {
  ASSERT_OK(disk_->flip(places_.root + 1024 + 16));
  expect_verify_says("data block 0");
  expect_boot_denied("data block 0 is corrupted|dm-verity device corrupted");
}

TEST_F(Tamper, VerityTreeTopIsDeniedByVerity) {
  ASSERT_OK(disk_->flip(places_.verity + 4096));
  expect_verify_says("root");
  expect_boot_denied("metadata block [0-9]+ is corrupted|dm-verity device corrupted");
}

TEST_F(Tamper, ArgumentsFromTheMachineAreRefused) {
  expect_boot_denied("ashlar: failed: .*was added behind what the owner signed", [](vm::MachineConfig& config) {
    config.smbios = {"type=11,value=io.systemd.stub.kernel-cmdline-extra=init=/usr/bin/dash"};
  });
}

}  // namespace
}  // namespace ashlar::test
