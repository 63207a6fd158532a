// What firmware and kernel start from: initramfs, command line, UKI, and the ESP that carries them.
#pragma once

#include <map>

#include "format/efi_auth.h"
#include "format/rollback.h"
#include "format/verity.h"
#include "image/keys.h"
#include "image/workshop.h"

namespace ashlar::image {

// The initramfs: /init, the signature over the root hash, the policies of IPE and SELinux, and the list of packages for
// who inspects the image. newc, not compressed.
Result<Bytes> build_initramfs(const fs::path& boot_program, const RootHash& root_hash, ByteView selinux_policy,
                              std::string_view packages, const Signer& signer);

// os/cmdline with the root hash, the dev variant's console, and the " --" at which the kernel stops reading.
Result<std::string> build_command_line(std::string_view parameters, const RootHash& root_hash, Variant variant);

struct UkiInputs {
  fs::path stub;
  fs::path kernel;
  std::string kernel_release;
  std::string os_release;
  std::string command_line;
  ByteView initramfs;
  Epoch epoch;
};
// The UKI with the owner's PCR key and what it signed of this image (.pcrpkey, .pcrsig), signed by db.
Result<Bytes> build_signed_uki(const UkiInputs& inputs, const KeySet& keys);

inline constexpr std::string_view kUkiDirectory = "EFI/Linux/";
inline constexpr std::string_view kBootloaderPath = "EFI/BOOT/BOOTX64.EFI";
inline constexpr std::string_view kLoaderConfPath = "loader/loader.conf";
inline constexpr std::string_view kLoaderConf =
    "# No menu, no editor: the only entry is the signed UKI.\n"
    "timeout 0\n"
    "editor no\n"
    "secure-boot-enroll force\n";

// What lies on an ESP: path -> content.
using EspFiles = std::map<std::string, Bytes>;

inline std::string uki_path(std::string_view version) {
  return std::string(kUkiDirectory) + "ashlar_" + std::string(version) + ".efi";
}
// Where systemd-boot looks, in setup mode, for the update of a Secure Boot variable.
inline std::string key_update_path(const EfiVariable& variable) {
  return "loader/keys/auto/" + std::string(variable.name) + ".auth";
}

// The signed update that makes `certificate` the one content of a Secure Boot variable: db and dbx by the set's KEK,
// PK and KEK by its PK.
Result<Bytes> key_update(const EfiVariable& variable, const X509Certificate& certificate, const KeySet& keys);

// Signed boot loader and signed UKI, loader.conf, and the key updates that systemd-boot enrols in setup mode.
Result<EspFiles> esp_files(Bytes bootloader, Bytes uki, std::string_view version, const KeySet& keys);

// Writes a FAT32 image of `size_mib` with these files.
Status write_esp(const Workshop& workshop, const EspFiles& files, std::uint64_t size_mib, const fs::path& image);

}  // namespace ashlar::image
