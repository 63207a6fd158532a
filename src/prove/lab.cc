#include "prove/lab.h"

#include <algorithm>

#include "base/log.h"
#include "format/authenticode.h"
#include "format/cpio.h"
#include "format/ipe_policy.h"
#include "image/inspect.h"
#include "image/predict.h"

namespace ashlar::prove {
namespace {

using image::OpenedImage;

Result<Extent> extent_of(const GptTable& table, const Guid& id) {
  for (const GptPartition& partition : table.partitions) {
    if (partition.id == id) return Extent{partition.first_lba * kSectorSize, partition.sectors() * kSectorSize};
  }
  return fail("no partition has the identifier " + id.text());
}

Result<Extent> esp_extent(const GptTable& table) {
  for (const GptPartition& partition : table.partitions) {
    if (partition.type == kEspType) return extent_of(table, partition.id);
  }
  return fail("there is no ESP");
}

Status take_apart(Lab& lab, const OpenedImage& image) {
  for (const FatFile& file : image.esp) lab.esp[file.path] = file.content;
  const FatFile* uki = TRY(image.only_file(image::kUkiDirectory, ".efi"));
  lab.version = uki->path.substr(image::uki_path("").size() - 4);
  lab.version.resize(lab.version.size() - 4);  // ".efi"
  for (const UkiSection& section : TRY(inspect_uki(uki->content))) {
    if (section.name == ".sbat") continue;  // the stub brings its own
    lab.uki.emplace_back(section.name, Bytes(section.content.begin(), section.content.end()));
  }
  image::OpenedUki opened = TRY(image::open_uki(uki->content));
  if (opened.os_release.find("VARIANT_ID=dev\n") == std::string::npos) {
    return fail_misuse("only an image of the dev variant says on its console what stopped an attack; this one is not");
  }
  lab.command_line = opened.command_line;
  lab.root_hash = opened.root_hash;
  lab.table = image.table;
  PartitionGuids ids = partition_guids(lab.root_hash);
  lab.esp_extent = TRY(esp_extent(image.table));
  lab.root_extent = TRY(extent_of(image.table, ids.root));
  lab.verity_extent = TRY(extent_of(image.table, ids.verity));
  VeritySuperblock superblock =
      TRY(parse_verity_superblock(image.file.bytes().subspan(lab.verity_extent.offset, std::size_t{kVerityBlockSize})));
  lab.data_blocks = superblock.data_blocks;
  lab.root_bytes = superblock.data_blocks * kVerityBlockSize;
  return {};
}

Result<image::KeySet> make_stranger(const fs::path& work) {
  image::TemporaryDirectory directory = TRY(image::TemporaryDirectory::below(work));
  TRY(image::create_key_set(directory.path() / "keys", image::Variant::kDev));
  return image::load_key_set(directory.path() / "keys");
}

Result<Bytes> build(const Lab& lab, std::vector<UkiSection> sections, const Signer* signer) {
  Bytes stub = TRY(read_file(lab.tools.root() / "usr/lib/systemd/boot/efi/linuxx64.efi.stub"));
  Bytes uki = TRY(build_uki(stub, sections));
  if (signer == nullptr) return uki;
  return sign_pe(uki, *signer);
}

std::vector<UkiSection> sections_of(const Lab& lab) {
  std::vector<UkiSection> sections;
  for (const auto& [name, content] : lab.uki) sections.push_back({name, content});
  return sections;
}

}  // namespace

Result<Lab> open_lab(const LabOptions& options) {
  OpenedImage image = TRY(image::open_image(options.image));
  image::KeySet owner = TRY(image::load_key_set(options.keys));
  image::KeySet stranger = TRY(make_stranger(options.work));
  image::CertificateSet certificates = TRY(image::load_certificates(options.keys));
  image::Workshop tools = TRY(image::open_tools(options.tools, "workshop"));
  Lab lab = {.options = options,
             .owner = std::move(owner),
             .stranger = std::move(stranger),
             .certificates = std::move(certificates),
             .tools = std::move(tools)};
  TRY(in(options.image.string(), take_apart(lab, image)));
  TRY(in("the keys at " + options.keys + " are not those of the image",
         verify_pe(lab.esp[image::uki_path(lab.version)], lab.certificates.image)));
  lab.predicted = TRY(image::predict_pcrs(options.image));
  return lab;
}

Status enrol(Lab& lab) {
  log::info("boot the untouched image, which enrols its keys");
  image::TemporaryDirectory state = TRY(image::TemporaryDirectory::below(lab.options.work));
  vm::MachineConfig machine;
  machine.disk = lab.options.image;
  machine.state_directory = state.path() / "machine";
  machine.serial_log = lab.options.work / "untouched.log";
  lab.untouched = TRY(observe(machine, {.reads_pcrs = true, .screenshot = lab.options.work / "untouched.png"}));
  if (lab.untouched.end != Observation::End::ready) {
    return fail("the untouched image does not boot, so nothing can be proved with it; its console says last:\n" +
                lab.untouched.console);
  }
  Bytes flash = TRY(read_file(machine.state_directory / "variables.fd"));
  lab.enrolled = lab.options.work / "enrolled.fd";
  TRY(write_file(lab.enrolled, flash));
  TRY(switch_secure_boot_off(flash));
  lab.switched_off = lab.options.work / "secure-boot-off.fd";
  return write_file(lab.switched_off, flash);
}

// EDK II keeps that choice in the variable SecureBootEnable, one byte behind its name in the flash (MdeModulePkg,
// AUTHENTICATED_VARIABLE_HEADER).
Status switch_secure_boot_off(Bytes& flash) {
  constexpr std::u16string_view kName = u"SecureBootEnable";
  ByteView name(reinterpret_cast<const std::uint8_t*>(kName.data()), 2 * (kName.size() + 1));
  unsigned changed = 0;
  for (auto at = flash.begin();; ++at) {
    at = std::search(at, flash.end(), name.begin(), name.end());
    if (flash.end() - at <= static_cast<std::ptrdiff_t>(name.size())) break;
    auto value = at + static_cast<std::ptrdiff_t>(name.size());
    if (*value == 1) {
      *value = 0;
      ++changed;
    }
  }
  if (changed == 0) return fail("the firmware's variables have no SecureBootEnable to switch off");
  return {};
}

Result<Bytes> make_uki(const Lab& lab, const std::string& section, ByteView content, const Signer* signer) {
  std::vector<UkiSection> sections = sections_of(lab);
  for (UkiSection& each : sections) {
    if (each.name == section) each.content = content;
  }
  return build(lab, std::move(sections), signer);
}

Result<Bytes> make_changed_uki(const Lab& lab, const UkiChanges& changes) {
  std::vector<UkiSection> sections = sections_of(lab);
  Bytes initramfs;
  for (UkiSection& section : sections) {
    if (section.name == ".cmdline" && !changes.command_line.empty()) section.content = as_bytes(changes.command_line);
    if (section.name != ".initrd") continue;
    std::vector<CpioNode> nodes = TRY(parse_cpio(section.content));
    for (CpioNode& node : nodes) {
      if (auto changed = changes.initramfs.find(node.path); changed != changes.initramfs.end()) {
        node.content = changed->second;
      }
    }
    initramfs = TRY(build_cpio(nodes));
    section.content = initramfs;
  }
  return build(lab, std::move(sections), &lab.owner.image);
}

Result<Bytes> make_uki_for(const Lab& lab, const RootHash& root_hash, const Signer& hash_signer) {
  UkiChanges changes{.command_line = lab.command_line};
  changes.command_line.replace(changes.command_line.find(lab.root_hash.hex()), lab.root_hash.hex().size(),
                               root_hash.hex());
  changes.initramfs["roothash.p7s"] = TRY(sign_detached(hash_signer, as_bytes(root_hash.hex())));
  changes.initramfs[kIpeRunPolicyFile] = TRY(sign_attached(hash_signer, as_bytes(ipe_run_policy(root_hash))));
  return make_changed_uki(lab, changes);
}

}  // namespace ashlar::prove
