// The two kinds of image and of key set. They never mix: a dev image must not open a release machine's /data.
#pragma once

#include "base/result.h"

namespace ashlar::image {

enum class Variant { kRelease, kDev };

constexpr std::string_view name_of(Variant variant) { return variant == Variant::kDev ? "dev" : "release"; }

inline Result<Variant> parse_variant(std::string_view name) {
  for (Variant variant : {Variant::kRelease, Variant::kDev}) {
    if (name == name_of(variant)) return variant;
  }
  return fail_misuse("no such variant: " + std::string(name) + " (there are release and dev)");
}

}  // namespace ashlar::image
