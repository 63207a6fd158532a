// What a service may ask of the kernel, as a program for the kernel (seccomp(2)), made by libseccomp.
//
// What is listed is allowed. What is not has EPERM for an answer, so that a program which can do without goes on and
// one which cannot says what failed; the kernel's log names program and call. Numbers of other architectures, x32 among
// them, end the process. What exists for no service is answered before (sys/sandbox_seccomp.cc).
//
// Of what is listed, whatever the list: no memory that is writable and executable (mmap, mprotect, pkey_mprotect,
// shmat), no executable memfd, no personality but the default and the question which it is, clone and unshare with the
// named namespaces alone, sockets of the named families alone.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "image/system_calls.h"

namespace ashlar::image {

struct SeccompRules {
  SystemCalls calls;
  std::uint64_t namespaces = 0;  // CLONE_NEW* it may enter
  std::vector<int> families;     // AF_* of its sockets
};

// The same rules give the same program, with every version of libseccomp tried (2.5.4, 2.6.0).
Result<std::vector<sock_filter>> build_seccomp_filter(const SeccompRules& rules);

}  // namespace ashlar::image
