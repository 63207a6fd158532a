// Making and checking what a UKI carries in .pcrpkey and .pcrsig. Host only: on the device the TPM verifies.
#pragma once

#include "format/pcr_signature.h"
#include "format/rsa_public_key.h"
#include "format/signer.h"

namespace ashlar {

// Errors: the certificate's key is not RSA of 2048 bits with the exponent 65537.
Result<RsaPublicKey> rsa_public_key_of(const X509Certificate& certificate);

// Signs the policies of the image whose UKI leaves `uki_pcr` in PCR 11. The same bytes every time.
Result<PcrSignature> sign_image_policies(const Signer& pcr, const Sha256Digest& uki_pcr, Epoch epoch);

// `signature` holds the policies of exactly this image and the epoch it names, each signed by the key. Errors say which
// is not.
Status verify_image_policies(const PcrSignature& signature, const RsaPublicKey& key, const Sha256Digest& uki_pcr);

}  // namespace ashlar
