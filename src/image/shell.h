// The image's /bin/sh: Debian's dash with the changes of os/shell/patches, which have it ask the kernel before it runs
// a script.
#pragma once

#include "image/device_programs.h"
#include "image/services.h"

namespace ashlar::image {

struct Shell {
  DeviceProgram program;  // takes the place of the one in Debian's package
  fs::path entry;         // in the cache
  bool was_cached;
};

// `source` is the profile shell-source: "dash.debian" and "dash.orig". Errors: a patch that is not what its series
// says, or does not apply.
Result<Shell> build_shell(const Cache& cache, const Workshop& workshop, const std::vector<PackageFile>& source,
                          const Sha256Digest& source_key, const fs::path& os);

// What the shell takes as the argument of -c where nobody types: /usr/share/ashlar/commands, a file that the kernel
// would execute, each line a command. The lines are what sway will ask a shell for (`exec` and `status_command` of its
// configuration, variables replaced), and those of `others`, in which # begins a comment.
std::string shell_commands(std::string_view sway_configuration, std::string_view others);
// Of those, the ones that the image's services are: a line for each whose program is given -c and a command.
std::string commands_of_services(const std::vector<Service>& services);

}  // namespace ashlar::image
