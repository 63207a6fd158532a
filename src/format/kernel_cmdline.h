// The kernel's command line, split as the kernel splits it (lib/cmdline.c: next_arg; kernel/params.c: parse_args).
#pragma once

#include <optional>

#include "base/bytes.h"

namespace ashlar {

struct KernelParameter {
  std::string name;
  std::optional<std::string> value;  // absent without "="
  bool operator==(const KernelParameter&) const = default;
};

struct KernelCmdline {
  std::vector<KernelParameter> parameters;  // before " --"
  std::vector<std::string> init_arguments;  // after it: the kernel hands them to init and reads them no further
  bool has_separator = false;               // whether there was a " --"

  // The value of a parameter that must be there once and have a value. "-" and "_" are the same in names.
  [[nodiscard]] Result<std::string> only_value(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
};

// Refuses NUL, a quote that is not closed, and more than 4096 bytes; a line end at the end is skipped.
Result<KernelCmdline> parse_kernel_cmdline(std::string_view text);

}  // namespace ashlar
