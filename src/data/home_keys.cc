#include "data/home_keys.h"

#include <linux/fscrypt.h>
#include <sys/ioctl.h>

#include <algorithm>

#ifndef FSCRYPT_MODE_AES_256_HCTR2
#define FSCRYPT_MODE_AES_256_HCTR2 10  // since Linux 6.0
#endif

namespace ashlar {
namespace {

constexpr std::size_t kKeySize = 64;  // AES-256-XTS uses all of it
static_assert(std::tuple_size_v<HomeKeyId> == FSCRYPT_KEY_IDENTIFIER_SIZE);

fscrypt_key_specifier specifier_of(const HomeKeyId& key) {
  fscrypt_key_specifier specifier{};
  specifier.type = FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER;
  std::ranges::copy(key, specifier.u.identifier);
  return specifier;
}

// What these ioctls fail with where something basic is missing.
Status failure(const std::string& doing) {
  if (errno == ENOTTY || errno == EOPNOTSUPP) return fail(doing + ": the file system has no encryption");
  return fail_errno(doing);
}

}  // namespace

Result<HomeKeyId> add_fscrypt_key(const fs::path& root, const Secret& key) {
  if (key.bytes().size() != kKeySize) return fail("open a home: its key has another size");
  // The request and the key behind it, in memory that is wiped.
  Secret memory = TRY(Secret::of_size(sizeof(fscrypt_add_key_arg) + kKeySize));
  auto* request = reinterpret_cast<fscrypt_add_key_arg*>(memory.bytes().data());
  request->key_spec.type = FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER;
  request->raw_size = kKeySize;
  std::ranges::copy(key.bytes(), memory.bytes().subspan(sizeof(fscrypt_add_key_arg)).begin());
  Fd fd = TRY(open_file(root, O_RDONLY | O_DIRECTORY));
  if (::ioctl(fd.get(), FS_IOC_ADD_ENCRYPTION_KEY, request) != 0) {
    TRY(failure("open a home: hand its key to the kernel"));
  }
  HomeKeyId id{};
  std::ranges::copy(request->key_spec.u.identifier, id.begin());
  return id;
}

Status set_fscrypt_policy(const fs::path& directory, const HomeKeyId& key) {
  fscrypt_policy_v2 policy{};
  policy.version = FSCRYPT_POLICY_V2;
  policy.contents_encryption_mode = FSCRYPT_MODE_AES_256_XTS;
  policy.filenames_encryption_mode = FSCRYPT_MODE_AES_256_HCTR2;
  policy.flags = FSCRYPT_POLICY_FLAGS_PAD_32;  // names tell little of their length
  std::ranges::copy(key, policy.master_key_identifier);
  Fd fd = TRY(open_file(directory, O_RDONLY | O_DIRECTORY));
  if (::ioctl(fd.get(), FS_IOC_SET_ENCRYPTION_POLICY, &policy) == 0) return {};
  return failure("encrypt " + directory.string());
}

Result<Eviction> remove_fscrypt_key(const fs::path& root, const HomeKeyId& key) {
  fscrypt_remove_key_arg request{};
  request.key_spec = specifier_of(key);
  Fd fd = TRY(open_file(root, O_RDONLY | O_DIRECTORY));
  // Of all users: whoever added it once more must not keep it open.
  if (::ioctl(fd.get(), FS_IOC_REMOVE_ENCRYPTION_KEY_ALL_USERS, &request) != 0) {
    if (errno == ENOKEY) return fail("close a home: it is not open");
    TRY(failure("close a home"));
  }
  return (request.removal_status_flags & FSCRYPT_KEY_REMOVAL_STATUS_FLAG_FILES_BUSY) != 0 ? Eviction::files_busy
                                                                                          : Eviction::complete;
}

}  // namespace ashlar
