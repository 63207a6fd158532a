// The unlocking program's turn: once a boot, before PID 1 starts anything else.
//
// While it runs, PCR 15 is zero, and the TPM gives out /data's secret to who has the password. However it ends, PID 1
// then extends PCR 15: until the next start of the machine nobody can unseal anything, PID 1 included. And it tells the
// TPM that the power may go: the extension has undone what the program told it.
#pragma once

#include "base/digest.h"
#include "format/session_owner.h"
#include "sys/kernel.h"

namespace ashlar {

// SHA-256 of "ashlar: unlocking has ended"; PID 1 has no hash function of its own.
constexpr Sha256Digest kUnlockingEnded = {{0xb4, 0x0e, 0x16, 0x22, 0xea, 0xec, 0x48, 0xf4, 0x50, 0xef, 0x38,
                                           0x11, 0x4c, 0x58, 0xc3, 0x37, 0x10, 0xae, 0x8a, 0x4d, 0xbc, 0x26,
                                           0x2f, 0x06, 0xe8, 0x79, 0xcd, 0x97, 0x87, 0xe8, 0xf0, 0xab}};

// The program's exit statuses beside 0, /data is open, and everything else, it is not (src/data/turn.h).
constexpr int kWantsRestart = 10;
constexpr int kWantsOff = 11;
constexpr int kWithoutData = 12;  // a machine that has no /data yet goes on without

class Unlocking {
 public:
  // `state`: what the ready page shows, again once it is known what became of /data.
  explicit Unlocking(MachineState state) : state_(std::move(state)) {}

  // Starts the program, where the image has one; ends the turn at once where not. Errors: PCR 15 cannot be extended.
  Status begin(Kernel& kernel);
  // Tells of a child that ended with what waitpid(2) says of it. Errors as begin().
  Status has_ended(Kernel& kernel, int child, int wait_status);
  // Only now may anything else be started.
  [[nodiscard]] bool over() const { return over_; }
  // Whether services may start: nobody gets a session past a /data that did not open.
  [[nodiscard]] bool admits() const { return over_ && !wanted_ && state_.data != DataState::closed; }
  [[nodiscard]] bool data_is_open() const {
    return state_.data == DataState::open || state_.data == DataState::open_without_home;
  }
  // Whose session it is, once services may start. Without /data it is the first account's, with a home in memory.
  [[nodiscard]] const SessionOwner& session_owner() const { return owner_; }
  // What the person at the prompt wants of the machine.
  [[nodiscard]] std::optional<PowerState> wanted() const { return wanted_; }

 private:
  Status end(Kernel& kernel, DataState outcome);

  MachineState state_;
  SessionOwner owner_{.user = 1, .layout = "us", .variant = "", .home_on_data = false};
  std::optional<PowerState> wanted_;
  int program_ = -1;
  bool over_ = false;
};

}  // namespace ashlar
