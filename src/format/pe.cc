#include "format/pe.h"

#include <algorithm>

#include "format/pe_layout.h"

namespace ashlar {
namespace {

using pe::CoffHeader;
using pe::Directory;
using pe::DosHeader;
using pe::OptionalHeader;
using pe::SectionHeader;

bool is_power_of_two(std::uint32_t value) { return value != 0 && (value & (value - 1)) == 0; }

std::string section_name(const std::array<char, 8>& stored) {
  return {stored.begin(), std::ranges::find(stored, '\0')};
}

Result<PeSection> parse_section(const SectionHeader& header, ByteView file) {
  PeSection section;
  section.name = section_name(header.name);
  std::string what = "PE section " + section.name;
  section.virtual_size = header.virtual_size;
  section.virtual_address = header.virtual_address;
  section.raw_size = header.raw_size;
  section.raw_offset = section.raw_size == 0 ? 0 : std::uint32_t{header.raw_offset};
  section.characteristics = header.characteristics;
  section.raw = TRY(slice(file, section.raw_offset, section.raw_size, what));
  section.content = section.raw.first(std::min<std::size_t>(section.raw_size, section.virtual_size));
  return section;
}

// Sections lie one behind the other in memory, inside the image, and nowhere twice in the file.
Status check_sections(const PeImage& image) {
  std::uint64_t memory_end = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> raw;
  for (const PeSection& section : image.sections) {
    std::string what = "PE section " + section.name;
    if (section.virtual_address % image.section_alignment != 0) return fail(what + " is not aligned in memory");
    if (section.virtual_address < memory_end) return fail(what + " overlaps the section before it");
    // Some loaders would take the size in the file instead: one meaning only.
    if (section.virtual_size == 0) return fail(what + " has no size in memory");
    memory_end = std::uint64_t{section.virtual_address} + section.virtual_size;
    if (memory_end > image.size_of_image) return fail(what + " lies outside the image");
    if (section.raw.empty()) continue;
    if (section.raw_offset < image.size_of_headers) return fail(what + " overlaps the headers");
    raw.emplace_back(section.raw_offset, std::uint64_t{section.raw_offset} + section.raw_size);
  }
  std::ranges::sort(raw);
  for (std::size_t i = 1; i < raw.size(); ++i) {
    if (raw[i].first < raw[i - 1].second) return fail("PE sections overlap in the file");
  }
  return {};
}

// The certificate table is the one directory that counts in file offsets. It is the last thing in the file.
Result<ByteView> parse_certificate_table(ByteView file, const Directory& directory, const PeImage& image) {
  if (directory.address == 0 && directory.size == 0) return ByteView{};
  ByteView table = TRY(slice(file, directory.address, directory.size, "the PE certificate table"));
  if (directory.address % 8 != 0) return fail("the PE certificate table is not aligned to 8 bytes");
  if (table.empty()) return fail("the PE certificate table is empty");
  if (std::uint64_t{directory.address} + directory.size != file.size()) {
    return fail("there are bytes behind the PE certificate table");
  }
  if (directory.address < image.size_of_headers) return fail("the PE certificate table overlaps the headers");
  for (const PeSection& section : image.sections) {
    if (std::uint64_t{section.raw_offset} + section.raw_size > directory.address) {
      return fail("the PE certificate table overlaps section " + section.name);
    }
  }
  return table;
}

}  // namespace

const PeSection* PeImage::find_section(std::string_view name) const {
  auto found = std::ranges::find(sections, name, &PeSection::name);
  return found == sections.end() ? nullptr : &*found;
}

Result<PeImage> parse_pe(ByteView file) {
  PeImage image;
  image.file = file;
  auto dos = TRY(Reader(file).read<DosHeader>("the DOS header"));
  if (std::string_view(dos.magic.data(), dos.magic.size()) != "MZ") return fail("not a PE image: no MZ");
  Reader reader(TRY(slice(file, dos.pe_offset, file.size() - std::min<std::size_t>(dos.pe_offset, file.size()), "PE")));
  if (as_text(TRY(reader.take(4, "the PE signature"))) != std::string_view("PE\0\0", 4)) {
    return fail("not a PE image: no PE signature");
  }
  image.coff_offset = std::size_t{dos.pe_offset} + 4;
  auto coff = TRY(reader.read<CoffHeader>("the COFF header"));
  image.machine = coff.machine;
  image.optional_offset = image.coff_offset + sizeof(CoffHeader);
  auto optional = TRY(reader.read<OptionalHeader>("the PE optional header"));
  if (optional.magic != pe::kMagicPe32Plus) return fail("not a PE32+ image");
  image.entry_point = optional.entry_point;
  image.image_base = optional.image_base;
  image.section_alignment = optional.section_alignment;
  image.file_alignment = optional.file_alignment;
  image.size_of_image = optional.size_of_image;
  image.size_of_headers = optional.size_of_headers;
  image.checksum = optional.checksum;
  image.checksum_offset = image.optional_offset + offsetof(OptionalHeader, checksum);
  image.subsystem = optional.subsystem;
  image.dll_characteristics = optional.dll_characteristics;
  if (!is_power_of_two(image.section_alignment) || !is_power_of_two(image.file_alignment)) {
    return fail("the PE alignments are not powers of two");
  }

  std::size_t directories = optional.directory_count;
  if (directories <= pe::kCertificateDirectory || directories > pe::kMaxDirectories) {
    return fail("the PE image has " + std::to_string(directories) + " data directories");
  }
  if (coff.optional_header_size != sizeof(OptionalHeader) + directories * sizeof(Directory)) {
    return fail("the PE optional header's size is not that of its directories");
  }
  image.certificate_directory_offset =
      image.optional_offset + sizeof(OptionalHeader) + pe::kCertificateDirectory * sizeof(Directory);
  Directory certificates{};
  for (std::size_t i = 0; i < directories; ++i) {
    auto directory = TRY(reader.read<Directory>("a PE data directory"));
    if (i == pe::kCertificateDirectory) certificates = directory;
  }

  image.section_table_offset = image.optional_offset + coff.optional_header_size;
  std::size_t count = coff.section_count;
  if (count == 0 || count > pe::kMaxSections) return fail("the PE image has " + std::to_string(count) + " sections");
  if (image.section_table_offset + count * sizeof(SectionHeader) > image.size_of_headers) {
    return fail("the PE headers are larger than SizeOfHeaders says");
  }
  if (image.size_of_headers > file.size()) return fail("the PE headers lie outside the file");
  for (std::size_t i = 0; i < count; ++i) {
    auto header = TRY(reader.read<SectionHeader>("a PE section header"));
    image.sections.push_back(TRY(parse_section(header, file)));
  }
  TRY(check_sections(image));
  image.certificate_table = TRY(parse_certificate_table(file, certificates, image));
  return image;
}

std::uint32_t pe_checksum(ByteView file, std::size_t checksum_offset) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < file.size(); i += 2) {
    if (i == checksum_offset || i == checksum_offset + 2) continue;
    sum += file[i] | (i + 1 < file.size() ? file[i + 1] << 8 : 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint32_t>(sum + file.size());
}

}  // namespace ashlar
