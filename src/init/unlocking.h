// The unlocking program's turn: once a boot, before PID 1 starts anything else.
//
// While it runs, PCR 15 is zero, and the TPM gives out /data's secret to who has the password. However it ends, PID 1
// then extends PCR 15: until the next start of the machine nobody can unseal anything, PID 1 included.
#pragma once

#include "base/digest.h"
#include "sys/kernel.h"

namespace ashlar {

// SHA-256 of "ashlar: unlocking has ended"; PID 1 has no hash function of its own.
constexpr Sha256Digest kUnlockingEnded = {{0xb4, 0x0e, 0x16, 0x22, 0xea, 0xec, 0x48, 0xf4, 0x50, 0xef, 0x38,
                                           0x11, 0x4c, 0x58, 0xc3, 0x37, 0x10, 0xae, 0x8a, 0x4d, 0xbc, 0x26,
                                           0x2f, 0x06, 0xe8, 0x79, 0xcd, 0x97, 0x87, 0xe8, 0xf0, 0xab}};

class Unlocking {
 public:
  // Starts the program, where the image has one; ends the turn at once where not. Errors: PCR 15 cannot be extended.
  Status begin(Kernel& kernel);
  // Tells of a child that ended with what waitpid(2) says of it. Errors as begin().
  Status has_ended(Kernel& kernel, int child, int wait_status);
  // Only now may anything else be started.
  [[nodiscard]] bool over() const { return over_; }

 private:
  Status end(Kernel& kernel, std::string_view outcome);

  int program_ = -1;
  bool over_ = false;
};

}  // namespace ashlar
