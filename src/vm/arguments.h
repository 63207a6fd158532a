// The command line of QEMU for a machine: a pure function, so that tests can read it.
#pragma once

#include "vm/machine.h"

namespace ashlar::vm {

// What start() has found or made by the time QEMU is called.
struct MachineParts {
  Firmware firmware;  // code, and the machine's own writable variables
  fs::path disk;      // the image, or the overlay over it
  fs::path serial_log;
  int qmp = -1;  // descriptors QEMU inherits
  int serial = -1;
  int tpm = -1;
  std::string display = "none";  // QEMU's name for it
  std::map<std::string, fs::path> fw_cfg;
};

std::vector<std::string> qemu_arguments(const MachineConfig& config, const MachineParts& parts,
                                        Accelerator accelerator);

}  // namespace ashlar::vm
