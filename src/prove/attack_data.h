// What an attacker does to a machine with /data: to its disk, its firmware, its TPM, the wire between, and by guessing.
// The control of all is the same machine untouched, which opens with the password (data_untouched).
#pragma once

#include "prove/data_machine.h"
#include "prove/judge.h"
#include "prove/outsider.h"
#include "prove/watched_login.h"

namespace ashlar::prove {

// What all cases share.
struct DataLab {
  const Lab& lab;  // of the same image: keys, and how to change an ESP
  Origin origin;
};

// One case while it is played. What one step leaves for the next is in here.
struct DataScene {
  const DataLab& lab;
  DataMachine machine;  // a copy of the origin; switched off at the beginning
  vm::Asked asked;      // what the machine asks
  std::string control;  // what was seen to work, for the report
  // Of some cases:
  std::optional<HeaderFile> header;           // as it was before it was edited
  std::optional<WatchedLogin> login;          // a login that somebody watched
  std::optional<vm::Milliseconds> power_cut;  // how long after the last answer

  // Edits the ESP of the machine's disk; the machine is switched off.
  Status edit_disk(const std::function<Status(Target&)>& edit);
};

struct DataAttack {
  std::string id;         // "data.moved"
  std::string what;       // one sentence for the report
  std::string denied_by;  // which part of what guards /data
  std::string expected;   // in words
  std::function<Status(DataScene&)> carry_out;
  // Looks what became of it: the evidence, or an error that says why the case is broken. An attack that never reached
  // the machine is an error too.
  std::function<Result<std::string>(DataScene&)> judge;
  Tier tier = Tier::full;
  fs::path needs;  // a file of the host's; where it is missing, `ashlar prove` leaves the case out
};

// Every case. The seed is of the moments of power cuts.
std::vector<DataAttack> data_attacks(std::uint64_t seed);
// Its parts.
std::vector<DataAttack> data_tpm_attacks();     // another machine, another firmware, another image
std::vector<DataAttack> data_header_attacks();  // the LUKS2 header
std::vector<DataAttack> data_login_attacks();   // beside the prompt and after it
std::vector<DataAttack> data_power_cuts(std::uint64_t seed);

// What the machines are made from, for the lab's image; nullopt when that carries no unlocking program.
Result<std::optional<DataSetting>> data_setting(const Lab& lab);

CaseReport judge_data(const DataLab& lab, const DataAttack& attack);
CaseReport could_not_judge(const DataAttack& attack, const Error& why);
// The machine that all others are copies of, untouched.
DataAttack data_untouched();

// --- What a page has to say that refuses.
struct Refusal {
  std::vector<std::string> says;
  std::vector<std::string> says_not;
  enum class Asks { recovery_key, menu } asks = Asks::recovery_key;  // instead of a password
};
// The lines that were looked for; an error when the page is not this refusal.
Result<std::string> refused(const vm::Asked& asked, const Refusal& refusal);

// --- Edits of the header, each with what the machine must say.
struct HeaderEdit {
  std::string id;
  std::string what;
  std::string sentence;
  std::function<void(Json&)> edit;
  // By form: refused before any key is used; otherwise the password is asked for first.
  enum class SeenBy { form, authentication } seen_by = SeenBy::form;
};
std::vector<HeaderEdit> header_edits();
// An attacker's own volume with the victim's tokens in it.
Result<HeaderFile> attackers_volume(const fs::path& disk);

// --- Power cuts.
enum class During { set_up, unlock, password_change, reseal };
// Leads the machine to the last answer of the change, and cuts the power `after` that. For set_up it is a new one.
Status cut_power_during(DataMachine& machine, const Origin& origin, During during, vm::Milliseconds after);
// Afterwards it opens with the old or the new password and nothing is lost; a first boot starts again.
Status expect_survived(DataMachine& machine, const Origin& origin, During during);
// A moment at random, up to longer than any change takes on a busy host: a cut that comes late finds everything done,
// which is a case too.
vm::Milliseconds moment_of_cut(std::uint64_t seed, std::uint64_t index);

}  // namespace ashlar::prove
