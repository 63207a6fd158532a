// The outer layer of Debian packages: an ar archive (deb(5)).
#pragma once

#include "base/bytes.h"

namespace ashlar {

// Views into the package. The names tell the compression: "control.tar.xz", "data.tar.zst".
struct DebMembers {
  ByteView control;
  std::string control_name;
  ByteView data;
  std::string data_name;
};

// Refuses a format other than 2.0, members other than control and data, and bytes behind them.
Result<DebMembers> parse_deb(ByteView package);

}  // namespace ashlar
