// SPDX 2.3, JSON: clause numbers are those of the specification.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "image/json_read.h"
#include "image/sbom.h"

namespace ashlar::image {
namespace {

constexpr const char* kNoAssertion = "NOASSERTION";
constexpr const char* kCreated = "2026-01-01T00:00:00Z";  // kSourceDateEpoch, the time of every step

std::string reference(std::string_view id) { return fmt::format("SPDXRef-{}", id); }

const char* purpose_of(SbomComponent::Kind kind) {
  switch (kind) {
    case SbomComponent::Kind::kDebianPackage:
      return "INSTALL";
    case SbomComponent::Kind::kFirmwareProgram:
      return "FIRMWARE";
    default:
      return "APPLICATION";
  }
}

const char* type_of(SbomRelation relation) {
  switch (relation) {
    case SbomRelation::kContains:
      return "CONTAINS";
    case SbomRelation::kGeneratedFrom:
      return "GENERATED_FROM";
    default:
      return "STATIC_LINK";
  }
}

Json checksum(const char* algorithm, const std::string& value) {
  return {{"algorithm", algorithm}, {"checksumValue", value}};
}

// 7. What we say of every package: where it can be had depends on the mirror, and nobody here judges its licence.
Json package_entry(std::string_view id, const std::string& name, const std::string& version) {
  return {{"SPDXID", reference(id)},         {"name", name},
          {"versionInfo", version},          {"downloadLocation", kNoAssertion},
          {"filesAnalyzed", false},          {"licenseConcluded", kNoAssertion},
          {"licenseDeclared", kNoAssertion}, {"copyrightText", kNoAssertion}};
}

Json component_entry(const SbomComponent& component) {
  Json entry = package_entry(component.id, component.name, component.version);
  entry["checksums"] = Json::array({checksum("SHA256", component.sha256.hex())});
  entry["primaryPackagePurpose"] = purpose_of(component.kind);
  if (!component.licence.empty()) entry["licenseDeclared"] = component.licence;
  if (!component.package) return entry;
  const LockedPackage& package = *component.package;
  entry["packageFileName"] = package.path.substr(package.path.rfind('/') + 1);
  entry["supplier"] = "Organization: Debian";
  entry["sourceInfo"] = fmt::format("Debian archive, suite {}, {}", package.suite, package.path);
  entry["externalRefs"] = Json::array({{{"referenceCategory", "PACKAGE-MANAGER"},
                                        {"referenceType", "purl"},
                                        {"referenceLocator", package_url(package)}}});
  if (component.licence_file) {
    entry["licenseComments"] = fmt::format("As {} of the {} says", component.licence_file->path,
                                           component.licence_in_image ? "image" : "package");
  } else {
    entry["licenseComments"] = "The package has no licence file of its own: its source package has it";
  }
  return entry;
}

// 8. Several packages may share one licence file: the path names it.
std::string licence_id(const LicenceFile& file) {
  std::string id = "Licence";
  for (char c : file.path) c == '+' ? id.push_back('P') : id.push_back(c == '/' || c == '_' ? '-' : c);
  return id;
}

Json file_entry(const LicenceFile& file) {
  return {{"SPDXID", reference(licence_id(file))},
          {"fileName", "." + file.path},
          {"fileTypes", Json::array({"DOCUMENTATION", "TEXT"})},
          {"checksums", Json::array({checksum("SHA1", file.sha1), checksum("SHA256", file.sha256.hex())})},
          {"licenseConcluded", kNoAssertion},
          {"licenseInfoInFiles", Json::array({kNoAssertion})},
          {"copyrightText", kNoAssertion}};
}

Json relationship(const std::string& from, const char* type, const std::string& to) {
  return {{"spdxElementId", from}, {"relationshipType", type}, {"relatedSpdxElement", to}};
}

}  // namespace

std::string spdx_document(const Sbom& sbom) {
  Json out = {{"spdxVersion", "SPDX-2.3"},
              {"dataLicense", "CC0-1.0"},
              {"SPDXID", "SPDXRef-DOCUMENT"},
              {"name", sbom.name + "-" + sbom.version},
              {"documentNamespace", ""},
              {"creationInfo", {{"created", kCreated}, {"creators", Json::array({"Tool: ashlar-" + sbom.version})}}}};
  Json image = package_entry(kSbomImage, sbom.name, sbom.version);
  image["primaryPackagePurpose"] = "OPERATING-SYSTEM";
  image["comment"] = "dm-verity root hash " + sbom.root_hash.hex();
  out["packages"] = Json::array({std::move(image)});
  std::map<std::string, LicenceFile> files;
  Json relationships = Json::array({relationship("SPDXRef-DOCUMENT", "DESCRIBES", reference(kSbomImage))});
  for (const SbomComponent& component : sbom.components) {
    out["packages"].push_back(component_entry(component));
    if (!component.licence_file) continue;
    std::string id = licence_id(*component.licence_file);
    files.emplace(id, *component.licence_file);
    relationships.push_back(relationship(reference(id), "DOCUMENTATION_OF", reference(component.id)));
  }
  for (const SbomRelationship& known : sbom.relationships)
    relationships.push_back(relationship(reference(known.from), type_of(known.relation), reference(known.to)));
  out["files"] = Json::array();
  for (const auto& [id, file] : files) out["files"].push_back(file_entry(file));
  out["relationships"] = std::move(relationships);
  // 6.5: unique to this document, so a function of everything it says.
  out["documentNamespace"] = fmt::format("https://spdx.org/spdxdocs/{}-{}", out["name"].get<std::string>(),
                                         sha256(json_text(out)).hex().substr(0, 32));
  return json_text(out);
}

Result<std::vector<std::string>> packages_of_spdx(ByteView document) {
  Json parsed = TRY(parse_json(document));
  if (text_member(parsed, "spdxVersion") != "SPDX-2.3") return fail("not SPDX 2.3");
  std::vector<std::string> packages;
  for (const Json& package : member(parsed, "packages")) {
    bool debian = false;
    for (const Json& reference : member(package, "externalRefs"))
      debian |= text_member(reference, "referenceLocator").starts_with("pkg:deb/debian/");
    if (!debian) continue;
    std::string hash;
    for (const Json& sum : member(package, "checksums"))
      if (text_member(sum, "algorithm") == "SHA256") hash = text_member(sum, "checksumValue");
    packages.push_back(
        fmt::format("{} {} {}", text_member(package, "name"), text_member(package, "versionInfo"), hash));
  }
  std::ranges::sort(packages);
  return packages;
}

}  // namespace ashlar::image
