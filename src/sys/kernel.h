// The one seam between the programs of the image and the machine: whatever boot and init ask of the kernel goes through
// here. LinuxKernel does it, FakeKernel (in the unit tests) plays it in memory.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "sys/pages.h"

namespace ashlar {

// One mount(2). `flags` are MS_*; `data` is the file system's own options.
struct Mount {
  std::string source;
  std::string target;
  std::string type;
  unsigned long flags = 0;
  std::string data;
};

enum class FileKind : std::uint8_t { file, directory, link, character_device, block_device, fifo, socket };

enum class Severity { info, failure };
enum class PowerState { restart, off };

class Kernel {
 public:
  virtual ~Kernel() = default;

  // The whole of a file no larger than `limit` bytes.
  virtual Result<Bytes> read_file(const std::string& path, std::uint64_t limit) = 0;
  // `size` bytes from byte `offset` of a file or block device.
  virtual Result<Bytes> read_at(const std::string& path, std::uint64_t offset, std::uint64_t size) = 0;
  // Names in a directory, sorted.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  virtual bool exists(const std::string& path) = 0;
  // A new file that everybody may read.
  virtual Status write_file(const std::string& path, ByteView content) = 0;
  // Into a file that is the kernel's own, in one write.
  virtual Status set_value(const std::string& path, ByteView value) = 0;
  // Writes `request` to a file that is the kernel's own, and gives what it answers there.
  virtual Result<Bytes> transact(const std::string& path, ByteView request) = 0;
  // What `path` itself is; links are not followed. Its SELinux label is the kernel's answer, bytes at its end included.
  virtual Result<FileKind> kind(const std::string& path) = 0;
  virtual Result<Bytes> label(const std::string& path) = 0;
  virtual Status set_label(const std::string& path, const std::string& label) = 0;
  // A directory that is there already is as good as a new one.
  virtual Status make_directory(const std::string& path) = 0;
  // Deletes what lies under `directory` on its own file system; mounts inside are left alone.
  virtual Status empty_directory(const std::string& directory) = 0;

  virtual Status mount(const Mount& mount) = 0;
  virtual Status move_mount(const std::string& from, const std::string& to) = 0;
  virtual Status unmount(const std::string& target) = 0;
  // Moves the mount at `directory` onto / and makes it this program's root and working directory.
  virtual Status change_root(const std::string& directory) = 0;

  // One request to /dev/mapper/control. `packet` is a dm_ioctl with its payload; the kernel answers in place.
  virtual Status device_mapper(unsigned long request, std::span<std::uint8_t> packet) = 0;
  // One command to the TPM and its answer; nullopt where the machine has none.
  virtual Result<std::optional<Bytes>> tpm(ByteView command) = 0;
  // A `user` key in this thread's keyring, which the next exec drops.
  virtual Status add_user_key(const std::string& description, ByteView payload) = 0;

  // Sets of capabilities (sys/capabilities.h) that whatever is started from here on will not have, and that this
  // program itself has no more.
  virtual Status bound_capabilities(std::uint64_t lost) = 0;
  virtual Status drop_capabilities(std::uint64_t lost) = 0;

  virtual Status set_host_name(const std::string& name) = 0;
  virtual Status raise_loopback() = 0;

  // Replaces this program; what its screens show stays (Screen::let_inherit). Comes back only with an error.
  virtual Status execute(const std::string& program, const std::vector<std::string>& arguments,
                         const std::vector<std::string>& environment) = 0;
  // Starts a program with nothing but /dev/null open, in a session of its own, and gives its process number.
  virtual Result<int> start(const std::string& program, const std::vector<std::string>& arguments,
                            const std::vector<std::string>& environment) = 0;
  // Sends `signal` to every process but this one.
  virtual void signal_all(int signal) = 0;
  // Waits up to `milliseconds` for every other process to end. True when none is left.
  virtual bool wait_for_all(int milliseconds) = 0;

  // A line for the kernel's log and the console.
  virtual void say(Severity severity, std::string_view line) = 0;
  // Puts a page on every connected screen; without one nothing happens.
  virtual void show(const Page& page) = 0;
  virtual void sleep(int milliseconds) = 0;
  // Syncs and leaves. Comes back only when the kernel refuses.
  virtual void leave(PowerState state) = 0;
};

}  // namespace ashlar
