#include "image/predict.h"

#include <fmt/format.h>

#include <algorithm>

#include "format/authenticode.h"
#include "format/efi_auth.h"
#include "format/efi_signature.h"
#include "format/pe.h"
#include "format/uki.h"

namespace ashlar::image {
namespace {

// The value that enrolling the variable's update from the ESP stores.
Result<Bytes> enrolled_value(const OpenedImage& image, const EfiVariable& variable) {
  const FatFile* file = TRY(image.only_file("loader/keys/auto/", fmt::format("/{}.auth", variable.name)));
  EfiAuth update = TRY(in(file->path, parse_efi_auth(file->content)));
  return Bytes(update.value.begin(), update.value.end());
}

bool has_update(const OpenedImage& image, const EfiVariable& variable) {
  std::string path = fmt::format("loader/keys/auto/{}.auth", variable.name);
  return std::ranges::find(image.esp, path, &FatFile::path) != image.esp.end();
}

// The entry of db by which firmware lets the program start: the first whose certificate signed it.
Result<EfiSignature> authority_of(ByteView program, std::span<const EfiSignatureList> db) {
  for (const EfiSignatureList& list : db) {
    if (list.type != kEfiX509Type) continue;
    for (const EfiSignature& entry : list.signatures) {
      Result<X509Certificate> certificate = parse_certificate(entry.data);
      if (certificate && verify_pe(program, *certificate)) return entry;
    }
  }
  return fail("no certificate in db signed it: firmware would not start it");
}

Result<Sha256Digest> predict_secure_boot(const OpenedImage& image, std::span<const FatFile* const> programs) {
  Bytes pk = TRY(enrolled_value(image, kEfiPk));
  Bytes kek = TRY(enrolled_value(image, kEfiKek));
  Bytes db = TRY(enrolled_value(image, kEfiDb));
  Bytes dbx;
  if (has_update(image, kEfiDbx)) dbx = TRY(enrolled_value(image, kEfiDbx));
  std::vector<EfiSignatureList> lists = TRY(in("db", parse_efi_signature_lists(db)));
  std::vector<EfiSignature> authorities;
  for (const FatFile* program : programs) {
    EfiSignature authority = TRY(in(program->path, authority_of(program->content, lists)));
    // Firmware measures each authority when it is used for the first time.
    if (std::ranges::find(authorities, authority) == authorities.end()) authorities.push_back(std::move(authority));
  }
  return secure_boot_pcr({.pk = pk, .kek = kek, .db = db, .dbx = dbx}, authorities);
}

}  // namespace

Result<Sha256Digest> predict_uki_pcr(ByteView uki) {
  std::vector<UkiSection> sections = TRY(inspect_uki(uki));
  for (const PeSection& section : TRY(parse_pe(uki)).sections) {
    bool measured = std::ranges::find(sections, section.name, &UkiSection::name) != sections.end();
    // What the file does not have would be measured as zeros; nothing that builds UKIs makes such a section.
    if (measured && section.virtual_size > section.raw_size) return fail(section.name + " is larger in memory");
  }
  return uki_pcr(sections);
}

Result<std::map<unsigned, Sha256Digest>> predict_pcrs(const OpenedImage& image) {
  const FatFile* bootloader = TRY(image.only_file("EFI/BOOT/", "/BOOTX64.EFI"));
  const FatFile* uki = TRY(image.only_file(kUkiDirectory, ".efi"));
  std::array<const FatFile*, 2> programs = {bootloader, uki};
  std::vector<Sha256Digest> digests;
  for (const FatFile* program : programs) {
    digests.push_back(TRY(in(program->path, authenticode_digest(program->content))));
  }
  PcrValues values;
  values[kPcrBootPrograms] = boot_programs_pcr(digests);
  values[kPcrSecureBoot] = TRY(predict_secure_boot(image, programs));
  values[kPcrUki] = TRY(in(uki->path, predict_uki_pcr(uki->content)));
  // Nothing lies beside the UKI, and under Secure Boot the stub takes its command line from the UKI alone.
  values[kPcrUkiParameters] = {};
  values[kPcrUkiExtensions] = {};
  return values;
}

Result<std::map<unsigned, Sha256Digest>> predict_pcrs(const fs::path& image) {
  return in("predict " + image.string(), [&]() -> Result<PcrValues> { return predict_pcrs(TRY(open_image(image))); }());
}

}  // namespace ashlar::image
