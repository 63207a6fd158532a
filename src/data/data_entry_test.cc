#include "data/data_entry.h"

#include <gtest/gtest.h>
#include <libfdisk/libfdisk.h>
#include <unistd.h>

#include <functional>

namespace ashlar {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kImageSize = 512 * kMiB;

// A disk as the builder makes it: five partitions and room behind them, in a sparse file.
class DataEntryTest : public ::testing::Test {
 protected:
  DataEntryTest() {
    std::string name = (fs::temp_directory_path() / "ashlar-gpt-XXXXXX").string();
    disk_ = Fd(::mkstemp(name.data()));
    path_ = name;
    resize(kImageSize);
    change([](fdisk_context* context) {
      ASSERT_EQ(fdisk_create_disklabel(context, "gpt"), 0);
      std::uint64_t at = 2048;
      for (const char* label : {"ESP", "ashlar_1", "ashlar_1_verity", "_empty", "_empty"}) {
        add(context, label, at, 20 * 2048);
        at += 20 * 2048;
      }
    });
    built_ = others();
    EXPECT_EQ(built_.size(), 5U);
  }
  ~DataEntryTest() override { fs::remove(path_); }

  static void add(fdisk_context* context, const char* label, std::uint64_t first, std::uint64_t sectors) {
    fdisk_partition* partition = fdisk_new_partition();
    fdisk_partition_set_start(partition, first);
    fdisk_partition_set_size(partition, sectors);
    fdisk_partition_set_name(partition, label);
    fdisk_partition_partno_follow_default(partition, 1);
    EXPECT_EQ(fdisk_add_partition(context, partition, nullptr), 0) << label;
    fdisk_unref_partition(partition);
  }
  void change(const std::function<void(fdisk_context*)>& change) {
    fdisk_context* context = fdisk_new_context();
    fdisk_disable_dialogs(context, 1);
    ASSERT_EQ(fdisk_assign_device(context, path_.c_str(), 0), 0);
    change(context);
    ASSERT_EQ(fdisk_write_disklabel(context), 0);
    ASSERT_EQ(fdisk_deassign_device(context, 1), 0);
    fdisk_unref_context(context);
  }
  void resize(std::uint64_t size) {
    ASSERT_EQ(::ftruncate(disk_.get(), static_cast<off_t>(size)), 0);
    size_ = size;
  }

  [[nodiscard]] Bytes read(std::uint64_t offset, std::uint64_t size) const {
    Bytes bytes(size);
    EXPECT_TRUE(read_at(disk_, offset, bytes));
    return bytes;
  }
  [[nodiscard]] Bytes head() const { return read(0, kGptFirstSectors * kSectorSize); }
  [[nodiscard]] Bytes tail() const {
    return read(size_ - kGptLastSectors * kSectorSize, kGptLastSectors * kSectorSize);
  }
  // As the disk has it, read strictly.
  Result<GptTable> table() { return parse_gpt(head(), tail(), size_ / kSectorSize); }
  std::vector<GptPartition> others() {
    Result<GptTable> read = table();
    EXPECT_TRUE(read) << read.error().message();
    std::vector<GptPartition> partitions = read ? read->partitions : std::vector<GptPartition>();
    std::erase_if(partitions, [](const GptPartition& one) { return data_state(one.name) != PartitionState::absent; });
    return partitions;
  }
  std::string why(const Result<GptPartition>& result) { return result ? "(no error)" : result.error().message(); }

  fs::path path_;
  Fd disk_;
  std::uint64_t size_ = 0;
  std::vector<GptPartition> built_;
};

TEST_F(DataEntryTest, GoesFromUnfinishedToComplete) {
  EXPECT_EQ(find_data_entry(disk_).value(), std::nullopt);
  Result<GptPartition> made = make_data_entry(disk_);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->number, 6U);
  EXPECT_EQ(made->name, "data-new");
  EXPECT_EQ(made->type, kLinuxDataType);
  EXPECT_EQ(made->first_lba, 101U * 2048);
  EXPECT_EQ(made->last_lba, 511U * 2048 - 1);
  EXPECT_EQ(others(), built_);
  EXPECT_EQ(find_data_entry(disk_).value(), *made);
  EXPECT_EQ(make_data_entry(disk_).value(), *made);  // the same: set-up starts again

