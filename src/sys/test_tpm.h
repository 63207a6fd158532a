// A real software TPM (swtpm) for tests, on a wire that can be listened to, changed and cut.
#pragma once

#include <optional>

#include "base/subprocess.h"
#include "format/tpm_wire.h"
#include "sys/tpm.h"

namespace ashlar {

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
