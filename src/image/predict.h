// `ashlar predict`: what the TPM of a machine will show after it started this image, from the image alone.
#pragma once

#include "format/pcr.h"
#include "image/inspect.h"

namespace ashlar::image {

// PCR 4, 7, 11, 12 and 13 of the SHA-256 bank, after a plain boot with the keys enrolled that lie on the image's ESP,
// dbx as it is there or not set; dbx is measured here, not applied. The kernel inside the UKI is not in PCR 4: the stub
// starts it without asking firmware to check, and so to measure, it again. Errors name the link: an ESP without boot
// loader, UKI or key updates, a program that no certificate in db signed, a section whose measurement is not known.
Result<std::map<unsigned, Sha256Digest>> predict_pcrs(const fs::path& image);
// The same of an image that is open already.
Result<std::map<unsigned, Sha256Digest>> predict_pcrs(const OpenedImage& image);

// PCR 11 alone, of a UKI.
Result<Sha256Digest> predict_uki_pcr(ByteView uki);

}  // namespace ashlar::image
