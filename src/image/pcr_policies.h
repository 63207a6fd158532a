// What a UKI carries for the TPM: the owner's PCR key (.pcrpkey) and the policies it signed for this image (.pcrsig).
#pragma once

#include "format/pcr_signer.h"

namespace ashlar::image {

struct PcrPolicies {
  RsaPublicKey key;
  PcrSignature signature;
};

// Reads both and checks them against each other and against what the UKI will leave in PCR 11: the TPM will take them
// from this image, if /data was sealed to this key. Errors: a section is missing or not as the builder writes it, a
// policy of another image, a signature by another key.
Result<PcrPolicies> check_pcr_policies(ByteView uki);

// The same, and the key is that of `pcr`.
Status verify_pcr_policies(ByteView uki, const X509Certificate& pcr);

}  // namespace ashlar::image
