// PE32+ images as UEFI loads them (Microsoft PE format specification; UEFI 2.10, 2.1.1).
#pragma once

#include "base/bytes.h"

namespace ashlar {

struct PeSection {
  std::string name;                   // without the padding zeros
  std::uint32_t virtual_size = 0;     // bytes in memory
  std::uint32_t virtual_address = 0;  // from the image base
  std::uint32_t raw_size = 0;         // bytes in the file, padding included
  std::uint32_t raw_offset = 0;       // in the file
  std::uint32_t characteristics = 0;
  ByteView raw;      // raw_size bytes of the file
  ByteView content;  // what of it is mapped: the first virtual_size bytes, or all when the section is larger in memory
};

// Views into the file that was parsed: it must outlive them.
struct PeImage {
  ByteView file;
  std::uint16_t machine = 0;
  std::uint16_t subsystem = 0;
  std::uint16_t dll_characteristics = 0;
  std::uint32_t entry_point = 0;
  std::uint64_t image_base = 0;
  std::uint32_t section_alignment = 0;
  std::uint32_t file_alignment = 0;
  std::uint32_t size_of_image = 0;
  std::uint32_t size_of_headers = 0;
  std::uint32_t checksum = 0;
  std::vector<PeSection> sections;  // in the order of the section table
  ByteView certificate_table;       // empty when the image is not signed

  // Where in the file things stand that signing and building change.
  std::size_t coff_offset = 0;
  std::size_t optional_offset = 0;
  std::size_t checksum_offset = 0;
  std::size_t certificate_directory_offset = 0;
  std::size_t section_table_offset = 0;

  // The first section of that name, nullptr when there is none.
  [[nodiscard]] const PeSection* find_section(std::string_view name) const;
};

constexpr std::uint16_t kPeMachineX64 = 0x8664;
constexpr std::uint16_t kPeNxCompatible = 0x0100;  // in dll_characteristics

// Refuses what no linker writes: PE32, sections that overlap, are out of order or leave the file or the image, a
// certificate table that does not end the file or is not aligned to 8 bytes. Bytes no section claims are accepted here
// (kernels have them); authenticode_digest() refuses them.
Result<PeImage> parse_pe(ByteView file);

// The checksum of the optional header: 16-bit one's complement sum with the field itself as zero, plus the file's size.
std::uint32_t pe_checksum(ByteView file, std::size_t checksum_offset);

}  // namespace ashlar
