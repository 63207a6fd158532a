// What the builder and the initramfs agree on about SELinux's policy.
#pragma once

namespace ashlar {

// In the initramfs: the binary policy, as the kernel takes it.
inline constexpr char kSelinuxPolicyFile[] = "selinux-policy";

}  // namespace ashlar
