// `verify`, `inspect` and `predict` on files somebody hostile made: one error that names the link, never a crash, never
// more memory than an image of ours needs.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>

#include "format/testing.h"
#include "image/disk.h"
#include "image/inspect.h"
#include "tool.h"

namespace ashlar::test {
namespace {

using testing::error_of;

// What the tool may allocate (RLIMIT_DATA): an ESP of 1 GiB is the largest it reads whole.
constexpr const char* kMemoryLimit = "--data=1610612736";

// The tool as users have it: with sanitizers it could not run in limited memory.
CommandOutput limited(std::vector<std::string> arguments) {
  const char* tool = std::getenv("ASHLAR_TEST_TOOL");
  std::vector<std::string> argv = {"prlimit", kMemoryLimit,
                                   "timeout", "--signal=ABRT",
                                   "60",      tool != nullptr ? tool : "/nonexistent-ASHLAR_TEST_TOOL-is-not-set"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return run({.argv = argv}).value();
}

class Hostile : public ::testing::Test {
 protected:
  void expect_all_say(std::string_view said) {
    for (const char* format : {"--json", "--"}) {
      expect_failure(limited({"verify", "--keys", keys_of("dev"), format, file_}), 1, said);
      expect_failure(limited({"inspect", format, file_}), 1, said);
      expect_failure(limited({"predict", format, file_}), 1, said);
    }
  }
  void copy_core() {
    ASSERT_TRUE(run_checked({.argv = {"cp", "--reflink=auto", "--sparse=always", core_image(), file_}}));
  }
  void make_sparse(std::uint64_t size) {
    ASSERT_TRUE(write_file(file_, {}));
    ASSERT_EQ(::truncate(file_.c_str(), static_cast<off_t>(size)), 0) << "no room for a sparse file";
  }
  void write(std::uint64_t offset, ByteView bytes) {
    Fd disk = open_file(file_, O_RDWR).value();
    ASSERT_TRUE(write_at(disk, offset, bytes));
  }
  // Inverts a bit; a second call puts it back.
  void flip(std::uint64_t offset, unsigned bit) {
    Fd disk = open_file(file_, O_RDWR).value();
    std::array<std::uint8_t, 1> byte{};
    ASSERT_TRUE(read_at(disk, offset, byte));
    byte[0] ^= static_cast<std::uint8_t>(1U << bit);
    ASSERT_TRUE(write_at(disk, offset, byte));
  }

  image::TemporaryDirectory work_ = scratch();
  fs::path file_ = work_.path() / "image";
};

TEST_F(Hostile, TheLimitIsNoneForAnHonestImage) {
  CommandOutput held = limited({"verify", core_image(), "--keys", keys_of("dev")});
  EXPECT_EQ(held.exit_status, 0) << held.err;
  EXPECT_EQ(limited({"inspect", core_image()}).exit_status, 0);
}

TEST_F(Hostile, WhatIsNoFile) {
  expect_all_say("No such file");
  fs::create_directory(file_);
  expect_all_say("is not a regular file");
  fs::remove(file_);
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  expect_all_say("is not a regular file");
  fs::remove(file_);
  fs::create_symlink("/dev/zero", file_);
  expect_all_say("is not a regular file");
}

TEST_F(Hostile, EmptyAndFullOfZeros) {
  ASSERT_TRUE(write_file(file_, {}));
  expect_all_say("partition table: this is no disk image");
  ASSERT_TRUE(write_file(file_, Bytes(1 << 20)));
  expect_all_say("partition table: GPT: protective MBR");
  make_sparse(std::uint64_t{8} << 40);
  expect_all_say("partition table: GPT: protective MBR");
}

TEST_F(Hostile, CutOffAnywhere) {
  copy_core();
  std::uint64_t size = fs::file_size(file_);
  for (std::uint64_t part = 20; part-- > 0;) {
    std::uint64_t cut = part % 2 == 0 ? size / 20 * part : size / 20 * part / 512 * 512;
    ASSERT_EQ(::truncate(file_.c_str(), static_cast<off_t>(cut)), 0);
    SCOPED_TRACE("cut at " + std::to_string(cut));
    expect_all_say("partition table");
  }
}

TEST_F(Hostile, OtherPeoplesDisks) {
  make_sparse(64 << 20);
  ASSERT_TRUE(run_checked({.argv = {"mkfs.fat", "-F", "32", file_}}));
  expect_all_say("partition table: GPT: protective MBR");
  make_sparse(64 << 20);
  write(32768, as_bytes("\x01"
                        "CD001\x01"));  // ISO 9660
  expect_all_say("partition table: GPT: protective MBR");
  make_sparse(64 << 20);
  ASSERT_TRUE(run_checked({.argv = {"sgdisk", "--new=1:0:0", file_}}));
  expect_all_say("partition table: there is no ESP");
}

// A file that takes no room on the disk and would take all memory.
TEST_F(Hostile, AnEspOfHoles) {
  Bytes root(4096);
  ASSERT_TRUE(write_file(work_.path() / "root", root));
  VerityTree tree = build_verity(root, Salt{}, Guid{}, 1).value();
  fs::path esp = work_.path() / "esp";
  ASSERT_TRUE(write_file(esp, {}));
  ASSERT_EQ(::truncate(esp.c_str(), off_t{32} << 30), 0);
  ASSERT_TRUE(run_checked({.argv = {"mkfs.fat", "-F", "32", "-s", "64", esp}}));
  image::DiskLayout layout = {.esp_mib = 32 << 10, .root_mib = 4, .verity_mib = 4, .data_room_mib = 0};
  ASSERT_TRUE(image::write_disk(file_, layout, {esp, work_.path() / "root", &tree, "1"}));
  expect_all_say("ESP: the FAT volume is larger than 1 GiB");
}

TEST_F(Hostile, NamesTheLinkThatBreaks) {
  copy_core();
  image::OpenedImage image = image::open_image(core_image()).value();
  ByteView disk = image.file.bytes();
  auto find = [&](const FatFile* file) {
    auto start = file->content.begin();
    return static_cast<std::uint64_t>(std::search(disk.begin(), disk.end(), start, start + 2048) - disk.begin());
  };
  std::uint64_t uki = find(image.only_file(image::kUkiDirectory, ".efi").value());
  std::uint64_t esp = image.table.partitions[0].first_lba * kSectorSize;
  std::uint64_t root = image.table.partitions[1].first_lba * kSectorSize;
  std::uint64_t verity = image.table.partitions[2].first_lba * kSectorSize;
  struct Case {
    std::uint64_t offset;
    const char* said;
  };
  for (const Case& broken :
       {Case{446 + 4, "partition table: GPT: protective MBR"},
        Case{512 + 56, "partition table: GPT: primary copy: the header's checksum"},
        Case{1024 + 16, "partition table: GPT: primary copy: the table's checksum"},
        Case{disk.size() - 512 + 16, "partition table: GPT: backup copy"}, Case{esp + 11, "ESP: not a FAT32 volume"},
        Case{uki + 0x3000, "UKI: "}, Case{root + 1030, "root: verity: data block 0"}, Case{verity, "root: "},
        Case{verity + 4096, "root: verity: tree level"}}) {
    flip(broken.offset, 3);
    expect_failure(limited({"verify", file_, "--keys", keys_of("dev")}), 1, broken.said);
    flip(broken.offset, 3);
  }
  EXPECT_EQ(limited({"verify", file_, "--keys", keys_of("dev")}).exit_status, 0) << "the control";
}

// With sanitizers, in this process: bytes drawn at random in what is parsed, then single bits of what is hashed.
TEST_F(Hostile, RandomChangesNeverCrash) {
  copy_core();
  image::CertificateSet certificates = image::load_certificates(keys_of("dev")).value();
  std::vector<GptPartition> partitions = image::open_image(file_).value().table.partitions;
  std::mt19937_64 random(20261124);
  auto between = [&](std::uint64_t least, std::uint64_t most) {
    return std::uniform_int_distribution<std::uint64_t>(least, most)(random);
  };
  std::uint64_t esp = partitions[0].first_lba * kSectorSize;
  for (int round = 0; round < 60; ++round) {
    // The table's sectors, the FAT's first, and the first clusters, where directories are.
    std::uint64_t reach = std::array<std::uint64_t, 4>{90, 16384, 65536, 4 << 20}[round % 4];
    std::uint64_t offset = (round % 2 == 0 ? 446 : esp) + between(0, reach);
    unsigned bit = static_cast<unsigned>(between(0, 7));
    flip(offset, bit);
    Result<std::string> shown = image::inspect_image(file_, image::Format::kJson);
    Result<std::string> text = image::inspect_image(file_, image::Format::kText);
    EXPECT_EQ(shown.has_value(), text.has_value()) << "at " << offset;
    flip(offset, bit);
  }
  for (int round = 0; round < 20; ++round) {
    const GptPartition& root = partitions[1];
    std::uint64_t offset = root.first_lba * kSectorSize + between(0, root.sectors() * kSectorSize - 1);
    unsigned bit = static_cast<unsigned>(between(0, 7));
    flip(offset, bit);
    EXPECT_NE(error_of(image::verify_image(file_, certificates)).find("root: verity: "), std::string::npos) << offset;
    flip(offset, bit);
  }
  EXPECT_TRUE(image::verify_image(file_, certificates)) << "the control";
}

// Shown as it is; `verify` has its own opinion.
TEST_F(Hostile, AnEspWithProgramsOnly) {
  copy_core();
  ASSERT_TRUE(
      run_checked({.argv = {"env", "MTOOLS_SKIP_CHECK=1", "mdeltree", "-i", file_.string() + "@@1M", "::loader"}}));
  CommandOutput shown = limited({"inspect", file_});
  EXPECT_EQ(shown.exit_status, 0) << shown.err;
  EXPECT_EQ(shown.out.find("loader/"), std::string::npos) << "the control";
  expect_failure(limited({"verify", "--keys", keys_of("dev"), file_}), 1, "loader");
}

// A name that is no UTF-8 and one that moves the terminal: shown with neither.
TEST_F(Hostile, NamesAreShownHarmlessly) {
  copy_core();
  image::OpenedImage image = image::open_image(core_image()).value();
  ByteView esp = image.bytes_of(image.table.partitions[0]);
  constexpr std::string_view kShort = "BOOTX64 EFI";
  auto found = std::search(esp.begin(), esp.end(), kShort.begin(), kShort.end());
  ASSERT_NE(found, esp.end()) << "the short name of the bootloader";
  std::uint64_t offset =
      image.table.partitions[0].first_lba * kSectorSize + static_cast<std::uint64_t>(found - esp.begin());
  write(offset, as_bytes("\xff\x1b[2J"));
  CommandOutput json = limited({"inspect", "--json", file_});
  EXPECT_EQ(json.exit_status, 0) << json.err;
  CommandOutput text = limited({"inspect", file_});
  EXPECT_EQ(text.exit_status, 0) << text.err;
  EXPECT_EQ(text.out.find('\x1b'), std::string::npos);
  EXPECT_NE(text.out.find("?[2J"), std::string::npos) << "the control: the name is shown";
  CommandOutput verified = limited({"verify", "--json", "--keys", keys_of("dev"), file_});
  EXPECT_EQ(verified.exit_status, 1);
  EXPECT_EQ(verified.err.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace ashlar::test
