// How the lock asks the login service whether a password is right.
//
// A Unix socket of packets (SOCK_SEQPACKET). One packet: kAsk, and the password as it was typed. One packet back: an
// Answer. Whose password it must be is who asks: the kernel says it (SO_PEERCRED), the packet does not.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ashlar {

inline constexpr char kLoginSocket[] = "/run/login/socket";
inline constexpr std::uint8_t kAsk = 'p';
inline constexpr std::size_t kLongestTypedPassword = 1024;  // bytes, as at the prompt

enum class Answer : std::uint8_t {
  right = 'y',  // and the home is open
  wrong = 'n',
  unknown = '?',  // it cannot be told: there is no such user, /data is not there
};

}  // namespace ashlar
