#include "format/cpio.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "format/tar.h"

namespace ashlar {
namespace {

constexpr std::string_view kMagic = "070701";
constexpr std::string_view kTrailer = "TRAILER!!!";
constexpr std::size_t kAlignment = 4;   // bytes, of names and contents
constexpr std::size_t kBlock = 512;     // bytes, the archive is padded to
constexpr std::size_t kMaxPath = 4095;  // PATH_MAX without its NUL
constexpr std::size_t kFieldDigits = 8;

// The fields behind the magic, in their order.
struct Header {
  std::uint32_t inode = 0, mode = 0, uid = 0, gid = 0, links = 0, mtime = 0, size = 0, device_major = 0,
                device_minor = 0, major = 0, minor = 0, name_size = 0, check = 0;
};
constexpr std::array<std::uint32_t Header::*, 13> kFields = {
    &Header::inode, &Header::mode,      &Header::uid,          &Header::gid,          &Header::links,
    &Header::mtime, &Header::size,      &Header::device_major, &Header::device_minor, &Header::major,
    &Header::minor, &Header::name_size, &Header::check};
constexpr std::size_t kHeaderSize = kMagic.size() + kFields.size() * kFieldDigits;

void pad(Bytes& out) { out.resize(round_up(out.size(), kAlignment)); }

void put(Bytes& out, Header header, std::string_view name, ByteView content) {
  header.name_size = static_cast<std::uint32_t>(name.size() + 1);
  header.size = static_cast<std::uint32_t>(content.size());
  append(out, as_bytes(kMagic));
  for (auto field : kFields) append(out, as_bytes(to_hex(bytes_of(Be32(header.*field)))));
  append(out, as_bytes(name));
  out.push_back(0);
  pad(out);
  append(out, content);
  pad(out);
}

Result<Header> read_header(Reader& reader) {
  if (as_text(TRY(reader.take(kMagic.size(), "a cpio header"))) != kMagic) return fail("not a newc cpio archive");
  Header header;
  for (auto field : kFields) {
    std::string_view text = as_text(TRY(reader.take(kFieldDigits, "a cpio header")));
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), header.*field, 16);
    if (error != std::errc{} || end != text.data() + text.size()) return fail("a cpio header with other than digits");
  }
  return header;
}

Status skip_padding(Reader& reader, std::size_t written) {
  for (std::uint8_t byte : TRY(reader.take(round_up(written, kAlignment) - written, "cpio padding"))) {
    if (byte != 0) return fail("bytes in cpio padding");
  }
  return {};
}

Result<std::string> read_name(Reader& reader, std::size_t size) {
  if (size < 2 || size > kMaxPath + 1) return fail("a cpio name of " + std::to_string(size) + " bytes");
  std::string name(as_text(TRY(reader.take(size, "a cpio name"))));
  if (name.find('\0') != name.size() - 1) return fail("a cpio name that does not end where it should");
  name.pop_back();
  TRY(skip_padding(reader, kHeaderSize + size));
  return name;
}

bool is_device(std::uint32_t mode) { return S_ISCHR(mode) || S_ISBLK(mode); }

Status check_node(const CpioNode& node) {
  if (TRY(safe_path(node.path)) != node.path || node.path.empty() || node.path.size() > kMaxPath ||
      node.path == kTrailer) {
    return fail("it is not a plain relative path");
  }
  bool has_content = S_ISREG(node.mode) || S_ISLNK(node.mode);
  if (!has_content && !S_ISDIR(node.mode) && !is_device(node.mode)) return fail("an unknown type of file");
  if (!has_content && !node.content.empty()) return fail("content where there can be none");
  if (S_ISLNK(node.mode) && (node.content.empty() || node.content.size() > kMaxPath)) return fail("a bad link target");
  if (node.content.size() > ~std::uint32_t{0}) return fail("larger than 4 GiB");
  return {};
}

// The kernel unpacks in order and makes no directories of its own.
Status check_order(const std::string& path, std::set<std::string>& directories, std::set<std::string>& seen,
                   bool is_directory) {
  if (!seen.insert(path).second) return fail("it is there twice");
  std::size_t slash = path.rfind('/');
  if (slash != std::string::npos && !directories.contains(path.substr(0, slash))) return fail("no directory before it");
  if (is_directory) directories.insert(path);
  return {};
}

Status check_trailer(const Header& header, ByteView rest) {
  if (header.size != 0 || rest.size() >= kBlock) return fail("bytes behind the cpio trailer");
  if (std::ranges::any_of(rest, [](std::uint8_t byte) { return byte != 0; }))
    return fail("bytes behind the cpio trailer");
  return {};
}

}  // namespace

CpioNode CpioNode::directory(std::string path, std::uint32_t permissions) {
  return {std::move(path), S_IFDIR | permissions, {}, 0, 0};
}
CpioNode CpioNode::file(std::string path, std::uint32_t permissions, ByteView content) {
  return {std::move(path), S_IFREG | permissions, content, 0, 0};
}
CpioNode CpioNode::symlink(std::string path, std::string_view target) {
  return {std::move(path), S_IFLNK | 0777, as_bytes(target), 0, 0};
}
CpioNode CpioNode::character_device(std::string path, std::uint32_t permissions, std::uint32_t major,
                                    std::uint32_t minor) {
  return {std::move(path), S_IFCHR | permissions, {}, major, minor};
}

Result<Bytes> build_cpio(std::span<const CpioNode> nodes) {
  Bytes out;
  std::set<std::string> directories;
  std::set<std::string> seen;
  std::uint32_t inode = 0;
  for (const CpioNode& node : nodes) {
    TRY(in("cpio: " + node.path, check_node(node)));
    TRY(in("cpio: " + node.path, check_order(node.path, directories, seen, S_ISDIR(node.mode))));
    Header header;
    header.inode = ++inode;
    header.mode = node.mode;
    header.links = S_ISDIR(node.mode) ? 2 : 1;
    header.major = node.major;
    header.minor = node.minor;
    put(out, header, node.path, node.content);
  }
  Header trailer;
  trailer.links = 1;
  put(out, trailer, kTrailer, {});
  out.resize(round_up(out.size(), kBlock));
  return out;
}

Result<std::vector<CpioNode>> parse_cpio(ByteView archive) {
  std::vector<CpioNode> nodes;
  std::set<std::string> directories;
  std::set<std::string> seen;
  Reader reader(archive);
  for (;;) {
    Header header = TRY(read_header(reader));
    std::string name = TRY(read_name(reader, header.name_size));
    if (name == kTrailer) {
      TRY(check_trailer(header, reader.rest()));
      return nodes;
    }
    CpioNode node{std::move(name), header.mode, {}, header.major, header.minor};
    node.content = TRY(in("cpio: " + node.path, reader.take(header.size, "its content")));
    TRY(in("cpio: " + node.path, skip_padding(reader, header.size)));
    if (header.check != 0) return fail("cpio: " + node.path + ": a checksum in a format without");
    if (!S_ISDIR(node.mode) && header.links != 1) return fail("cpio: " + node.path + ": a hard link");
    TRY(in("cpio: " + node.path, check_node(node)));
    TRY(in("cpio: " + node.path, check_order(node.path, directories, seen, S_ISDIR(node.mode))));
    nodes.push_back(std::move(node));
  }
}

}  // namespace ashlar
