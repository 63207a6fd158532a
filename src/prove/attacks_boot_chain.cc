// Attacks on what the firmware starts: boot loader and UKI, changed, unsigned, signed by others, or out of place.
#include <regex>

#include "format/authenticode.h"
#include "format/ipe_policy.h"
#include "format/pe.h"
#include "prove/weaken.h"

namespace ashlar::prove {
namespace {

using image::EspFiles;

// How the firmware's refusal reads for the boot loader, and for what the boot loader asked it to load. That the
// firmware's own shell is refused afterwards is no sign of either.
constexpr const char* kLoaderRefused = "failed to load Boot0001 .*: (Access Denied|Security Violation)";
std::string refused_to_load(const std::string& file) {
  return R"(Error loading .*\\)" + file + ": (Access denied|Security violation)";
}

using Change = std::function<Status(const Lab& lab, Bytes& file)>;

std::function<Status(Target&)> changes(const std::string& path, Change change) {
  return [path, change = std::move(change)](Target& target) {
    return target.edit_esp([&](EspFiles& files) { return change(target.lab(), files[path]); });
  };
}

// Inverts the lowest bit of the byte where `text` stands in a section: of something the machine can live without, so
// that the control shows it running altered.
Change at_text(const std::string& section, const std::string& text) {
  return [=](const Lab&, Bytes& file) -> Status {
    PeImage pe = TRY(parse_pe(file));
    const PeSection* found = pe.find_section(section);
    if (found == nullptr) return fail("there is no section " + section);
    std::size_t at = as_text(found->content).find(text);
    if (at == std::string_view::npos) return fail("section " + section + " does not contain " + text);
    file[found->raw_offset + at] ^= 1;
    return {};
  };
}

Status change_padding(const Lab&, Bytes& file) {
  PeImage pe = TRY(parse_pe(file));
  const PeSection* section = pe.find_section(".osrel");
  if (section == nullptr || section->raw_size == section->virtual_size) return fail(".osrel has no padding");
  file[section->raw_offset + section->raw_size - 1] ^= 1;
  return {};
}

// The linker's time stamp, which nothing reads.
Status change_header(const Lab&, Bytes& file) {
  file[TRY(parse_pe(file)).coff_offset + 4] ^= 1;
  return {};
}

Status change_signature(const Lab&, Bytes& file) {
  PeImage pe = TRY(parse_pe(file));
  std::size_t table = file.size() - pe.certificate_table.size();
  file[table + pe.certificate_table.size() - 64] ^= 1;  // in the RSA signature, which ends the table
  return {};
}

Status append_bytes(const Lab&, Bytes& file) {
  append(file, as_bytes("sixteen bytes ++"));
  return {};
}

Status remove_signature(const Lab&, Bytes& file) {
  file = TRY(remove_signatures(file));
  return {};
}

Status sign_as_stranger(const Lab& lab, Bytes& file) {
  file = TRY(sign_pe(file, lab.stranger.image));
  return {};
}

Attack refused(std::string id, std::string what, const std::string& path, Change change, std::string offline) {
  return {.id = std::move(id),
          .what = std::move(what),
          .denied_by = Layer::firmware,
          .evidence = path == image::kBootloaderPath ? kLoaderRefused : refused_to_load(".*[.]efi"),
          .offline = std::move(offline),
          .carry_out = changes(path, std::move(change)),
          .control = without_secure_boot()};
}

// A UKI that says that it runs, and is not the owner's: its initramfs refuses its command line.
Result<Bytes> foreign_uki(const Lab& lab, const Signer* signer) {
  return make_uki(lab, ".cmdline", as_bytes("console=ttyS0 no_timer_check loglevel=4 panic=10"), signer);
}

// A root hash nobody built a root for.
RootHash other_root_hash() { return {sha256("another release")}; }

Attack another_release() {
  return {.id = "uki.older",
          .what = "The UKI of another release, signed by the owner, is put before this root",
          .denied_by = Layer::initramfs,
          .evidence = "ashlar: failed: find the system: no disk has partitions",
          .offline = "no partition has the identifier",
          .carry_out = [](Target& target) -> Status {
            return target.replace_uki(TRY(make_uki_for(target.lab(), other_root_hash(), target.lab().owner.image)));
          },
          .tier = Tier::sample};
}

Attack another_root_hash_on_these_partitions() {
  return {.id = "uki.other-root",
          .what = "That UKI again, and the partitions renamed to what its root hash asks for",
          .denied_by = Layer::verity,
          .evidence = "is corrupted",
          .offline = "metadata block|level",
          .carry_out = [](Target& target) -> Status {
            const Lab& lab = target.lab();
            RootHash hash = other_root_hash();
            PartitionGuids ids = partition_guids(hash);
            TRY(target.replace_uki(TRY(make_uki_for(lab, hash, lab.owner.image))));
            PartitionGuids own = partition_guids(lab.root_hash);
            for (std::size_t i = 0; i < lab.table.partitions.size(); ++i) {
              if (lab.table.partitions[i].id == own.root) TRY(target.rename_partition(i, ids.root));
              if (lab.table.partitions[i].id == own.verity) TRY(target.rename_partition(i, ids.verity));
            }
            return {};
          }};
}

Attack root_hash_signed_by_a_stranger() {
  return {.id = "uki.roothash-signature",
          .what = "A UKI of the owner's carries a signature of the root hash by a stranger's key",
          .denied_by = Layer::signature,
          .evidence = "ashlar: failed: verify the system .*(not signed by a key|not one of this root hash)",
          .offline = "root hash signature",
          .carry_out = [](Target& target) -> Status {
            const Lab& lab = target.lab();
            return target.replace_uki(TRY(make_uki_for(lab, lab.root_hash, lab.stranger.image)));
          },
          .tier = Tier::sample};
}

// Mixed by somebody who has two images of the owner's and his key: nothing else could put them into one initramfs.
Attack execution_policy_of_another_image() {
  auto mixed = [](const Lab& lab) -> Result<UkiChanges> {
    UkiChanges changes;
    changes.initramfs[kIpeRunPolicyFile] =
        TRY(sign_attached(lab.owner.image, as_bytes(ipe_run_policy(other_root_hash()))));
    return changes;
  };
  return {.id = "ipe.other-image",
          .what = "A UKI of the owner's carries the IPE policy of another image of the owner's",
          .denied_by = Layer::ipe,
          .evidence = "ashlar: failed: execute /usr/lib/ashlar/init: .*Permission denied",
          .offline = "IPE policy",
          .carry_out = [mixed](Target& target) -> Status {
            return target.replace_uki(TRY(make_changed_uki(target.lab(), TRY(mixed(target.lab())))));
          },
          .control = {.what = "the same, with a signed command line that has IPE enforce nothing",
                      .weaken = [mixed](Target& target) -> Status {
                        const Lab& lab = target.lab();
                        UkiChanges changes = TRY(mixed(lab));
                        changes.command_line =
                            std::regex_replace(lab.command_line, std::regex("ipe.enforce=1"), "ipe.enforce=0");
                        return target.replace_uki(TRY(make_changed_uki(lab, changes)));
                      }},
          .tier = Tier::sample};
}

Attack execution_policy_by_a_stranger() {
  return {.id = "ipe.stranger",
          .what = "A UKI of the owner's carries its IPE policy signed by a stranger's key",
          .denied_by = Layer::ipe,
          .evidence = "ashlar: failed: execution policy: it is not signed by a key in the firmware's db",
          .offline = "IPE policy",
          .carry_out = [](Target& target) -> Status {
            const Lab& lab = target.lab();
            UkiChanges changes;
            changes.initramfs[kIpeRunPolicyFile] =
                TRY(sign_attached(lab.stranger.image, as_bytes(ipe_run_policy(lab.root_hash))));
            return target.replace_uki(TRY(make_changed_uki(lab, changes)));
          }};
}

Attack second_uki() {
  return {.id = "uki.two",
          .what =
              "A second UKI with a higher version and a command line of its own, signed by a stranger, lies beside "
              "the owner's",
          .denied_by = Layer::firmware,
          .evidence = refused_to_load("ashlar_9[.]9[.]9[.]efi"),
          .offline = "ESP",
          .carry_out =
              [](Target& target) {
                return target.edit_esp([&](EspFiles& files) -> Status {
                  files[image::uki_path("9.9.9")] = TRY(foreign_uki(target.lab(), &target.lab().stranger.image));
                  return {};
                });
              },
          .control = without_secure_boot(kForeignLine)};
}

// systemd-boot loads drivers by itself. The UKI is none, but it says so only after the firmware let it be loaded.
Attack unsigned_driver() {
  return {.id = "esp.driver",
          .what = "An unsigned program lies where systemd-boot looks for drivers",
          .denied_by = Layer::firmware,
          .outcome = Outcome::unchanged,
          .offline = "ESP content",
          .carry_out =
              [](Target& target) {
                return target.edit_esp([&](EspFiles& files) -> Status {
                  Bytes program = files[image::uki_path(target.lab().version)];
                  TRY(remove_signature(target.lab(), program));
                  files["EFI/systemd/drivers/attack_x64.efi"] = std::move(program);
                  return {};
                });
              },
          .control = without_secure_boot("not a driver")};
}

// "default auto-efi-shell" makes systemd-boot start /shellx64.efi without asking.
Attack unsigned_shell() {
  return {
      .id = "esp.shell",
      .what =
          "An unsigned program lies where systemd-boot looks for an EFI shell, and loader.conf makes it the default",
      .denied_by = Layer::firmware,
      .evidence = refused_to_load("shellx64[.]efi"),
      .offline = "ESP content",
      .carry_out =
          [](Target& target) {
            return target.edit_esp([&](EspFiles& files) -> Status {
              files["shellx64.efi"] = TRY(foreign_uki(target.lab(), nullptr));
              append(files[std::string(image::kLoaderConfPath)], as_bytes("default auto-efi-shell\n"));
              return {};
            });
          },
      .control = without_secure_boot(kForeignLine)};
}

Change unsigned_loader() {
  return [](const Lab& lab, Bytes& file) -> Status {
    file = TRY(read_file(lab.tools.root() / "usr/lib/systemd/boot/efi/systemd-bootx64.efi"));
    return {};
  };
}

}  // namespace

std::vector<Attack> boot_chain_attacks(const Lab& lab) {
  const std::string loader(image::kBootloaderPath);
  const std::string uki = image::uki_path(lab.version);
  std::vector<Attack> attacks = {
      refused("loader.byte", "One bit of systemd-boot is changed", loader, at_text(".sdmagic", "LoaderInfo"),
              "bootloader"),
      refused("loader.unsigned", "systemd-boot as Debian ships it, without a signature", loader, unsigned_loader(),
              "bootloader"),
      refused("loader.stranger", "systemd-boot, signed by a stranger's key", loader, sign_as_stranger, "bootloader"),
      refused("uki.linux", "One bit of the kernel in the UKI is changed", uki, at_text(".linux", "ashlar"), "UKI"),
      refused("uki.initrd", "One bit of the initramfs in the UKI is changed", uki, at_text(".initrd", " amd64 "),
              "UKI"),
      refused("uki.cmdline", "One bit of the command line in the UKI is changed", uki, at_text(".cmdline", "10 "),
              "UKI"),
      refused("uki.osrel", "One bit of .osrel in the UKI is changed", uki, at_text(".osrel", "Ashlar"), "UKI"),
      refused("uki.uname", "One bit of .uname in the UKI is changed", uki, at_text(".uname", "."), "UKI"),
      refused("uki.pcrpkey", "One bit of the PCR key in the UKI is changed", uki, at_text(".pcrpkey", "PUBLIC"), "UKI"),
      refused("uki.pcrsig", "One bit of the signed policies in the UKI is changed", uki, at_text(".pcrsig", "unseal"),
              "UKI"),
      refused("uki.sbat", "One bit of .sbat in the UKI is changed", uki, at_text(".sbat", "systemd"), "UKI"),
      refused("uki.header", "One bit of the UKI's PE header is changed", uki, change_header, "UKI"),
      refused("uki.signature", "One bit of the UKI's signature is changed", uki, change_signature, "UKI"),
      refused("uki.padding", "One bit of the padding between two sections is changed", uki, change_padding, "UKI"),
      refused("uki.appended", "Bytes are appended behind the UKI's signature", uki, append_bytes, "UKI"),
      refused("uki.unsigned", "The UKI without its signature", uki, remove_signature, "UKI"),
      refused("uki.stranger", "The UKI, signed by a stranger's key", uki, sign_as_stranger, "UKI"),
      another_release(),
      another_root_hash_on_these_partitions(),
      root_hash_signed_by_a_stranger(),
      execution_policy_of_another_image(),
      execution_policy_by_a_stranger(),
      second_uki(),
      unsigned_driver(),
      unsigned_shell(),
  };
  for (Attack& attack : attacks) {
    if (attack.id == "loader.byte" || attack.id == "uki.cmdline" || attack.id == "uki.stranger")
      attack.tier = Tier::sample;
  }
  return attacks;
}

}  // namespace ashlar::prove
