// The layers, each switched off alone: what the controls of the attacks are made of. The kernel is always the same one;
// what differs is the firmware's own switch, or the command line of an image signed with the test keys.
#pragma once

#include "prove/attack.h"

namespace ashlar::prove {

// A command line, without its end, with which the kernel mounts the root by itself and what runs from it is not denied
// by IPE, since nothing on an unverified root may execute otherwise.
std::string direct_root(const Lab& lab);

// The image's SELinux policy with every domain permissive: it denies nothing and tells what it would have denied.
Result<Bytes> watching_policy(const Lab& lab);

// The same attack on a machine whose owner switched Secure Boot off.
Control without_secure_boot(std::string evidence = "ashlar: ready .*SecureBoot=0");
// What the initramfs says when its kernel runs with a command line that is not the owner's.
constexpr const char* kForeignLine = "ashlar: failed: kernel command line";

// The root mounted without dm-verity. A shell is PID 1; `command` makes it show the altered content, `evidence` is what
// it says.
Control without_verity(std::string command, std::string evidence);

// The same, with no " --" at the end of the command line: what is added behind it counts.
Control without_end_of_line();

}  // namespace ashlar::prove
