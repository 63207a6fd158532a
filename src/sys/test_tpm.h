// A real software TPM (swtpm) for tests, on a wire that can be listened to, changed and cut.
#pragma once

#include <functional>
#include <optional>

#include "base/subprocess.h"
#include "sys/tpm.h"

namespace ashlar {

// What passes between the program and its TPM.
struct TpmWire {
  std::vector<Bytes> commands;
  std::vector<Bytes> answers;  // as the program got them
  // When set: changes an answer, given its command. An empty answer cuts the wire, for good.
  std::function<void(const Bytes& command, Bytes& answer)> meddle;
  // When set: gives the answer itself; nullopt lets the command through.
  std::function<std::optional<Bytes>(const Bytes& command)> intercept;

  [[nodiscard]] bool carried(ByteView needle) const;
};

// The command code in a command.
std::uint32_t tpm_command_code(const Bytes& command);
// An answer that is nothing but this return code.
Bytes tpm_answer(std::uint32_t code);

class TestTpm {
 public:
  TestTpm();  // a new TPM, switched off; a test failure when there is no swtpm
  ~TestTpm();
  TestTpm(const TestTpm&) = delete;
  TestTpm& operator=(const TestTpm&) = delete;

  // Switches it on, or off (without a word to it) and on again: PCRs and sessions are gone. What earlier calls gave
  // must not be used any more.
  Tpm power_on();
  // TPM2_Clear, as the firmware's setup does it, and on again.
  Tpm clear();

  TpmWire& wire() { return *wire_; }

 private:
  void power_off();

  fs::path directory_;
  std::optional<Process> process_;
  std::unique_ptr<TpmWire> wire_;
};

}  // namespace ashlar
