#include "format/uki.h"

#include <algorithm>

#include "format/pe.h"
#include "format/pe_layout.h"

namespace ashlar {
namespace {

constexpr std::uint64_t kMaxImageSize = std::uint64_t{1} << 31;
// Sections the specification gives a meaning to.
constexpr std::array<std::string_view, 15> kUkiSections = {".linux",  ".osrel", ".cmdline", ".initrd",  ".ucode",
                                                           ".splash", ".dtb",   ".dtbauto", ".hwids",   ".efifw",
                                                           ".uname",  ".sbat",  ".pcrsig",  ".pcrpkey", ".profile"};

// The image while it grows: bytes and the headers that change.
struct Builder {
  Bytes file;
  PeImage stub;  // describes the stub; its views are not used once the file grows
  pe::CoffHeader coff;
  pe::OptionalHeader optional;
  std::uint64_t memory_end = 0;

  Status add(const UkiSection& section);
  Status replace(const PeSection& existing, ByteView content);
  void finish();
};

// A kernel that is not prepared for memory that is never writable and executable must not be loaded as if it were.
bool kernel_lacks_nx(ByteView kernel) {
  Result<PeImage> image = parse_pe(kernel);
  return image && (image->dll_characteristics & kPeNxCompatible) == 0;
}

Status Builder::add(const UkiSection& section) {
  std::size_t header_offset = stub.section_table_offset + coff.section_count * sizeof(pe::SectionHeader);
  if (header_offset + sizeof(pe::SectionHeader) > optional.size_of_headers) {
    return fail("the stub's headers have no room for section " + section.name);
  }
  std::uint64_t alignment = optional.file_alignment;
  std::uint64_t address = round_up<std::uint64_t>(memory_end, optional.section_alignment);
  std::uint64_t offset = round_up<std::uint64_t>(file.size(), alignment);
  if (address + section.content.size() > kMaxImageSize || offset + section.content.size() > kMaxImageSize) {
    return fail("the image is larger than 2 GiB with section " + section.name);
  }

  pe::SectionHeader header{};
  std::ranges::copy(section.name, header.name.begin());
  header.virtual_size = static_cast<std::uint32_t>(section.content.size());
  header.virtual_address = static_cast<std::uint32_t>(address);
  header.raw_size = static_cast<std::uint32_t>(round_up<std::uint64_t>(section.content.size(), alignment));
  header.raw_offset = static_cast<std::uint32_t>(offset);
  bool code = section.name == ".linux";
  header.characteristics = pe::kSectionReadable | (code ? pe::kSectionCode : pe::kSectionInitializedData);
  if (code && kernel_lacks_nx(section.content)) {
    optional.dll_characteristics = static_cast<std::uint16_t>(optional.dll_characteristics & ~kPeNxCompatible);
  }

  pe::store(file, header_offset, header);
  file.reserve(offset + header.raw_size);
  file.resize(offset);
  append(file, section.content);
  file.resize(offset + header.raw_size);
  memory_end = address + section.content.size();
  coff.section_count = static_cast<std::uint16_t>(coff.section_count + 1);
  optional.size_of_initialized_data = optional.size_of_initialized_data + header.virtual_size;
  return {};
}

Status Builder::replace(const PeSection& existing, ByteView content) {
  std::size_t index = static_cast<std::size_t>(&existing - stub.sections.data());
  std::uint64_t end = existing.virtual_address + content.size();
  bool meets_next = index + 1 < stub.sections.size() && end > stub.sections[index + 1].virtual_address;
  if (content.size() > existing.raw_size || meets_next) {
    return fail("the stub has no room for this much in section " + existing.name);
  }
  auto place = file.begin() + existing.raw_offset;
  std::fill(std::ranges::copy(content, place).out, place + existing.raw_size, std::uint8_t{0});
  pe::store(file,
            stub.section_table_offset + index * sizeof(pe::SectionHeader) + offsetof(pe::SectionHeader, virtual_size),
            Le32(static_cast<std::uint32_t>(content.size())));
  if (index + 1 == stub.sections.size()) memory_end = end;
  return {};
}

void Builder::finish() {
  optional.checksum = 0U;
  optional.size_of_image = static_cast<std::uint32_t>(round_up<std::uint64_t>(memory_end, optional.section_alignment));
  pe::store(file, stub.coff_offset, coff);
  pe::store(file, stub.optional_offset, optional);
}

Status check_stub(const PeImage& stub) {
  if (!stub.certificate_table.empty()) return fail("the stub is signed");
  if (stub.size_of_headers % stub.file_alignment != 0) return fail("the stub's headers are not padded");
  for (const PeSection& section : stub.sections) {
    if (section.raw_offset % stub.file_alignment != 0 || section.raw_size % stub.file_alignment != 0) {
      return fail("the stub's section " + section.name + " is not aligned in the file");
    }
  }
  return {};
}

Status check_names(std::span<const UkiSection> sections) {
  for (auto section = sections.begin(); section != sections.end(); ++section) {
    if (section->name.empty() || section->name.size() > sizeof(pe::SectionHeader::name)) {
      return fail("a section cannot be called \"" + section->name + "\"");
    }
    if (section->content.empty()) return fail("section " + section->name + " is empty");
    if (std::ranges::find(sections.begin(), section, section->name, &UkiSection::name) != section) {
      return fail("section " + section->name + " is given twice");
    }
  }
  return {};
}

}  // namespace

Result<Bytes> build_uki(ByteView stub, std::span<const UkiSection> sections) {
  Builder builder;
  builder.stub = TRY(in("stub", parse_pe(stub)));
  TRY(check_stub(builder.stub));
  TRY(check_names(sections));
  builder.file.assign(stub.begin(), stub.end());
  Reader headers(stub.subspan(builder.stub.coff_offset));
  builder.coff = TRY(headers.read<pe::CoffHeader>("the COFF header"));
  builder.optional = TRY(headers.read<pe::OptionalHeader>("the optional header"));
  const PeSection& last = builder.stub.sections.back();
  builder.memory_end = std::uint64_t{last.virtual_address} + last.virtual_size;
  // What is replaced may move the end behind which the others are added.
  for (const UkiSection& section : sections) {
    if (const PeSection* existing = builder.stub.find_section(section.name)) {
      TRY(builder.replace(*existing, section.content));
    }
  }
  for (const UkiSection& section : sections) {
    if (builder.stub.find_section(section.name) == nullptr) TRY(builder.add(section));
  }
  builder.finish();
  return std::move(builder.file);
}

Result<std::vector<UkiSection>> inspect_uki(ByteView uki) {
  PeImage image = TRY(parse_pe(uki));
  std::vector<UkiSection> found;
  for (const PeSection& section : image.sections) {
    if (std::ranges::find(kUkiSections, section.name) == kUkiSections.end()) continue;
    if (std::ranges::find(found, section.name, &UkiSection::name) != found.end()) {
      return fail("the UKI has two sections " + section.name);
    }
    found.push_back({section.name, section.content});
  }
  if (std::ranges::find(found, ".linux", &UkiSection::name) == found.end()) return fail("the UKI has no .linux");
  return found;
}

}  // namespace ashlar
