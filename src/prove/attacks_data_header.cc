// The header of /data edited, or swapped, by who has the disk for a while.
#include "data/prompt.h"
#include "prove/attack_data.h"

namespace ashlar::prove {
namespace {

using SeenBy = HeaderEdit::SeenBy;

constexpr char kForeign[] = "The data partition was not made by this system, or was altered.";
constexpr char kDamaged[] = "The data partition has no LUKS2 header, or a damaged one. It is not touched.";
constexpr char kAltered[] = "The key is right, but the header was altered by somebody who did not have it.";

constexpr char kOtherKeys[] = "does not open with this key.";

// Where the header lies, kept as it is for later.
Result<fs::path> take_header(DataScene& scene) {
  fs::path disk = TRY(scene.machine.own_disk());
  scene.header.emplace(TRY(read_header(disk)));
  return disk;
}

// The header as it was is put back while the page stands, and read anew.
Status restore(DataScene& scene) {
  if (!scene.header) return fail("nothing was edited");
  TRY(write_header(scene.machine.config.disk, *scene.header));
  scene.asked = TRY(scene.machine.unlock_again(scene.asked));
  if (!scene.asked.at_shell()) return fail("the header as it was does not open: " + scene.asked.text());
  TRY(scene.machine.expect_kept(kHomeFile));
  scene.control += "; with the header as it was it opens again, and nothing is lost";
  return {};
}

DataAttack edited(const HeaderEdit& edit) {
  const bool by_form = edit.seen_by == SeenBy::form;
  DataAttack attack{.id = edit.id,
                    .what = "The LUKS2 header is edited, its checksums made right: " + edit.what,
                    .denied_by = by_form ? "header's form" : "authenticated header",
                    .expected = std::string(by_form ? "before any key is used" : "after the right password") +
                                " the page says \"" + edit.sentence + "\"; nothing is activated"};
  attack.carry_out = [edit](DataScene& scene) -> Status {
    fs::path disk = TRY(take_header(scene));
    HeaderFile changed = TRY(scene.header->copy());
    TRY(changed.edit(edit.edit));
    return write_header(disk, changed);
  };
  attack.judge = [by_form, sentence = edit.sentence](DataScene& scene) -> Result<std::string> {
    scene.asked = TRY(scene.machine.start());
    if (!by_form && scene.asked.label == kPasswordLabel) scene.asked = TRY(scene.machine.answer(kPassword));
    std::string evidence = TRY(refused(scene.asked, {.says = {sentence}, .asks = Refusal::Asks::menu}));
    TRY(restore(scene));
    return evidence;
  };
  return attack;
}

// The password is right, the TPM gives its part, and it opens nothing.
DataAttack swapped() {
  DataAttack attack{.id = "data.header-swapped",
                    .what = "A volume of the attacker's own lies in its place, with the victim's tokens in it",
                    .denied_by = "LUKS2 keyslot",
                    .expected = "the right password opens nothing: \"Keyslot 1 " + std::string(kOtherKeys) + "\""};
  attack.carry_out = [](DataScene& scene) -> Status {
    fs::path disk = TRY(take_header(scene));
    return write_header(disk, TRY(attackers_volume(disk)));
  };
  attack.judge = [](DataScene& scene) -> Result<std::string> {
    scene.asked = TRY(scene.machine.unlock());
    std::string evidence = TRY(refused(scene.asked, {.says = {kOtherKeys}}));
    if (!scene.header) return fail("nothing was swapped");
    TRY(scene.machine.cut_power());
    TRY(write_header(scene.machine.config.disk, *scene.header));
    TRY(in("the volume as it was", scene.machine.expect_opens()));
    scene.control += "; the volume as it was opens again, and nothing is lost";
    return evidence;
  };
  return attack;
}

}  // namespace

std::vector<HeaderEdit> header_edits() {
  return {
      {"data.header-cipher", "a null cipher", kForeign,
       [](Json& j) { j["segments"]["0"]["encryption"] = "cipher_null-ecb"; }},
      {"data.header-reencrypt", "a re-encryption under way", kDamaged,  // libcryptsetup is the first to refuse
       [](Json& j) { j["config"]["requirements"] = {{"mandatory", {"online-reencrypt-v2"}}}; }},
      {"data.header-offset", "another offset of the data", kForeign,
       [](Json& j) { j["segments"]["0"]["offset"] = "16781312"; }},
      {"data.header-token", "a token of another system", kForeign,
       [](Json& j) { j["tokens"]["9"] = {{"type", "systemd-tpm2"}, {"keyslots", {"1"}}}; }},
      {"data.header-keyslot", "one more keyslot", kAltered,
       [](Json& j) {
         j["keyslots"]["9"] = j["keyslots"]["1"];
         j["keyslots"]["9"]["area"]["offset"] = "8388608";
         j["digests"]["0"]["keyslots"].push_back("9");
       },
       SeenBy::authentication},
      {"data.header-word", "a token of ours with another word in it", kAltered,
       [](Json& j) {
         for (auto& [number, token] : j["tokens"].items()) {
           if (token["type"] == "ashlar-machine") token["keyboard"] = "de(nodeadkeys)";
         }
       },
       SeenBy::authentication},
  };
}

Result<HeaderFile> attackers_volume(const fs::path& disk) {
  HeaderFile made = TRY(HeaderFile::blank());
  HeaderFile victim = TRY(read_header(disk));
  Volume seen = TRY(Volume::load(victim.path()));
  UnlockedVolume volume = TRY(Volume::format(made.path()));
  TRY(volume.begin({{0, 1}, {0}}));
  for (unsigned keyslot : {0U, 1U}) TRY(volume.add_keyslot(keyslot, TRY(Secret::copy_of(Bytes(64, 65 + keyslot)))));
  for (const auto& [number, token] : seen.metadata().tokens) {
    if (token.type == kUserToken) TRY(volume.put_token(0, token.json));
  }
  TRY(volume.finish());
  return made;
}

std::vector<DataAttack> data_header_attacks() {
  std::vector<DataAttack> attacks;
  for (const HeaderEdit& edit : header_edits()) attacks.push_back(edited(edit));
  attacks.push_back(swapped());
  for (DataAttack& attack : attacks) {
    if (attack.id == "data.header-cipher" || attack.id == "data.header-keyslot") attack.tier = Tier::sample;
  }
  return attacks;
}

}  // namespace ashlar::prove
