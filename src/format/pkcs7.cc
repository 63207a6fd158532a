#include "format/pkcs7.h"

#include <limits>

namespace ashlar {
namespace {

struct StackDeleter {
  void operator()(STACK_OF(X509) * certificates) const { sk_X509_free(certificates); }
};

}  // namespace

Result<Bio> bio_of(ByteView bytes) {
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return fail("more than 2 GiB to sign");
  Bio bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  if (!bio) return fail_openssl("allocate");
  return bio;
}

std::string x509_name_text(const X509_NAME* name) {
  Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) return "?";
  char* text = nullptr;
  long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Result<Pkcs7> sign_pkcs7(const Signer& signer, ByteView content, Pkcs7Options options) {
  Bio bio = TRY(bio_of(content));
  // The digest is named, not left to the key's default: a key in a token may have none.
  int flags = PKCS7_PARTIAL | PKCS7_BINARY | PKCS7_NOATTR | PKCS7_NOSMIMECAP;
  if (options.detached) flags |= PKCS7_DETACHED;
  if (!options.with_certificate) flags |= PKCS7_NOCERTS;
  Pkcs7 signature(PKCS7_sign(nullptr, nullptr, nullptr, nullptr, flags));
  if (!signature) return fail_openssl("make a PKCS #7 signature");
  if (PKCS7_sign_add_signer(signature.get(), signer.certificate.get(), signer.key.get(), EVP_sha256(), flags) ==
          nullptr ||
      PKCS7_final(signature.get(), bio.get(), flags) != 1) {
    return fail_openssl("sign");
  }
  return signature;
}

Result<Pkcs7> parse_pkcs7(ByteView der) {
  const unsigned char* at = der.data();
  Pkcs7 signature(d2i_PKCS7(nullptr, &at, static_cast<long>(der.size())));
  if (!signature) return fail_openssl("not a PKCS #7 signature");
  if (at != der.data() + der.size()) return fail("bytes behind a PKCS #7 signature");
  if (!PKCS7_type_is_signed(signature.get()) || signature->d.sign == nullptr ||
      signature->d.sign->contents == nullptr) {
    return fail("PKCS #7, but not signed data");
  }
  STACK_OF(PKCS7_SIGNER_INFO)* signers = PKCS7_get_signer_info(signature.get());
  if (sk_PKCS7_SIGNER_INFO_num(signers) != 1) {
    return fail("a PKCS #7 signature by " + std::to_string(sk_PKCS7_SIGNER_INFO_num(signers)) + " signers, not one");
  }
  if (OBJ_obj2nid(sk_PKCS7_SIGNER_INFO_value(signers, 0)->digest_alg->algorithm) != NID_sha256) {
    return fail("a PKCS #7 signature with another digest than SHA-256");
  }
  return signature;
}

std::string pkcs7_signer(PKCS7* signature) {
  PKCS7_SIGNER_INFO* info = sk_PKCS7_SIGNER_INFO_value(PKCS7_get_signer_info(signature), 0);
  X509* certificate = PKCS7_cert_from_signer_info(signature, info);
  const X509_NAME* name = certificate != nullptr ? X509_get_subject_name(certificate) : info->issuer_and_serial->issuer;
  return (certificate != nullptr ? "" : "issued by ") + x509_name_text(name);
}

Status verify_pkcs7(PKCS7* signature, const X509Certificate& certificate, ByteView content) {
  std::unique_ptr<STACK_OF(X509), StackDeleter> certificates(sk_X509_new_null());
  if (!certificates || sk_X509_push(certificates.get(), certificate.get()) <= 0) return fail_openssl("allocate");
  Bio bio = TRY(bio_of(content));
  // NOINTERN: the signer is looked up among our certificates alone, which is the one.
  int flags = PKCS7_BINARY | PKCS7_NOVERIFY | PKCS7_NOINTERN;
  if (PKCS7_verify(signature, certificates.get(), nullptr, bio.get(), nullptr, flags) == 1) return {};
  return fail_openssl("the signature is not by " + certificate_subject(certificate) + " over this content");
}

}  // namespace ashlar
