// Signing keys and certificates, and PKCS #7 (RFC 2315) signatures as the kernel takes them. Host only.
#pragma once

#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include <memory>

#include "base/bytes.h"

namespace ashlar {

struct OpenSslDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(PKCS7* signature) const { PKCS7_free(signature); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using EvpKey = std::unique_ptr<EVP_PKEY, OpenSslDeleter>;
using X509Certificate = std::unique_ptr<X509, OpenSslDeleter>;

// "what: the reason OpenSSL gives". Takes OpenSSL's error queue of this thread with it.
std::unexpected<Error> fail_openssl(std::string_view what);

// An unencrypted private key, PEM.
Result<EvpKey> parse_private_key(ByteView pem);
// One certificate, PEM or DER, nothing behind it.
Result<X509Certificate> parse_certificate(ByteView text_or_der);
Bytes certificate_der(const X509Certificate& certificate);
// "CN=Ashlar db,O=Owner", RFC 2253.
std::string certificate_subject(const X509Certificate& certificate);

// A key and the certificate that belongs to it. The key may live in a token: it is only used through EVP.
struct Signer {
  EvpKey key;
  X509Certificate certificate;
};
// Refuses a key that is not RSA of 2048 bits or more, and a certificate of another key.
Result<Signer> make_signer(EvpKey key, X509Certificate certificate);

// RSA PKCS #1 v1.5 with SHA-256 (RFC 8017, 8.2; a TPM's RSASSA), the bare signature: the same bytes every time, from a
// key in a file or in a token.
Result<Bytes> sign_pkcs1(const Signer& signer, ByteView content);
// The signature was made over exactly `content` by the private half of `key`.
Status verify_pkcs1(const EvpKey& key, ByteView signature, ByteView content);

// PKCS #7 SignedData, DER, SHA-256, no signed attributes, binary: the same bytes every time.
// Detached, without certificates: what dm-verity wants over the ASCII hex root hash (root_hash_sig_key_desc).
Result<Bytes> sign_detached(const Signer& signer, ByteView content);
// With the content inside: what IPE wants for a policy (securityfs ipe/new_policy).
Result<Bytes> sign_attached(const Signer& signer, ByteView content);

// The signature was made over exactly `content` by the key of exactly this certificate. Dates, issuers and key usage
// are not looked at, as firmware and kernel do not.
Status verify_detached(const X509Certificate& certificate, ByteView signature, ByteView content);
// Who a signature, detached or not, says it is by; nothing is verified.
Result<std::string> signer_of(ByteView signature);
// What an attached signature was made over; nothing is verified.
Result<Bytes> attached_content(ByteView signature);
// The content that was signed.
Result<Bytes> verify_attached(const X509Certificate& certificate, ByteView signature);

}  // namespace ashlar
