// How bright a screen is to be next.
#pragma once

#include <cstdint>

#include "base/fd.h"

namespace ashlar {

enum class Brightness { down, up };

// From `level` to the next of about thirty steps: a twentieth of `most`, and below a tenth of it a hundredth, because
// eyes see small differences in the dark. Never 0, which turns some screens off. Pure.
std::uint64_t next_level(std::uint64_t level, std::uint64_t most, Brightness to);

// Every screen below `directory` (/sys/class/backlight); those that say nothing usable of themselves are left as they
// are. Errors: one that cannot be written.
Status change_brightness(const fs::path& directory, Brightness to);

}  // namespace ashlar
