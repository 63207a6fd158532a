// The policy of IPE, Integrity Policy Enforcement (Documentation/admin-guide/LSM/ipe.rst), under which an image runs.
// The boot policy compiled into the kernel (os/policy/ipe/boot.pol) also trusts the initramfs; the initramfs puts this
// one in its place before it hands over.
#pragma once

#include <string>

#include "format/verity.h"

namespace ashlar {

inline constexpr char kIpeBootPolicyName[] = "ashlar_boot";
// The same in every image and at every version, so that no second one can be added to a running system: a policy of
// this name is there already, and it is replaced by a higher version only.
inline constexpr char kIpeRunPolicyName[] = "ashlar";
// In the initramfs: the policy as PKCS #7 SignedData with the content inside, by the key in db.
inline constexpr char kIpeRunPolicyFile[] = "ipe-policy.p7s";

// What is executed, or mapped executable, comes from a dm-verity volume with exactly this root hash that carries a
// signature the kernel verified. Everything else IPE can decide about (firmware, modules, kexec, policies of others,
// certificates, memory without a file) meets the default and is denied.
std::string ipe_run_policy(const RootHash& root_hash);

}  // namespace ashlar
