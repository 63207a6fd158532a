#include <fmt/format.h>

#include "format/authenticode.h"
#include "format/efi_auth.h"
#include "format/efi_signature.h"
#include "format/ipe_policy.h"
#include "image/attestations.h"
#include "image/boot_files.h"
#include "image/inspect.h"
#include "image/parallel.h"
#include "image/pcr_policies.h"

namespace ashlar::image {
namespace {

// Notes every link that holds; the first that does not ends the walk.
class Walk {
 public:
  Status link(const std::string& name, Status holds) {
    if (!holds) return std::unexpected(std::move(holds).error().in(name));
    held_.push_back(name);
    return {};
  }
  std::vector<std::string> take() { return std::move(held_); }

 private:
  std::vector<std::string> held_;
};

Result<const FatFile*> file_at(const OpenedImage& image, std::string_view path) {
  for (const FatFile& file : image.esp) {
    if (file.path == path) return &file;
  }
  return fail("ESP: " + std::string(path) + " is missing");
}

Status verify_key_update(const OpenedImage& image, const EfiVariable& variable, const X509Certificate& expected,
                         const X509Certificate& authority) {
  const FatFile* file = TRY(file_at(image, key_update_path(variable)));
  Bytes value = TRY(verify_efi_auth(variable, file->content, authority));
  std::vector<EfiSignatureList> lists = TRY(parse_efi_signature_lists(value));
  bool only_ours = lists.size() == 1 && lists[0].type == kEfiX509Type && lists[0].signatures.size() == 1 &&
                   lists[0].signatures[0].data == certificate_der(expected);
  if (!only_ours) return fail("it enrols something else than " + certificate_subject(expected));
  return {};
}

// Whatever else lies on the ESP: systemd-stub and systemd-boot would look at some of it.
Status verify_nothing_else(const OpenedImage& image, const FatFile& uki) {
  for (const FatFile& file : image.esp) {
    bool known = &file == &uki || file.path == kBootloaderPath || file.path == kLoaderConfPath ||
                 file.path == key_update_path(kEfiPk) || file.path == key_update_path(kEfiKek) ||
                 file.path == key_update_path(kEfiDb);
    if (!known) return fail(file.path + " does not belong there");
  }
  const FatFile* conf = TRY(file_at(image, kLoaderConfPath));
  if (as_text(conf->content) != kLoaderConf) return fail(std::string(kLoaderConfPath) + " was changed");
  return {};
}

Result<const GptPartition*> only_partition(const GptTable& table, const Guid& type, const Guid& id) {
  for (const GptPartition& partition : table.partitions) {
    if (partition.id != id) continue;
    if (partition.type != type) return fail("the partition " + id.text() + " has another type");
    return &partition;
  }
  return fail("no partition has the identifier " + id.text() + " that the root hash gives");
}

Status verify_root(const OpenedImage& image, const RootHash& root_hash) {
  PartitionGuids ids = partition_guids(root_hash);
  const GptPartition* root = TRY(only_partition(image.table, kRootX64Type, ids.root));
  const GptPartition* verity = TRY(only_partition(image.table, kRootVerityX64Type, ids.verity));
  return verify_verity(image.bytes_of(*root), image.bytes_of(*verity), root_hash, processor_count());
}

// It is the one this root hash gives, and no other that the owner signed at some time.
Status verify_ipe_policy(const OpenedUki& uki, const X509Certificate& db) {
  Bytes policy = TRY(verify_attached(db, uki.ipe_policy));
  if (as_text(policy) != ipe_run_policy(uki.root_hash)) return fail("it is not the policy of this root hash");
  return {};
}

// What lies beside the image. The provenance comes first: without it nothing signs for the bills of materials.
Status walk_attestations(Walk& walk, const fs::path& path, const OpenedImage& image, const X509Certificate& db) {
  auto checks = TRY(check_attestations(path, image, &db));
  bool is_signed = checks[0].is_present;
  for (AttestationCheck& check : checks) {
    if (check.is_present && (is_signed || !check.holds)) TRY(walk.link(check.link, std::move(check.holds)));
  }
  return {};
}

Result<std::vector<std::string>> walk_chain(const fs::path& path, const CertificateSet& certificates) {
  Walk walk;
  OpenedImage image = TRY(open_image(path));
  const FatFile* uki_file = TRY(image.only_file(kUkiDirectory, ".efi"));
  TRY(walk.link("ESP content", verify_nothing_else(image, *uki_file)));
  TRY(walk.link("PK update", verify_key_update(image, kEfiPk, certificates.platform, certificates.platform)));
  TRY(walk.link("KEK update", verify_key_update(image, kEfiKek, certificates.key_exchange, certificates.platform)));
  TRY(walk.link("db update", verify_key_update(image, kEfiDb, certificates.image, certificates.key_exchange)));
  const FatFile* bootloader = TRY(file_at(image, kBootloaderPath));
  TRY(walk.link("bootloader", verify_pe(bootloader->content, certificates.image)));
  TRY(walk.link("UKI", verify_pe(uki_file->content, certificates.image)));
  OpenedUki uki = TRY(in("UKI", open_uki(uki_file->content)));
  TRY(walk.link("root hash signature",
                verify_detached(certificates.image, uki.root_hash_signature, as_bytes(uki.root_hash.hex()))));
  TRY(walk.link("IPE policy", verify_ipe_policy(uki, certificates.image)));
  TRY(walk.link("root", verify_root(image, uki.root_hash)));
  TRY(walk.link("PCR policies", verify_pcr_policies(uki_file->content, certificates.pcr)));
  TRY(walk_attestations(walk, path, image, certificates.image));
  return walk.take();
}

}  // namespace

Result<std::vector<std::string>> verify_image(const fs::path& path, const CertificateSet& certificates) {
  return in("verify " + path.string(), walk_chain(path, certificates));
}

}  // namespace ashlar::image
