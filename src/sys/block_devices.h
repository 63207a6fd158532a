// Partitions, found by their unique identifiers and not by their names. The kernel has read the partition tables
// already and tells each identifier in sysfs (PARTUUID in uevent, since 6.13): asking it leaves no second parser to
// attack, and none that could understand a table differently.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/guid.h"
#include "sys/kernel.h"

namespace ashlar {

struct DeviceNumber {
  unsigned major = 0;
  unsigned minor = 0;

  auto operator<=>(const DeviceNumber&) const = default;
  [[nodiscard]] std::string text() const { return std::to_string(major) + ":" + std::to_string(minor); }
};
// Reads "254:3".
Result<DeviceNumber> parse_device_number(std::string_view text);

struct Partition {
  std::string path;  // "/dev/vda2"
  std::string disk;  // "vda"
  DeviceNumber number;
  std::uint64_t size = 0;  // bytes
};

struct SystemPartitions {
  Partition data;
  Partition hash;
};

// Looks once for the two partitions with these unique identifiers. nullopt: not there (yet). An error when there are
// more than one of either, or when they lie on two disks: the disks carry the same system. What is read is verified
// either way, so this is no question of trust; but a machine that silently picked one of two disks would surprise its
// owner, and would do so differently on the next boot.
Result<std::optional<SystemPartitions>> find_system(Kernel& kernel, const Guid& data, const Guid& hash);

// Looks until the partitions appear, `patience` milliseconds at most: disks are probed while the initramfs already
// runs.
Result<SystemPartitions> wait_for_system(Kernel& kernel, const Guid& data, const Guid& hash, int patience);

// A disk and its partitions, as the kernel knows them.
struct DiskPartition {
  std::string path;     // "/dev/vda6"
  unsigned number = 0;  // from 1
  // What the kernel read in the partition table; of a partition that a program has added since, it read nothing.
  bool from_table = false;
  std::string name;  // the label, characters other than printable ASCII as '!'
};
struct Disk {
  std::string path;  // "/dev/vda"
  std::vector<DiskPartition> partitions;
};
// The disk this partition lies on.
Result<Disk> disk_of(Kernel& kernel, DeviceNumber partition);

}  // namespace ashlar
