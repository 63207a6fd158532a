#include "format/dsse.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/digest.h"
#include "format/pkcs7.h"

namespace ashlar {
namespace {

using Json = nlohmann::ordered_json;

// The text at `key`; an error when there is none.
Result<std::string> text_of(const Json& object, const char* key) {
  if (!object.is_object()) return fail("not a DSSE envelope: an object is missing");
  auto found = object.find(key);
  if (found == object.end() || !found->is_string())
    return fail(fmt::format("not a DSSE envelope: there is no \"{}\"", key));
  return found->get<std::string>();
}

}  // namespace

Bytes dsse_pae(std::string_view payload_type, ByteView payload) {
  std::string head = fmt::format("DSSEv1 {} {} {} ", payload_type.size(), payload_type, payload.size());
  Bytes out(head.begin(), head.end());
  append(out, payload);
  return out;
}

Result<std::string> dsse_key_id(const X509Certificate& certificate) {
  return sha256(TRY(encode_der(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(certificate.get())))).hex();
}

Result<std::string> sign_dsse(const Signer& signer, std::string_view payload_type, ByteView payload) {
  Bytes signature = TRY(sign_pkcs1(signer, dsse_pae(payload_type, payload)));
  std::string key_id = TRY(dsse_key_id(signer.certificate));
  Json envelope = {{"payloadType", payload_type}, {"payload", to_base64(payload)}};
  envelope["signatures"] = Json::array();
  envelope["signatures"].push_back({{"keyid", key_id}, {"sig", to_base64(signature)}});
  return envelope.dump(2) + "\n";
}

Result<DsseEnvelope> parse_dsse(ByteView json) {
  Json parsed = Json::parse(json.begin(), json.end(), nullptr, false);
  if (parsed.is_discarded()) return fail("not a DSSE envelope: not JSON");
  DsseEnvelope envelope;
  envelope.payload_type = TRY(text_of(parsed, "payloadType"));
  envelope.payload = TRY(in("the payload", from_base64(TRY(text_of(parsed, "payload")))));
  auto signatures = parsed.find("signatures");
  if (signatures == parsed.end() || !signatures->is_array() || signatures->empty()) {
    return fail("not a DSSE envelope: there is no signature");
  }
  for (const Json& signature : *signatures) {
    Bytes bytes = TRY(in("a signature", from_base64(TRY(text_of(signature, "sig")))));
    std::string key_id = signature.contains("keyid") ? TRY(text_of(signature, "keyid")) : "";
    envelope.signatures.push_back({std::move(key_id), std::move(bytes)});
  }
  return envelope;
}

Status verify_dsse(const DsseEnvelope& envelope, const X509Certificate& certificate) {
  Bytes signed_bytes = dsse_pae(envelope.payload_type, envelope.payload);
  EvpKey key(X509_get_pubkey(certificate.get()));
  for (const DsseSignature& signature : envelope.signatures) {
    if (verify_pkcs1(key, signature.signature, signed_bytes)) return {};
  }
  return fail("no signature by " + certificate_subject(certificate) + " over this statement");
}

}  // namespace ashlar
