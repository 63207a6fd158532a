// GUID partition tables with 512-byte sectors (UEFI 2.10, chapter 5), read strictly. Writing is libfdisk's.
#pragma once

#include "base/guid.h"

namespace ashlar {

constexpr std::uint64_t kSectorSize = 512;      // bytes
constexpr std::uint64_t kGptFirstSectors = 34;  // protective MBR, header, 128 entries
constexpr std::uint64_t kGptLastSectors = 33;   // 128 entries, backup header

// Partition types (UEFI 2.10, 5.3.3; UAPI.2 Discoverable Partitions Specification).
constexpr Guid kEspType = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"_guid;
constexpr Guid kRootX64Type = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709"_guid;
constexpr Guid kRootVerityX64Type = "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5"_guid;
constexpr Guid kLinuxDataType = "0fc63daf-8483-4772-8e79-3d69d8477de4"_guid;

struct GptPartition {
  Guid type;
  Guid id;
  std::uint64_t first_lba = 0;  // sectors
  std::uint64_t last_lba = 0;   // inclusive
  std::uint64_t attributes = 0;
  std::string name;     // UTF-8
  unsigned number = 0;  // from 1, as the kernel counts

  bool operator==(const GptPartition&) const = default;
  [[nodiscard]] std::uint64_t sectors() const { return last_lba - first_lba + 1; }
};

struct GptTable {
  Guid disk_id;
  std::uint64_t first_usable_lba = 0;
  std::uint64_t last_usable_lba = 0;
  std::vector<GptPartition> partitions;  // used entries only, in the order of the table
};

// Reads both copies of the table. `first_lbas` starts with sector 0 and holds at least kGptFirstSectors; `last_lbas`
// ends with the disk's last sector and holds at least kGptLastSectors. The error says which copy is broken and how;
// copies that differ, partitions that overlap, leave the usable area or share an identifier, and a protective MBR that
// is not one are errors too.
Result<GptTable> parse_gpt(ByteView first_lbas, ByteView last_lbas, std::uint64_t disk_sectors);

}  // namespace ashlar
