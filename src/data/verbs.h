// What the unlocking program does besides its turn of a boot: one verb a call, from `ashlarctl`, from PID 1 or by hand.
#pragma once

#include <memory>
#include <span>

#include "data/turn.h"

namespace ashlar {

// What a verb works with.
struct VerbMachine {
  Storage& storage;
  TurnTpm tpm;
  std::optional<SignedImage> image;
  std::function<Result<std::unique_ptr<Prompter>>()> terminal;  // of the caller; opened only by what asks
  std::function<Result<Argon2idParameters>()> calibrate;
  std::function<void(std::string_view line)> log;
};

// `arguments`: without the program's name, not empty; "--help" among them. The text for standard output. Errors: those
// of the verb; misuse.
Result<std::string> carry_out_verb(std::span<const std::string_view> arguments, VerbMachine& machine);

// The terminal of who called the program, /dev/tty.
Result<std::unique_ptr<Prompter>> callers_terminal();

}  // namespace ashlar
