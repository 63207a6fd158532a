// os/users.toml: the accounts and groups of the image, as /etc/passwd and /etc/group.
#pragma once

#include <cstdint>
#include <optional>
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

struct Account {
  std::uint32_t id;  // of the user and of the group of the same name
  std::string home;
};
std::optional<Account> find_user(const AccountFiles& files, std::string_view name);
std::optional<std::uint32_t> find_group(const AccountFiles& files, std::string_view name);

}  // namespace ashlar::image
