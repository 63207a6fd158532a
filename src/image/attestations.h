// What lies beside an image and says what it is and how it was made:
//
//     IMAGE.spdx.json        the bill of materials, SPDX 2.3
//     IMAGE.cdx.json         the same, CycloneDX 1.6
//     IMAGE.provenance.json  in-toto Statement in a DSSE envelope, signed by db; names the hashes of the two above
//
// One signature covers all three: the statement names the bills as byproducts of the build.
#pragma once

#include <array>

#include "format/signer.h"
#include "image/inspect.h"
#include "image/provenance.h"
#include "image/sbom.h"

namespace ashlar::image {

struct Attestations {
  std::string spdx;
  std::string cyclonedx;
  std::string provenance;
};

struct AttestationInputs {
  SbomInputs contents;
  Sha256Digest lock;                 // of the lock file
  std::vector<NamedDigest> sources;  // see ProvenanceInputs
};
Result<Attestations> make_attestations(const AttestationInputs& inputs, const Signer& db);

// Writes those that are not there already, each whole or not at all.
Status write_attestations(const fs::path& image, const Attestations& attestations);

// One of the three files, as it was found.
struct AttestationCheck {
  std::string link;  // "provenance", "SPDX bill of materials", …
  fs::path path;
  bool is_present = false;
  std::string says;  // in a line
  // Whether it describes this image: the subjects' hashes are the image's, every package the UKI lists is in the bill,
  // and a bill is the one that the provenance names. With a certificate, the signature as well.
  Status holds;
};
// The provenance first. `certificate` is null for who only looks.
Result<std::array<AttestationCheck, 3>> check_attestations(const fs::path& image_path, const OpenedImage& image,
                                                           const X509Certificate* certificate);

// What nobody can check, a sentence each: attestations that are not there, and bills that no provenance
// signs for.
std::vector<std::string> missing_attestations(const fs::path& image);

}  // namespace ashlar::image
