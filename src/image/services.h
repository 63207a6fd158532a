// The services of an image: os/services/NAME.toml, read, checked, and written as the table PID 1 is compiled with.
// os/services/README.md has the format. Every error is misuse, and names file, line and key.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "format/service_table.h"
#include "image/accounts.h"
#include "image/seccomp_filter.h"

namespace ashlar::image {

// What one file says: ServiceDefinition (format/service_table.h) with texts of its own, and other services by name.
struct Service {
  std::string name;   // the file's
  std::string where;  // "os/services/seatd.toml", for errors
  ServiceKind kind = ServiceKind::daemon;
  std::string program;
  std::string domain;                    // SELinux's, "seat_t"
  std::string domain_where;              // "os/services/seatd.toml:3: 'domain'", for errors
  std::vector<std::string> arguments;    // the program's name for itself is the first
  std::vector<std::string> environment;  // all of it
  std::vector<std::string> needs;
  std::vector<std::string> after;
  Readiness readiness = Readiness::started;
  std::chrono::seconds ready_within{};
  RestartPolicy restart = RestartPolicy::failure;
  unsigned restart_limit = 0;
  std::chrono::seconds stop_within{};
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::vector<std::uint32_t> groups;
  std::uint64_t capabilities = 0;
  std::uint8_t shares = 0;
  std::vector<std::string> directories;
  std::vector<std::string> writable;
  std::string state;
  std::vector<std::string> devices;
  SeccompRules seccomp;
  std::vector<sock_filter> system_calls;  // made of these rules
  std::uint64_t memory_mib = 0;
  std::uint32_t processes = 0;
  std::uint32_t open_files = 0;
};

// What words in the files mean.
struct ServiceWords {
  AccountFiles accounts;    // os/users.toml
  SystemCallGroups groups;  // os/policy/seccomp/groups.toml
};
Result<ServiceWords> read_service_words(const fs::path& os);

// One file. What it contradicts in itself, and users, groups and system calls that are not in `words`, are errors.
Result<Service> parse_service(std::string_view text, const fs::path& file, const ServiceWords& words);

// The services `names` of `directory`, sorted by name. What an image's service needs must be in the image; what it only
// comes after may be left out, and is then forgotten, but must have a file. Nothing may wait for itself.
Result<std::vector<Service>> read_services(const fs::path& directory, const std::vector<std::string>& names,
                                           const ServiceWords& words);

// "sys_admin", as the files have it; its number is below 41.
std::string_view name_of_capability(unsigned number);

// Whether every service's program is in one of `roots`, unpacked trees of which the later lie over the earlier, or is
// one of `own`.
Status check_programs(const std::vector<Service>& services, const std::vector<fs::path>& roots,
                      const std::vector<std::string>& own);

// C++ that defines ashlar::service_table(); the same services give the same bytes.
std::string service_source(const std::vector<Service>& services);

}  // namespace ashlar::image
