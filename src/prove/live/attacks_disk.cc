// What the root stands on: its partitions, the firmware's variables, dm-verity, the mounts over it.
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
// uses _IOWR from above without including it
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <linux/keyctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/fd.h"
#include "format/verity.h"
#include "prove/live/attack.h"

namespace ashlar::live {
namespace {

constexpr char kEsp[] = "vda1";
constexpr char kRoot[] = "vda2";
constexpr char kVerity[] = "vda3";
constexpr char kWholeDisk[] = "/dev/vda";
// Slot B, where somebody's own root could lie: nothing holds it.
constexpr char kOtherRoot[] = "/dev/vda4";
constexpr char kOtherVerity[] = "/dev/vda5";
constexpr char kVariables[] = "/sys/firmware/efi/efivars";
constexpr off_t kSector = 512;

// The same bytes that are there.
Outcome write_at(const std::string& path, off_t offset) {
  Fd device(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!device.valid()) return refused("open");
  std::array<char, 4096> block{};
  if (::pread(device.get(), block.data(), block.size(), offset) < 0) return refused("read");
  if (::pwrite(device.get(), block.data(), block.size(), offset) < 0) return refused("write");
  return ::fsync(device.get()) == 0 ? done() : refused("fsync");
}
// A partition, by itself or by the disk it is on.
Outcome write_partition(const std::string& name) {
  Outcome outcome = write_at("/dev/" + name, 0);
  std::string start = content_of("/sys/class/block/" + name + "/start");
  if (outcome.end != Outcome::End::refused || start.empty()) return outcome;
  Outcome by_disk = write_at(kWholeDisk, std::atoll(start.c_str()) * kSector);
  return by_disk.end == Outcome::End::done ? by_disk : outcome;
}
Outcome write_root(const Ground&) { return write_partition(kRoot); }
Outcome write_verity(const Ground&) { return write_partition(kVerity); }
Outcome write_esp(const Ground&) { return write_partition(kEsp); }

Outcome make_node(const Ground&) {
  constexpr char kNode[] = "/tmp/live-root";
  ::unlink(kNode);
  unsigned major = 0;
  unsigned minor = 0;
  const std::string number = content_of("/sys/class/block/" + std::string(kRoot) + "/dev");
  if (std::sscanf(number.c_str(), "%u:%u", &major, &minor) != 2) return broken("read its number");
  if (::mknod(kNode, S_IFBLK | 0600, makedev(major, minor)) != 0) return refused("mknod");
  ::unlink(kNode);
  return done();
}

bool make_mounts_private() {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

Outcome write_variable(const Ground&) {
  if (::mount(nullptr, kVariables, nullptr, MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
    return refused("remount");
  }
  const std::string path = std::string(kVariables) + "/AshlarLive-6a1c6f2e-2d53-4c0e-9c5a-3f6d2f4f5b11";
  constexpr std::string_view kContent("\7\0\0\0x", 5);  // kept, for boot and run time
  Fd variable(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  bool written = variable.valid() && ::write(variable.get(), kContent.data(), kContent.size()) > 0;
  int error = errno;
  if (variable.valid()) {
    int immutable = 0;
    ::ioctl(variable.get(), FS_IOC_SETFLAGS, &immutable);
    ::unlink(path.c_str());
  }
  ::mount(nullptr, kVariables, nullptr, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
  return written ? done() : refused("write", error);
}

// --- dm-verity, by the device mapper's ioctls.
struct Request {
  alignas(8) std::array<char, 4096> packet{};

  explicit Request(std::uint32_t flags) {
    header().version[0] = DM_VERSION_MAJOR;
    header().data_size = packet.size();
    header().data_start = sizeof(dm_ioctl);
    header().flags = flags;
    std::strcpy(header().name, "live-attack");
  }
  dm_ioctl& header() { return *reinterpret_cast<dm_ioctl*>(packet.data()); }
};

Outcome map_verity(const std::string& root_hash, const std::string& options) {
  Fd control(::open("/dev/mapper/control", O_RDWR | O_CLOEXEC));
  if (!control.valid()) return refused("open the device mapper");
  Request create(0);
  if (::ioctl(control.get(), DM_DEV_CREATE, create.packet.data()) != 0) return refused("DM_DEV_CREATE");

  constexpr std::uint64_t kBlocks = 8;
  Request load(DM_READONLY_FLAG);
  load.header().target_count = 1;
  dm_target_spec target{};
  target.length = kBlocks * (kVerityBlockSize / kSector);
  std::strcpy(target.target_type, "verity");
  const std::string table = "1 " + std::string(kOtherRoot) + " " + kOtherVerity + " 4096 4096 " +
                            std::to_string(kBlocks) + " 1 sha256 " + root_hash + " - " + options;
  if (sizeof(dm_ioctl) + sizeof target + table.size() + 1 > load.packet.size()) {
    return broken("the table is too long", 0);
  }
  std::memcpy(load.packet.data() + sizeof(dm_ioctl), &target, sizeof target);
  std::memcpy(load.packet.data() + sizeof(dm_ioctl) + sizeof target, table.c_str(), table.size() + 1);
  bool loaded = ::ioctl(control.get(), DM_TABLE_LOAD, load.packet.data()) == 0;
  int error = errno;
  Request remove(0);
  ::ioctl(control.get(), DM_DEV_REMOVE, remove.packet.data());
  return loaded ? done() : refused("DM_TABLE_LOAD", error);
}

// Nothing is read through it, so that any hash will do.
Outcome verity_unsigned(const Ground&) { return map_verity(std::string(64, 'a'), ""); }

Outcome verity_again(const Ground& ground) {
  std::string root_hash = content_of(ground.given + "/roothash");
  std::string signature = content_of(ground.given + "/roothash.p7s");
  if (root_hash.size() < 64 || signature.empty()) return broken("read the signed root hash");
  constexpr char kKey[] = "live-root-hash";
  if (::syscall(SYS_add_key, "user", kKey, signature.data(), signature.size(), KEY_SPEC_THREAD_KEYRING) < 0) {
    return refused("add_key");
  }
  return map_verity(root_hash.substr(0, 64), std::string("3 ignore_corruption root_hash_sig_key_desc ") + kKey);
}

// --- Mounts.
Outcome bind_over_usr(const Ground&) {
  if (!make_mounts_private()) return refused("unshare");
  return ::mount("/tmp", "/usr", nullptr, MS_BIND, nullptr) == 0 ? done() : refused("mount");
}
Outcome overlay_over_usr(const Ground&) {
  if (!make_mounts_private()) return refused("unshare");
  return ::mount("overlay", "/usr", "overlay", 0, "lowerdir=/usr:/tmp") == 0 ? done() : refused("mount");
}

}  // namespace

const std::vector<NamedAttack> kDiskAttacks = {
    {"disk.root", write_root},      {"disk.verity", write_verity},    {"disk.esp", write_esp},
    {"disk.node", make_node},       {"efi.variable", write_variable}, {"verity.unsigned", verity_unsigned},
    {"verity.again", verity_again}, {"mount.bind", bind_over_usr},    {"mount.overlay", overlay_over_usr},
};

}  // namespace ashlar::live
