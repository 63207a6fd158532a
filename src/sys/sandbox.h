// Keeping a service in: all that is set between fork and exec. A step that fails is an error, and the program must not
// run then: there is no service that is kept in by half.
//
// In order: limits; namespaces, and in the mount namespace a view in which nothing can be written but what the
// service's file names, with a /dev, /tmp, /dev/shm and /data of its own; groups and user; capabilities; no new
// privileges; no memory that is written and then executed; Landlock; seccomp. From its user on everything is inherited
// and nothing can be undone (no_new_privs(7), PR_SET_MDWE in prctl(2), capabilities(7)).
#pragma once

#include "base/result.h"
#include "format/service_table.h"

namespace ashlar {

inline constexpr char kDataRoot[] = "/data";
// What a service may write of /data; nullptr: nothing.
inline const char* own_data(const ServiceSandbox& sandbox) {
  return sandbox.home != nullptr ? sandbox.home : sandbox.state;
}

// Takes the key of a home out of the kernel, whoever has put it there; without it the home's files are ciphertext.
Status close_home(const char* home);

// For a process that will execute `service.program` next, as root, with /proc there.
Status enter_sandbox(const ServiceDefinition& service);

// The mount namespace's part (sandbox_view.cc).
Status enter_view(const ServiceDefinition& service);
// Landlock's (sandbox_landlock.cc); after no new privileges.
Status enter_landlock(const ServiceSandbox& sandbox);
// Seccomp's (sandbox_seccomp.cc), last of all.
Status enter_seccomp(const ServiceSandbox& sandbox);

}  // namespace ashlar
