#include "format/pcr.h"

#include <algorithm>

#include "format/efi_auth.h"

namespace ashlar {
namespace {

// The events every boot has (10.4.1 and 3.3.4.5): EV_SEPARATOR's content, and the announcement of a boot attempt.
constexpr std::array<std::uint8_t, 4> kSeparator = {0, 0, 0, 0};
constexpr std::string_view kBootOption = "Calling EFI Application from Boot Option";

constexpr EfiVariable kSecureBoot = {"SecureBoot", kEfiGlobalVariable, 0};

// The order in which systemd-stub measures (src/fundamental/uki.h there). It never changes, it only grows.
constexpr std::array<std::string_view, 11> kMeasuredSections = {
    ".linux", ".osrel", ".cmdline", ".initrd", ".ucode", ".splash", ".dtb", ".uname", ".sbat", ".pcrpkey", ".hwids"};
constexpr std::string_view kSignatureSection = ".pcrsig";

// UEFI_VARIABLE_DATA (10.2.6), of which the whole is hashed.
Bytes variable_data(const EfiVariable& variable, ByteView value) {
  Bytes out;
  append(out, variable.vendor.raw);
  append(out, bytes_of(Le64(variable.name.size())));  // characters
  append(out, bytes_of(Le64(value.size())));
  for (char letter : variable.name) append(out, bytes_of(Le16(static_cast<unsigned char>(letter))));
  append(out, value);
  return out;
}

}  // namespace

Sha256Digest extend(const Sha256Digest& pcr, const Sha256Digest& digest) {
  return Sha256().update(pcr.bytes).update(digest.bytes).finish();
}

Sha256Digest boot_programs_pcr(std::span<const Sha256Digest> authenticode) {
  Pcr pcr;
  pcr.measure(as_bytes(kBootOption)).measure(kSeparator);
  for (const Sha256Digest& program : authenticode) pcr.extend(program);
  return pcr.value();
}

Sha256Digest secure_boot_pcr(const SecureBootVariables& variables, std::span<const EfiSignature> authorities) {
  static constexpr std::array<std::uint8_t, 1> kOn = {1};
  Pcr pcr;
  pcr.measure(variable_data(kSecureBoot, kOn))
      .measure(variable_data(kEfiPk, variables.pk))
      .measure(variable_data(kEfiKek, variables.kek))
      .measure(variable_data(kEfiDb, variables.db))
      .measure(variable_data(kEfiDbx, variables.dbx))
      .measure(kSeparator);
  for (const EfiSignature& authority : authorities) {
    Bytes entry(authority.owner.raw.begin(), authority.owner.raw.end());
    append(entry, authority.data);
    pcr.measure(variable_data(kEfiDb, entry));
  }
  return pcr.value();
}

Result<Sha256Digest> uki_pcr(std::span<const UkiSection> sections) {
  for (const UkiSection& section : sections) {
    bool known = section.name == kSignatureSection ||
                 std::ranges::find(kMeasuredSections, section.name) != kMeasuredSections.end();
    if (!known) return fail("what the stub measures of " + section.name + " is not known before it runs");
  }
  Pcr pcr;
  for (std::string_view name : kMeasuredSections) {
    auto section = std::ranges::find(sections, name, &UkiSection::name);
    if (section == sections.end()) continue;
    std::string with_nul = section->name + '\0';
    pcr.measure(as_bytes(with_nul)).measure(section->content);
  }
  return pcr.value();
}

}  // namespace ashlar
