// Which Ashlar this program was built for. Constants, so that the code of the other variant is not in it.
#pragma once

#include <string_view>

namespace ashlar {

#if defined(ASHLAR_VARIANT_DEV)
inline constexpr bool kDev = true;
inline constexpr std::string_view kVariant = "dev";
#else
inline constexpr bool kDev = false;
inline constexpr std::string_view kVariant = "release";
#endif
inline constexpr std::string_view kVersion = ASHLAR_VERSION;

}  // namespace ashlar
