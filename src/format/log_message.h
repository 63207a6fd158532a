// What PID 1 tells the logger, one packet each: a part of what a service wrote, or that somebody wants to read what is
// kept, with the descriptor of the connection on which that is to be answered (as build_control_answer() begins, and
// then as many packets as it takes).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace ashlar {

struct OutputPart {
  std::string service;
  std::uint32_t user = 0;   // whose service it is
  std::uint64_t begin = 0;  // bytes it had written before
  std::string bytes;        // as they were written

  bool operator==(const OutputPart&) const = default;
};

struct LogRequest {
  std::string service;
  std::uint32_t boots_ago = 0;        // 0: this start of the machine
  std::optional<std::uint32_t> user;  // only what was this user's; nullopt: everybody's

  bool operator==(const LogRequest&) const = default;
};

std::string build_output_part(const OutputPart& part);
Result<OutputPart> parse_output_part(std::string_view text);  // `log` is answered with one as well
std::string build_log_request(const LogRequest& request);

using LogMessage = std::variant<OutputPart, LogRequest>;
// Errors: everything that the two above do not write.
Result<LogMessage> parse_log_message(std::string_view packet);

}  // namespace ashlar
