#include "image/pcr_policies.h"

#include <algorithm>

#include "format/uki.h"
#include "image/predict.h"

namespace ashlar::image {
namespace {

Result<ByteView> content_of(std::span<const UkiSection> sections, std::string_view name) {
  auto section = std::ranges::find(sections, name, &UkiSection::name);
  if (section == sections.end()) return fail("there is no " + std::string(name));
  return section->content;
}

}  // namespace

Result<PcrPolicies> check_pcr_policies(ByteView uki) {
  std::vector<UkiSection> sections = TRY(inspect_uki(uki));
  RsaPublicKey key = TRY(in(".pcrpkey", parse_rsa_public_key_pem(TRY(content_of(sections, ".pcrpkey")))));
  PcrSignature signature = TRY(in(".pcrsig", parse_pcr_signature(TRY(content_of(sections, ".pcrsig")))));
  TRY(in(".pcrsig", verify_image_policies(signature, key, TRY(predict_uki_pcr(uki)))));
  return PcrPolicies{key, signature};
}

Status verify_pcr_policies(ByteView uki, const X509Certificate& pcr) {
  PcrPolicies policies = TRY(check_pcr_policies(uki));
  if (policies.key == TRY(rsa_public_key_of(pcr))) return {};
  return fail(".pcrpkey: the key is not that of " + certificate_subject(pcr));
}

}  // namespace ashlar::image
