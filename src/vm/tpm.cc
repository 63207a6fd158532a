#include "vm/tpm.h"

#include "vm/sockets.h"

namespace ashlar::vm {

Result<SoftwareTpm> SoftwareTpm::start(const fs::path& directory, const fs::path& log, Trace trace) {
  if (!find_program("swtpm")) return fail("no swtpm on this host: install the package swtpm");
  if (fs::absolute(directory).string().find(',') != std::string::npos) {
    return fail_misuse("software TPM: swtpm takes no path with a comma: " + directory.string());
  }
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return fail("create " + directory.string() + ": " + error.message());

  // Both ends exist before swtpm does: QEMU may speak at once, and swtpm ends when QEMU's end is gone.
  SocketPair sockets = TRY(socket_pair());
  Fd output = TRY(open_file(log, O_WRONLY | O_CREAT | O_APPEND, 0600));
  std::vector<std::string> argv = {"swtpm",
                                   "socket",
                                   "--tpm2",
                                   "--tpmstate",
                                   "dir=" + fs::absolute(directory).string() + ",mode=0600",
                                   "--ctrl",
                                   "type=unixio,clientfd=" + std::to_string(sockets.theirs.get()),
                                   "--terminate"};
  if (trace == Trace::commands) {
    argv.insert(argv.end(), {"--log", "file=" + fs::absolute(log).string() + ",level=20"});
  }
  Process process = TRY(in(
      "software TPM",
      Process::start(argv, output, {.inherit = {sockets.theirs.get()}, .lifetime = ProcessOptions::Lifetime::bound})));
  return SoftwareTpm(std::move(process), std::move(sockets.ours));
}

}  // namespace ashlar::vm
