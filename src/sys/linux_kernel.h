// The Kernel that is really there.
#pragma once

#include <optional>

#include "sys/kernel.h"
#include "sys/screen.h"

namespace ashlar {

class LinuxKernel final : public Kernel {
 public:
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
  Status execute(const std::string& program, const std::vector<std::string>& arguments,
                 const std::vector<std::string>& environment) override;
  Result<int> start(const std::string& program, const std::vector<std::string>& arguments,
                    const std::vector<std::string>& environment) override;
  void signal_all(int signal) override;
  bool wait_for_all(int milliseconds) override;
  // Into the kernel's log; in the dev variant on the console too.
  void say(Severity severity, std::string_view line) override;
  void show(const Page& page) override;
  void sleep(int milliseconds) override;
  void leave(PowerState state) override;

 private:
  std::optional<Screen> screen_;
};

}  // namespace ashlar
