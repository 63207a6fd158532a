// What the kernel writes into its log when it denies something: audit records of IPE, SELinux, Landlock and seccomp
// (security/ipe/audit.c, security/selinux/avc.c, security/landlock/audit.c, kernel/auditsc.c), the lines of lockdown
// and Yama. Text of programs is in them (names, paths): nothing of it is believed, and what cannot be shown is
// replaced.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace ashlar {

struct Denial {
  enum class Layer : std::uint8_t { ipe, selinux, landlock, seccomp, lockdown, yama };
  Layer layer = Layer::ipe;
  bool enforced = true;       // false: only told, and allowed
  unsigned process = 0;       // 0: not told
  std::string program;        // its short name, which it can choose itself
  std::string domain;         // SELinux: the type it runs in. Landlock: the number of its rules
  std::string wanted;         // "EXECUTE" (IPE), "execmem" (SELinux), "fs.execute" (Landlock), "135" (seccomp's number)
  std::string hook;           // IPE: by what the kernel asked: "BPRM_CHECK", "MMAP", "MPROTECT", ...
  std::string object;         // a path or a name; empty: not told, or there is none
  std::string object_domain;  // SELinux: the type of the object
  std::string object_class;   // SELinux: what it is, "file"
  std::string rule;           // IPE: the rule that denied it

  bool operator==(const Denial&) const = default;
};

std::string_view name_of(Denial::Layer layer);

// The text of one record of the kernel's log, without what /dev/kmsg puts before it. nullopt: it is about something
// else.
std::optional<Denial> parse_denial(std::string_view record);

// One sentence: who wanted what, who denied it, by which rule.
std::string in_words(const Denial& denial);

}  // namespace ashlar
