#include "format/pcr_signature.h"

#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/base64.h"

namespace ashlar {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kBank = "sha256";

// One signed policy as it stands in the array.
struct Entry {
  const char* use;
  std::string_view policy_ref;
  Sha256Digest ImagePolicies::* policy;
  RsaSignature PcrSignature::* signature;
};
constexpr std::array<Entry, 3> kEntries = {
    Entry{"unseal", kUnsealRef, &ImagePolicies::unseal, &PcrSignature::unseal},
    Entry{"write", kRollbackWriteRef, &ImagePolicies::write, &PcrSignature::write},
    Entry{"first-write", kRollbackWriteRef, &ImagePolicies::first_write, &PcrSignature::first_write}};

// The member `key` of an object; null when there is none.
const Json& member(const Json& object, const char* key) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  auto found = object.find(key);
  return found == object.end() ? nothing : *found;
}

Result<std::string> text_member(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_string()) return fail(std::string("there is no text \"") + key + "\"");
  return value.get<std::string>();
}

Result<PcrSignature> read(const Json& json) {
  const Json& epoch = member(json, "epoch");
  if (!epoch.is_number_unsigned()) return fail("there is no \"epoch\"");
  PcrSignature out{.epoch = TRY(Epoch::from(epoch.get<std::uint64_t>())), .key_fingerprint = {}, .policies = {}};
  const Json& signatures = member(json, kBank);
  if (!signatures.is_array() || signatures.size() != kEntries.size()) return fail("there are not three signatures");
  for (std::size_t i = 0; i < kEntries.size(); ++i) {
    out.key_fingerprint = TRY(parse_sha256(TRY(text_member(signatures[i], "pkfp"))));
    out.policies.*kEntries[i].policy = TRY(parse_sha256(TRY(text_member(signatures[i], "pol"))));
    Bytes signature = TRY(from_base64(TRY(text_member(signatures[i], "sig"))));
    RsaSignature& into = out.*kEntries[i].signature;
    if (signature.size() != into.size()) return fail("a signature has not 256 bytes");
    std::ranges::copy(signature, into.begin());
  }
  return out;
}

}  // namespace

std::string build_pcr_signature(const PcrSignature& signature) {
  Json signatures = Json::array();
  for (const Entry& entry : kEntries) {
    signatures.push_back({{"use", entry.use},
                          {"pcrs", {kPcrUki, kPcrUkiParameters, kPcrUkiExtensions}},
                          {"pkfp", signature.key_fingerprint.hex()},
                          {"policyRef", entry.policy_ref},
                          {"pol", (signature.policies.*entry.policy).hex()},
                          {"sig", to_base64(signature.*entry.signature)}});
  }
  Json out = {{"epoch", signature.epoch.number()}, {kBank, std::move(signatures)}};
  return out.dump() + "\n";
}

Result<PcrSignature> parse_pcr_signature(ByteView json) {
  if (json.size() > kLargestPcrSignature) return fail(std::to_string(json.size()) + " bytes are too many");
  Json parsed = Json::parse(json.begin(), json.end(), nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return fail("not JSON");
  PcrSignature signature = TRY(read(parsed));
  // Members twice, others beside them, white space, another order, other PCRs or references: none of it is ours.
  if (build_pcr_signature(signature) != as_text(json)) return fail("not written as the builder writes it");
  return signature;
}

}  // namespace ashlar
