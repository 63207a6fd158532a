// A virtual computer: QEMU, UEFI firmware with Secure Boot, and a TPM 2.0. One object is one power cycle after
// another until QEMU ends; what outlives the object (disk, firmware variables, TPM) lies in its state directory.
//
// Nothing here waits without an end: every wait has a deadline, and ends earlier at the event it is for or when the
// machine is gone. A Machine belongs to the thread that started it, and dies with it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vm/accelerator.h"
#include "vm/firmware.h"
#include "vm/tpm.h"
#include "vm/tpm_tap.h"
#include "vm/wait.h"

namespace ashlar::vm {

enum class DiskMode {
  discard,  // the machine may write; nothing survives the object
  overlay,  // writes go to disk.qcow2 in the state directory, which later machines with that directory see
  direct,   // the machine writes the file itself
};
enum class Display { none, window };
enum class Tpm {
  present,
  traced,  // every command is in the state directory's tpm.log
  tapped,  // the wire to it can be listened to, changed, cut and used: Machine::tpm_tap()
  absent,
};
enum class Network { none, user };       // user: QEMU's NAT, which reaches the outside world
enum class Reset { boots_again, ends };  // what a reset by the guest does

struct MachineConfig {
  fs::path disk;  // raw disk image; empty for a machine without one
  DiskMode disk_mode = DiskMode::discard;
  // Firmware variables, TPM, logs. Kept if given (made when it is not there yet); a temporary one that is removed at
  // the end otherwise.
  fs::path state_directory;
  // What the writable flash starts as when the state directory has none yet: by default the firmware's empty template.
  // A copy of another machine's variables() skips enrolment.
  fs::path firmware_variables;
  fs::path firmware_code;  // another build than the one the host's package brings
  SecureBoot secure_boot = SecureBoot::enforced;
  Tpm tpm = Tpm::present;
  // A kernel that clears all memory when it starts takes two seconds more per GiB under emulation.
  std::uint64_t memory_mib = 1024;
  // One is as fast to boot as two, and much faster on a busy host: firmware makes all processors meet in SMM.
  unsigned cpus = 1;
  Display display = Display::none;
  bool screen_and_keyboard = true;  // false: the serial console is all there is
  Network network = Network::none;
  Reset reset = Reset::boots_again;
  fs::path serial_log;                        // a copy of everything on the serial console
  std::vector<std::string> smbios;            // one -smbios option each, "type=11,value=..."
  std::map<std::string, std::string> fw_cfg;  // "opt/..." -> content
  std::vector<std::string> extra_arguments;   // for QEMU, after all of ours
  std::optional<Accelerator> accelerator;     // accelerator() decides if not given
  int cancel = -1;  // a descriptor of the caller's: when it becomes readable, waits end with an error
};

enum class Phase { running, paused, panicked, ended };
struct MachineStatus {
  Phase phase = Phase::running;
  unsigned resets = 0;           // since start()
  Clock::time_point last_reset;  // or the start when there was none
  std::string shutdown_reason;   // QMP's: guest-shutdown, guest-reset, host-qmp-quit, guest-panic, ...
  std::optional<int> exit_status;
};

class Machine {
 public:
  // Returns when the machine executes its first instruction.
  static Result<Machine> start(const MachineConfig& config);
  Machine(Machine&&) noexcept;
  Machine& operator=(Machine&&) noexcept;
  ~Machine();  // ends QEMU, then the TPM, and removes what was temporary

  // --- The serial console. A wait takes what it read: the next one starts after it.
  using LinePredicate = std::function<bool(std::string_view line)>;
  // The first line that contains `part`, or that `wanted` accepts, without line end and terminal control sequences.
  Result<std::string> wait_for_line(std::string_view part, Milliseconds timeout);
  Result<std::string> wait_for_line(const LinePredicate& wanted, Milliseconds timeout);
  // The next line whatever it is; nothing when `timeout` is over first.
  Result<std::optional<std::string>> next_line(Milliseconds timeout);
  // Everything through the first occurrence of `text`, which need not be at a line end: for prompts.
  Result<std::string> wait_for_text(std::string_view text, Milliseconds timeout);
  // What was said since the last line end and not taken, as it is now.
  [[nodiscard]] std::string unfinished_line() const;
  Status type_serial(std::string_view text);
  // What was said since the last line taken, raw: for passing a console through. Empty when `timeout` is over.
  // Returns earlier when the caller's descriptor `also` becomes readable.
  Result<std::string> read_serial(Milliseconds timeout, int also = -1);

  // --- Screen and keyboard.
  Status screenshot(const fs::path& path);  // PNG, or PPM when the name ends in .ppm
  // QMP key names pressed together: {"ctrl", "alt", "delete"}.
  Status send_keys(const std::vector<std::string>& together);
  // Types text as a US keyboard would, in the guest's time; returns before the guest has read it.
  Status type_keys(std::string_view text);

  // --- Power.
  Status powerdown();  // the power button: asks the guest
  Status reset();      // the reset button
  Status quit();       // QEMU ends in order; what the guest had written is in the image
  Status cut_power();  // QEMU is killed in the middle of whatever it does
  Status pause();
  Status resume();
  [[nodiscard]] MachineStatus status();
  // Waits for a QMP event by name and returns its data as JSON text.
  Result<std::string> wait_event(std::string_view name, Milliseconds timeout);
  // Returns when QEMU has ended.
  Result<MachineStatus> wait_exit(Milliseconds timeout);

  // Of a machine with Tpm::tapped only; lives as long as the machine.
  [[nodiscard]] TpmTap& tpm_tap();

  [[nodiscard]] fs::path state_directory() const;
  [[nodiscard]] fs::path variables() const;      // the firmware's variables; complete once the machine has ended
  [[nodiscard]] Clock::duration uptime() const;  // since the first instruction
  [[nodiscard]] std::string last_lines(std::size_t count) const;

  // Seam for tests and rare needs: any other QMP command, arguments and answer as JSON text.
  Result<std::string> qmp(const std::string& command, const std::string& arguments = "{}");

 private:
  struct State;
  explicit Machine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ashlar::vm
