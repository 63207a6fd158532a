// System calls by name, one by one and in groups: os/policy/seccomp/groups.toml.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ashlar::image {

// Numbers of x86-64, the only ones there are here.
using SystemCalls = std::set<std::uint32_t>;

class SystemCallGroups {
 public:
  // `file` is for messages. A name that is no system call's, or that no service may use, is misuse.
  static Result<SystemCallGroups> parse(std::string_view text, std::string_view file);

  // What "@files" and "fsync" stand for. The error says which of `words` nobody knows, or is named twice, or is never
  // allowed; whose words they are is the caller's to say.
  [[nodiscard]] Result<SystemCalls> resolve(const std::vector<std::string>& words) const;

 private:
  std::map<std::string, SystemCalls, std::less<>> groups_;
};

// The number of a call; misuse when there is none of that name.
Result<std::uint32_t> system_call(const std::string& name);
// "mmap"; the number where it has no name here.
std::string name_of_system_call(std::uint32_t number);

}  // namespace ashlar::image
