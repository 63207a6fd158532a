// The disk image: GPT with ESP, two slots of root and verity, and room for /data.
#pragma once

#include "base/fd.h"
#include "format/verity.h"

namespace ashlar::image {

// Sizes in MiB. A slot is larger than its first content, so that updates fit.
struct DiskLayout {
  std::uint64_t esp_mib = 256;
  std::uint64_t root_mib = 0;
  std::uint64_t verity_mib = 0;
  std::uint64_t data_room_mib = 4096;  // left unpartitioned; the first boot makes /data there
};

struct DiskContent {
  fs::path esp;              // a FAT image of layout.esp_mib
  fs::path root;             // the EROFS image
  const VerityTree* verity;  // over exactly that image
  std::string version;
};

// The layout for a root image of `root_bytes`: the slot has half as much again to grow, in steps of 64 MiB.
DiskLayout layout_for(std::uint64_t root_bytes);

// Puts the content of `from` into the `bytes` of `disk` from `offset` on; what `from` does not fill, or has holes for,
// reads as zeros.
Status write_partition(const Fd& disk, std::uint64_t offset, std::uint64_t bytes, const fs::path& from);

// Gives the partition at `index` of the table another identifier, in both copies of the table.
Status set_partition_id(const fs::path& disk, std::size_t index, const Guid& id);

// Writes the whole disk to `path`, sparse. Partition types and identifiers follow the Discoverable Partitions
// Specification: those of slot A are derived from the root hash; slot B is empty and labelled so. Every identifier is a
// function of the root hash: the same content gives the same disk.
Status write_disk(const fs::path& path, const DiskLayout& layout, const DiskContent& content);

}  // namespace ashlar::image
