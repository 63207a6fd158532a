// Partition tables. The input is the header's 92 bytes and entries; both copies are made of them, with the checksums
// that would otherwise stop nearly every input. An input that begins with '!' is taken as the sectors themselves.
#include <algorithm>

#include "format/gpt.h"
#include "fuzz.h"

using namespace ashlar;

namespace {

constexpr std::uint64_t kDiskSectors = 4096;
constexpr std::size_t kHeaderSize = 92;
constexpr std::size_t kTableSize = 16384;

void put(Bytes& to, std::size_t offset, ByteView bytes) {
  std::ranges::copy(bytes, to.begin() + static_cast<long>(offset));
}

std::uint32_t crc32(ByteView bytes) {
  std::uint32_t crc = 0xffffffff;
  for (std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1U) * 0xedb88320U);
  }
  return ~crc;
}

Bytes sealed_header(ByteView given, ByteView table, std::uint64_t lba, std::uint64_t other, std::uint64_t table_lba) {
  Bytes header(given.begin(), given.end());
  put(header, 16, Bytes(4));
  put(header, 24, bytes_of(Le64(lba)));
  put(header, 32, bytes_of(Le64(other)));
  put(header, 72, bytes_of(Le64(table_lba)));
  put(header, 88, bytes_of(Le32(crc32(table))));
  put(header, 16, bytes_of(Le32(crc32(header))));
  return header;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView input(data, size);
  if (size > 0 && data[0] == '!') {
    (void)parse_gpt(input.subspan(1), input.subspan(1), kDiskSectors);
    return 0;
  }
  if (size < kHeaderSize || size > kHeaderSize + kTableSize) return 0;
  Bytes table(kTableSize);
  put(table, 0, input.subspan(kHeaderSize));
  Bytes first(kGptFirstSectors * kSectorSize);
  Bytes last(kGptLastSectors * kSectorSize);
  first[450] = 0xee;
  put(first, 454, bytes_of(Le32(1U)));
  put(first, 458, bytes_of(Le32(static_cast<std::uint32_t>(kDiskSectors - 1))));
  put(first, 510, Bytes{0x55, 0xaa});
  put(first, 512, sealed_header(input.first(kHeaderSize), table, 1, kDiskSectors - 1, 2));
  put(first, 1024, table);
  put(last, kTableSize, sealed_header(input.first(kHeaderSize), table, kDiskSectors - 1, 1, kDiskSectors - 33));
  put(last, 0, table);
  Result<GptTable> parsed = parse_gpt(first, last, kDiskSectors);
  if (!parsed) return 0;
  for (const GptPartition& partition : parsed->partitions) fuzz::require(partition.last_lba < kDiskSectors - 33);
  return 0;
}
