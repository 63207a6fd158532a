// The users of this machine and their homes, as they stand on /data (docs/FORMATS.md, "/data"): a record a user, in
// ROOT/ashlar/users/uN.json, and an encrypted directory ROOT/home/uN.
//
// A home's key is 64 random bytes. The record holds it wrapped: by the user's password (twice while the password is
// being changed), and to the public half of the recovery key, so that who forgot the password loses nothing, and nobody
// else's password or root's powers open the home.
#pragma once

#include "data/password_key.h"
#include "data/storage.h"
#include "data/users.h"

namespace ashlar {

// What programs must tell apart: error.kind<HomeFailure>().
enum class HomeFailure { wrong_password, wrong_recovery_key };

constexpr std::size_t kHomeKeySize = 64;

// A home's key under one password: AES-256-GCM under the password's `home` part.
struct PasswordWrap {
  Argon2idParameters password;
  Bytes sealed;

  bool operator==(const PasswordWrap&) const = default;
};

// What the recovery key's private half opens: an ephemeral X25519 key, HKDF, AES-256-GCM.
using RecoveryPublicKey = std::array<std::uint8_t, 32>;
Result<RecoveryPublicKey> recovery_public_key(const Secret& recovery_key);

struct UserRecord {
  unsigned user = 1;                // 1 to 8
  std::string name;                 // what the person is called (check_person_name)
  HomeKeyId home{};                 // of the key, and so of the directory
  std::vector<PasswordWrap> wraps;  // one, or two while the password is being changed
  Bytes recovery;                   // the key, wrapped to the recovery key

  bool operator==(const UserRecord&) const = default;
};

std::string build_user_record(const UserRecord& record);
// Errors: everything that build_user_record does not write.
Result<UserRecord> parse_user_record(ByteView json);

// The record of a user, in /data mounted at `root`. One that cannot be read is an error that names it.
Result<UserRecord> read_user_record(const fs::path& root, unsigned user);

// A password's `home` part and what it was made with.
struct HomePassword {
  const Argon2idParameters& parameters;
  const Secret& home;  // PasswordKeys::home
};

class Homes {
 public:
  explicit Homes(Storage& storage) : storage_(storage) {}

  // At set-up: the directories, and the recovery key's public half for homes made later, when nobody types it.
  Status prepare(const RecoveryPublicKey& recovery);
  // Sorted by user. A record that cannot be read is an error that names it.
  Result<std::vector<UserRecord>> list();
  Result<UserRecord> get(unsigned user);
  // Whether anything lies in the user's home, open or not: then nobody else gets its number.
  [[nodiscard]] bool holds_files(unsigned user) const;

  // A new user and an empty home; the home is open afterwards. Made so that a power cut leaves no user or a whole one;
  // what an interrupted call left is replaced.
  Result<UserRecord> create(unsigned user, const std::string& name, const HomePassword& password);
  // Is it this home's password? Opens nothing, and closes nothing that is open. Errors: wrong_password.
  static Status check(const UserRecord& record, const Secret& home);
  // Opens the home. Errors: wrong_password.
  Status open(const UserRecord& record, const Secret& home);
  Result<Eviction> close(const UserRecord& record);
  // Record and home. The home is gone for good.
  Status remove(unsigned user);

  // --- A new password, in two steps around the change of the LUKS2 header, so that after a power cut the home opens
  // with whichever password the volume opens with.
  // Adds the wrap of the new one beside the old one's. `present`: the old password's home part. Errors: wrong_password.
  Status add_password(unsigned user, const Secret& present, const HomePassword& next);
  // The same with the recovery key, for who forgot the password. Where an interrupted change left two wraps, the second
  // gives way: keep_only() first says which one counts. Errors: wrong_recovery_key.
  Status add_password_by_recovery(unsigned user, const Secret& recovery_key, const HomePassword& next);
  // Drops every other wrap. After a power cut: called with the password that opened the volume.
  Status keep_only(unsigned user, const Argon2idParameters& parameters);

 private:
  Storage& storage_;
};

}  // namespace ashlar
