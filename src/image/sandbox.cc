#include "image/sandbox.h"

#include "base/subprocess.h"

namespace ashlar::image {

Result<std::string> run_sandboxed(const SandboxCommand& command) {
  std::vector<std::string> argv = {"bwrap",
                                   "--unshare-all",
                                   "--die-with-parent",
                                   "--new-session",
                                   "--uid",
                                   "0",
                                   "--gid",
                                   "0",
                                   "--cap-drop",
                                   "ALL",
                                   "--ro-bind",
                                   command.root.string(),
                                   "/",
                                   "--dev",
                                   "/dev",
                                   "--proc",
                                   "/proc",
                                   "--tmpfs",
                                   "/tmp",
                                   "--tmpfs",
                                   "/run",
                                   "--hostname",
                                   "ashlar",
                                   "--chdir",
                                   command.directory.string()};
  for (const Bind& bind : command.binds) {
    argv.insert(argv.end(), {bind.access == Bind::Access::kReadOnly ? "--ro-bind" : "--bind", bind.host.string(),
                             bind.inside.string()});
  }
  argv.emplace_back("--");
  argv.insert(argv.end(), command.argv.begin(), command.argv.end());

  std::vector<std::string> environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp", "LC_ALL=C.UTF-8", "TZ=UTC",
                                          "SOURCE_DATE_EPOCH=" + std::to_string(kSourceDateEpoch)};
  environment.insert(environment.end(), command.environment.begin(), command.environment.end());
  if (!find_program("bwrap"))
    return fail("bubblewrap is not installed: run ./ashlar, or install the package bubblewrap");
  return in(
      command.argv.front(),
      run_checked({.argv = argv, .environment = environment, .input = command.input, .on_line = command.on_line}));
}

}  // namespace ashlar::image
