// The root file system, once and only once the kernel verifies it.
#pragma once

#include "base/result.h"
#include "format/verity.h"
#include "sys/block_devices.h"
#include "sys/kernel.h"

namespace ashlar {

// What the signed command line decides.
struct BootParameters {
  RootHash root_hash;
};

// Reads the kernel's command line: "... roothash=<64 digits> ... --". The part up to " --" was signed with the kernel;
// what follows it was not (systemd-stub appends SMBIOS strings there), so one word there is refused by name, and so is
// a line without the separator, or a root hash that is missing or given twice.
Result<BootParameters> parse_boot_parameters(std::string_view cmdline);

// The kernel's promise that every block of the root is checked against a signed root hash. Only verify() makes one.
class VerifiedRoot {
 public:
  // Puts dm-verity over the two partitions. `signature` is a detached PKCS #7 (DER) over the 64 digits of the hash; the
  // kernel checks it against the certificates of its own keyrings and of the firmware's db. The superblock says salt
  // and size and is not authenticated itself: with a wrong one no block matches the root hash.
  static Result<VerifiedRoot> verify(Kernel& kernel, const SystemPartitions& partitions, const RootHash& root_hash,
                                     ByteView signature);

  // Mounts it read-only.
  Status mount_on(Kernel& kernel, const std::string& directory) const;

 private:
  VerifiedRoot(DeviceNumber device, std::string path) : device_(device), path_(std::move(path)) {}

  DeviceNumber device_;
  std::string path_;  // "/dev/dm-0"
};

}  // namespace ashlar
