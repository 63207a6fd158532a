#include "format/elf.h"

#include <algorithm>

#include "format/elf_layout.h"

namespace ashlar {
namespace elf {
namespace {

constexpr std::size_t kMaxSegments = 1024;
constexpr std::size_t kMaxNames = 1024;
constexpr std::size_t kMaxNameSize = 4096;  // bytes

}  // namespace

Result<std::string> c_string(ByteView bytes, std::string_view what) {
  auto end = std::ranges::find(bytes, std::uint8_t{0});
  if (end == bytes.end()) return fail("ELF: " + std::string(what) + " has no end");
  if (end - bytes.begin() > static_cast<std::ptrdiff_t>(kMaxNameSize))
    return fail("ELF: " + std::string(what) + " is too long");
  return std::string(bytes.begin(), end);
}

Result<std::vector<Segment>> read_segments(ByteView file, const FileHeader& header) {
  std::vector<Segment> segments;
  std::size_t count = header.segment_count;
  if (count == 0) return segments;
  if (count > kMaxSegments) return fail("ELF: " + std::to_string(count) + " segments");
  if (header.segment_size != sizeof(Segment)) return fail("ELF: segment headers of an unknown size");
  Reader reader(TRY(slice(file, header.segments_offset, count * sizeof(Segment), "ELF: the segment headers")));
  while (!reader.at_end()) segments.push_back(TRY(reader.read<Segment>("ELF: a segment header")));
  return segments;
}

Result<ByteView> content_of(const Segment& segment, ByteView file, std::string_view what) {
  return slice(file, segment.offset, segment.file_size, what);
}

Result<FileHeader> read_header(ByteView file) {
  if (!is_elf(file)) return fail("not an ELF file");
  auto header = TRY(Reader(file).read<FileHeader>("ELF: the header"));
  if (header.identity[EI_CLASS] != ELFCLASS64 || header.identity[EI_DATA] != ELFDATA2LSB) {
    return fail("ELF: not 64-bit little-endian");
  }
  if (header.version != EV_CURRENT) return fail("ELF: an unknown version");
  return header;
}

}  // namespace elf

namespace {

using namespace elf;

// Tables of the dynamic section are named by address. A string table may not reach past the segment it begins in.
Result<ByteView> bytes_at_address(std::uint64_t address, std::uint64_t size, std::span<const Segment> segments,
                                  ByteView file) {
  for (const Segment& segment : segments) {
    if (segment.type != PT_LOAD || address < segment.address || address - segment.address >= segment.file_size)
      continue;
    return slice(TRY(content_of(segment, file, "ELF: a segment")), address - segment.address, size,
                 "ELF: the string table");
  }
  return fail("ELF: the string table is in no segment");
}

Status read_dynamic(ByteView dynamic, std::span<const Segment> segments, ByteView file, ElfInfo& info) {
  std::uint64_t strings_address = 0;
  std::uint64_t strings_size = 0;
  std::vector<Dynamic> names;
  bool ended = false;
  for (Reader reader(dynamic); !reader.at_end() && !ended;) {
    auto entry = TRY(reader.read<Dynamic>("ELF: the dynamic section"));
    switch (std::uint64_t{entry.tag}) {
      case DT_NULL:
        ended = true;
        break;
      case DT_STRTAB:
        strings_address = entry.value;
        break;
      case DT_STRSZ:
        strings_size = entry.value;
        break;
      case DT_TEXTREL:
        info.text_relocations = true;
        break;
      case DT_FLAGS:
        info.text_relocations |= (entry.value & DF_TEXTREL) != 0;
        info.bind_now |= (entry.value & DF_BIND_NOW) != 0;
        break;
      case DT_FLAGS_1:
        info.bind_now |= (entry.value & DF_1_NOW) != 0;
        info.pie |= (entry.value & DF_1_PIE) != 0;
        break;
      case DT_BIND_NOW:
        info.bind_now = true;
        break;
      case DT_NEEDED:
      case DT_SONAME:
      case DT_RPATH:
      case DT_RUNPATH:
        names.push_back(entry);
        break;
      default:
        break;
    }
  }
  if (!ended) return fail("ELF: the dynamic section has no end");
  if (names.empty()) return {};
  if (names.size() > kMaxNames) return fail("ELF: " + std::to_string(names.size()) + " names in the dynamic section");
  ByteView strings = TRY(bytes_at_address(strings_address, strings_size, segments, file));
  for (const Dynamic& entry : names) {
    if (entry.value > strings.size()) return fail("ELF: a name outside the string table");
    std::string name = TRY(c_string(strings.subspan(entry.value), "a name"));
    if (entry.tag == DT_NEEDED)
      info.needed.push_back(std::move(name));
    else if (entry.tag == DT_SONAME)
      info.soname = std::move(name);
    else if (entry.tag == DT_RPATH)
      info.rpath = std::move(name);
    else
      info.runpath = std::move(name);
  }
  return {};
}

}  // namespace

bool is_elf(ByteView file) { return as_text(file).starts_with(std::string_view(ELFMAG, SELFMAG)); }

Result<ElfInfo> parse_elf(ByteView file) {
  FileHeader header = TRY(read_header(file));
  if (header.type < ET_REL || header.type > ET_CORE) return fail("ELF: an unknown type of file");
  ElfInfo info;
  info.type = static_cast<ElfType>(std::uint16_t{header.type});
  info.machine = header.machine;

  std::vector<Segment> segments = TRY(read_segments(file, header));
  for (const Segment& segment : segments) {
    bool writable_executable = (segment.flags & PF_W) != 0 && (segment.flags & PF_X) != 0;
    if (segment.type == PT_LOAD) {
      TRY(content_of(segment, file, "ELF: a segment"));
      info.writable_executable |= writable_executable;
    } else if (segment.type == PT_GNU_STACK) {
      info.has_stack_header = true;
      info.executable_stack |= (segment.flags & PF_X) != 0;
    } else if (segment.type == PT_GNU_RELRO) {
      info.relro = true;
    } else if (segment.type == PT_INTERP) {
      if (info.interpreter) return fail("ELF: two interpreters");
      ByteView content = TRY(content_of(segment, file, "ELF: the interpreter's name"));
      info.interpreter = TRY(c_string(content, "the interpreter's name"));
    } else if (segment.type == PT_DYNAMIC) {
      TRY(read_dynamic(TRY(content_of(segment, file, "ELF: the dynamic section")), segments, file, info));
    }
  }
  return info;
}

}  // namespace ashlar