  ASSERT_TRUE(complete_data_entry(disk_));
  ASSERT_TRUE(complete_data_entry(disk_));
  GptPartition complete = *made;
  complete.name = "data";
  EXPECT_EQ(find_data_entry(disk_).value(), complete);
  EXPECT_EQ(others(), built_);
  EXPECT_EQ(why(make_data_entry(disk_)), "the disk has a data partition already: it is not made anew");
}

TEST_F(DataEntryTest, AnIdentifierOfItsOwnEachTime) {
  GptPartition first = make_data_entry(disk_).value();
  change([](fdisk_context* context) { ASSERT_EQ(fdisk_delete_partition(context, 5), 0); });
  EXPECT_NE(make_data_entry(disk_).value().id, first.id);
}

TEST_F(DataEntryTest, ReachesToTheEndOfALargerDisk) {
  resize(3 * kImageSize + 512 * 7);
  EXPECT_FALSE(table());  // the second copy lies where the image ended
  EXPECT_EQ(find_data_entry(disk_).value(), std::nullopt);
  Result<GptPartition> made = make_data_entry(disk_);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->last_lba, (3 * 512 - 1) * 2048 - 1U);
  Result<GptTable> strict = table();
  ASSERT_TRUE(strict) << strict.error().message();
  EXPECT_EQ(others(), built_);
}

TEST_F(DataEntryTest, ALargerDiskGetsTheSecondCopyAtItsEndWhenNothingElseChanges) {
  ASSERT_TRUE(make_data_entry(disk_));
  resize(2 * kImageSize);
  EXPECT_FALSE(table());
  ASSERT_TRUE(complete_data_entry(disk_));
  EXPECT_EQ(others(), built_);
}

TEST_F(DataEntryTest, MendsADamagedCopy) {
  Bytes zeros(kSectorSize);
  ASSERT_TRUE(write_at(disk_, size_ - kSectorSize, zeros));
  EXPECT_TRUE(make_data_entry(disk_));
  EXPECT_EQ(others(), built_);
  ASSERT_TRUE(write_at(disk_, kSectorSize, zeros));
  EXPECT_TRUE(complete_data_entry(disk_));
  EXPECT_EQ(others(), built_);
}

TEST_F(DataEntryTest, RefusesADiskThatIsTooSmallInWords) {
  for (std::uint64_t free : {0, 1, 63}) {
    change([&](fdisk_context* context) { add(context, "other", 101 * 2048, (410 - free) * 2048); });
    Bytes before = head();
    EXPECT_EQ(why(make_data_entry(disk_)),
              "the disk has " + std::to_string(free) +
                  " MiB free behind its last partition, and /data needs at least 64: a larger disk is needed");
    EXPECT_EQ(head(), before);
    change([](fdisk_context* context) { ASSERT_EQ(fdisk_delete_partition(context, 5), 0); });
  }
  change([](fdisk_context* context) { add(context, "other", 101 * 2048, (410 - 64) * 2048); });
  EXPECT_EQ(make_data_entry(disk_).value().sectors(), 64U * 2048);
}

