// `ashlar run`: boots an image as a person would, or until it is ready.
#pragma once

#include <memory>
#include <string>

#include "vm/first_boot.h"
#include "vm/machine.h"

namespace ashlar::vm {

struct Verdict {
  enum class State { waiting, ready, failed };
  State state = State::waiting;
  std::string evidence;  // the line, or what the screen said
};

// Decides from what the machine shows whether it is ready. The default one reads the dev variant's serial console;
// a release image has none and is judged by its screen.
class ReadyDetector {
 public:
  enum class Source { serial, screen };
  virtual ~ReadyDetector() = default;
  [[nodiscard]] virtual Source source() const = 0;  // asked again after every line
  virtual Verdict on_line(std::string_view /*line*/) { return {}; }
  // What is to be typed at a line that has no end yet.
  virtual std::optional<std::string_view> answer(std::string_view /*unfinished*/) { return std::nullopt; }
  // A screen detector is shown a screendump about once a second.
  virtual Result<Verdict> on_screen(const fs::path& /*ppm*/) { return Verdict{}; }
};

// "ashlar: ready ..." is ready when it tells of Secure Boot on, out of setup mode, and a root on dm-verity; a ready
// line that tells otherwise, "ashlar: failed ..." and a kernel panic are failed.
class SerialReadyDetector : public ReadyDetector {
 public:
  [[nodiscard]] Source source() const override { return Source::serial; }
  Verdict on_line(std::string_view line) override;
};

// The desktop of a dev image: ready as above, without /data where there is none yet, then the session says that the
// browser has drawn its first page, then the screen stands still, for the sake of the picture; one that does not within
// a minute is not waited for. A session that stays down is failed.
class DesktopReadyDetector : public ReadyDetector {
 public:
  [[nodiscard]] Source source() const override { return page_ ? Source::screen : Source::serial; }
  Verdict on_line(std::string_view line) override;
  std::optional<std::string_view> answer(std::string_view unfinished) override {
    return first_boot_.answer(unfinished);
  }
  Result<Verdict> on_screen(const fs::path& ppm) override;

 private:
  SerialReadyDetector machine_;
  FirstBootQuestion first_boot_;
  std::string evidence_;  // the ready line
  bool page_ = false;     // drawn
  Bytes last_screen_;
  unsigned same_ = 0;  // looks in a row
  unsigned looks_ = 0;
};

// Whether the line is what firmware and kernel say, in every variant, when they will never come to a ready line. The
// firmware's own shell is its last resort in setup mode; with keys enrolled Secure Boot refuses even that.
std::optional<std::string> gives_up(std::string_view line);
// The key=value words of a line.
std::map<std::string, std::string> facts_in(std::string_view line);

// Asks the detector until it decides, the machine gives up, or the time is over; the last is an error.
Result<Verdict> wait_until_ready(Machine& machine, ReadyDetector& detector, Milliseconds timeout);

enum class Until { ended, ready };
enum class Keep { nothing, machine };

struct RunOptions {
  fs::path image;
  Display display = Display::none;
  Keep keep = Keep::nothing;  // machine: disk changes, firmware variables and TPM stay in IMAGE.machine/
  Until until = Until::ended;
  fs::path screenshot;  // written when ready, and when readiness failed
  fs::path serial_log;
  Milliseconds timeout = std::chrono::minutes(5);  // for Until::ready
  // By default 2 GiB and two processors behind a window, 1 GiB and one processor without: see MachineConfig.
  std::optional<std::uint64_t> memory_mib;
  std::optional<unsigned> cpus;
  Network network = Network::none;
  std::shared_ptr<ReadyDetector> detector;  // SerialReadyDetector when empty
  std::vector<std::string> extra_arguments;
};

struct RunReport {
  Verdict::State state = Verdict::State::waiting;  // ready: Until::ready was reached
  std::string evidence;                            // the ready line
  std::map<std::string, std::string> facts;        // its key=value pairs: variant, roothash, SecureBoot, ...
  Milliseconds ready_after{};                      // from power-on of the first boot, enrolment included
  Milliseconds last_boot_after{};                  // from the last reset: what a machine with keys enrolled takes
  unsigned resets = 0;
  std::string accelerator;  // "KVM", or why not
  [[nodiscard]] std::string json() const;
};

// With Until::ready: returns once the machine is ready and ends it; an error that quotes the console if it failed,
// ended, or the time ran out. With Until::ended: a window runs until it is closed or the guest powers off; without
// one the serial console is the terminal's, until the guest powers off or Ctrl-] is typed.
// SIGINT and SIGTERM end the machine in order and give an error.
Result<RunReport> run_image(const RunOptions& options);

}  // namespace ashlar::vm
