#include "format/tar.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace ashlar {
namespace {

constexpr std::size_t kBlock = 512;         // bytes
constexpr std::size_t kMaxName = 4096;      // bytes
constexpr std::size_t kMaxPaxSize = 65536;  // bytes of one extended header

struct Header {
  std::array<char, 100> name;
  std::array<char, 8> mode;
  std::array<char, 8> uid;
  std::array<char, 8> gid;
  std::array<char, 12> size;
  std::array<char, 12> mtime;
  std::array<char, 8> checksum;
  char type;
  std::array<char, 100> link;
  std::array<char, 8> magic;  // "ustar\0" "00", or GNU's "ustar  \0"
  std::array<char, 32> owner;
  std::array<char, 32> group;
  std::array<char, 8> major;
  std::array<char, 8> minor;
  std::array<char, 155> prefix;
  std::array<char, 12> padding;
};
static_assert(sizeof(Header) == kBlock);

constexpr std::string_view kUstar("ustar\00000", 8);
constexpr std::string_view kGnu("ustar  \0", 8);

bool all_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

template <std::size_t N>
std::string text(const std::array<char, N>& stored) {
  return {stored.begin(), std::ranges::find(stored, '\0')};
}

// Octal digits that end in NUL or space, or GNU's big-endian binary with the highest bit set.
template <std::size_t N>
Result<std::uint64_t> number(const std::array<char, N>& stored, std::string_view what) {
  std::uint64_t value = 0;
  if ((static_cast<unsigned char>(stored[0]) & 0x80) != 0) {
    if (stored[0] != '\x80') return fail("tar: " + std::string(what) + " is negative or too large");
    for (std::size_t i = 1; i < N; ++i) {
      if (value >> 56 != 0) return fail("tar: " + std::string(what) + " is too large");
      value = value << 8 | static_cast<unsigned char>(stored[i]);
    }
    return value;
  }
  std::string_view digits(stored.data(), N);
  digits.remove_prefix(std::min(digits.find_first_not_of(' '), N));
  digits = digits.substr(0, digits.find_first_of(std::string_view("\0 ", 2)));
  if (digits.empty()) return value;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 8);
  if (error != std::errc{} || end != digits.data() + digits.size()) {
    return fail("tar: " + std::string(what) + " is not a number");
  }
  return value;
}

Status check_header(const Header& header) {
  std::uint64_t sum = 0;
  for (std::uint8_t byte : bytes_of(header)) sum += byte;
  for (char byte : header.checksum) sum += std::uint64_t{' '} - static_cast<unsigned char>(byte);
  if (TRY(number(header.checksum, "a checksum")) != sum) return fail("tar: a header's checksum is wrong");
  std::string_view magic(header.magic.data(), header.magic.size());
  if (magic != kUstar && magic != kGnu) return fail("tar: neither ustar nor GNU format");
  return {};
}

Result<TarType> type_of(char type) {
  switch (type) {
    case '0':
    case '\0':
      return TarType::kFile;
    case '1':
      return TarType::kHardLink;
    case '2':
      return TarType::kSymlink;
    case '3':
      return TarType::kCharacterDevice;
    case '4':
      return TarType::kBlockDevice;
    case '5':
      return TarType::kDirectory;
    case '6':
      return TarType::kFifo;
    default:
      return fail("tar: an entry of unknown type " + std::to_string(static_cast<unsigned char>(type)));
  }
}

// What long-name and extended headers say about the entry behind them.
struct Overrides {
  std::optional<std::string> path;
  std::optional<std::string> link;
  std::optional<std::uint64_t> size;
};

Result<std::string> long_name(ByteView content) {
  std::string_view name = as_text(content);
  if (!name.ends_with('\0')) return fail("tar: a long name without its end");
  name.remove_suffix(1);
  if (name.empty() || name.size() > kMaxName || name.find('\0') != name.npos) return fail("tar: a bad long name");
  return std::string(name);
}

Status apply_pax(std::string_view key, std::string_view value, Overrides& overrides) {
  static constexpr std::array<std::string_view, 7> kIgnored = {"mtime", "atime",   "ctime",  "uname",
                                                               "gname", "comment", "charset"};
  if (key == "path" || key == "linkpath") {
    if (value.empty() || value.size() > kMaxName || value.find('\0') != value.npos) return fail("tar: a bad pax path");
    (key == "path" ? overrides.path : overrides.link) = value;
    return {};
  }
  if (key == "size") {
    std::uint64_t size = 0;
    auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), size);
    if (error != std::errc{} || end != value.data() + value.size()) return fail("tar: a bad pax size");
    overrides.size = size;
    return {};
  }
  if (std::ranges::find(kIgnored, key) != kIgnored.end()) return {};
  return fail("tar: unknown pax keyword " + std::string(key));
}

