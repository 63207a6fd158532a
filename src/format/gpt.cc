#include "format/gpt.h"

#include <algorithm>

namespace ashlar {
namespace {

constexpr std::size_t kEntryCount = 128;
constexpr std::size_t kEntrySize = 128;  // bytes
constexpr std::size_t kTableSize = kEntryCount * kEntrySize;
constexpr std::uint64_t kTableSectors = kTableSize / kSectorSize;
constexpr std::uint8_t kProtectiveType = 0xee;

struct MbrPartition {
  std::uint8_t status;
  std::array<std::uint8_t, 3> first_chs;
  std::uint8_t type;
  std::array<std::uint8_t, 3> last_chs;
  Le32 first_lba;
  Le32 sectors;
};
struct Mbr {
  std::array<std::uint8_t, 446> boot_code;
  std::array<MbrPartition, 4> partitions;
  Le16 signature;
};
static_assert(sizeof(Mbr) == kSectorSize);

struct Header {
  std::array<char, 8> signature;
  Le32 revision;
  Le32 header_size;
  Le32 header_crc;
  Le32 reserved;
  Le64 my_lba;
  Le64 alternate_lba;
  Le64 first_usable_lba;
  Le64 last_usable_lba;
  Guid disk_id;
  Le64 table_lba;
  Le32 entry_count;
  Le32 entry_size;
  Le32 table_crc;
};
static_assert(sizeof(Header) == 92);

struct Entry {
  Guid type;
  Guid id;
  Le64 first_lba;
  Le64 last_lba;
  Le64 attributes;
  std::array<Le16, 36> name;  // UTF-16
};
static_assert(sizeof(Entry) == kEntrySize);

std::uint32_t crc32(ByteView bytes) {
  std::uint32_t crc = ~0U;
  for (std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

Status check_mbr(ByteView sector, std::uint64_t disk_sectors) {
  auto mbr = TRY(Reader(sector).read<Mbr>("the protective MBR"));
  if (mbr.signature != 0xaa55) return fail("no MBR signature");
  const MbrPartition& whole = mbr.partitions[0];
  std::uint64_t expected = std::min<std::uint64_t>(disk_sectors - 1, 0xffffffff);
  if (whole.type != kProtectiveType || whole.first_lba != 1) return fail("it does not protect a GPT");
  if (whole.sectors != expected && whole.sectors != 0xffffffff) return fail("it does not cover the disk");
  for (std::size_t i = 1; i < mbr.partitions.size(); ++i) {
    ByteView entry = bytes_of(mbr.partitions[i]);
    if (std::ranges::any_of(entry, [](std::uint8_t byte) { return byte != 0; })) return fail("it has other partitions");
  }
  return {};
}

// UTF-16 as far as its first NUL; behind that only NULs.
Result<std::string> parse_name(const std::array<Le16, 36>& stored) {
  std::string name;
  auto put = [&name](std::uint32_t code, int continuation_bytes, std::uint32_t lead) {
    name += static_cast<char>(lead | code >> (6 * continuation_bytes));
    while (continuation_bytes-- > 0) name += static_cast<char>(0x80 | (code >> (6 * continuation_bytes) & 0x3f));
  };
  auto end = std::ranges::find_if(stored, [](std::uint16_t unit) { return unit == 0; });
  if (std::any_of(end, stored.end(), [](std::uint16_t unit) { return unit != 0; }))
    return fail("a name behind its end");
  for (auto at = stored.begin(); at != end; ++at) {
    std::uint32_t code = *at;
    if (code >= 0xd800 && code < 0xe000) {
      if (code >= 0xdc00 || at + 1 == end || *(at + 1) < 0xdc00 || *(at + 1) >= 0xe000) return fail("half a character");
      code = 0x10000 + ((code - 0xd800) << 10) + (*++at - 0xdc00U);
      put(code, 3, 0xf0);
    } else if (code >= 0x800) {
      put(code, 2, 0xe0);
    } else if (code >= 0x80) {
      put(code, 1, 0xc0);
    } else {
      name += static_cast<char>(code);
    }
  }
  return name;
}

struct Copy {
  Header header;
  ByteView table;
};

// Where a copy lies: its own header, the other one, its table. All of that is known before anything is read.
struct Place {
  std::uint64_t lba;
  std::uint64_t alternate_lba;
  std::uint64_t table_lba;
};

Result<Copy> read_copy(ByteView header_sector, ByteView table, const Place& place) {
  Copy copy{TRY(Reader(header_sector).read<Header>("the header")), table};
  Header& header = copy.header;
  if (std::string_view(header.signature.data(), header.signature.size()) != "EFI PART") return fail("no signature");
  if (header.revision != 0x00010000) return fail("an unknown revision");
  if (header.header_size != sizeof(Header)) return fail("an unknown header size");
  std::uint32_t stored_crc = header.header_crc;
  Header zeroed = header;
  zeroed.header_crc = 0U;
  if (crc32(bytes_of(zeroed)) != stored_crc) return fail("the header's checksum is wrong");
  if (header.reserved != 0 ||
      std::ranges::any_of(header_sector.subspan(sizeof(Header)), [](std::uint8_t byte) { return byte != 0; })) {
    return fail("bytes in the header's reserved space");
  }
  if (header.my_lba != place.lba) return fail("the header is for another sector");
  if (header.alternate_lba != place.alternate_lba) return fail("the other copy is not at the end of the disk");
  if (header.table_lba != place.table_lba) return fail("the table is not where it belongs");
  if (header.entry_count != kEntryCount || header.entry_size != kEntrySize) return fail("not 128 entries of 128 bytes");
  if (crc32(table) != header.table_crc) return fail("the table's checksum is wrong");
  return copy;
}

Status check_same(const Copy& primary, const Copy& backup) {
  Header expected = primary.header;
  expected.header_crc = backup.header.header_crc;
  expected.my_lba = primary.header.alternate_lba;
  expected.alternate_lba = primary.header.my_lba;
  expected.table_lba = backup.header.table_lba;
  if (!std::ranges::equal(bytes_of(expected), bytes_of(backup.header)) ||
      !std::ranges::equal(primary.table, backup.table)) {
    return fail("the two copies differ");
  }
  return {};
}

Result<GptPartition> parse_entry(const Entry& entry, const GptTable& table) {
  GptPartition partition{entry.type, entry.id, entry.first_lba, entry.last_lba, entry.attributes, {}};
  if (partition.id == Guid{}) return fail("no identifier");
  if (partition.first_lba > partition.last_lba) return fail("it ends before it begins");
  if (partition.first_lba < table.first_usable_lba || partition.last_lba > table.last_usable_lba) {
    return fail("it lies outside the usable sectors");
  }
  partition.name = TRY(parse_name(entry.name));
  return partition;
}

Status check_apart(const GptPartition& one, const GptPartition& other) {
  if (one.id == other.id) return fail("two partitions have the identifier " + one.id.text());
  if (one.first_lba <= other.last_lba && other.first_lba <= one.last_lba) {
    return fail("partitions " + one.id.text() + " and " + other.id.text() + " overlap");
  }
  return {};
}

}  // namespace

Result<GptTable> parse_gpt(ByteView first_lbas, ByteView last_lbas, std::uint64_t disk_sectors) {
  if (disk_sectors < kGptFirstSectors + kGptLastSectors) return fail("GPT: the disk is too small");
  if (first_lbas.size() < kGptFirstSectors * kSectorSize || last_lbas.size() < kGptLastSectors * kSectorSize) {
    return fail("GPT: too few sectors to look at");
  }
  ByteView end = last_lbas.last(kGptLastSectors * kSectorSize);
  std::uint64_t last = disk_sectors - 1;
  TRY(in("GPT: protective MBR", check_mbr(first_lbas.first(kSectorSize), disk_sectors)));
  Copy primary = TRY(in("GPT: primary copy", read_copy(first_lbas.subspan(kSectorSize, kSectorSize),
                                                       first_lbas.subspan(2 * kSectorSize, kTableSize), {1, last, 2})));
  Copy backup = TRY(
      in("GPT: backup copy", read_copy(end.last(kSectorSize), end.first(kTableSize), {last, 1, last - kTableSectors})));
  TRY(in("GPT", check_same(primary, backup)));

  GptTable table{primary.header.disk_id, primary.header.first_usable_lba, primary.header.last_usable_lba, {}};
  if (table.first_usable_lba < kGptFirstSectors || table.last_usable_lba > last - kGptLastSectors) {
    return fail("GPT: the usable sectors reach into the table");
  }
  Reader entries(primary.table);
  for (std::size_t i = 0; i < kEntryCount; ++i) {
    ByteView raw = TRY(entries.take(kEntrySize, "an entry"));
    auto entry = TRY(Reader(raw).read<Entry>("an entry"));
    if (entry.type == Guid{}) {
      if (std::ranges::all_of(raw, [](std::uint8_t byte) { return byte == 0; })) continue;
      return fail("GPT: partition " + std::to_string(i + 1) + ": an unused entry that is not empty");
    }
    GptPartition partition = TRY(in("GPT: partition " + std::to_string(i + 1), parse_entry(entry, table)));
    partition.number = static_cast<unsigned>(i + 1);
    for (const GptPartition& other : table.partitions) TRY(in("GPT", check_apart(partition, other)));
    table.partitions.push_back(std::move(partition));
  }
  return table;
}

}  // namespace ashlar
