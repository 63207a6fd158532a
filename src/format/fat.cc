#include "format/fat.h"

#include <algorithm>
#include <optional>

namespace ashlar {
namespace {

struct BootSector {  // BPB and its FAT32 extension, 3.1 and 3.3
  std::array<std::uint8_t, 3> jump;
  std::array<std::uint8_t, 8> oem;
  Le16 bytes_per_sector;
  std::uint8_t sectors_per_cluster;
  Le16 reserved_sectors;
  std::uint8_t fat_count;
  Le16 root_entries;
  Le16 total_sectors_16;
  std::uint8_t media;
  Le16 fat_size_16;
  Le16 sectors_per_track;
  Le16 heads;
  Le32 hidden_sectors;
  Le32 total_sectors;
  Le32 fat_size;
  Le16 flags;
  Le16 version;
  Le32 root_cluster;
};
static_assert(sizeof(BootSector) == 48);

struct DirectoryEntry {  // 6
  std::array<std::uint8_t, 11> name;
  std::uint8_t attributes;
  std::uint8_t reserved;
  std::array<std::uint8_t, 7> creation;
  Le16 cluster_high;
  std::array<std::uint8_t, 4> modified;
  Le16 cluster_low;
  Le32 size;
};
static_assert(sizeof(DirectoryEntry) == 32);

struct LongNameEntry {  // 7
  std::uint8_t order;
  std::array<Le16, 5> first;
  std::uint8_t attributes;
  std::uint8_t type;
  std::uint8_t checksum;
  std::array<Le16, 6> second;
  Le16 cluster;
  std::array<Le16, 2> third;
};
static_assert(sizeof(LongNameEntry) == 32);

constexpr std::uint8_t kLongName = 0x0f;
constexpr std::uint8_t kVolumeLabel = 0x08;
constexpr std::uint8_t kDirectory = 0x10;
constexpr std::uint8_t kDeleted = 0xe5;
constexpr std::uint8_t kLastLongName = 0x40;
constexpr std::uint8_t kLowerBase = 0x08;  // in `reserved`: the 8.3 name is shown in lower case
constexpr std::uint8_t kLowerExtension = 0x10;
constexpr std::uint32_t kClusterMask = 0x0fffffff;
constexpr std::uint32_t kEndOfChain = 0x0ffffff8;
constexpr unsigned kDeepest = 16;
// No ESP of ours comes near these. Without them a volume that is mostly holes, or one of short names in directories
// with long ones, would take much more memory than it takes room on the disk.
constexpr std::size_t kMostFiles = 4096;
constexpr std::size_t kLongestPath = 1024;                           // bytes
constexpr std::uint64_t kLargestVolume = std::uint64_t{1} << 30;     // bytes
constexpr std::uint64_t kLargestDirectory = std::uint64_t{1} << 21;  // bytes: 65,536 entries, 3.5

void append_utf8(std::string& out, char16_t unit) {
  if (unit < 0x80) {
    out += static_cast<char>(unit);
  } else if (unit < 0x800) {
    out += static_cast<char>(0xc0 | unit >> 6);
    out += static_cast<char>(0x80 | (unit & 0x3f));
  } else {
    out += static_cast<char>(0xe0 | unit >> 12);
    out += static_cast<char>(0x80 | (unit >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (unit & 0x3f));
  }
}

std::string short_name(const DirectoryEntry& entry) {
  auto part = [&](std::size_t from, std::size_t count, bool lower) {
    std::string text(reinterpret_cast<const char*>(entry.name.data()) + from, count);
    while (text.ends_with(' ')) text.pop_back();
    if (lower)
      std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    return text;
  };
  std::string name = part(0, 8, (entry.reserved & kLowerBase) != 0);
  std::string extension = part(8, 3, (entry.reserved & kLowerExtension) != 0);
  return extension.empty() ? name : name + "." + extension;
}

std::uint8_t short_name_checksum(const DirectoryEntry& entry) {
  unsigned sum = 0;
  for (std::uint8_t byte : entry.name) sum = (((sum & 1) << 7 | sum >> 1) + byte) & 0xff;
  return static_cast<std::uint8_t>(sum);
}

// Collects the pieces of a long name, which come last piece first before the entry they belong to.
class LongName {
 public:
  Status add(const LongNameEntry& entry) {
    if ((entry.order & kLastLongName) != 0) {
      units_.clear();
      expected_ = entry.order & 0x1f;
      checksum_ = entry.checksum;
    }
    if (expected_ == 0 || (entry.order & 0x1f) != expected_ || entry.checksum != checksum_) {
      return fail("a long file name is out of order");
    }
    --expected_;
    std::u16string piece;
    for (const auto& units : {std::span<const Le16>(entry.first), std::span<const Le16>(entry.second),
                              std::span<const Le16>(entry.third)}) {
      for (std::uint16_t unit : units) piece += static_cast<char16_t>(unit);
    }
    units_.insert(0, piece);
    return {};
  }

  // The name, if there is one and it belongs to `entry`.
  Result<std::optional<std::string>> take(const DirectoryEntry& entry) {
    if (units_.empty()) return std::nullopt;
    if (expected_ != 0 || checksum_ != short_name_checksum(entry)) return fail("a long file name belongs to no file");
    std::string name;
    for (char16_t unit : units_) {
      if (unit == 0) break;
      if (unit >= 0xd800 && unit <= 0xdfff) return fail("a file name has characters outside the basic plane");
      append_utf8(name, unit);
    }
    units_.clear();
    return name;
  }
  [[nodiscard]] bool pending() const { return !units_.empty(); }

 private:
  std::u16string units_;
  unsigned expected_ = 0;
  std::uint8_t checksum_ = 0;
};

class Volume {
 public:
  static Result<Volume> open(ByteView bytes) {
    Volume volume;
    auto boot = TRY(Reader(bytes).read<BootSector>("the FAT boot sector"));
    std::uint64_t sector = boot.bytes_per_sector;
    std::uint64_t cluster = sector * boot.sectors_per_cluster;
    if (sector != 512 || !std::has_single_bit(unsigned{boot.sectors_per_cluster}) || boot.fat_count == 0 ||
        boot.root_entries != 0 || boot.fat_size_16 != 0 || boot.total_sectors_16 != 0) {
      return fail("not a FAT32 volume with 512-byte sectors");
    }
    std::uint64_t fat_bytes = boot.fat_size * sector;
    std::uint64_t fat_offset = boot.reserved_sectors * sector;
    std::uint64_t data_offset = fat_offset + boot.fat_count * fat_bytes;
    std::uint64_t total = boot.total_sectors * sector;
    if (total > bytes.size() || data_offset >= total) return fail("the FAT volume is larger than its partition");
    if (total > kLargestVolume) return fail("the FAT volume is larger than 1 GiB");
    volume.fat_ = TRY(slice(bytes, fat_offset, fat_bytes, "the FAT"));
    volume.data_ = TRY(slice(bytes, data_offset, total - data_offset, "the FAT data area"));
    volume.cluster_bytes_ = cluster;
    std::uint64_t clusters = std::min<std::uint64_t>(volume.data_.size() / cluster,
                                                     fat_bytes / 4 - std::min<std::uint64_t>(2, fat_bytes / 4));
    volume.used_.resize(clusters);
    volume.root_cluster_ = boot.root_cluster;
    return volume;
  }

  Status list(std::vector<FatFile>& files) { return list_directory(root_cluster_, "", 0, files); }

 private:
  // The content of a chain; with a size, exactly as many clusters as it needs.
  Result<Bytes> read_chain(std::uint32_t cluster, std::optional<std::uint32_t> size) {
    Bytes content;
    if (size == 0U) return content;
    if (size && *size > data_.size()) return fail("a file is larger than its volume");
    if (size) content.reserve(round_up<std::uint64_t>(*size, cluster_bytes_));
    for (;;) {
      if (cluster < 2 || cluster - 2 >= used_.size()) return fail("a cluster chain leaves the volume");
      if (used_[cluster - 2]) return fail("two cluster chains meet");
      used_[cluster - 2] = true;
      append(content, TRY(slice(data_, (cluster - 2) * cluster_bytes_, cluster_bytes_, "a cluster")));
      cluster = TRY(Reader(TRY(slice(fat_, std::uint64_t{cluster} * 4, 4, "a FAT entry"))).read<Le32>("a FAT entry")) &
                kClusterMask;
      if (cluster >= kEndOfChain) break;
      if (size && content.size() >= *size) return fail("a cluster chain is longer than its file");
      if (!size && content.size() >= kLargestDirectory) return fail("a directory is larger than 2 MiB");
    }
    if (size && content.size() < *size) return fail("a cluster chain is shorter than its file");
    if (size) content.resize(*size);
    return content;
  }

  Status list_directory(std::uint32_t cluster, const std::string& prefix, unsigned depth, std::vector<FatFile>& files) {
    if (depth > kDeepest) return fail("directories are nested too deeply");
    Bytes content = TRY(read_chain(cluster, std::nullopt));
    Reader reader(content);
    LongName long_name;
    while (!reader.at_end()) {
      ByteView raw = TRY(reader.take(sizeof(DirectoryEntry), "a directory entry"));
      auto entry = TRY(Reader(raw).read<DirectoryEntry>("a directory entry"));
      if (entry.name[0] == 0) break;
      if (entry.name[0] == kDeleted) continue;
      if (entry.attributes == kLongName) {
        TRY(in(prefix, long_name.add(TRY(Reader(raw).read<LongNameEntry>("a long name")))));
        continue;
      }
      std::optional<std::string> given = TRY(in(prefix, long_name.take(entry)));
      if ((entry.attributes & kVolumeLabel) != 0 || entry.name[0] == '.') continue;
      std::string path = prefix + given.value_or(short_name(entry));
      if (path.size() > kLongestPath) return fail("a path is longer than 1024 bytes");
      if (files.size() >= kMostFiles) return fail("there are more than 4096 files");
      std::uint32_t first = std::uint32_t{entry.cluster_high} << 16 | entry.cluster_low;
      if ((entry.attributes & kDirectory) != 0) {
        TRY(list_directory(first, path + "/", depth + 1, files));
      } else {
        Bytes content = TRY(in(path, read_chain(first, entry.size)));
        files.push_back({path, std::move(content)});
      }
    }
    if (long_name.pending()) return fail(prefix + ": a long file name belongs to no file");
    return {};
  }

  ByteView fat_;
  ByteView data_;
  std::uint64_t cluster_bytes_ = 0;
  std::uint32_t root_cluster_ = 0;
  std::vector<bool> used_;  // clusters that a chain has had
};

}  // namespace

Result<std::vector<FatFile>> read_fat32(ByteView volume) {
  Volume opened = TRY(in("ESP", Volume::open(volume)));
  std::vector<FatFile> files;
  TRY(in("ESP", opened.list(files)));
  return files;
}

}  // namespace ashlar
