// Attacks by who reaches the firmware's settings: Secure Boot off, other keys, the owner's own key retired.
#include "format/authenticode.h"
#include "prove/weaken.h"

namespace ashlar::prove {
namespace {

using image::EspFiles;

// An empty template: the machine is in setup mode, and enrols what lies on its ESP.
Status forget_keys(Target& target) {
  target.machine.firmware_variables.clear();
  return {};
}

Attack switched_off() {
  return {.id = "firmware.secure-boot-off",
          .what = "Secure Boot is switched off in the firmware's menu, the owner's keys stay",
          .denied_by = Layer::measurement,
          .outcome = Outcome::exposed,
          .evidence = "SecureBoot=0",
          .carry_out = [](Target& target) -> Status {
            target.machine.firmware_variables = target.lab().switched_off;
            return {};
          },
          .changed = {7},
          .tier = Tier::sample};
}

Attack strangers_keys() {
  return {.id = "firmware.stranger-keys",
          .what = "The keys are deleted, and boot loader, UKI and the keys to enrol are a stranger's",
          .denied_by = Layer::measurement,
          .outcome = Outcome::exposed,
          .offline = "PK update",
          .carry_out = [](Target& target) -> Status {
            TRY(forget_keys(target));
            const Lab& lab = target.lab();
            // A stranger's own root hash signature too: the kernel believes the keys the firmware has now.
            return target.edit_esp([&](EspFiles& files) -> Status {
              const std::string loader(image::kBootloaderPath);
              files = TRY(image::esp_files(
                  TRY(sign_pe(files[loader], lab.stranger.image)),
                  TRY(sign_pe(TRY(make_uki_for(lab, lab.root_hash, lab.stranger.image)), lab.stranger.image)),
                  lab.version, lab.stranger));
              return {};
            });
          },
          .changed = {7}};
}

// With no key in db the kernel trusts nobody's root hash either.
Attack setup_mode() {
  return {.id = "firmware.setup-mode",
          .what = "The keys are deleted from the firmware, and from the ESP what would enrol them again",
          .denied_by = Layer::signature,
          .evidence = "ashlar: failed: verify the system .*not signed by a key",
          .offline = "PK update",
          .carry_out = [](Target& target) -> Status {
            TRY(forget_keys(target));
            return target.edit_esp([](EspFiles& files) -> Status {
              for (const EfiVariable& variable : {kEfiPk, kEfiKek, kEfiDb})
                files.erase(image::key_update_path(variable));
              return {};
            });
          }};
}

Attack key_retired() {
  return {.id = "firmware.dbx",
          .what = "The certificate that signed boot loader and UKI is enrolled in dbx",
          .denied_by = Layer::firmware,
          .evidence = "failed to load Boot0001 .*: (Access Denied|Security Violation)",
          .offline = "ESP content",
          .carry_out = [](Target& target) -> Status {
            TRY(forget_keys(target));
            return target.edit_esp([&](EspFiles& files) -> Status {
              const image::KeySet& owner = target.lab().owner;
              files[image::key_update_path(kEfiDbx)] = TRY(image::key_update(kEfiDbx, owner.image.certificate, owner));
              return {};
            });
          },
          .tier = Tier::sample};
}

}  // namespace

std::vector<Attack> firmware_attacks(const Lab&) {
  return {switched_off(), strangers_keys(), setup_mode(), key_retired()};
}

}  // namespace ashlar::prove
