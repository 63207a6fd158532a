// The disk in another machine, other firmware under it, another image on it: what the prompt says before it asks for a
// password, and that the recovery key opens /data all the same.
#include <tss2/tss2_esys.h>

#include <thread>

#include "data/prompt.h"
#include "image/pcr_policies.h"
#include "prove/attack_data.h"
#include "sys/tpm_authority.h"
#include "sys/tpm_esys.h"
#include "sys/tpm_rollback.h"

namespace ashlar::prove {
namespace {

using image::EspFiles;

// Debian's 2 MiB build: other code, and variables of its own in which the same keys are enrolled.
constexpr char kOtherFirmware[] = "/usr/share/OVMF/OVMF_CODE.secboot.fd";
constexpr char kOtherVariables[] = "/usr/share/OVMF/OVMF_VARS.fd";
constexpr char kBootRom[] = "/usr/lib/ipxe/qemu/efi-virtio.rom";

// What the recovery key is followed by.
enum class Afterwards {
  as_it_is,     // "Not now"
  sealed_anew,  // the password opens it at the next start
};

Status recover(DataScene& scene, Afterwards afterwards) {
  vm::Asked asked = TRY(scene.machine.answer(scene.lab.origin.recovery_key));
  if (!asked.says("Shall it open by password again?")) return fail("the recovery key does not open: " + asked.text());
  asked = TRY(scene.machine.choose(asked, afterwards == Afterwards::sealed_anew ? "Type my password" : "Not now"));
  if (asked.label == kPasswordLabel) asked = TRY(scene.machine.answer(kPassword));
  if (!asked.at_shell()) return fail("after the recovery key: " + asked.text());
  TRY(scene.machine.expect_kept(kFile));
  scene.control += "; the recovery key opened it here, and what was written is there";
  if (afterwards == Afterwards::as_it_is) return {};
  TRY(scene.machine.power_off());
  TRY(in("sealed anew", scene.machine.expect_opens()));
  scene.control += "; sealed anew, the password opened it at the next start";
  return {};
}

DataAttack refusal(std::string id, std::string what, std::string denied_by, Refusal page, Afterwards afterwards,
                   std::function<Status(DataScene&)> carry_out) {
  DataAttack attack{.id = std::move(id),
                    .what = std::move(what),
                    .denied_by = std::move(denied_by),
                    .expected = "no password is asked for, the page says \"" + page.says.front() +
                                "\", and the recovery key opens /data with nothing lost",
                    .carry_out = std::move(carry_out)};
  attack.judge = [page = std::move(page), afterwards](DataScene& scene) -> Result<std::string> {
    scene.asked = TRY(scene.machine.start());
    std::string evidence = TRY(refused(scene.asked, page));
    TRY(recover(scene, afterwards));
    return evidence;
  };
  return attack;
}

// Starts it, and does something to its TPM while the prompt stands, with the authorizations that set-up hid: who has
// the recovery key can read them.
Status as_owner(DataScene& scene, const std::function<Status(Outsider&, const TpmAuthorities&, Tpm&)>& what) {
  vm::Asked asked = TRY(scene.machine.start());
  if (asked.label != kPasswordLabel) return fail("no password is asked for: " + asked.text());
  Outsider owner = TRY(Outsider::with(scene.lab.origin.disk()));
  UnlockedVolume volume = TRY(owner.recover(scene.lab.origin.recovery_key));
  TpmAuthorities authorities = TRY(Outsider::authorities(volume));
  Tpm tpm = TRY(scene.machine.live_tpm());
  TRY(what(owner, authorities, tpm));
  return scene.machine.cut_power();
}

// Cleared while it runs, with the lockout authorization: what the firmware's setup does with the platform's.
Status clear_tpm(Outsider&, const TpmAuthorities& authorities, Tpm& tpm) {
  esys::Authorized authorized = TRY(esys::Authorized::with(tpm.esys(), ESYS_TR_RH_LOCKOUT, &authorities.lockout));
  return esys::call("TPM2_Clear", [&] {
    return Esys_Clear(tpm.esys(), ESYS_TR_RH_LOCKOUT, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE);
  });
}

// With the owner's authorization: made anew, it would know of no retired image.
Status remake_index(Outsider& owner, const TpmAuthorities& authorities, Tpm& tpm) {
  TpmStorageKey key = TRY(owner.storage_key(tpm));
  if (undefine_nv_index(tpm, key, nullptr, kRollbackHandle)) return fail("it can be removed without authorization");
  TRY(undefine_nv_index(tpm, key, &authorities.owner, kRollbackHandle));
  return define_nv_index(tpm, key, &authorities.owner, RollbackIndex(owner.owner().name()).public_area());
}

// The same image with other signed policies, which are not measured.
using MakePolicies = std::function<Result<PcrSignature>(const Lab& lab, const Sha256Digest& uki)>;
Status change_policies(DataScene& scene, const MakePolicies& make) {
  return scene.edit_disk([&](Target& target) -> Status {
    const Lab& lab = target.lab();
    PcrSignature signature = TRY(make(lab, lab.predicted.at(kPcrUki)));
    std::string text = build_pcr_signature(signature);
    return target.replace_uki(TRY(make_uki(lab, ".pcrsig", as_bytes(text), &lab.owner.image)));
  });
}

// Waits for PID 1 to have marked the boot good.
Status expect_bit(DataScene& scene, unsigned epoch) {
  Outsider outsider = TRY(Outsider::with(scene.lab.origin.disk()));
  Tpm tpm = TRY(scene.machine.live_tpm());
  TpmStorageKey key = TRY(outsider.storage_key(tpm));
  RollbackIndex index(outsider.owner().name());
  for (vm::Deadline deadline = vm::Deadline::after(kBootLimit); !deadline.passed();) {
    if ((TRY(read_rollback_bits(tpm, key, kRollbackHandle, index.name())) >> epoch & 1) != 0) return {};
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  return fail("the boot was not marked good");
}

// An image of the next epoch is used once; then the older one starts, with the same /data.
Status go_back(DataScene& scene) {
  unsigned present = 0;
  TRY(change_policies(scene, [&](const Lab& lab, const Sha256Digest& uki) -> Result<PcrSignature> {
    present = TRY(image::check_pcr_policies(lab.esp.at(image::uki_path(lab.version)))).signature.epoch.number();
    return sign_image_policies(lab.owner.pcr, uki, TRY(Epoch::from(present + 1)));
  }));
  TRY(in("a newer image of the owner's", scene.machine.expect_opens()));
  scene.control += "; the newer image opens without sealing anew";
  TRY(expect_bit(scene, present + 1));
  TRY(scene.machine.power_off());
  scene.machine.config.disk = scene.lab.origin.disk();
  scene.machine.config.disk_mode = vm::DiskMode::overlay;
  return {};
}

std::vector<DataAttack> other_machines() {
  constexpr char kKey[] = "TPM storage key";
  const Refusal unknown = {.says = {"The TPM does not know this disk: it was cleared, or the disk is in another "
                                    "machine."}};
  return {
      refusal("data.moved", "The disk is put into another machine", kKey, unknown, Afterwards::sealed_anew,
              [](DataScene& scene) { return scene.machine.replace_tpm(); }),
      refusal("data.no-tpm", "The disk is put into a machine without a TPM", kKey,
              {.says = {"This machine shows no TPM, and /data was sealed to one."}}, Afterwards::as_it_is,
              [](DataScene& scene) -> Status {
                scene.machine.config.tpm = vm::Tpm::absent;
                return {};
              }),
      refusal("data.tpm-cleared", "The TPM is cleared", kKey, unknown, Afterwards::sealed_anew,
              [](DataScene& scene) { return as_owner(scene, clear_tpm); }),
  };
}

std::vector<DataAttack> other_firmware() {
  constexpr char kPolicy[] = "TPM policy";
  constexpr char kPcr0[] = "PCR 0: the firmware itself (an update changes it)";
  constexpr char kPcr7[] = "PCR 7: Secure Boot: its keys, or whether it is on";
  std::vector<DataAttack> attacks = {
      refusal("data.firmware-build", "Another build of the firmware, with the same keys enrolled", kPolicy,
              {.says = {kPcr0}, .says_not = {"PCR 2", "PCR 7"}}, Afterwards::sealed_anew,
              [](DataScene& scene) -> Status {
                scene.machine.config.firmware_code = kOtherFirmware;
                scene.machine.config.firmware_variables = kOtherVariables;
                return {};
              }),
      refusal("data.card-firmware", "A card with a boot ROM of its own is plugged in", kPolicy,
              {.says = {"PCR 2: the firmware of cards that are plugged in"}}, Afterwards::as_it_is,
              [](DataScene& scene) -> Status {
                scene.machine.config.extra_arguments = {"-device", std::string("virtio-net-pci,romfile=") + kBootRom};
                return {};
              }),
      refusal("data.secure-boot-off", "Secure Boot is switched off in the firmware's menu", kPolicy, {.says = {kPcr7}},
              Afterwards::as_it_is,
              [](DataScene& scene) -> Status {
                Bytes flash = TRY(read_file(scene.lab.origin.directory / "variables.fd"));
                TRY(switch_secure_boot_off(flash));
                return write_file(scene.machine.directory() / "variables.fd", flash);
              }),
      // As a firmware vendor sends them.
      refusal("data.dbx", "An update of dbx retires a certificate of somebody else's", kPolicy,
              {.says = {kPcr7}, .says_not = {"PCR 0"}}, Afterwards::as_it_is,
              [](DataScene& scene) -> Status {
                // Empty: everything on the ESP is enrolled, dbx among it.
                scene.machine.config.firmware_variables.clear();
                return scene.edit_disk([](Target& target) {
                  return target.edit_esp([&](EspFiles& files) -> Status {
                    const Lab& lab = target.lab();
                    files[image::key_update_path(kEfiDbx)] =
                        TRY(image::key_update(kEfiDbx, lab.stranger.image.certificate, lab.owner));
                    return {};
                  });
                });
              }),
  };
  attacks[0].needs = kOtherFirmware;
  attacks[1].needs = kBootRom;
  attacks[2].tier = Tier::sample;
  return attacks;
}

// UKIs that Secure Boot starts.
std::vector<DataAttack> other_images() {
  constexpr char kPolicy[] = "TPM policy";
  constexpr char kIndex[] = "rollback index";
  const Refusal unsigned_image = {.says = {"What started is not what the owner signed: PCR 11, 12 or 13 differs."}};
  return {
      refusal("data.strangers-policies", "A UKI signed by db whose policies a stranger's PCR key signed", kPolicy,
              unsigned_image, Afterwards::as_it_is,
              [](DataScene& scene) {
                return change_policies(scene, [](const Lab& lab, const Sha256Digest& uki) {
                  return sign_image_policies(lab.stranger.pcr, uki, Epoch::from(0).value());
                });
              }),
      refusal("data.other-image-policies", "A UKI signed by db with the signed policies of another image", kPolicy,
              unsigned_image, Afterwards::as_it_is,
              [](DataScene& scene) {
                return change_policies(scene, [](const Lab& lab, const Sha256Digest&) {
                  return sign_image_policies(lab.owner.pcr, sha256(std::string_view("another image")),
                                             Epoch::from(0).value());
                });
              }),
      refusal("data.no-policies", "A UKI signed by db without policies", kPolicy,
              {.says = {"This image carries no policies that the owner signed"}}, Afterwards::as_it_is,
              [](DataScene& scene) {
                return scene.edit_disk([](Target& target) -> Status {
                  const Lab& lab = target.lab();
                  constexpr std::string_view kNone = "{}\n";
                  return target.replace_uki(TRY(make_uki(lab, ".pcrsig", as_bytes(kNone), &lab.owner.image)));
                });
              }),
      refusal("data.retired-image", "An image of the next epoch was in use, and the older one is started again", kIndex,
              {.says = {"This version of the system was retired: a newer one has been in use on this machine."}},
              Afterwards::as_it_is, go_back),
      refusal("data.rollback-index", "The rollback index is removed and made anew, with the owner's authorization",
              kIndex, {.says = {"The TPM's record of retired versions is gone, or is another one."}},
              Afterwards::sealed_anew, [](DataScene& scene) { return as_owner(scene, remake_index); }),
  };
}

}  // namespace

Result<std::string> refused(const vm::Asked& asked, const Refusal& refusal) {
  if (asked.at_shell()) return fail("the attack went through: /data is open");
  if (asked.label == kPasswordLabel) return fail("the attack went through: the password is asked for");
  const std::string label = refusal.asks == Refusal::Asks::menu ? kMenuLabel : kRecoveryKeyLabel;
  if (asked.label != label) return fail("another page than the one that refuses: " + asked.text());
  if (!asked.says("/data does not open"))
    return fail("the page does not say that /data does not open: " + asked.text());
  std::string evidence;
  for (const std::string& wanted : refusal.says) {
    auto line = std::ranges::find_if(asked.lines, [&](const std::string& each) { return each.contains(wanted); });
    if (line == asked.lines.end()) return fail("\"" + wanted + "\" is not on the page: " + asked.text());
    evidence += (evidence.empty() ? "" : " ") + line->substr(line->find_first_not_of(' '));
  }
  for (const std::string& unwanted : refusal.says_not) {
    if (asked.says(unwanted)) return fail("\"" + unwanted + "\" is on the page too: " + asked.text());
  }
  return evidence;
}

std::vector<DataAttack> data_tpm_attacks() {
  std::vector<DataAttack> attacks = other_machines();
  std::ranges::move(other_firmware(), std::back_inserter(attacks));
  std::ranges::move(other_images(), std::back_inserter(attacks));
  attacks.front().tier = Tier::sample;
  return attacks;
}

}  // namespace ashlar::prove
