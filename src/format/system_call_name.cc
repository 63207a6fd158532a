#include "format/system_call_name.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace ashlar {
namespace {

constexpr std::pair<unsigned, std::string_view> kNames[] = {
#include "format/system_call_names.inc"  // {0, "read"}, and so on: CMakeLists.txt
};

}  // namespace

std::string system_call_name(unsigned number) {
  const auto* found = std::ranges::find(kNames, number, [](const auto& each) { return each.first; });
  return found != std::end(kNames) ? std::string(found->second) : std::to_string(number);
}

}  // namespace ashlar
