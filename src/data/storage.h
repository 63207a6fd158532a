// What the unlocking program asks of the machine below and above the volume: the partition, the mapping, the file
// system and its keys. LinuxStorage does it; FakeStorage (fake_storage.h) plays it in the unit tests with a file and a
// directory.
#pragma once

#include "data/volume.h"

namespace ashlar {

enum class PartitionState {
  absent,      // the disk of the verified root has no data partition
  unfinished,  // set-up was interrupted: nothing of value to anybody is in it
  complete,
};

struct DataPartition {
  PartitionState state = PartitionState::absent;
  fs::path device;  // empty when absent
};

// What the kernel calls a home's key (linux: FSCRYPT_KEY_IDENTIFIER_SIZE): derived from the key, no secret.
using HomeKeyId = std::array<std::uint8_t, 16>;

enum class Eviction {
  complete,
  files_busy,  // the key is gone; files that are still open stay readable until they are closed
};

class Storage {
 public:
  virtual ~Storage() = default;

  // --- The partition, on the disk that holds the verified root. Until complete_partition() it is named "data-new", and
  // whoever finds that name starts again; afterwards "data", which is never made anew by a program.
  virtual Result<DataPartition> find_partition() = 0;
  // Makes it, to the end of the disk, or takes the unfinished one. The kernel knows it when this returns.
  virtual Result<fs::path> make_partition() = 0;
  virtual Status complete_partition() = 0;

  // --- The mapping and the file system on it.
  virtual Status activate(UnlockedVolume& volume) = 0;
  virtual Status make_file_system() = 0;
  // Checks the file system where that is needed, and mounts it: nosuid, nodev, noexec.
  virtual Status mount() = 0;
  // The way back for a set-up that failed: unmounts what is mounted, takes the mapping away.
  virtual void put_away() = 0;
  // /data
  [[nodiscard]] virtual fs::path root() const = 0;

  // --- Homes: fscrypt version 2 (linux: Documentation/filesystems/fscrypt.rst), below root().
  // Makes files under directories with this key readable. `key`: 64 bytes.
  virtual Result<HomeKeyId> add_home_key(const Secret& key) = 0;
  // Sets the policy of an empty directory: AES-256-XTS for contents, AES-256-HCTR2 for names.
  virtual Status encrypt_directory(const fs::path& directory, const HomeKeyId& key) = 0;
  virtual Result<Eviction> remove_home_key(const HomeKeyId& key) = 0;
  virtual Status give_to_user(const fs::path& path, unsigned user) = 0;  // u1 to u8
};

}  // namespace ashlar
