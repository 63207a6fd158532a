// A home whose session has ended: its key is taken out of the kernel before anybody sits down at the next one
// (linux: Documentation/filesystems/fscrypt.rst).
#include <linux/fscrypt.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "base/fd.h"
#include "sys/sandbox.h"

namespace ashlar {
namespace {

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

}  // namespace

Status close_home(const char* home) {
  fscrypt_remove_key_arg request{};
  request.key_spec = TRY(key_of(home));
  // Not in the home itself: what is open there stays readable.
  Fd file_system = TRY(open_file(kDataRoot, O_RDONLY | O_DIRECTORY));
  if (::ioctl(file_system.get(), FS_IOC_REMOVE_ENCRYPTION_KEY_ALL_USERS, &request) == 0) return {};
  if (errno == ENOKEY) return {};  // it is closed
  return fail_errno("close " + std::string(home));
}

}  // namespace ashlar
