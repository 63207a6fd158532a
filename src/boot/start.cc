#include "boot/start.h"

#include "boot/verified_root.h"
#include "sys/mounts.h"
#include "sys/release.h"

namespace ashlar {
namespace {

constexpr std::uint64_t kMaxCmdline = 4096;     // bytes
constexpr std::uint64_t kMaxSignature = 65536;  // bytes
constexpr int kDiskPatience = 10'000;           // milliseconds

constexpr char kSignaturePath[] = "/roothash.p7s";
constexpr char kNewRoot[] = "/sysroot";
constexpr char kInit[] = "/usr/lib/ashlar/init";

}  // namespace

Status start_system(Kernel& kernel) {
  TRY(mount_all(kernel, early_mounts()));
  // Something calm to look at, and a picture for the kernel's panic screen to draw on: there is one more way to fail
  // from here on, dm-verity stopping the machine.
  kernel.show(starting_page(kVersion, kVariant));

  // What to start: decided by the signed command line alone.
  Bytes cmdline = TRY(kernel.read_file("/proc/cmdline", kMaxCmdline));
  BootParameters parameters = TRY(parse_boot_parameters(as_text(cmdline)));
  Bytes signature = TRY(in("signature of the root hash", kernel.read_file(kSignaturePath, kMaxSignature)));

  // Where it lies: the partitions carry identifiers that follow from the hash.
  PartitionGuids ids = partition_guids(parameters.root_hash);
  SystemPartitions partitions =
      TRY(in("find the system", wait_for_system(kernel, ids.root, ids.verity, kDiskPatience)));

  // From here on nothing of the root can change without stopping the machine.
  VerifiedRoot root = TRY(in("verify the system on " + partitions.data.path,
                             VerifiedRoot::verify(kernel, partitions, parameters.root_hash, signature)));
  TRY(root.mount_on(kernel, kNewRoot));

  // The initramfs, and whatever the stub put beside it, ends here.
  TRY(in("leave the initramfs", switch_root(kernel, kNewRoot)));
  return kernel.execute(kInit, {"init"}, {"PATH=/usr/sbin:/usr/bin", "HOME=/", "LANG=C.UTF-8"});
}

}  // namespace ashlar
