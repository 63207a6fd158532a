// A question to PID 1, or to the logger, and its answer.
#pragma once

#include <functional>
#include <string>

#include "format/control_message.h"

namespace ashlar::ctl {

// What the answer brings. Errors: nobody answers, the answer is that it failed, or that the question is misuse.
Result<std::string> ask(const std::string& socket, const ControlQuestion& question);

// The same for an answer that comes in more than one packet: each is given to `take`, until the other side ends.
Status ask_for_much(const std::string& socket, const ControlQuestion& question,
                    const std::function<Status(std::string_view)>& take);

}  // namespace ashlar::ctl
