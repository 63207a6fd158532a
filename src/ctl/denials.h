// `ashlarctl denials`: what the kernel denied since the machine started, and to whom, in sentences.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "format/denial.h"
#include "sys/kernel.h"

namespace ashlar::ctl {

struct ToldDenial {
  Denial denial;        // of the first time
  unsigned times = 1;   // the same, by programs of the same name
  std::string service;  // of the process, where it still runs; empty otherwise
};

// Equal ones counted, in the order they were first written in.
std::vector<ToldDenial> denials_in(std::span<const std::string> records);
// Asks /proc for the control group of each process that is still there.
void find_services(Kernel& kernel, std::span<ToldDenial> denials);

// A line for each; or a sentence that there was none.
std::string denials_text(std::span<const ToldDenial> denials);
// [{"layer":"IPE","process":12,"program":"sh","service":"session","domain":"","wanted":"EXECUTE", ... ,"times":1,
// "sentence":"..."}]
std::string denials_json(std::span<const ToldDenial> denials);

}  // namespace ashlar::ctl
