#include "data/linux_storage.h"

#include <linux/blkpg.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>

#include "data/data_entry.h"
#include "data/file_system.h"
#include "data/home_keys.h"
#include "data/users.h"
#include "sys/device_mapper.h"

namespace ashlar {
namespace {

constexpr const char* kMapping = "data";
constexpr const char* kMapped = "/dev/mapper/data";
constexpr int kPatience = 5000;    // milliseconds until a device node must be there
constexpr int kPollInterval = 10;  // milliseconds

// For writing too: the kernel keeps programs from writing to what is mounted (CONFIG_BLK_DEV_WRITE_MOUNTED is off), and
// mounted is the verity device, not the disk under it. Opening it exclusively (O_EXCL) would fail, verity has claimed a
// partition.
Result<Fd> open_disk(const Disk& disk, int flags) {
  Fd fd = TRY(open_file(disk.path, flags));
  int sector = 0;
  if (::ioctl(fd.get(), BLKSSZGET, &sector) != 0) return fail_errno("ask for the sectors of " + disk.path);
  if (static_cast<std::uint64_t>(sector) != kSectorSize) {
    return fail(disk.path + " has sectors of " + std::to_string(sector) + " bytes, and its partition table is for 512");
  }
  return fd;
}

// The kernel does not read the table of a disk in use again; it is told of the one partition that is new.
Status tell_kernel(const Fd& disk, const GptPartition& entry) {
  blkpg_partition partition{};
  std::uint64_t start = entry.first_lba * kSectorSize;
  std::uint64_t length = entry.sectors() * kSectorSize;
  partition.start = static_cast<long long>(start);
  partition.length = static_cast<long long>(length);
  partition.pno = static_cast<int>(entry.number);
  blkpg_ioctl_arg request{BLKPG_ADD_PARTITION, 0, sizeof partition, &partition};
  if (::ioctl(disk.get(), BLKPG, &request) != 0) return fail_errno("tell the kernel of the new partition");
  return {};
}

const DiskPartition* with_number(const Disk& disk, unsigned number) {
  auto found = std::ranges::find(disk.partitions, number, &DiskPartition::number);
  return found == disk.partitions.end() ? nullptr : &*found;
}

}  // namespace

Result<Disk> LinuxStorage::system_disk() {
  std::optional<MountedRoot> root = TRY(mounted_root(kernel_));
  if (!root) return fail("/ is not a verified root: it is not known which disk is this system's");
  return disk_of(kernel_, root->data);
}

Status LinuxStorage::wait_for(const std::string& path, const std::string& what) {
  for (int waited = 0; !kernel_.exists(path); waited += kPollInterval) {
    if (waited >= kPatience) return fail(what + " did not appear as " + path);
    kernel_.sleep(kPollInterval);
  }
  return {};
}

Result<DataPartition> LinuxStorage::find_partition() {
  Disk disk = TRY(in("look for the data partition", system_disk()));
  if (!std::ranges::all_of(disk.partitions, &DiskPartition::from_table)) {
    Fd fd = TRY(open_disk(disk, O_RDONLY));
    std::optional<GptPartition> entry = TRY(find_data_entry(fd));
    if (!entry) return DataPartition{};
    const DiskPartition* known = with_number(disk, entry->number);
    if (known == nullptr) return fail("the kernel does not know the data partition yet: restart the machine");
    return DataPartition{data_state(entry->name), known->path};
  }
  DataPartition found;
  for (const DiskPartition& partition : disk.partitions) {
    PartitionState state = data_state(partition.name);
    if (state == PartitionState::absent) continue;
    if (found.state != PartitionState::absent) {
      return fail(found.device.string() + " and " + partition.path +
                  " are both data partitions: one is too many, and it is not known which");
    }
    found = {state, partition.path};
  }
  return found;
}

Result<fs::path> LinuxStorage::make_partition() {
  Disk disk = TRY(in("make the data partition", system_disk()));
  Fd fd = TRY(open_disk(disk, O_RDWR));
  GptPartition entry = TRY(in("make the data partition on " + disk.path, make_data_entry(fd)));
  if (with_number(disk, entry.number) == nullptr) {
    TRY(tell_kernel(fd, entry));
    disk = TRY(system_disk());
  }
  const DiskPartition* partition = with_number(disk, entry.number);
  if (partition == nullptr) return fail("the kernel does not show the new partition of " + disk.path);
  TRY(wait_for(partition->path, "the data partition"));
  return fs::path(partition->path);
}

Status LinuxStorage::complete_partition() {
  Disk disk = TRY(in("complete the data partition", system_disk()));
  Fd fd = TRY(open_disk(disk, O_RDWR));
  return in("complete the data partition of " + disk.path, complete_data_entry(fd));
}

Status LinuxStorage::activate(UnlockedVolume& volume) {
  TRY(volume.activate(kMapping));
  active_ = true;
  return wait_for(kMapped, "the opened volume");
}

Status LinuxStorage::make_file_system() { return make_ext4(kMapped); }

Status LinuxStorage::mount() {
  TRY(check_ext4(kMapped));
  TRY(kernel_.mount(
      {.source = kMapped, .target = root(), .type = "ext4", .flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME}));
  mounted_ = true;
  return {};
}

void LinuxStorage::put_away() {
  if (mounted_ && !kernel_.unmount(root())) return;  // in use still: the mapping is too
  mounted_ = false;
  if (active_ && deactivate_volume(kMapping)) active_ = false;
}

Result<HomeKeyId> LinuxStorage::add_home_key(const Secret& key) { return add_fscrypt_key(root(), key); }

Status LinuxStorage::encrypt_directory(const fs::path& directory, const HomeKeyId& key) {
  return set_fscrypt_policy(directory, key);
}

Result<Eviction> LinuxStorage::remove_home_key(const HomeKeyId& key) { return remove_fscrypt_key(root(), key); }

Status LinuxStorage::give_to_user(const fs::path& path, unsigned user) {
  if (user < 1 || user > kUsers) return fail("there is no user " + account_name(user));
  const std::uint32_t id = account_id(user);
  if (::lchown(path.c_str(), id, id) != 0) return fail_errno("give " + path.string() + " to " + account_name(user));
  return {};
}

}  // namespace ashlar