// Records of the form "<length> <key>=<value>\n", the length counting all of it.
Status parse_pax(ByteView content, Overrides& overrides) {
  for (std::string_view rest = as_text(content); !rest.empty();) {
    std::size_t size = 0;
    auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), size);
    std::size_t digits = static_cast<std::size_t>(end - rest.data());
    if (error != std::errc{} || size > rest.size() || size < digits + 2 || rest[digits] != ' ' ||
        rest[size - 1] != '\n') {
      return fail("tar: a bad pax record");
    }
    std::string_view record = rest.substr(digits + 1, size - digits - 2);
    std::size_t equals = record.find('=');
    if (equals == record.npos) return fail("tar: a bad pax record");
    TRY(apply_pax(record.substr(0, equals), record.substr(equals + 1), overrides));
    rest.remove_prefix(size);
  }
  return {};
}

template <std::size_t N>
Result<std::uint32_t> number32(const std::array<char, N>& stored, std::string_view what) {
  std::uint64_t value = TRY(number(stored, what));
  if (value > std::numeric_limits<std::uint32_t>::max()) return fail("tar: " + std::string(what) + " is too large");
  return static_cast<std::uint32_t>(value);
}

Result<TarEntry> make_entry(const Header& header, Overrides overrides, ByteView content) {
  TarEntry entry;
  bool has_prefix = std::string_view(header.magic.data(), header.magic.size()) == kUstar && header.prefix[0] != '\0';
  entry.path = overrides.path ? *overrides.path
                              : (has_prefix ? text(header.prefix) + "/" + text(header.name) : text(header.name));
  if (entry.path.empty()) return fail("tar: an entry without a name");
  entry.type = TRY(type_of(header.type));
  entry.mode = TRY(number32(header.mode, "a mode")) & 07777;
  entry.uid = TRY(number(header.uid, "an owner"));
  entry.gid = TRY(number(header.gid, "a group"));
  std::uint64_t mtime = TRY(number(header.mtime, "a time"));
  if (mtime > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return fail("tar: a time too late");
  entry.mtime = static_cast<std::int64_t>(mtime);
  entry.link = overrides.link ? *overrides.link : text(header.link);
  bool is_link = entry.type == TarType::kHardLink || entry.type == TarType::kSymlink;
  if (is_link == entry.link.empty()) return fail("tar: " + entry.path + " has a link target it should not, or none");
  if (entry.type == TarType::kCharacterDevice || entry.type == TarType::kBlockDevice) {
    entry.major = TRY(number32(header.major, "a device number"));
    entry.minor = TRY(number32(header.minor, "a device number"));
  }
  if (entry.type != TarType::kFile && !content.empty())
    return fail("tar: " + entry.path + " has content but is no file");
  entry.content = content;
  return entry;
}

}  // namespace

Result<std::optional<TarEntry>> TarReader::next() {
  Overrides overrides;
  bool overridden = false;
  for (;;) {
    Reader reader(rest_);
    auto header = TRY(reader.read<Header>("tar: a header"));
    if (all_zero(bytes_of(header))) {
      if (overridden) return fail("tar: a long name without its entry");
      if (rest_.size() % kBlock != 0 || rest_.size() < 2 * kBlock || !all_zero(rest_)) {
        return fail("tar: the archive does not end in zeros");
      }
      return std::nullopt;
    }
    TRY(check_header(header));
    bool is_override = header.type == 'L' || header.type == 'K' || header.type == 'x';
    std::uint64_t size = TRY(number(header.size, "a size"));
    if (!is_override && overrides.size) size = *overrides.size;
    if (is_override && size > kMaxPaxSize) return fail("tar: an extended header larger than 64 KiB");
    ByteView content = TRY(reader.take(size, "tar: the content of an entry"));
    TRY(reader.take((kBlock - size % kBlock) % kBlock, "tar: the padding of an entry"));
    rest_ = reader.rest();
    if (!is_override) return TRY(make_entry(header, std::move(overrides), content));
    overridden = true;
    if (header.type == 'x') {
      TRY(parse_pax(content, overrides));
    } else {
      (header.type == 'L' ? overrides.path : overrides.link) = TRY(long_name(content));
    }
  }
}

Result<std::string> safe_path(std::string_view stored) {
  std::string_view path = stored;
  auto refuse = [&] { return fail("unsafe path \"" + std::string(stored) + "\""); };
  if (path.find('\0') != path.npos || path.starts_with('/') || path.empty()) return refuse();
  if (path == ".") return std::string();
  if (path.starts_with("./")) path.remove_prefix(2);
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with('/')) return refuse();
  std::string safe(path);
  while (!path.empty()) {
    std::size_t slash = std::min(path.find('/'), path.size());
    std::string_view component = path.substr(0, slash);
    if (component.empty() || component == "." || component == "..") return refuse();
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return safe;
}

}  // namespace ashlar
