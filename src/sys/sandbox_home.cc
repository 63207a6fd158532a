// A home whose session has ended: its key is taken out of the kernel before anybody sits down at the next one
// (linux: Documentation/filesystems/fscrypt.rst).
#include <linux/fscrypt.h>
#include <sys/ioctl.h>
#include <time.h>

#include <algorithm>
#include <tuple>

#include "base/fd.h"
#include "sys/sandbox.h"

namespace ashlar {
namespace {

constexpr int kTries = 40;
constexpr timespec kPause{0, 50'000'000};

Result<fscrypt_key_specifier> key_of(const char* home) {
  Fd directory = TRY(open_file(home, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  fscrypt_get_policy_ex_arg policy{};
  policy.policy_size = sizeof policy.policy;
  if (::ioctl(directory.get(), FS_IOC_GET_ENCRYPTION_POLICY_EX, &policy) != 0) {
    return fail_errno("ask for the key of " + std::string(home));
  }
  if (policy.policy.version != FSCRYPT_POLICY_V2) return fail(std::string(home) + " is encrypted in another way");
  fscrypt_key_specifier key{};
  key.type = FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER;
  std::ranges::copy(policy.policy.v2.master_key_identifier, key.u.identifier);
  return key;
}

// What the last session's processes and its Landlock rules held is let go a little after they have ended: until then
// the kernel keeps the inodes, and with them names and contents. True: nothing is left.
Result<bool> evict(const Fd& file_system, fscrypt_remove_key_arg& request) {
  if (::ioctl(file_system.get(), FS_IOC_REMOVE_ENCRYPTION_KEY_ALL_USERS, &request) == 0) {
    return (request.removal_status_flags & FSCRYPT_KEY_REMOVAL_STATUS_FLAG_FILES_BUSY) == 0;
  }
  if (errno == ENOKEY) return true;  // it was closed
  return fail_errno("take the key of the home away");
}

}  // namespace

Status close_home(const char* home) {
  fscrypt_remove_key_arg request{};
  request.key_spec = TRY(key_of(home));
  // Not in the home itself: what is open there stays readable.
  Fd file_system = TRY(open_file(kDataRoot, O_RDONLY | O_DIRECTORY));
  for (int tries = 0; tries < kTries; ++tries) {
    if (TRY(evict(file_system, request))) return {};
    ::nanosleep(&kPause, nullptr);
  }
  // The key itself is gone. Somebody outside the session reads on in what is open there: root's shell, ashlarctl.
  const std::string said = "ashlar: " + std::string(home) +
                           " is closed, but a program outside the session has something in it open and reads on\n";
  Result<Fd> log = open_file("/dev/kmsg", O_WRONLY);
  if (log) std::ignore = write_all(*log, as_bytes(said));
  return {};
}

}  // namespace ashlar
