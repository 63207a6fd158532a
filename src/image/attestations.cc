#include "image/attestations.h"

#include <fmt/format.h>

#include <algorithm>

#include "format/dsse.h"

namespace ashlar::image {
namespace {

constexpr std::uint64_t kLargestAttestation = 64 << 20;

struct AttestationFile {
  const char* link;
  const char* suffix;
  std::string Attestations::* content;
};
constexpr AttestationFile kProvenance = {"provenance", ".provenance.json", &Attestations::provenance};
constexpr AttestationFile kSpdx = {"SPDX bill of materials", ".spdx.json", &Attestations::spdx};
constexpr AttestationFile kCycloneDx = {"CycloneDX bill of materials", ".cdx.json", &Attestations::cyclonedx};

fs::path path_of(const AttestationFile& file, const fs::path& image) { return image.string() + file.suffix; }

// What the image itself says, to compare with.
struct ImageFacts {
  ProvenanceSubjects subjects;
  std::vector<std::string> packages;  // "name version sha256", sorted
};

Result<ImageFacts> facts_of(const OpenedImage& image) {
  ImageFacts facts;
  const FatFile* uki_file = TRY(image.only_file(kUkiDirectory, ".efi"));
  OpenedUki uki = TRY(in(uki_file->path, open_uki(uki_file->content)));
  facts.subjects = {uki.root_hash, {uki_file->path, sha256(uki_file->content)}, {}};
  for (const FatFile& file : image.esp)
    if (file.path == kBootloaderPath) facts.subjects.bootloader = {file.path, sha256(file.content)};
  std::string_view lines = uki.packages;
  while (!lines.empty()) {
    std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    std::size_t version_end = line.find(' ', line.find(' ') + 1);
    std::size_t hash = line.rfind(' ');
    if (version_end == std::string_view::npos || version_end == hash)
      return fail("the UKI's list of packages is broken");
    facts.packages.push_back(fmt::format("{}{}", line.substr(0, version_end), line.substr(hash)));
  }
  std::ranges::sort(facts.packages);
  return facts;
}

struct CheckedProvenance {
  AttestationCheck check;
  std::optional<ProvenanceClaims> claims;  // when its envelope, statement and signature could be read
};

CheckedProvenance check_provenance(const fs::path& path, const ImageFacts& facts, const X509Certificate* certificate) {
  CheckedProvenance out = {.check = {.link = kProvenance.link, .path = path, .is_present = fs::exists(path)}};
  if (!out.check.is_present) return out;
  out.check.holds = [&]() -> Status {
    DsseEnvelope envelope = TRY(parse_dsse(TRY(read_file(path, kLargestAttestation))));
    if (envelope.payload_type != kInTotoPayloadType) return fail("its payload is no in-toto statement");
    if (certificate != nullptr) TRY(verify_dsse(envelope, *certificate));
    ProvenanceClaims claims = TRY(parse_provenance(envelope.payload));
    out.check.says = fmt::format("{} {} {}, from {} locked packages; signed by key {}", claims.profile, claims.variant,
                                 claims.version, claims.dependencies, envelope.signatures[0].key_id.substr(0, 16));
    if (claims.subjects.root_hash != facts.subjects.root_hash) return fail("it is about another root");
    if (claims.subjects.uki != facts.subjects.uki) return fail("it is about another UKI");
    if (claims.subjects.bootloader != facts.subjects.bootloader) return fail("it is about another bootloader");
    out.claims = std::move(claims);
    return {};
  }();
  return out;
}

AttestationCheck check_bill(const AttestationFile& file, const fs::path& path, const ImageFacts& facts,
                            const std::optional<ProvenanceClaims>& claims,
                            Result<std::vector<std::string>> (*packages_of)(ByteView)) {
  AttestationCheck check = {.link = file.link, .path = path, .is_present = fs::exists(path)};
  if (!check.is_present) return check;
  check.holds = [&]() -> Status {
    Bytes content = TRY(read_file(path, kLargestAttestation));
    std::vector<std::string> named = TRY(packages_of(content));
    check.says = fmt::format("{} Debian packages, SHA-256 {}", named.size(), sha256(content).hex());
    for (const std::string& package : facts.packages)
      if (!std::ranges::binary_search(named, package)) return fail("it does not name " + package);
    if (!claims) return {};
    auto signed_for = claims->byproducts.find(file.suffix + 1);
    if (signed_for == claims->byproducts.end()) return fail("the provenance does not name it");
    if (signed_for->second != sha256(content)) return fail("it was changed: the provenance names another hash");
    return {};
  }();
  return check;
}

}  // namespace

Result<Attestations> make_attestations(const AttestationInputs& inputs, const Signer& db) {
  const SbomInputs& contents = inputs.contents;
  Sbom sbom = TRY(describe_contents(contents));
  Attestations out = {.spdx = spdx_document(sbom), .cyclonedx = cyclonedx_document(sbom)};
  ProvenanceInputs provenance = {
      .profile = contents.profile,
      .variant = contents.variant,
      .version = contents.version,
      .subjects = {contents.root_hash,
                   {fmt::format("{}ashlar_{}.efi", kUkiDirectory, contents.version), contents.uki.sha256},
                   {std::string(kBootloaderPath), contents.bootloader.sha256}},
      .lock = inputs.lock,
      .sources = inputs.sources,
      .byproducts = {{kSpdx.suffix + 1, sha256(out.spdx)}, {kCycloneDx.suffix + 1, sha256(out.cyclonedx)}}};
  // A package in several profiles is one package.
  for (const auto* packages : {&contents.packages, &contents.workshop, &contents.kernel_source})
    provenance.packages.insert(provenance.packages.end(), packages->begin(), packages->end());
  std::ranges::stable_sort(provenance.packages, {}, &LockedPackage::name);
  auto repeated = std::ranges::unique(provenance.packages);
  provenance.packages.erase(repeated.begin(), repeated.end());
  out.provenance = TRY(sign_dsse(db, kInTotoPayloadType, as_bytes(provenance_statement(provenance))));
  return out;
}

Status write_attestations(const fs::path& image, const Attestations& attestations) {
  for (const AttestationFile& file : {kSpdx, kCycloneDx, kProvenance}) {
    const std::string& content = attestations.*file.content;
    Result<std::string> there = read_text(path_of(file, image));
    if (there && *there == content) continue;
    TRY(write_file(path_of(file, image), as_bytes(content)));
  }
  return {};
}

Result<std::array<AttestationCheck, 3>> check_attestations(const fs::path& image_path, const OpenedImage& image,
                                                           const X509Certificate* certificate) {
  ImageFacts facts = TRY(facts_of(image));
  auto [provenance, claims] = check_provenance(path_of(kProvenance, image_path), facts, certificate);
  AttestationCheck spdx = check_bill(kSpdx, path_of(kSpdx, image_path), facts, claims, packages_of_spdx);
  AttestationCheck cyclonedx =
      check_bill(kCycloneDx, path_of(kCycloneDx, image_path), facts, claims, packages_of_cyclonedx);
  return std::array{std::move(provenance), std::move(spdx), std::move(cyclonedx)};
}

std::vector<std::string> missing_attestations(const fs::path& image) {
  std::vector<std::string> missing;
  bool is_signed = fs::exists(path_of(kProvenance, image));
  for (const AttestationFile& file : {kProvenance, kSpdx, kCycloneDx}) {
    fs::path path = path_of(file, image);
    if (!fs::exists(path)) {
      missing.push_back(fmt::format("no {} lies beside the image ({})", file.link, path.filename().string()));
    } else if (!is_signed) {
      missing.push_back(fmt::format("the {} is not signed without a provenance", file.link));
    }
  }
  return missing;
}

}  // namespace ashlar::image
