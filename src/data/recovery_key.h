// The recovery key: 256 random bits that a person writes down, and types when everything else has failed.
//
// Text: 13 groups of 5 characters from a 32-letter alphabet without 0, 1, I and O. Four characters of a group carry 20
// bits of the key (the last group 16, and 4 zero bits), the fifth checks them: in GF(32), with the group's number in
// it. Every single wrong character, every swap of two characters in a group and every swap of two groups is noticed,
// and the error names the group.
#pragma once

#include "base/bytes.h"
#include "base/secret.h"

namespace ashlar {

constexpr std::size_t kRecoveryGroups = 13;
constexpr std::size_t kRecoveryGroupSize = 5;  // characters
// "7KQ4M-..." with a dash between groups.
constexpr std::size_t kRecoveryTextSize = kRecoveryGroups * (kRecoveryGroupSize + 1) - 1;

// 32 bytes: what opens the recovery keyslot as they are, so that `cryptsetup open --key-file` does it too.
Result<Secret> make_recovery_key();

// kRecoveryTextSize characters; as secret as the key.
Result<Secret> recovery_text(const Secret& key);

// The key a person typed: lower case, blanks and dashes as they like. Errors name the groups that were typed wrongly,
// from 1, and never what was typed.
Result<Secret> parse_recovery_text(const Secret& text);

}  // namespace ashlar
