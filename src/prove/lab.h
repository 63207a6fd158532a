// What all cases of a proof share: the image under attack taken apart, the keys of its owner and of a stranger, tools,
// and firmware variables of machines in both states.
#pragma once

#include <map>

#include "format/gpt.h"
#include "format/uki.h"
#include "image/boot_files.h"
#include "image/build.h"
#include "image/keys.h"
#include "prove/observe.h"

namespace ashlar::prove {

struct LabOptions {
  fs::path image;             // of the dev variant: what stopped an attack is read on the serial console
  std::string keys;           // the set that signed it, a directory or a pkcs11: URI
  image::BuildOptions tools;  // where the workshop's packages come from
  fs::path work;              // an existing directory; logs and failed disks stay in it
};

// Bytes of the disk.
struct Extent {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

struct Lab {
  LabOptions options;
  image::KeySet owner;
  image::KeySet stranger;  // made for this proof; signs as well as anybody, and nobody trusts it
  image::CertificateSet certificates;
  image::Workshop tools;

  image::EspFiles esp;
  std::string version;
  std::vector<std::pair<std::string, Bytes>> uki;  // its sections, by name, without those of the stub
  std::string command_line;
  RootHash root_hash;
  GptTable table;
  Extent esp_extent, root_extent, verity_extent;  // partitions
  std::uint64_t root_bytes = 0;                   // the EROFS image in the root partition
  std::uint64_t data_blocks = 0;                  // what dm-verity covers of it

  std::map<unsigned, Sha256Digest> predicted;  // PCRs of the untouched machine
  fs::path enrolled;                           // firmware variables: the owner's keys, Secure Boot on
  fs::path switched_off;                       // the same keys, Secure Boot switched off in the firmware's menu
  Observation untouched;                       // the boot that enrolled the keys: every case's first control
};

// Takes the image apart and makes the stranger's keys.
Result<Lab> open_lab(const LabOptions& options);
// Boots the untouched image from setup mode: the machine enrols the keys from the ESP, as a laptop would. Fills in the
// firmware variables. An error when it does not become ready: nothing could be proved with it.
Status enrol(Lab& lab);

// What the firmware's menu does when its user switches Secure Boot off, to firmware variables in which it is on.
Status switch_secure_boot_off(Bytes& flash);

// The UKI with a section's content replaced, signed by `signer`; without a signature when that is nullptr.
Result<Bytes> make_uki(const Lab& lab, const std::string& section, ByteView content, const Signer* signer);
// The UKI with another command line and with files of the initramfs replaced, by path; signed by the owner.
struct UkiChanges {
  std::string command_line;  // the image's own when empty
  std::map<std::string, Bytes> initramfs;
};
Result<Bytes> make_changed_uki(const Lab& lab, const UkiChanges& changes);
// The UKI of another root hash, whose signature and IPE policy in the initramfs are by `hash_signer`; signed by the
// owner.
Result<Bytes> make_uki_for(const Lab& lab, const RootHash& root_hash, const Signer& hash_signer);

}  // namespace ashlar::prove
