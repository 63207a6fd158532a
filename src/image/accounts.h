// os/users.toml: the accounts and groups of the image, as /etc/passwd and /etc/group.
#pragma once

#include <string>

#include "base/fd.h"

namespace ashlar::image {

struct AccountFiles {
  std::string passwd;
  std::string group;
};

// Sorted by number. Refuses a name or a number used twice, and a membership in a group that does not exist. Every user
// has a group of the same name and number. No entry has a password: "*" matches none (passwd(5)).
Result<AccountFiles> build_accounts(std::string_view toml, std::string_view file);

}  // namespace ashlar::image
