// The file systems every Ashlar machine has, as tables, and the step from the initramfs to the verified root.
#pragma once

#include <span>

#include "sys/kernel.h"

namespace ashlar {

struct MountEntry {
  Mount mount;
  bool needed = true;  // a machine without UEFI variables still runs
};

// What the initramfs mounts and hands on: /proc, /sys, /dev, /run.
std::span<const MountEntry> early_mounts();
// What PID 1 adds on the verified root.
std::span<const MountEntry> system_mounts();

// Makes the mount points where they are missing and can be made, and mounts in order. An error names the target.
Status mount_all(Kernel& kernel, std::span<const MountEntry> entries);

// Carries the early mounts over to `new_root`, deletes everything in the initramfs so that its memory is free and
// nothing in it can be reached again, and makes `new_root` the root. Nothing of the initramfs but the running program
// is left.
Status switch_root(Kernel& kernel, const std::string& new_root);

}  // namespace ashlar
