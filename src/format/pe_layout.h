// The structures of a PE32+ file as they are stored (Microsoft PE format specification). For the codecs of this folder.
#pragma once

#include "base/bytes.h"

namespace ashlar::pe {

struct DosHeader {
  std::array<char, 2> magic;  // "MZ"
  std::array<std::uint8_t, 58> unused;
  Le32 pe_offset;
};
static_assert(sizeof(DosHeader) == 64);

struct CoffHeader {
  Le16 machine;
  Le16 section_count;
  Le32 timestamp;
  Le32 symbol_table_offset;
  Le32 symbol_count;
  Le16 optional_header_size;
  Le16 characteristics;
};
static_assert(sizeof(CoffHeader) == 20);

struct OptionalHeader {
  Le16 magic;
  std::array<std::uint8_t, 2> linker_version;
  Le32 size_of_code;
  Le32 size_of_initialized_data;
  Le32 size_of_uninitialized_data;
  Le32 entry_point;
  Le32 base_of_code;
  Le64 image_base;
  Le32 section_alignment;
  Le32 file_alignment;
  std::array<std::uint8_t, 16> versions;
  Le32 size_of_image;
  Le32 size_of_headers;
  Le32 checksum;
  Le16 subsystem;
  Le16 dll_characteristics;
  std::array<Le64, 4> stack_and_heap;
  Le32 loader_flags;
  Le32 directory_count;
};
static_assert(sizeof(OptionalHeader) == 112);

struct Directory {
  Le32 address;  // a file offset for the certificate table, an address for all others
  Le32 size;
};
static_assert(sizeof(Directory) == 8);

struct SectionHeader {
  std::array<char, 8> name;
  Le32 virtual_size;
  Le32 virtual_address;
  Le32 raw_size;
  Le32 raw_offset;
  std::array<std::uint8_t, 12> relocations_and_lines;
  Le32 characteristics;
};
static_assert(sizeof(SectionHeader) == 40);

constexpr std::uint16_t kMagicPe32Plus = 0x20b;
constexpr std::size_t kCertificateDirectory = 4;  // its index
constexpr std::size_t kMaxDirectories = 16;
constexpr std::size_t kMaxSections = 96;  // what Windows' loader and the specification allow

constexpr std::uint32_t kSectionCode = 0x00000020;
constexpr std::uint32_t kSectionInitializedData = 0x00000040;
constexpr std::uint32_t kSectionReadable = 0x40000000;

// Overwrites a structure that was parsed from there.
template <typename T>
void store(Bytes& file, std::size_t offset, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::memcpy(file.data() + offset, &value, sizeof value);
}

}  // namespace ashlar::pe
