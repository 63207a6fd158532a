// The device mapper's ioctl interface (linux/dm-ioctl.h, version 4), as far as a read-only verity device needs it. One
// class per target; a target knows its table line, DeviceMapper knows the packets.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sys/block_devices.h"
#include "sys/kernel.h"

namespace ashlar {

// Sectors of 512 bytes, the device mapper's unit.
struct Sectors {
  std::uint64_t count;
};

// dm-verity (Documentation/admin-guide/device-mapper/verity.rst): format version 1, SHA-256, blocks of 4096 bytes.
// A block that does not match, or cannot be read, stops the machine with a kernel panic that names the device: the
// kernel's panic screen and the command line's panic=SECONDS then show the reason and restart.
class VerityTarget {
 public:
  static constexpr std::uint64_t kBlockSize = 4096;

  struct Parameters {
    DeviceNumber data;
    DeviceNumber hash;
    std::uint64_t data_blocks;
    std::uint64_t hash_start_block;  // of the tree, in blocks of the hash device
    std::string root_hash;           // 64 lower-case hexadecimal digits
    std::string salt;                // hexadecimal, empty for none
    std::string signature_key;       // description of the `user` key that holds the root hash's signature
  };
  // An error when the data blocks do not fit a device.
  static Result<VerityTarget> create(Parameters parameters);

  [[nodiscard]] std::string table() const;
  [[nodiscard]] Sectors length() const { return length_; }

 private:
  VerityTarget(Parameters parameters, Sectors length) : parameters_(std::move(parameters)), length_(length) {}

  Parameters parameters_;
  Sectors length_;
};

struct MappedTarget {
  std::string type;
  std::string parameters;
};

class DeviceMapper {
 public:
  explicit DeviceMapper(Kernel& kernel) : kernel_(kernel) {}

  // Makes, loads and resumes a read-only device. When a later step fails the earlier ones are undone.
  Result<DeviceNumber> activate(const std::string& name, const std::string& uuid, const VerityTarget& target);
  // Removes a device that nobody uses any more.
  Status remove(const std::string& name);
  // The table of an active device, as the kernel tells it.
  Result<std::vector<MappedTarget>> table_of(DeviceNumber device);

 private:
  Kernel& kernel_;
};

// The dm-verity device that is mounted on /, asked of the kernel; nullopt when / is anything else.
struct MountedRoot {
  std::string root_hash;  // 64 hexadecimal digits
  DeviceNumber data;      // the partition it lies on
};
Result<std::optional<MountedRoot>> mounted_root(Kernel& kernel);
// Its root hash alone.
Result<std::optional<std::string>> verified_root_hash(Kernel& kernel);

}  // namespace ashlar
