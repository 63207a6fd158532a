// The accounts of the people who use a machine. They stand in the image (os/users.toml); names and homes lie on /data.
#pragma once

#include <cstdint>
#include <string>

namespace ashlar {

constexpr unsigned kUsers = 8;                // u1 to u8
constexpr std::uint32_t kFirstUserId = 1001;  // of u1, user and group

inline std::string account_name(unsigned user) { return "u" + std::to_string(user); }
inline std::uint32_t account_id(unsigned user) { return kFirstUserId + user - 1; }

}  // namespace ashlar
