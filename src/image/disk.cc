#include "image/disk.h"

#include <libfdisk/libfdisk.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/interrupt.h"
#include "format/gpt.h"

namespace ashlar::image {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kFirstPartition = kMiB;  // partitions are aligned to 1 MiB; the first MiB holds the table

struct ContextRelease {
  void operator()(fdisk_context* context) const { fdisk_unref_context(context); }
};
struct PartitionRelease {
  void operator()(fdisk_partition* partition) const { fdisk_unref_partition(partition); }
};

struct PlannedPartition {
  std::string label;
  Guid type;
  Guid id;
  std::uint64_t size_mib;
  bool read_only;
};

// An identifier that looks random and is not: made from the root hash and what it is for.
Guid derived_guid(const RootHash& hash, std::string_view purpose) {
  Sha256Digest digest = sha256(std::string("ashlar partition ") + std::string(purpose) + hash.hex());
  std::array<std::uint8_t, 16> bytes{};
  std::copy_n(digest.bytes.begin(), bytes.size(), bytes.begin());
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);  // RFC 9562: version 4
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);  // RFC 9562: variant
  return guid_from_big_endian(bytes);
}

std::vector<PlannedPartition> plan(const DiskLayout& layout, const DiskContent& content) {
  const RootHash& hash = content.verity->root_hash;
  PartitionGuids slot_a = partition_guids(hash);
  std::string name = "ashlar_" + content.version;
  return {
      {"ESP", kEspType, derived_guid(hash, "esp"), layout.esp_mib, false},
      {name, kRootX64Type, slot_a.root, layout.root_mib, true},
      {name + "_verity", kRootVerityX64Type, slot_a.verity, layout.verity_mib, true},
      {"_empty", kRootX64Type, derived_guid(hash, "root-b"), layout.root_mib, true},
      {"_empty", kRootVerityX64Type, derived_guid(hash, "verity-b"), layout.verity_mib, true},
  };
}

Status check(int libfdisk_result, std::string_view doing) {
  if (libfdisk_result < 0) return fail_errno(doing, -libfdisk_result);
  return {};
}

Status write_table(const fs::path& path, const std::vector<PlannedPartition>& partitions, const Guid& disk_id) {
  std::unique_ptr<fdisk_context, ContextRelease> context(fdisk_new_context());
  fdisk_disable_dialogs(context.get(), 1);
  TRY(check(fdisk_assign_device(context.get(), path.c_str(), 0), "open " + path.string()));
  TRY(check(fdisk_create_disklabel(context.get(), "gpt"), "create GPT"));
  fdisk_label* label = fdisk_get_label(context.get(), "gpt");
  TRY(check(fdisk_set_disklabel_id_from_string(context.get(), disk_id.text().c_str()), "set disk GUID"));
  std::uint64_t offset = kFirstPartition;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    const PlannedPartition& planned = partitions[i];
    std::unique_ptr<fdisk_partition, PartitionRelease> partition(fdisk_new_partition());
    fdisk_parttype* type = fdisk_label_get_parttype_from_string(label, planned.type.text().c_str());
    if (type == nullptr) type = fdisk_new_unknown_parttype(0, planned.type.text().c_str());
    fdisk_partition_set_partno(partition.get(), i);
    fdisk_partition_set_start(partition.get(), offset / kSectorSize);
    fdisk_partition_set_size(partition.get(), planned.size_mib * kMiB / kSectorSize);
    fdisk_partition_set_type(partition.get(), type);
    fdisk_partition_set_name(partition.get(), planned.label.c_str());
    fdisk_partition_set_uuid(partition.get(), planned.id.text().c_str());
    if (planned.read_only) fdisk_partition_set_attrs(partition.get(), "GUID:60");
    TRY(check(fdisk_add_partition(context.get(), partition.get(), nullptr), "add partition " + planned.label));
    offset += planned.size_mib * kMiB;
  }
  TRY(check(fdisk_write_disklabel(context.get()), "write GPT"));
  return check(fdisk_deassign_device(context.get(), 0), "close " + path.string());
}

// Copies through memory, from `at` to `end`.
Status copy_through_memory(const Fd& source, off64_t at, off64_t end, const Fd& disk, off64_t target) {
  constexpr off64_t kPiece = 4 * static_cast<off64_t>(kMiB);
  Bytes buffer(static_cast<std::size_t>(std::min(kPiece, end - at)));
  while (at < end) {
    std::span<std::uint8_t> piece = std::span(buffer).first(static_cast<std::size_t>(std::min(kPiece, end - at)));
    TRY(read_at(source, static_cast<std::uint64_t>(at), piece));
    TRY(write_at(disk, static_cast<std::uint64_t>(target), piece));
    at += static_cast<off64_t>(piece.size());
    target += static_cast<off64_t>(piece.size());
  }
  return {};
}

