#include "format/signer.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "format/pkcs7.h"

namespace ashlar {
namespace {

constexpr int kMinimumRsaBits = 2048;

// OpenSSL would ask on the terminal: a key that is encrypted is an error here.
int no_password(char*, int, int, void*) { return -1; }

struct DigestContextRelease {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, DigestContextRelease>;

bool is_data(PKCS7* signature) { return PKCS7_type_is_data(signature->d.sign->contents); }

Result<Bytes> content_inside(const Pkcs7& parsed) {
  if (!is_data(parsed.get()) || PKCS7_get_detached(parsed.get()) != 0) return fail("not a signature with content");
  const ASN1_OCTET_STRING* inside = parsed->d.sign->contents->d.data;
  ByteView content(ASN1_STRING_get0_data(inside), static_cast<std::size_t>(ASN1_STRING_length(inside)));
  return Bytes(content.begin(), content.end());
}

}  // namespace

std::unexpected<Error> fail_openssl(std::string_view what) {
  std::array<char, 256> reason{};
  unsigned long code = ERR_peek_last_error();
  ERR_error_string_n(code, reason.data(), reason.size());
  ERR_clear_error();
  return fail(std::string(what) + (code == 0 ? "" : ": " + std::string(reason.data())));
}

Result<EvpKey> parse_private_key(ByteView pem) {
  Bio bio = TRY(bio_of(pem));
  EvpKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (!key) return fail_openssl("not an unencrypted private key in PEM");
  return key;
}

Result<X509Certificate> parse_certificate(ByteView text_or_der) {
  if (as_text(text_or_der).starts_with("-----BEGIN")) {
    Bio bio = TRY(bio_of(text_or_der));
    X509Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
    if (!certificate) return fail_openssl("not a certificate in PEM");
    if (BIO_pending(bio.get()) != 0) return fail("bytes behind a certificate in PEM");
    return certificate;
  }
  const unsigned char* at = text_or_der.data();
  X509Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(text_or_der.size())));
  if (!certificate) return fail_openssl("not a certificate");
  if (at != text_or_der.data() + text_or_der.size()) return fail("bytes behind a certificate");
  return certificate;
}

Bytes certificate_der(const X509Certificate& certificate) {
  Result<Bytes> der = encode_der(i2d_X509, certificate.get());
  return der ? std::move(*der) : Bytes{};
}

std::string certificate_subject(const X509Certificate& certificate) {
  return x509_name_text(X509_get_subject_name(certificate.get()));
}

Result<Signer> make_signer(EvpKey key, X509Certificate certificate) {
  if (!key || !certificate) return fail("a signer needs a key and a certificate");
  if (EVP_PKEY_is_a(key.get(), "RSA") != 1) return fail("the signing key is not an RSA key");
  if (EVP_PKEY_get_bits(key.get()) < kMinimumRsaBits) {
    return fail("the signing key has " + std::to_string(EVP_PKEY_get_bits(key.get())) + " bits, fewer than 2048");
  }
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return fail_openssl("the key does not belong to the certificate of " + certificate_subject(certificate));
  }
  return Signer{std::move(key), std::move(certificate)};
}

Result<Bytes> sign_pkcs1(const Signer& signer, ByteView content) {
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

Status verify_pkcs1(const EvpKey& key, ByteView signature, ByteView content) {
  DigestContext context(EVP_MD_CTX_new());
  if (!key || EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), content.data(), content.size()) != 1) {
    return fail_openssl("the signature is not of this content by this key");
  }
  return {};
}

Result<Bytes> sign_detached(const Signer& signer, ByteView content) {
  return encode_der(i2d_PKCS7, TRY(sign_pkcs7(signer, content, {.detached = true})).get());
}

Result<Bytes> sign_attached(const Signer& signer, ByteView content) {
  return encode_der(i2d_PKCS7, TRY(sign_pkcs7(signer, content, {.detached = false})).get());
}

Result<std::string> signer_of(ByteView signature) { return pkcs7_signer(TRY(parse_pkcs7(signature)).get()); }

Status verify_detached(const X509Certificate& certificate, ByteView signature, ByteView content) {
  Pkcs7 parsed = TRY(parse_pkcs7(signature));
  if (!is_data(parsed.get()) || PKCS7_get_detached(parsed.get()) == 0) return fail("not a detached signature");
  return verify_pkcs7(parsed.get(), certificate, content);
}

Result<Bytes> attached_content(ByteView signature) { return content_inside(TRY(parse_pkcs7(signature))); }

Result<Bytes> verify_attached(const X509Certificate& certificate, ByteView signature) {
  Pkcs7 parsed = TRY(parse_pkcs7(signature));
  Bytes content = TRY(content_inside(parsed));
  TRY(verify_pkcs7(parsed.get(), certificate, content));
  return content;
}

}  // namespace ashlar
