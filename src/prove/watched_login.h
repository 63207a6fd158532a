// A login by somebody who has password, disk and the wire to the TPM, and looks at the machine's memory: he knows every
// secret, and so can tell whether it shows where it must not.
#pragma once

#include "format/tpm_wire.h"
#include "prove/outsider.h"

namespace ashlar::prove {

class DataMachine;

struct NamedSecret {
  std::string name;
  Bytes value;
};
// What was looked for, and how often it is there.
using Found = std::map<std::string, std::size_t>;

class WatchedLogin {
 public:
  // Starts the machine, and at its prompt unseals beside it: the control of what must fail once the prompt is over.
  static Result<WatchedLogin> at_prompt(DataMachine& machine);
  // By keyboard, as a person does, without Enter: the serial line's own buffers are not what this is about.
  Status type_password(DataMachine& machine);
  // Enter, and on to the shell. Keeps what passed on the wire.
  Status log_in(DataMachine& machine);
  // All of the machine's memory.
  Result<Found> search_memory(DataMachine& machine) const;

  [[nodiscard]] const Outsider& outsider() const { return outsider_; }
  [[nodiscard]] const std::vector<NamedSecret>& secrets() const { return secrets_; }
  [[nodiscard]] const TpmWire& wire() const { return wire_; }
  Found while_typed, afterwards;  // kept here by whoever searches

 private:
  WatchedLogin(Outsider outsider, std::vector<NamedSecret> secrets)
      : outsider_(std::move(outsider)), secrets_(std::move(secrets)) {}
  Outsider outsider_;
  std::vector<NamedSecret> secrets_;
  TpmWire wire_;
};

// --- What must be seen: evidence, or an error that says what is wrong.
// Unseals once more after the login, with the password and the disk. The TPM refuses, also when nobody looks at PCR 15
// first, and no try is used up.
Result<std::string> second_unseal_refused(DataMachine& machine, const Outsider& outsider);
// `plain`: something that passes unencrypted, and must be found.
Result<std::string> wire_tells_nothing(const TpmWire& wire, const std::vector<NamedSecret>& secrets, ByteView plain);
Result<std::string> memory_keeps_nothing(const Found& while_typed, const Found& afterwards);

}  // namespace ashlar::prove
