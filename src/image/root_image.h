// The root: packages, overlay and labels as an EROFS, and the verity tree over it.
#pragma once

#include "format/verity.h"
#include "image/build_steps.h"
#include "image/selinux_policy.h"
#include "image/tree.h"

namespace ashlar::image {

// A root file system and what dm-verity needs to know of it.
struct VerifiedRootImage {
  fs::path erofs;
  VerityTree verity;
  Sha256Digest key;
};

// The EROFS comes from the cache where it was made before. Errors: what is laid over the packages does not fit them, or
// asks for memory that is written and executed.
Result<VerifiedRootImage> build_root(const Cache& cache, const Workshop& workshop, const PackageTree& packages,
                                     const Overlay& overlay, const SelinuxPolicy& selinux, Steps& steps);

}  // namespace ashlar::image
