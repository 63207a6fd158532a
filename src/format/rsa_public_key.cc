#include "format/rsa_public_key.h"

#include <algorithm>

#include "base/base64.h"

namespace ashlar {
namespace {

// With the sizes fixed, all but the modulus is constant.
// SEQUENCE { SEQUENCE { OID rsaEncryption, NULL }, BIT STRING without unused bits, of
constexpr std::array<std::uint8_t, 24> kInfo = {0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                                0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00};
//   SEQUENCE { INTEGER with a zero before its first bit, ... , INTEGER 65537 } }
constexpr std::array<std::uint8_t, 9> kKey = {0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00};
constexpr std::array<std::uint8_t, 5> kExponent = {0x02, 0x03, 0x01, 0x00, 0x01};

constexpr std::string_view kBegin = "-----BEGIN PUBLIC KEY-----\n";
constexpr std::string_view kEnd = "-----END PUBLIC KEY-----\n";
constexpr std::size_t kLine = 64;  // RFC 7468, 2

Bytes pkcs1_der(const RsaPublicKey& key) {
  Bytes out;
  append(out, kKey);
  append(out, key.modulus);
  append(out, kExponent);
  return out;
}

}  // namespace

Bytes RsaPublicKey::der() const {
  Bytes out(kInfo.begin(), kInfo.end());
  append(out, pkcs1_der(*this));
  return out;
}

std::string RsaPublicKey::pem() const {
  std::string text = to_base64(der());
  std::string out(kBegin);
  for (std::size_t i = 0; i < text.size(); i += kLine) out.append(text.substr(i, kLine)).append("\n");
  return out.append(kEnd);
}

Sha256Digest RsaPublicKey::fingerprint() const { return sha256(pkcs1_der(*this)); }

Result<RsaPublicKey> parse_rsa_public_key_der(ByteView der) {
  RsaPublicKey key;
  constexpr std::size_t kBefore = kInfo.size() + kKey.size();
  if (der.size() == kBefore + key.modulus.size() + kExponent.size()) {
    std::ranges::copy(der.subspan(kBefore, key.modulus.size()), key.modulus.begin());
    bool is_shortest = (key.modulus[0] & 0x80) != 0;
    if (is_shortest && std::ranges::equal(der, key.der())) return key;
  }
  return fail("not the public half of an RSA key of 2048 bits with the exponent 65537");
}

Result<RsaPublicKey> parse_rsa_public_key_pem(ByteView pem) {
  std::string_view text = as_text(pem);
  if (text.size() > 1024 || !text.starts_with(kBegin) || !text.ends_with(kEnd) ||
      text.size() < kBegin.size() + kEnd.size()) {
    return fail("not a public key in PEM");
  }
  std::string in_one_line;
  for (char c : text.substr(kBegin.size(), text.size() - kBegin.size() - kEnd.size())) {
    if (c != '\n') in_one_line += c;
  }
  Bytes der = TRY(in("public key", from_base64(in_one_line)));
  RsaPublicKey key = TRY(parse_rsa_public_key_der(der));
  if (key.pem() != text) return fail("not a public key in PEM as RFC 7468 writes it");
  return key;
}

}  // namespace ashlar
