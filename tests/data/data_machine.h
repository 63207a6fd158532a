// Machines with /data, from the image of profile `storage`, dev variant. One is set up as a person does it; every test
// gets a machine that is a copy of it: disk, firmware variables, TPM.
#pragma once

#include "console.h"
#include "sys/tpm.h"
#include "test_image.h"

namespace ashlar::test {

// Whose machine it is.
inline constexpr char kName[] = "Anna";
inline constexpr char kPassword[] = "crowded violin 42 harbour";
// Files that were written when it was set up, with this content.
inline constexpr char kFile[] = "/data/kept";
inline constexpr char kHomeFile[] = "/data/home/u1/kept-at-home";
inline constexpr char kContent[] = "what Anna wrote on the first day";

// What makes a machine that one and no other.
struct Origin {
  fs::path directory;        // disk.raw, variables.fd, tpm/
  std::string recovery_key;  // as the screen showed it

  [[nodiscard]] fs::path disk() const { return directory / "disk.raw"; }
};
// Made once for an image, by the first call; kept in the work directory.
Result<Origin> origin();

class DataMachine {
 public:
  // A copy, switched off, that keeps what it writes in "<work>/data/<name>" until it is destroyed.
  static Result<DataMachine> like(const Origin& origin, const std::string& name);
  // As delivered: the image, keys enrolled, an unused TPM.
  static Result<DataMachine> new_machine(const std::string& name, const std::string& profile = "storage");
  DataMachine(DataMachine&&) noexcept;
  DataMachine& operator=(DataMachine&&) = delete;
  ~DataMachine();

  // What the next start is made with.
  vm::MachineConfig config;

  // A raw disk of its own, to be looked at and changed while the machine is off. Only before the first start.
  Result<fs::path> own_disk();

  Status power_on();
  // From the shell, as a person does it.
  Status power_off();
  Status cut_power();

  [[nodiscard]] vm::Machine& machine() { return *machine_; }
  [[nodiscard]] Console console() { return Console(*machine_); }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const fs::path& directory() const { return directory_; }
  // The TPM of the machine as it runs, used by the host behind the machine's back.
  Result<Tpm> live_tpm();
  // Everything that passed between machine and TPM since power-on.
  TpmWire traffic();

  // Starts it and comes to the first question.
  Result<Asked> start();
  // The same, and answers it with the password; ends at the next question or the shell.
  Result<Asked> unlock(std::string_view password = kPassword);
  // At a page that offers to try again: does so, and answers the prompt that must follow.
  Result<Asked> unlock_again(const Asked& page, std::string_view password = kPassword);

 private:
  DataMachine(std::string name, fs::path directory) : name_(std::move(name)), directory_(std::move(directory)) {}
  static Result<DataMachine> make(const std::string& name, const fs::path& disk, const fs::path& variables);

  std::string name_;
  fs::path directory_;
  std::optional<vm::Machine> machine_;
};

// Answers what first boot asks until the shell is there, or `stop` says so of a question; gives the recovery key.
struct FirstBoot {
  std::string recovery_key;
  Asked last;
};
Result<FirstBoot> set_up(DataMachine& machine, const std::function<bool(const Asked&)>& stop = nullptr);

}  // namespace ashlar::test
