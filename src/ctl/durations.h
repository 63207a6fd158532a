// Times as a person reads them.
#pragma once

#include <chrono>
#include <string>

namespace ashlar::ctl {

// "3.2 s", "1 min 12 s", "2 h 5 min".
std::string duration_text(std::chrono::milliseconds time);
// "72.05 s", however long: for a list in which times are compared.
std::string seconds_text(std::chrono::milliseconds time);

}  // namespace ashlar::ctl
