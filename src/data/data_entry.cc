#include "data/data_entry.h"

#include <libfdisk/libfdisk.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U  // since Linux 6.3
#endif

namespace ashlar {
namespace {

constexpr std::uint64_t kAlignment = (1 << 20) / kSectorSize;  // sectors
constexpr std::uint64_t kHeadSize = kGptFirstSectors * kSectorSize;
constexpr std::uint64_t kTailSize = kGptLastSectors * kSectorSize;

struct ContextRelease {
  void operator()(fdisk_context* context) const { fdisk_unref_context(context); }
};
struct PartitionRelease {
  void operator()(fdisk_partition* partition) const { fdisk_unref_partition(partition); }
};
using NewPartition = std::unique_ptr<fdisk_partition, PartitionRelease>;

Status check(int result, std::string_view doing) {
  if (result < 0) return fail_errno(doing, -result);
  return {};
}

// Writes the sectors from the first that differs to the last, in one piece, and waits until the disk has them.
Status write_difference(const Fd& disk, std::uint64_t offset, ByteView from, ByteView to) {
  auto differs = [&](std::uint64_t at) {
    return !std::ranges::equal(from.subspan(at, kSectorSize), to.subspan(at, kSectorSize));
  };
  std::uint64_t first = 0;
  std::uint64_t end = to.size();
  while (first < end && !differs(first)) first += kSectorSize;
  while (end > first && !differs(end - kSectorSize)) end -= kSectorSize;
  if (first == end) return {};
  TRY(write_at(disk, offset + first, to.subspan(first, end - first)));
  if (::fsync(disk.get()) != 0) return fail_errno("fsync");
  return {};
}

// A disk of the same size in memory, empty but for both copies of the table.
class TableCopy {
 public:
  static Result<TableCopy> of(const Fd& disk) {
    off_t size = ::lseek(disk.get(), 0, SEEK_END);
    if (size < 0) return fail_errno("ask for the disk's size");
    TableCopy copy;
    copy.size_ = static_cast<std::uint64_t>(size) / kSectorSize * kSectorSize;
    if (copy.size_ < kHeadSize + kTailSize) return fail("the disk is too small for a partition table");
    TRY(read_at(disk, 0, copy.head_));
    TRY(read_at(disk, copy.size_ - kTailSize, copy.tail_));

    int number = ::memfd_create("partition table", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    if (number < 0 && errno == EINVAL) number = ::memfd_create("partition table", MFD_CLOEXEC);
    if (number < 0) return fail_errno("make a copy of the partition table");
    copy.memory_ = Fd(number);
    if (::ftruncate(copy.memory_.get(), static_cast<off_t>(copy.size_)) != 0) return fail_errno("make the copy");
    TRY(write_at(copy.memory_, 0, copy.head_));
    TRY(write_at(copy.memory_, copy.size_ - kTailSize, copy.tail_));

    copy.context_.reset(fdisk_new_context());
    if (!copy.context_) return fail("libfdisk has no memory");
    fdisk_disable_dialogs(copy.context_.get(), 1);
    TRY(check(fdisk_assign_device_by_fd(copy.context_.get(), copy.memory_.get(), "partition table", 0), "read it"));
    if (fdisk_is_label(copy.context_.get(), GPT) != 1) return fail("the disk has no GPT");
    TRY(copy.settle());
    return copy;
  }

  [[nodiscard]] const GptTable& table() const { return table_; }

  // `number`: from 1.
  Status change(unsigned number, fdisk_partition* partition) {
    TRY(check(fdisk_set_partition(context_.get(), number - 1, partition), "change the partition"));
    return settle();
  }
  Status add(fdisk_partition* partition) {
    fdisk_label* label = fdisk_get_label(context_.get(), "gpt");
    fdisk_parttype* type = fdisk_label_get_parttype_from_string(label, kLinuxDataType.text().c_str());
    if (type == nullptr) return fail("libfdisk does not know Linux partitions");
    TRY(check(fdisk_partition_set_type(partition, type), "add the partition"));
    TRY(check(fdisk_partition_partno_follow_default(partition, 1), "add the partition"));
    TRY(check(fdisk_add_partition(context_.get(), partition, nullptr), "add the partition"));
    return settle();
  }

  // Puts it on the disk it came from, in the order of UEFI 2.10, 5.3.2: the second copy, while the first is whole and
  // is what the kernel reads; then the first, whose header and few entries lie in one block of 4096 bytes.
  Status write_to(const Fd& disk) const {
    Bytes head(kHeadSize);
    Bytes tail(kTailSize);
    TRY(read_back(head, tail));
    TRY(in("write the second partition table", write_difference(disk, size_ - kTailSize, tail_, tail)));
    return in("write the partition table", write_difference(disk, 0, head_, head));
  }

 private:
  Status read_back(std::span<std::uint8_t> head, std::span<std::uint8_t> tail) const {
    TRY(read_at(memory_, 0, head));
    return read_at(memory_, size_ - kTailSize, tail);
  }

  // Lets libfdisk write, which mends a copy that is damaged or at the wrong place, and reads what came of it.
  Status settle() {
    TRY(check(fdisk_write_disklabel(context_.get()), "write the copy of the partition table"));
    Bytes head(kHeadSize);
    Bytes tail(kTailSize);
    TRY(read_back(head, tail));
    table_ = TRY(parse_gpt(head, tail, size_ / kSectorSize));
    return {};
  }

  std::uint64_t size_ = 0;  // bytes
  Bytes head_ = Bytes(kHeadSize);
  Bytes tail_ = Bytes(kTailSize);  // both as they are on the disk
  Fd memory_;
  std::unique_ptr<fdisk_context, ContextRelease> context_;  // reads and writes memory_
  GptTable table_;
};

Result<std::optional<GptPartition>> data_entry_of(const GptTable& table) {
  std::optional<GptPartition> found;
  for (const GptPartition& partition : table.partitions) {
    if (data_state(partition.name) == PartitionState::absent) continue;
    if (found) {
      return fail("the disk has two data partitions, number " + std::to_string(found->number) + " and " +
                  std::to_string(partition.number) + ": one is too many, and it is not known which");
    }
    found = partition;
  }
  return found;
}

// Where the new one goes: behind every other.
Result<GptPartition> free_room(const GptTable& table) {
  std::uint64_t first = table.first_usable_lba;
  for (const GptPartition& partition : table.partitions) first = std::max(first, partition.last_lba + 1);
  first = round_up(first, kAlignment);
  std::uint64_t end = (table.last_usable_lba + 1) / kAlignment * kAlignment;
  std::uint64_t sectors = end > first ? end - first : 0;
  if (sectors * kSectorSize < kLeastDataSize) {
    return fail("the disk has " + std::to_string(sectors / kAlignment) +
                " MiB free behind its last partition, and /data needs at least 64: a larger disk is needed");
  }
  return GptPartition{.first_lba = first, .last_lba = first + sectors - 1};
}

}  // namespace

PartitionState data_state(std::string_view label) {
  return label == kDataLabel             ? PartitionState::complete
         : label == kUnfinishedDataLabel ? PartitionState::unfinished
                                         : PartitionState::absent;
}

Result<std::optional<GptPartition>> find_data_entry(const Fd& disk) {
  TableCopy copy = TRY(in("read the partition table", TableCopy::of(disk)));
  return data_entry_of(copy.table());
}

Result<GptPartition> make_data_entry(const Fd& disk) {
  TableCopy copy = TRY(in("read the partition table", TableCopy::of(disk)));
  std::optional<GptPartition> present = TRY(data_entry_of(copy.table()));
  if (present && data_state(present->name) == PartitionState::complete) {
    return fail("the disk has a data partition already: it is not made anew");
  }
  if (present) {
    TRY(copy.write_to(disk));  // mends what a power cut left half written
    return *present;
  }
  GptPartition room = TRY(free_room(copy.table()));
  NewPartition partition(fdisk_new_partition());
  if (!partition) return fail("libfdisk has no memory");
  TRY(check(fdisk_partition_set_start(partition.get(), room.first_lba), "add the partition"));
  TRY(check(fdisk_partition_set_size(partition.get(), room.sectors()), "add the partition"));
  TRY(check(fdisk_partition_set_name(partition.get(), kUnfinishedDataLabel), "add the partition"));

  GptTable before = copy.table();
  TRY(copy.add(partition.get()));
  std::optional<GptPartition> made = TRY(data_entry_of(copy.table()));
  if (!made || made->first_lba != room.first_lba || made->last_lba != room.last_lba) {
    return fail("libfdisk made another partition than it was asked for: nothing was written");
  }
  std::vector<GptPartition> others = copy.table().partitions;
  std::erase(others, *made);
  if (others != before.partitions) return fail("libfdisk changed another partition: nothing was written");
  TRY(copy.write_to(disk));
  return *made;
}

Status complete_data_entry(const Fd& disk) {
  TableCopy copy = TRY(in("read the partition table", TableCopy::of(disk)));
  std::optional<GptPartition> present = TRY(data_entry_of(copy.table()));
  if (!present) return fail("the disk has no data partition that could be completed");
  if (data_state(present->name) != PartitionState::complete) {
    NewPartition partition(fdisk_new_partition());
    if (!partition) return fail("libfdisk has no memory");
    TRY(check(fdisk_partition_set_name(partition.get(), kDataLabel), "name the partition"));
    TRY(copy.change(present->number, partition.get()));
  }
  return copy.write_to(disk);
}

}  // namespace ashlar