// Copies the data of a file and leaves its holes out: the disk stays sparse.
Status copy_in(const Fd& disk, std::uint64_t offset, const fs::path& from) {
  Fd source = TRY(open_file(from, O_RDONLY));
  for (off64_t at = 0;;) {
    at = ::lseek64(source.get(), at, SEEK_DATA);
    if (at < 0 && errno == ENXIO) return {};  // nothing but a hole is left
    if (at < 0) return fail_errno("read " + from.string());
    off64_t end = ::lseek64(source.get(), at, SEEK_HOLE);
    auto target = static_cast<off64_t>(offset) + at;
    while (at < end) {
      ssize_t copied = ::copy_file_range(source.get(), &at, disk.get(), &target, static_cast<std::size_t>(end - at), 0);
      if (copied < 0 && (errno == EXDEV || errno == EOPNOTSUPP)) {  // cache and output lie on different file systems
        TRY(in("copy " + from.string(), copy_through_memory(source, at, end, disk, target)));
        at = end;
        break;
      }
      if (copied < 0 && errno == EINTR) {
        TRY(check_interrupted());
        continue;
      }
      if (copied < 0) return fail_errno("copy " + from.string());
      if (copied == 0) return fail("copy " + from.string() + ": it became shorter");
    }
  }
}

}  // namespace

DiskLayout layout_for(std::uint64_t root_bytes) {
  DiskLayout layout;
  layout.root_mib = round_up<std::uint64_t>((root_bytes + root_bytes / 2) / kMiB + 1, 64);
  // A SHA-256 for each 4 KiB block, one for each 128 of those, and so on: a little more than 1/127 of the data.
  layout.verity_mib = round_up<std::uint64_t>(layout.root_mib / 120 + 1, 4);
  return layout;
}

Status write_partition(const Fd& disk, std::uint64_t offset, std::uint64_t bytes, const fs::path& from) {
  if (fs::file_size(from) > bytes) return fail(from.string() + " does not fit into its partition");
  if (::fallocate(disk.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                  static_cast<off_t>(bytes)) != 0) {
    return fail_errno("empty the partition");
  }
  return copy_in(disk, offset, from);
}

Status set_partition_id(const fs::path& disk, std::size_t index, const Guid& id) {
  std::unique_ptr<fdisk_context, ContextRelease> context(fdisk_new_context());
  fdisk_disable_dialogs(context.get(), 1);
  TRY(check(fdisk_assign_device(context.get(), disk.c_str(), 0), "open " + disk.string()));
  std::unique_ptr<fdisk_partition, PartitionRelease> partition(fdisk_new_partition());
  fdisk_partition_set_uuid(partition.get(), id.text().c_str());
  TRY(check(fdisk_set_partition(context.get(), index, partition.get()), "change partition " + std::to_string(index)));
  TRY(check(fdisk_write_disklabel(context.get()), "write GPT"));
  return check(fdisk_deassign_device(context.get(), 0), "close " + disk.string());
}

Status write_disk(const fs::path& path, const DiskLayout& layout, const DiskContent& content) {
  std::vector<PlannedPartition> partitions = plan(layout, content);
  std::uint64_t size_mib = 2 + layout.data_room_mib;  // a MiB at each end for the two copies of the table
  for (const PlannedPartition& partition : partitions) size_mib += partition.size_mib;
  std::uint64_t verity_room = layout.verity_mib * kMiB;
  if (content.verity->hash_area.size() > verity_room) return fail("the verity tree does not fit into its partition");

  {
    Fd disk = TRY(open_file(path, O_RDWR | O_CREAT | O_TRUNC, 0644));
    if (::ftruncate(disk.get(), static_cast<off_t>(size_mib * kMiB)) != 0)
      return fail_errno("make room for the disk image");
    TRY(disk.close());
  }
  TRY(write_table(path, partitions, derived_guid(content.verity->root_hash, "disk")));

  Fd disk = TRY(open_file(path, O_RDWR));
  std::uint64_t esp = kFirstPartition;
  std::uint64_t root = esp + layout.esp_mib * kMiB;
  std::uint64_t verity = root + layout.root_mib * kMiB;
  TRY(in("write ESP", copy_in(disk, esp, content.esp)));
  TRY(in("write root", copy_in(disk, root, content.root)));
  TRY(in("write verity tree", write_at(disk, verity, content.verity->hash_area)));
  if (::fsync(disk.get()) != 0) return fail_errno("write " + path.string());
  return disk.close();
}

}  // namespace ashlar::image
