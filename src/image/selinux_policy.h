// The SELinux policy of an image: os/policy/selinux/*.cil, and dev/*.cil for a dev image, compiled by the workshop's
// secilc, which checks every neverallow; and the labels of the image's files. os/policy/selinux/README.md has the
// files. Every error names file and line.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "image/cache.h"
#include "image/cil.h"
#include "image/services.h"
#include "image/variant.h"
#include "image/workshop.h"

namespace ashlar::image {

// One file of the policy's sources.
struct PolicySource {
  std::string file;  // "os/policy/selinux/seat.cil", for errors
  std::string text;
};
struct PolicySources {
  std::vector<PolicySource> cil;
  std::vector<PolicySource> labels;
};

// Those of a variant, sorted.
Result<PolicySources> read_policy_sources(const fs::path& os, Variant variant);

// What the sources declare, as far as the builder asks.
struct PolicyNames {
  std::set<std::string, std::less<>> types;
  std::set<std::string, std::less<>> domains;   // what a process can be in
  std::set<std::string, std::less<>> services;  // those of them that PID 1 starts services in
};
// Errors: what parse_cil() does not read, and a domain that no rule says anything of.
Result<PolicyNames> policy_names(const std::vector<PolicySource>& cil);

// The labels as mkfs.erofs takes them. A line of the source is a path and a type: "/usr/bin/dash shell_t" of this one
// file, "/usr/bin/** program_t" of a directory and all that is in it. The longest path that matches holds. Errors: a
// line of another form, a type that is not declared, a path that has two.
Result<std::string> file_contexts(const std::vector<PolicySource>& labels, const PolicyNames& names);

// Whether every service's domain is one of the policy's.
Status check_domains(const std::vector<Service>& services, const PolicyNames& names);

// The context of a process in a domain: "system_u:system_r:seat_t".
std::string process_context(std::string_view domain);

struct SelinuxPolicy {
  Bytes binary;            // as the kernel takes it
  fs::path file_contexts;  // as mkfs.erofs takes it
  Sha256Digest key;
  PolicyNames names;
  bool was_cached = false;
};

Result<SelinuxPolicy> build_selinux_policy(const Cache& cache, const Workshop& workshop, const PolicySources& sources);

}  // namespace ashlar::image
