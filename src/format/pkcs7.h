// PKCS #7 SignedData (RFC 2315) through OpenSSL, for the codecs of this folder. Others use signer.h, authenticode.h and
// efi_auth.h, which say what a signature is for. Host only.
#pragma once

#include "format/signer.h"

namespace ashlar {

using Pkcs7 = std::unique_ptr<PKCS7, OpenSslDeleter>;
using Bio = std::unique_ptr<BIO, OpenSslDeleter>;

// A BIO that reads `bytes`, which must outlive it.
Result<Bio> bio_of(ByteView bytes);

// "CN=Ashlar db,O=Owner", RFC 2253.
std::string x509_name_text(const X509_NAME* name);

struct Pkcs7Options {
  bool detached = true;
  bool with_certificate = false;
};
// SHA-256, binary, no signed attributes.
Result<Pkcs7> sign_pkcs7(const Signer& signer, ByteView content, Pkcs7Options options);

// SignedData by one signer with SHA-256; nothing behind it.
Result<Pkcs7> parse_pkcs7(ByteView der);

// Who it says made it: the subject of the signer's certificate, or "issued by " and the issuer when that is not
// enclosed.
std::string pkcs7_signer(PKCS7* signature);

// The one signature was made over `content` by the key of `certificate`.
Status verify_pkcs7(PKCS7* signature, const X509Certificate& certificate, ByteView content);

// DER through one of OpenSSL's i2d functions.
template <typename T, typename Encode>
Result<Bytes> encode_der(Encode encode, T* value) {
  unsigned char* buffer = nullptr;
  int size = encode(value, &buffer);
  if (size < 0) return fail_openssl("encode DER");
  Bytes out(buffer, buffer + size);
  OPENSSL_free(buffer);
  return out;
}

}  // namespace ashlar
