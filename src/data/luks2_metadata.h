// What a LUKS2 header of ours looks like (LUKS2 On-Disk Format 1.1.2, chapter 3), and what of it is authenticated.
//
// LUKS2 headers are only checksummed. Two things are therefore asked before a volume is activated: the form, without
// any key, which leaves no room for a null cipher, for re-encryption or for integrity-less tricks an editor could make;
// and an HMAC under a key derived from the volume key over everything the header says (docs/FORMATS.md, "/data").
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/bytes.h"

namespace ashlar {

// Types of tokens. A header holds these and no others.
constexpr std::string_view kUserToken = "ashlar";              // token.h
constexpr std::string_view kHmacToken = "ashlar-hmac";         // exactly one, below
constexpr std::string_view kTpmAuthorityToken = "ashlar-tpm";  // authority_token.h; at most one
constexpr std::string_view kMachineToken = "ashlar-machine";   // machine_token.h; at most one

// Keyslots and tokens by number.
struct HeaderParts {
  std::set<unsigned> keyslots;
  std::set<unsigned> tokens;

  [[nodiscard]] bool empty() const { return keyslots.empty() && tokens.empty(); }
  bool operator==(const HeaderParts&) const = default;
};

struct StoredToken {
  std::string type;
  std::set<unsigned> keyslots;
  std::string json;
};

// The HMAC token: {"type": "ashlar-hmac", "keyslots": [], "version": 1, "changing": {"keyslots": ["1"], "tokens": []},
// "hmac": "<base64>"}. While a change is under way, `changing` names the parts it touches; they are left out of what is
// authenticated, so that a power cut in the middle leaves a header that verifies and says what is unfinished.
struct HmacToken {
  HeaderParts changing;
  std::array<std::uint8_t, 32> hmac{};

  bool operator==(const HmacToken&) const = default;
};
std::string build_hmac_token(const HmacToken& token);

// A header whose form is ours. Nothing of it is authenticated yet.
struct Luks2Metadata {
  std::set<unsigned> keyslots;
  std::map<unsigned, StoredToken> tokens;
  std::optional<unsigned> hmac_number;  // nullopt: no HMAC token, as while a volume is being made
  HmacToken hmac;

  // What the HMAC is over: the whole of the JSON with sorted keys, without the HMAC token and without `changing`, which
  // is named instead; with the volume's identifier.
  [[nodiscard]] std::string authenticated(const HeaderParts& changing, std::string_view uuid) const;

  std::string json;  // as it was read
};

// `json`: the JSON area as libcryptsetup gives it. Errors name what is foreign: anything but one segment
// aes-xts-plain64 with sectors of 4096 bytes from 16 MiB to the end, keyslots of that cipher with PBKDF2 at its
// minimum, one digest, tokens of ours; flags and requirements.
Result<Luks2Metadata> parse_luks2_metadata(ByteView json);

constexpr std::uint64_t kDataOffset = std::uint64_t{16} << 20;  // bytes
constexpr std::uint64_t kMetadataSize = 64 << 10;               // bytes, of each of the two copies: room for 8 users
constexpr std::uint64_t kKeyslotsSize = kDataOffset - 2 * kMetadataSize;
constexpr unsigned kPbkdf2Iterations = 1000;  // libcryptsetup's minimum: what goes in has full entropy

}  // namespace ashlar
