// A software TPM 2.0 (swtpm) for one machine.
#pragma once

#include "base/subprocess.h"
#include "vm/wait.h"

namespace ashlar::vm {

class SoftwareTpm {
 public:
  // Starts swtpm on the state in `directory` and returns when it runs; `machine_end()` is the socket QEMU's emulator
  // back end wants. An empty directory becomes a new TPM with only the SHA-256 bank, as today's machines ship.
  // Every command and answer is written to `directory`/../tpm.log when `trace` says so.
  enum class Trace { none, commands };
  static Result<SoftwareTpm> start(const fs::path& directory, const fs::path& log, Trace trace = Trace::none);

  [[nodiscard]] const Fd& machine_end() const { return machine_end_; }
  // The same, as the caller's: once the machine has its copy it must go, or swtpm would not see the machine end.
  Fd take_machine_end() { return std::move(machine_end_); }
  std::optional<int> poll() { return process_.poll(); }

 private:
  SoftwareTpm(Process process, Fd machine_end) : process_(std::move(process)), machine_end_(std::move(machine_end)) {}

  Process process_;
  Fd machine_end_;
};

}  // namespace ashlar::vm
