// CycloneDX 1.6, JSON: the same bill for tools that read this format.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/guid.h"
#include "image/json_read.h"
#include "image/sbom.h"

namespace ashlar::image {
namespace {

const char* type_of(SbomComponent::Kind kind) {
  switch (kind) {
    case SbomComponent::Kind::kDebianPackage:
      return "library";
    case SbomComponent::Kind::kFirmwareProgram:
      return "firmware";
    default:
      return "application";
  }
}

Json property(const char* name, const std::string& value) { return {{"name", name}, {"value", value}}; }

Json component_entry(const SbomComponent& component) {
  Json entry = {{"type", type_of(component.kind)},
                {"bom-ref", component.id},
                {"name", component.name},
                {"version", component.version},
                {"hashes", Json::array({{{"alg", "SHA-256"}, {"content", component.sha256.hex()}}})}};
  if (!component.licence.empty()) entry["licenses"] = Json::array({{{"expression", component.licence}}});
  if (!component.package) return entry;
  entry["supplier"] = {{"name", "Debian"}};
  entry["purl"] = package_url(*component.package);
  entry["properties"] = Json::array({property("ashlar:pool-path", component.package->path)});
  if (component.licence_file) {
    entry["properties"].push_back(property("ashlar:licence-file", component.licence_file->path));
    entry["properties"].push_back(property("ashlar:licence-file-sha256", component.licence_file->sha256.hex()));
  }
  return entry;
}

}  // namespace

std::string cyclonedx_document(const Sbom& sbom) {
  Json out = {
      {"bomFormat", "CycloneDX"},
      {"specVersion", "1.6"},
      {"serialNumber", ""},
      {"version", 1},
      {"metadata",
       {{"timestamp", "2026-01-01T00:00:00Z"},  // kSourceDateEpoch, the time of every step
        {"tools",
         {{"components", Json::array({{{"type", "application"}, {"name", "ashlar"}, {"version", sbom.version}}})}}},
        {"component",
         {{"type", "operating-system"},
          {"bom-ref", kSbomImage},
          {"name", sbom.name},
          {"version", sbom.version},
          {"properties", Json::array({property("ashlar:dm-verity-root-hash", sbom.root_hash.hex())})}}}}}};
  out["components"] = Json::array();
  for (const SbomComponent& component : sbom.components) out["components"].push_back(component_entry(component));
  // Every relation of the model is "is made with" here: the format knows no other between components.
  std::map<std::string, std::vector<std::string>> needs;
  for (const SbomRelationship& known : sbom.relationships) needs[known.from].push_back(known.to);
  out["dependencies"] = Json::array();
  for (auto& [from, to] : needs) {
    std::ranges::sort(to);
    out["dependencies"].push_back({{"ref", from}, {"dependsOn", to}});
  }
  Sha256Digest content = sha256(json_text(out));
  content.bytes[6] = static_cast<std::uint8_t>((content.bytes[6] & 0x0f) | 0x80);  // RFC 9562, 5.8: version 8,
  content.bytes[8] = static_cast<std::uint8_t>((content.bytes[8] & 0x3f) | 0x80);  // for a hash of one's own
  Guid serial = guid_from_big_endian(std::span<const std::uint8_t, 32>(content.bytes).first<16>());
  out["serialNumber"] = "urn:uuid:" + serial.text();
  return json_text(out);
}

Result<std::vector<std::string>> packages_of_cyclonedx(ByteView document) {
  Json parsed = TRY(parse_json(document));
  if (text_member(parsed, "bomFormat") != "CycloneDX") return fail("not CycloneDX");
  std::vector<std::string> packages;
  for (const Json& component : member(parsed, "components")) {
    if (!text_member(component, "purl").starts_with("pkg:deb/debian/")) continue;
    std::string hash;
    for (const Json& sum : member(component, "hashes"))
      if (text_member(sum, "alg") == "SHA-256") hash = text_member(sum, "content");
    packages.push_back(
        fmt::format("{} {} {}", text_member(component, "name"), text_member(component, "version"), hash));
  }
  std::ranges::sort(packages);
  return packages;
}

}  // namespace ashlar::image
