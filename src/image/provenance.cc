#include "image/provenance.h"

#include <fmt/format.h>

#include "image/boot_files.h"
#include "image/json_read.h"
#include "image/sbom.h"

namespace ashlar::image {
namespace {

constexpr const char* kStatementType = "https://in-toto.io/Statement/v1";
constexpr const char* kPredicateType = "https://slsa.dev/provenance/v1";
constexpr const char* kBuildType = "urn:ashlar:build:v1";
constexpr const char* kBuilder = "urn:ashlar:builder:v1";
constexpr const char* kRootName = "root";
constexpr const char* kRootDigest = "dmVerityRootHash";  // SHA-256 tree, 4096-byte blocks, salt in the superblock

Json descriptor(const NamedDigest& file) { return {{"name", file.name}, {"digest", {{"sha256", file.sha256.hex()}}}}; }

Json dependency(const LockedPackage& package) {
  return {{"uri", package_url(package)},
          {"digest", {{"sha256", package.sha256.hex()}}},
          {"name", package.name},
          {"annotations", {{"profiles", package.profiles}}}};
}

Result<Sha256Digest> digest_of(const Json& descriptor, const char* algorithm) {
  return in(text_member(descriptor, "name"), parse_sha256(text_member(member(descriptor, "digest"), algorithm)));
}

Result<ProvenanceSubjects> parse_subjects(const Json& subjects) {
  if (!subjects.is_array() || subjects.size() != 3) return fail("it is not about root, UKI and bootloader alone");
  ProvenanceSubjects parsed;
  for (const Json& subject : subjects) {
    std::string name = text_member(subject, "name");
    if (name == kRootName) {
      parsed.root_hash.digest = TRY(digest_of(subject, kRootDigest));
    } else if (name == kBootloaderPath) {
      parsed.bootloader.sha256 = TRY(digest_of(subject, "sha256"));
      parsed.bootloader.name = name;
    } else {
      parsed.uki.sha256 = TRY(digest_of(subject, "sha256"));
      parsed.uki.name = name;
    }
  }
  return parsed;
}

}  // namespace

std::string provenance_statement(const ProvenanceInputs& inputs) {
  Json definition = {{"buildType", kBuildType},
                     {"externalParameters",
                      {{"profile", inputs.profile},
                       {"variant", name_of(inputs.variant)},
                       {"lock", {{"name", "os/packages.lock"}, {"digest", {{"sha256", inputs.lock.hex()}}}}}}},
                     {"internalParameters", {{"version", inputs.version}, {"sources", Json::object()}}},
                     {"resolvedDependencies", Json::array()}};
  for (const NamedDigest& source : inputs.sources)
    definition["internalParameters"]["sources"][source.name] = source.sha256.hex();
  for (const LockedPackage& package : inputs.packages)
    definition["resolvedDependencies"].push_back(dependency(package));
  Json details = {{"builder", {{"id", kBuilder}, {"version", {{"ashlar", inputs.version}}}}},
                  {"byproducts", Json::array()}};
  for (const NamedDigest& byproduct : inputs.byproducts) details["byproducts"].push_back(descriptor(byproduct));
  Json root = {{"name", kRootName}, {"digest", {{kRootDigest, inputs.subjects.root_hash.hex()}}}};
  Json out = {{"_type", kStatementType},
              {"subject",
               Json::array({std::move(root), descriptor(inputs.subjects.uki), descriptor(inputs.subjects.bootloader)})},
              {"predicateType", kPredicateType},
              {"predicate", {{"buildDefinition", std::move(definition)}, {"runDetails", std::move(details)}}}};
  return json_text(out);
}

Result<ProvenanceClaims> parse_provenance(ByteView statement) {
  Json parsed = TRY(parse_json(statement));
  if (text_member(parsed, "_type") != kStatementType) return fail("not an in-toto Statement v1");
  if (text_member(parsed, "predicateType") != kPredicateType) return fail("not SLSA Provenance v1");
  const Json& definition = member(member(parsed, "predicate"), "buildDefinition");
  if (text_member(definition, "buildType") != kBuildType) return fail("not a build of this tool");
  const Json& external = member(definition, "externalParameters");
  ProvenanceSubjects subjects = TRY(parse_subjects(member(parsed, "subject")));
  ProvenanceClaims claims = {.profile = text_member(external, "profile"),
                             .variant = text_member(external, "variant"),
                             .version = text_member(member(definition, "internalParameters"), "version"),
                             .dependencies = member(definition, "resolvedDependencies").size(),
                             .subjects = std::move(subjects)};
  for (const Json& byproduct : member(member(member(parsed, "predicate"), "runDetails"), "byproducts"))
    claims.byproducts[text_member(byproduct, "name")] = TRY(digest_of(byproduct, "sha256"));
  return claims;
}

}  // namespace ashlar::image
