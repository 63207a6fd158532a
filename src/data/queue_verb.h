// `data queue ...`: what `ashlarctl` leaves for the next start, checked at once.
#pragma once

#include <span>

#include "data/requests.h"
#include "data/storage.h"

namespace ashlar {

// "add-user NAME", "remove-user uN", "change-password uN", "expect-change". Errors: misuse, with what was wrong.
Result<Request> parse_queue_arguments(std::span<const std::string_view> arguments);

// What was asked for, and what becomes of it, in words for the terminal. Errors: /data is closed; what cannot be done
// whoever asks: no such user, eight users already, no TPM whose registers could change.
Result<std::string> queue_request(Storage& storage, const Request& request);

}  // namespace ashlar
