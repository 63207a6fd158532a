// From here on nothing but the verified root executes: IPE's policy of this image in place of the boot policy.
#pragma once

#include "sys/kernel.h"

namespace ashlar {

// Has the kernel take `signed_policy` (PKCS #7 with the policy inside, see format/ipe_policy.h), verify it with its own
// keys and the firmware's db, and enforce it; the boot policy, which trusts the initramfs, is deleted. Errors: the
// kernel's, with what they mean.
Status enforce_run_policy(Kernel& kernel, ByteView signed_policy);

}  // namespace ashlar
