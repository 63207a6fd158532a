// Doing what was typed: the unlocking program does what touches /data or the TPM.
#pragma once

#include "base/fd.h"
#include "ctl/command_line.h"
#include "format/control_message.h"
#include "sys/kernel.h"

namespace ashlar::ctl {

struct Caller {
  bool root = false;
  fs::path data_program = "/usr/lib/ashlar/data";
  std::string control_socket = kControlSocket;
};

// The exit status. What is told goes to standard output; errors of the unlocking program are its own to tell.
Result<int> carry_out(const CommandLine& line, const Caller& caller, Kernel& kernel);

}  // namespace ashlar::ctl
