// A machine in memory for unit tests: files, a device mapper, and a record of what was asked, in order.
#pragma once

#include <map>
#include <optional>

#include "sys/device_mapper.h"
#include "sys/kernel.h"

namespace ashlar {

class FakeKernel final : public Kernel {
 public:
  // What the machine has. A file's directories are there with it; a file appears once `slept` has reached its time.
  void put(const std::string& path, std::string_view content, int appears_at = 0);
  void remove(const std::string& path) { files_.erase(path); }
  // The first request whose record starts with `request` fails with `code`, and every later one too.
  void refuse(const std::string& request, int code) { refused_[request] = code; }

  static constexpr int kStarted = 100;  // the number of every process it starts
  // What was asked: "mount erofs /dev/dm-0 /sysroot", "load verity 1 254:2 ...", "execute /usr/lib/ashlar/init init".
  std::vector<std::string> calls;
  std::vector<std::string> log;
  std::vector<Page> pages;
  int slept = 0;                // milliseconds
  int processes_end_after = 0;  // milliseconds of wait_for_all
  std::optional<MappedTarget> active;
  std::map<std::string, std::string> labels;   // SELinux's, of what has one
  std::map<std::string, std::string> answers;  // to transact(), by request
  std::optional<Bytes> tpm_answer;             // nothing: the machine has no TPM

  [[nodiscard]] bool did(std::string_view prefix) const;

  Result<Bytes> read_file(const std::string& path, std::uint64_t limit) override;
  Result<Bytes> read_at(const std::string& path, std::uint64_t offset, std::uint64_t size) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  bool exists(const std::string& path) override;
  Status write_file(const std::string& path, ByteView content) override;
  Status set_value(const std::string& path, ByteView value) override;
  Result<Bytes> transact(const std::string& path, ByteView request) override;
  Result<FileKind> kind(const std::string& path) override;
  Result<Bytes> label(const std::string& path) override;
  Status set_label(const std::string& path, const std::string& label) override;
  Status make_directory(const std::string& path) override;
  Status empty_directory(const std::string& directory) override;
  Status mount(const Mount& mount) override;
  Status move_mount(const std::string& from, const std::string& to) override;
  Status unmount(const std::string& target) override;
  Status change_root(const std::string& directory) override;
  Status device_mapper(unsigned long request, std::span<std::uint8_t> packet) override;
  Result<std::optional<Bytes>> tpm(ByteView command) override;
  Status add_user_key(const std::string& description, ByteView payload) override;
  Status bound_capabilities(std::uint64_t lost) override;
  Status drop_capabilities(std::uint64_t lost) override;
  Status set_host_name(const std::string& name) override;
  Status raise_loopback() override;
  // Comes back without an error when the program would run.
  Status execute(const std::string& program, const std::vector<std::string>& arguments,
                 const std::vector<std::string>& environment) override;
  Result<int> start(const std::string& program, const std::vector<std::string>& arguments,
                    const std::vector<std::string>& environment) override;
  void signal_all(int signal) override;
  bool wait_for_all(int milliseconds) override;
  void say(Severity severity, std::string_view line) override;
  void show(const Page& page) override;
  void sleep(int milliseconds) override;
  void leave(PowerState state) override;

 private:
  struct File {
    Bytes content;
    int appears_at;
  };
  Status ask(const std::string& request);

  std::map<std::string, File> files_;
  std::map<std::string, int> refused_;
  std::optional<MappedTarget> loaded_;
};

}  // namespace ashlar
