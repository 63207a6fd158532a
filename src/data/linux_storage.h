// The Storage that is really there.
#pragma once

#include "data/storage.h"
#include "sys/block_devices.h"

namespace ashlar {

class LinuxStorage final : public Storage {
 public:
  explicit LinuxStorage(Kernel& kernel) : kernel_(kernel) {}

  // On the disk of the verified root alone. A label is believed as the kernel read it at the start; the table itself is
  // asked only when a partition was added since.
  Result<DataPartition> find_partition() override;
  Result<fs::path> make_partition() override;
  Status complete_partition() override;

  Status activate(UnlockedVolume& volume) override;
  Status make_file_system() override;
  Status mount() override;
  void put_away() override;
  [[nodiscard]] fs::path root() const override { return "/data"; }

  Result<HomeKeyId> add_home_key(const Secret& key) override;
  Status encrypt_directory(const fs::path& directory, const HomeKeyId& key) override;
  Result<Eviction> remove_home_key(const HomeKeyId& key) override;
  Status give_to_user(const fs::path& path, unsigned user) override;

 private:
  Result<Disk> system_disk();
  Status wait_for(const std::string& path, const std::string& what);

  Kernel& kernel_;
  bool active_ = false;
  bool mounted_ = false;
};

}  // namespace ashlar
