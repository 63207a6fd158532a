// Machines with /data, of the dev variant. One is set up as a person does it, by answering on the serial console; what
// is attacked are copies of it: disk, firmware variables, TPM.
#pragma once

#include "sys/tpm.h"
#include "vm/console.h"

namespace ashlar::prove {

// Whose machine it is.
inline constexpr char kName[] = "Anna";
inline constexpr char kPassword[] = "crowded violin 42 harbour";
// Files that were written when it was set up, with this content.
inline constexpr char kFile[] = "/data/kept";
inline constexpr char kHomeFile[] = "/data/home/u1/kept-at-home";
inline constexpr char kContent[] = "what Anna wrote on the first day";

using vm::kBootLimit;

// What these machines are made from, and where they keep what they write.
struct DataSetting {
  fs::path image;      // of the dev variant, with the unlocking program
  fs::path variables;  // firmware variables with the owner's keys enrolled
  fs::path work;       // each machine has a directory in it
  fs::path logs;       // "NAME.log": what its console said
  // Argon2id takes a quarter. Small, so that it is fast; a session wants more.
  std::uint64_t memory_mib = 768;
};

// What makes a machine that one and no other.
struct Origin {
  DataSetting setting;
  fs::path directory;        // disk.raw, variables.fd, tpm/
  std::string recovery_key;  // as the screen showed it

  [[nodiscard]] fs::path disk() const { return directory / "disk.raw"; }
};
// Sets a machine up in `directory`, which is made anew.
Result<Origin> make_origin(const DataSetting& setting, const fs::path& directory);

class DataMachine {
 public:
  // A copy, switched off, that keeps what it writes in "<work>/<name>" until it is destroyed.
  static Result<DataMachine> like(const Origin& origin, const std::string& name);
  // As delivered: the image, keys enrolled, an unused TPM.
  static Result<DataMachine> new_machine(const DataSetting& setting, const std::string& name);
  DataMachine(DataMachine&&) noexcept;
  DataMachine& operator=(DataMachine&&) = delete;
  ~DataMachine();

  // What the next start is made with.
  vm::MachineConfig config;

  // A raw disk of its own, to be looked at and changed while the machine is off. Only before the first start.
  Result<fs::path> own_disk();
  // The disk was moved: from the next start on the TPM is a new one.
  Status replace_tpm() const;
  // Leaves the directory where it is, for a person to look at.
  void keep() { kept_ = true; }

  Status power_on();
  // From the shell, as a person does it.
  Status power_off();
  Status cut_power();

  [[nodiscard]] vm::Machine& machine() { return *machine_; }
  [[nodiscard]] bool is_on();
  [[nodiscard]] vm::Console console() { return vm::Console(*machine_); }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const fs::path& directory() const { return directory_; }
  // The TPM of the machine as it runs, used by the host behind the machine's back.
  Result<Tpm> live_tpm();
  // Everything that passed between machine and TPM since power-on.
  TpmWire traffic();

  // --- Talking with it; each comes to the next question, or to the shell.
  // Starts it. A start in which keys are enrolled or the firmware resets for another reason is waited through.
  Result<vm::Asked> start();
  Result<vm::Asked> answer(std::string_view text);
  Result<vm::Asked> choose(const vm::Asked& asked, std::string_view option);
  // Starts it and answers the password, if that is what is asked.
  Result<vm::Asked> unlock(std::string_view password = kPassword);
  // At a page that offers to try again: does so, and answers the prompt that must follow.
  Result<vm::Asked> unlock_again(const vm::Asked& page, std::string_view password = kPassword);

  // At the shell: an error when `file` has not the content it was given at set-up.
  Status expect_kept(const char* file);
  // From power-on: an error when the password does not open, or something is lost.
  Status expect_opens();

 private:
  DataMachine(std::string name, fs::path directory) : name_(std::move(name)), directory_(std::move(directory)) {}
  static Result<DataMachine> make(const DataSetting& setting, const std::string& name, const fs::path& disk,
                                  const fs::path& variables);

  std::string name_;
  fs::path directory_;
  std::optional<vm::Machine> machine_;
  bool kept_ = false;
};

// Answers what first boot asks until the shell is there, or `stop` says so of a question; gives the recovery key.
struct FirstBoot {
  std::string recovery_key;
  vm::Asked last;
};
Result<FirstBoot> set_up(DataMachine& machine, const std::function<bool(const vm::Asked&)>& stop = nullptr);

}  // namespace ashlar::prove
