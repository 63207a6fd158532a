#include "cost/start_bare.h"

#include <sys/mount.h>

#include "format/control_message.h"
#include "format/kernel_cmdline.h"
#include "format/verity.h"
#include "sys/block_devices.h"
#include "sys/kernel.h"
#include "sys/mounts.h"

namespace ashlar::cost {

Status start_bare(Kernel& kernel, std::chrono::milliseconds started) {
  constexpr int kDiskPatience = 10'000;        // milliseconds
  constexpr std::uint64_t kMaxCmdline = 4096;  // bytes
  TRY(mount_all(kernel, early_mounts()));
  Bytes text = TRY(kernel.read_file("/proc/cmdline", kMaxCmdline));
  KernelCmdline line = TRY(parse_kernel_cmdline(as_text(text)));
  PartitionGuids ids = partition_guids(TRY(parse_root_hash(TRY(line.only_value("roothash")))));
  SystemPartitions partitions = TRY(wait_for_system(kernel, ids.root, ids.verity, kDiskPatience));
  TRY(kernel.make_directory("/sysroot"));
  TRY(kernel.mount({partitions.data.path, "/sysroot", "erofs", MS_RDONLY | MS_NODEV | MS_NOSUID, ""}));
  TRY(switch_root(kernel, "/sysroot"));
  return kernel.execute("/usr/lib/ashlar/init", {"init"},
                        {"PATH=/usr/sbin:/usr/bin", "HOME=/", "LANG=C.UTF-8",
                         kInitramfsStarted + ("=" + std::to_string(started.count()))});
}

}  // namespace ashlar::cost