TEST_F(DataEntryTest, RefusesToChooseBetweenTwo) {
  for (const auto& [first, second] : {std::pair("data", "data"), {"data-new", "data"}, {"data-new", "data-new"}}) {
    change([&](fdisk_context* context) {
      add(context, first, 101 * 2048, 64 * 2048);
      add(context, second, 165 * 2048, 64 * 2048);
    });
    Bytes before = head();
    std::string expected =
        "the disk has two data partitions, number 6 and 7: one is too many, and it is not known which";
    EXPECT_EQ(find_data_entry(disk_).error().message(), expected);
    EXPECT_EQ(why(make_data_entry(disk_)), expected);
    EXPECT_EQ(complete_data_entry(disk_).error().message(), expected);
    EXPECT_EQ(head(), before);
    change([](fdisk_context* context) {
      ASSERT_EQ(fdisk_delete_partition(context, 6), 0);
      ASSERT_EQ(fdisk_delete_partition(context, 5), 0);
    });
  }
}

TEST_F(DataEntryTest, RefusesWhatIsNoDiskOfOurs) {
  ASSERT_TRUE(write_at(disk_, 0, Bytes(head().size())));
  ASSERT_TRUE(write_at(disk_, size_ - kGptLastSectors * kSectorSize, Bytes(tail().size())));
  for (std::uint64_t size : {kImageSize, std::uint64_t{100}, std::uint64_t{0}}) {
    resize(size);
    EXPECT_FALSE(find_data_entry(disk_)) << size;
    EXPECT_FALSE(make_data_entry(disk_)) << size;
    EXPECT_FALSE(complete_data_entry(disk_)) << size;
  }
}

// The power is cut while sectors are being written, in the order they are: whatever was written, the partitions that
// were there are found, and the next start makes it good.
TEST_F(DataEntryTest, APowerCutAtAnySectorLosesNothing) {
  for (bool larger : {false, true}) {
    if (larger) resize(size_ + 100 * kMiB);
    for (bool completing : {false, true}) {
      Bytes head_before = head();
      Bytes tail_before = tail();
      ASSERT_TRUE(completing ? complete_data_entry(disk_).has_value() : make_data_entry(disk_).has_value());
      Bytes head_after = head();
      Bytes tail_after = tail();
      auto put = [&](std::uint64_t tail_sectors, std::uint64_t head_sectors) {
        Bytes now_tail = tail_before;
        Bytes now_head = head_before;
        std::copy_n(tail_after.begin(), tail_sectors * kSectorSize, now_tail.begin());
        std::copy_n(head_after.begin(), head_sectors * kSectorSize, now_head.begin());
        ASSERT_TRUE(write_at(disk_, 0, now_head));
        ASSERT_TRUE(write_at(disk_, size_ - now_tail.size(), now_tail));
      };
      Bytes before = tail_before;
      Bytes after = tail_after;
      append(before, head_before);
      append(after, head_after);
      std::uint64_t cuts = 0;
      for (std::uint64_t cut = 0; cut <= kGptLastSectors + kGptFirstSectors; ++cut) {
        // Only where the sector before the cut is another one.
        std::uint64_t last = (cut == 0 ? 0 : cut - 1) * kSectorSize;
        if (cut > 0 && std::equal(&before[last], &before[last] + kSectorSize, &after[last])) continue;
        ++cuts;
        put(std::min(cut, kGptLastSectors), cut - std::min(cut, kGptLastSectors));
        Result<std::optional<GptPartition>> found = find_data_entry(disk_);
        ASSERT_TRUE(found) << cut << ": " << found.error().message();
        bool complete = *found && (*found)->name == "data";
        ASSERT_FALSE(complete && !completing) << cut;
        Result<GptPartition> made = make_data_entry(disk_);
        ASSERT_EQ(made.has_value(), !complete) << cut;
        ASSERT_TRUE(complete_data_entry(disk_));
        ASSERT_EQ(others(), built_) << cut;
      }
      EXPECT_GE(cuts, 5U);  // each copy has a header and a sector of entries
      put(kGptLastSectors, kGptFirstSectors);
    }
    change([](fdisk_context* context) { ASSERT_EQ(fdisk_delete_partition(context, 5), 0); });
  }
}

}  // namespace
}  // namespace ashlar
