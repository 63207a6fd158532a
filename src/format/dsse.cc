#include "format/dsse.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "format/pkcs7.h"

namespace ashlar {
namespace {

using Json = nlohmann::ordered_json;

struct DigestContextRelease {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, DigestContextRelease>;

std::string to_base64(ByteView bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a zero
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
  text.pop_back();
  return text;
}

// Only what to_base64 writes: one text for each content.
Result<Bytes> from_base64(std::string_view text, std::string_view what) {
  Bytes bytes(text.size() / 4 * 3);
  int size = EVP_DecodeBlock(bytes.data(), as_bytes(text).data(), static_cast<int>(text.size()));
  if (size >= 0 && text.ends_with("=")) size -= text.ends_with("==") ? 2 : 1;  // OpenSSL counts the padding
  if (size < 0) return fail(std::string(what) + " is not base64");
  bytes.resize(static_cast<std::size_t>(size));
  if (to_base64(bytes) != text) return fail(std::string(what) + " is not base64 as RFC 4648, 4 writes it");
  return bytes;
}

// The text at `key`; an error when there is none.
Result<std::string> text_of(const Json& object, const char* key) {
  if (!object.is_object()) return fail("not a DSSE envelope: an object is missing");
  auto found = object.find(key);
  if (found == object.end() || !found->is_string())
    return fail(fmt::format("not a DSSE envelope: there is no \"{}\"", key));
  return found->get<std::string>();
}

Result<Bytes> sign(const Signer& signer, ByteView content) {
  DigestContext context(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, signer.key.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, content.data(), content.size()) != 1) {
    return fail_openssl("prepare a signature");
  }
  Bytes signature(size);
  if (EVP_DigestSign(context.get(), signature.data(), &size, content.data(), content.size()) != 1) {
    return fail_openssl("sign");
  }
  signature.resize(size);
  return signature;
}

bool verifies(const X509Certificate& certificate, ByteView signature, ByteView content) {
  DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY* key = X509_get0_pubkey(certificate.get());
  return key != nullptr && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), content.data(), content.size()) == 1;
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
  Bytes signature = TRY(sign(signer, dsse_pae(payload_type, payload)));
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
  envelope.payload = TRY(from_base64(TRY(text_of(parsed, "payload")), "the payload"));
  auto signatures = parsed.find("signatures");
  if (signatures == parsed.end() || !signatures->is_array() || signatures->empty()) {
    return fail("not a DSSE envelope: there is no signature");
  }
  for (const Json& signature : *signatures) {
    Bytes bytes = TRY(from_base64(TRY(text_of(signature, "sig")), "a signature"));
    std::string key_id = signature.contains("keyid") ? TRY(text_of(signature, "keyid")) : "";
    envelope.signatures.push_back({std::move(key_id), std::move(bytes)});
  }
  return envelope;
}

Status verify_dsse(const DsseEnvelope& envelope, const X509Certificate& certificate) {
  Bytes signed_bytes = dsse_pae(envelope.payload_type, envelope.payload);
  for (const DsseSignature& signature : envelope.signatures) {
    if (verifies(certificate, signature.signature, signed_bytes)) return {};
  }
  return fail_openssl("no signature by " + certificate_subject(certificate) + " over this statement");
}

}  // namespace ashlar
