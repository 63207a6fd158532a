// The structures of a 64-bit little-endian ELF file as they are stored (System V gABI, chapters 4 and 5). For the
// codecs of this folder.
#pragma once

#include <elf.h>

#include "base/bytes.h"

namespace ashlar::elf {

struct FileHeader {
  std::array<std::uint8_t, 16> identity;
  Le16 type;
  Le16 machine;
  Le32 version;
  Le64 entry;
  Le64 segments_offset;
  Le64 sections_offset;
  Le32 flags;
  Le16 header_size;
  Le16 segment_size;
  Le16 segment_count;
  Le16 section_size;
  Le16 section_count;
  Le16 names_index;
};
static_assert(sizeof(FileHeader) == sizeof(Elf64_Ehdr));

struct Segment {
  Le32 type;
  Le32 flags;
  Le64 offset;
  Le64 address;
  Le64 physical_address;
  Le64 file_size;
  Le64 memory_size;
  Le64 alignment;
};
static_assert(sizeof(Segment) == sizeof(Elf64_Phdr));

struct Section {
  Le32 name;
  Le32 type;
  Le64 flags;
  Le64 address;
  Le64 offset;
  Le64 size;
  Le32 link;
  Le32 info;
  Le64 alignment;
  Le64 entry_size;
};
static_assert(sizeof(Section) == sizeof(Elf64_Shdr));

struct Symbol {
  Le32 name;
  std::uint8_t info;
  std::uint8_t other;
  Le16 section;
  Le64 value;
  Le64 size;
};
static_assert(sizeof(Symbol) == sizeof(Elf64_Sym));

struct Dynamic {
  Le64 tag;
  Le64 value;
};
static_assert(sizeof(Dynamic) == sizeof(Elf64_Dyn));

// The header, after what is not 64-bit little-endian ELF of the one version was refused.
Result<FileHeader> read_header(ByteView file);
Result<std::vector<Segment>> read_segments(ByteView file, const FileHeader& header);
Result<ByteView> content_of(const Segment& segment, ByteView file, std::string_view what);
Result<std::string> c_string(ByteView bytes, std::string_view what);

}  // namespace ashlar::elf
