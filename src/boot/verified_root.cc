#include "boot/verified_root.h"

#include <sys/mount.h>

#include "format/kernel_cmdline.h"
#include "sys/device_mapper.h"

namespace ashlar {
namespace {

constexpr std::uint64_t kHashStartBlock = 1;  // the superblock's block comes first
constexpr int kNodePatience = 5000;           // milliseconds
constexpr int kNodeInterval = 10;

// The kernel's answer when it will not take a table with a signed root hash, in words.
Error explained(Error error) {
  switch (error.code()) {
    case ENOKEY:
      return std::move(error).in("the root hash is not signed by a key in the firmware's db");
    case EKEYREJECTED:
    case EBADMSG:
      return std::move(error).in("the signature is not one of this root hash");
    default:
      return error;
  }
}

}  // namespace

Result<BootParameters> parse_boot_parameters(std::string_view cmdline) {
  KernelCmdline line = TRY(parse_kernel_cmdline(cmdline));
  if (!line.has_separator)
    return fail("kernel command line: the signed part does not end in --, anything could follow it");
  if (!line.init_arguments.empty()) {
    return fail("kernel command line: '" + line.init_arguments.front() + "' was added behind what the owner signed");
  }
  return BootParameters{TRY(in("kernel command line: roothash", parse_root_hash(TRY(line.only_value("roothash")))))};
}

Result<VerifiedRoot> VerifiedRoot::verify(Kernel& kernel, const SystemPartitions& partitions, const RootHash& root_hash,
                                          ByteView signature) {
  Bytes first_block = TRY(kernel.read_at(partitions.hash.path, 0, kVerityBlockSize));
  VeritySuperblock superblock = TRY(in(partitions.hash.path, parse_verity_superblock(first_block)));
  if (superblock.data_blocks > partitions.data.size / kVerityBlockSize) {
    return fail(partitions.hash.path + ": verity superblock: " + std::to_string(superblock.data_blocks) +
                " blocks are more than " + partitions.data.path + " has");
  }

  const std::string key = "ashlar-root-hash";
  TRY(kernel.add_user_key(key, signature));
  VerityTarget target = TRY(VerityTarget::create({
      .data = partitions.data.number,
      .hash = partitions.hash.number,
      .data_blocks = superblock.data_blocks,
      .hash_start_block = kHashStartBlock,
      .root_hash = root_hash.hex(),
      .salt = superblock.salt.hex(),
      .signature_key = key,
  }));
  Result<DeviceNumber> device =
      DeviceMapper(kernel).activate("root", "CRYPT-VERITY-" + root_hash.hex().substr(0, 32) + "-root", target);
  if (!device) return std::unexpected(explained(std::move(device).error()));

  std::string path = "/dev/dm-" + std::to_string(device->minor);
  for (int waited = 0; !kernel.exists(path); waited += kNodeInterval) {
    if (waited >= kNodePatience) return fail(path + " did not appear");
    kernel.sleep(kNodeInterval);
  }
  return VerifiedRoot(*device, path);
}

Status VerifiedRoot::mount_on(Kernel& kernel, const std::string& directory) const {
  TRY(kernel.make_directory(directory));
  return kernel.mount({path_, directory, "erofs", MS_RDONLY | MS_NODEV | MS_NOSUID, ""});
}

}  // namespace ashlar
