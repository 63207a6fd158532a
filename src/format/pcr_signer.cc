#include "format/pcr_signer.h"

#include <algorithm>

#include "format/pkcs7.h"

namespace ashlar {
namespace {

Result<RsaSignature> sign_policy(const Signer& pcr, const Sha256Digest& policy, std::string_view policy_ref) {
  Bytes signature = TRY(sign_pkcs1(pcr, policy_approval(policy, as_bytes(policy_ref))));
  RsaSignature out;
  if (signature.size() != out.size()) return fail("the signature has " + std::to_string(signature.size()) + " bytes");
  std::ranges::copy(signature, out.begin());
  return out;
}

Result<EvpKey> evp_key(const RsaPublicKey& key) {
  Bytes der = key.der();
  const unsigned char* at = der.data();
  EvpKey out(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!out) return fail_openssl("read the public key");
  return out;
}

Status verify_policy(const EvpKey& key, ByteView signature, const Sha256Digest& policy, const Sha256Digest& expected,
                     std::string_view policy_ref) {
  if (policy != expected) return fail("it is the policy of another image");
  return verify_pkcs1(key, signature, policy_approval(policy, as_bytes(policy_ref)));
}

}  // namespace

Result<RsaPublicKey> rsa_public_key_of(const X509Certificate& certificate) {
  return in(certificate_subject(certificate),
            parse_rsa_public_key_der(TRY(encode_der(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(certificate.get())))));
}

Result<PcrSignature> sign_image_policies(const Signer& pcr, const Sha256Digest& uki_pcr, Epoch epoch) {
  RsaPublicKey key = TRY(rsa_public_key_of(pcr.certificate));
  ImagePolicies policies = image_policies(key.name(), uki_pcr, epoch);
  return PcrSignature{.epoch = epoch,
                      .key_fingerprint = key.fingerprint(),
                      .policies = policies,
                      .unseal = TRY(sign_policy(pcr, policies.unseal, kUnsealRef)),
                      .write = TRY(sign_policy(pcr, policies.write, kRollbackWriteRef)),
                      .first_write = TRY(sign_policy(pcr, policies.first_write, kRollbackWriteRef))};
}

Status verify_image_policies(const PcrSignature& signature, const RsaPublicKey& key, const Sha256Digest& uki_pcr) {
  if (signature.key_fingerprint != key.fingerprint()) return fail("it is by another key");
  const ImagePolicies expected = image_policies(key.name(), uki_pcr, signature.epoch);
  const ImagePolicies& found = signature.policies;
  EvpKey verifier = TRY(evp_key(key));
  TRY(in("unseal", verify_policy(verifier, signature.unseal, found.unseal, expected.unseal, kUnsealRef)));
  TRY(in("write", verify_policy(verifier, signature.write, found.write, expected.write, kRollbackWriteRef)));
  return in("first write",
            verify_policy(verifier, signature.first_write, found.first_write, expected.first_write, kRollbackWriteRef));
}

}  // namespace ashlar
