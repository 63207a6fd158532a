#include "boot/start.h"

#include "boot/execution_policy.h"
#include "boot/selinux.h"
#include "boot/verified_root.h"
#include "format/control_message.h"
#include "format/ipe_policy.h"
#include "format/selinux.h"
#include "sys/mounts.h"
#include "sys/release.h"

namespace ashlar {
namespace {

constexpr std::uint64_t kMaxCmdline = 4096;     // bytes
constexpr std::uint64_t kMaxSignature = 65536;  // bytes
constexpr int kDiskPatience = 10'000;           // milliseconds

constexpr std::uint64_t kMaxSelinuxPolicy = 1 << 20;  // bytes

constexpr char kSignaturePath[] = "/roothash.p7s";
constexpr std::uint64_t kMaxPolicyFile = 65536;  // bytes
// What systemd-stub puts beside the initramfs of the UKI's .pcrsig and .pcrpkey, and where the unlocking program looks
// for it. The signatures are worth only what the TPM makes of them; the key is measured into PCR 11.
constexpr char kStubDirectory[] = "/.extra/";
constexpr char kHandedOver[] = "/run/ashlar/";
constexpr const char* kPolicyFiles[] = {"tpm2-pcr-signature.json", "tpm2-pcr-public-key.pem"};

constexpr char kNewRoot[] = "/sysroot";
constexpr char kInit[] = "/usr/lib/ashlar/init";

// The policies the owner signed for this image, for the TPM: all that is taken from what the stub puts beside the
// initramfs.
Status hand_over_policies(Kernel& kernel) {
  TRY(kernel.make_directory(kHandedOver));
  for (const std::string name : kPolicyFiles) {
    if (!kernel.exists(kStubDirectory + name)) continue;
    TRY(kernel.write_file(kHandedOver + name, TRY(kernel.read_file(kStubDirectory + name, kMaxPolicyFile))));
  }
  return {};
}

}  // namespace

Status start_system(Kernel& kernel, std::chrono::milliseconds started) {
  TRY(mount_all(kernel, early_mounts()));
  // Something calm to look at, and a picture for the kernel's panic screen to draw on: there is one more way to fail
  // from here on, dm-verity stopping the machine.
  kernel.show(starting_page(kVersion, kVariant));

  // What to start: decided by the signed command line alone.
  Bytes cmdline = TRY(kernel.read_file("/proc/cmdline", kMaxCmdline));
  BootParameters parameters = TRY(parse_boot_parameters(as_text(cmdline)));
  Bytes signature = TRY(in("signature of the root hash", kernel.read_file(kSignaturePath, kMaxSignature)));
  Bytes policy = TRY(in("execution policy", kernel.read_file(std::string("/") + kIpeRunPolicyFile, kMaxSignature)));
  Bytes selinux = TRY(in("SELinux policy", kernel.read_file(std::string("/") + kSelinuxPolicyFile, kMaxSelinuxPolicy)));

  // Where it lies: the partitions carry identifiers that follow from the hash.
  PartitionGuids ids = partition_guids(parameters.root_hash);
  SystemPartitions partitions =
      TRY(in("find the system", wait_for_system(kernel, ids.root, ids.verity, kDiskPatience)));

  // From here on nothing of the root can change without stopping the machine.
  VerifiedRoot root = TRY(in("verify the system on " + partitions.data.path,
                             VerifiedRoot::verify(kernel, partitions, parameters.root_hash, signature)));
  TRY(root.mount_on(kernel, kNewRoot));

  // Nothing else executes any more, this program's file included.
  TRY(in("execution policy", enforce_run_policy(kernel, policy)));

  // The initramfs, and whatever else the stub put beside it, ends here.
  TRY(in("hand over the signed policies", hand_over_policies(kernel)));
  TRY(in("leave the initramfs", switch_root(kernel, kNewRoot)));

  // From here on every program has a domain; PID 1's is entered with this exec.
  TRY(in("SELinux policy", load_selinux_policy(kernel, selinux)));
  return kernel.execute(kInit, {"init"},
                        {"PATH=/usr/sbin:/usr/bin", "HOME=/", "LANG=C.UTF-8",
                         kInitramfsStarted + ("=" + std::to_string(started.count()))});
}

}  // namespace ashlar
