#include "prove/live/start_unlabelled.h"

#include "boot/verified_root.h"
#include "format/control_message.h"
#include "sys/mounts.h"

namespace ashlar::live {

Status start_unlabelled(Kernel& kernel, std::chrono::milliseconds started) {
  constexpr std::uint64_t kMost = 65536;  // bytes of a file
  constexpr int kDiskPatience = 10'000;   // milliseconds
  TRY(mount_all(kernel, early_mounts()));
  Bytes line = TRY(kernel.read_file("/proc/cmdline", kMost));
  BootParameters parameters = TRY(parse_boot_parameters(as_text(line)));
  Bytes signature = TRY(kernel.read_file("/roothash.p7s", kMost));
  PartitionGuids ids = partition_guids(parameters.root_hash);
  SystemPartitions partitions = TRY(wait_for_system(kernel, ids.root, ids.verity, kDiskPatience));
  VerifiedRoot root = TRY(VerifiedRoot::verify(kernel, partitions, parameters.root_hash, signature));
  TRY(root.mount_on(kernel, "/sysroot"));
  TRY(switch_root(kernel, "/sysroot"));
  return kernel.execute("/usr/lib/ashlar/init", {"init"},
                        {"PATH=/usr/sbin:/usr/bin", "HOME=/", "LANG=C.UTF-8",
                         kInitramfsStarted + ("=" + std::to_string(started.count()))});
}

}  // namespace ashlar::live
