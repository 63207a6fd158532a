// What the bar reads of the machine, below a root that tests make themselves.
#pragma once

#include "base/fd.h"
#include "session/bar_line.h"

namespace ashlar {

// The first there is.
std::optional<Battery> read_battery(const fs::path& root);
bool is_connected(const fs::path& root);
UsbDevices read_usb(const fs::path& root);
// Of the first screen whose brightness can be set, in percent.
std::optional<unsigned> read_brightness(const fs::path& root);
// Of the file system that holds this directory.
std::optional<Space> read_space(const fs::path& directory);
// The time zone that stands in ~/.config/ashlar/time-zone, if the image has it; "UTC" otherwise.
std::string read_time_zone(const fs::path& root, const fs::path& home);

}  // namespace ashlar
