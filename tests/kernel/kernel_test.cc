// The kernel alone, started by QEMU without firmware, with a probe in place of the initramfs: what our configuration
// and our patches take away, and that it is they who do. The second start is the control: the same kernel, told by its
// command line to let go of what can be let go.
#include <elf.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <map>

#include "base/subprocess.h"
#include "format/cpio.h"
#include "vm/accelerator.h"

namespace ashlar::test {
namespace {

constexpr const char* kStrict =
    "console=ttyS0 panic=-1 no_timer_check loglevel=1 ipe.enforce=1 dm_verity.require_signatures=1";
constexpr const char* kLoose =
    "console=ttyS0 panic=-1 no_timer_check loglevel=1 ipe.enforce=0 dm_verity.require_signatures=0 write_exec=allow "
    "proc_mem.force_override=always";

// The same program, asking for an executable stack.
Bytes with_executable_stack(Bytes program) {
  Elf64_Ehdr head{};
  std::memcpy(&head, program.data(), sizeof head);
  for (unsigned i = 0; i < head.e_phnum; ++i) {
    std::uint8_t* at = program.data() + head.e_phoff + i * sizeof(Elf64_Phdr);
    Elf64_Phdr part{};
    std::memcpy(&part, at, sizeof part);
    if (part.p_type != PT_GNU_STACK) continue;
    part.p_flags |= PF_X;
    std::memcpy(at, &part, sizeof part);
    return program;
  }
  ADD_FAILURE() << "the probe has no PT_GNU_STACK";
  return program;
}

// A file of the oracles' tree; links followed.
CpioNode oracles_file(const std::string& path, std::vector<Bytes>& kept) {
  const char* tools = std::getenv("ASHLAR_WORKSHOP");
  kept.push_back(read_file(fs::canonical(fs::path(tools != nullptr ? tools : "/nonexistent") / path)).value());
  return CpioNode::file(path, 0755, kept.back());
}

Bytes probing_initramfs() {
  Bytes probe = read_file(ASHLAR_PROBE).value();
  Bytes stack = with_executable_stack(probe);
  std::vector<Bytes> kept;
  kept.reserve(100);
  std::vector<CpioNode> nodes;
  for (const char* directory : {"dev", "proc", "sys", "tmp", "mnt"})
    nodes.push_back(CpioNode::directory(directory, 0755));
  nodes.push_back(CpioNode::character_device("dev/console", 0600, 5, 1));
  nodes.push_back(CpioNode::file("init", 0755, probe));
  nodes.push_back(CpioNode::file("stack", 0755, stack));
  for (const char* directory :
       {"bin", "lib64", "usr", "usr/bin", "usr/lib", "usr/lib/paxtest", "usr/lib/x86_64-linux-gnu"}) {
    nodes.push_back(CpioNode::directory(directory, 0755));
  }
  nodes.push_back(CpioNode::symlink("bin/sh", "/usr/bin/dash"));
  nodes.push_back(oracles_file("usr/bin/dash", kept));
  for (const char* library : {"libc.so.6", "libdl.so.2", "libpthread.so.0", "ld-linux-x86-64.so.2"}) {
    nodes.push_back(oracles_file(std::string("usr/lib/x86_64-linux-gnu/") + library, kept));
  }
  nodes.push_back(CpioNode::symlink("lib64/ld-linux-x86-64.so.2", "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"));
  const char* tools = std::getenv("ASHLAR_WORKSHOP");
  for (const auto& file :
       fs::directory_iterator(fs::path(tools != nullptr ? tools : "/nonexistent") / "usr/lib/paxtest")) {
    nodes.push_back(oracles_file("usr/lib/paxtest/" + file.path().filename().string(), kept));
  }
  return build_cpio(nodes).value();
}

using Answers = std::map<std::string, std::string>;

// What was written, by name: of lines "<begin>NAME: ANSWER".
Answers start(const std::string& command_line, std::string_view begin = "probe ") {
  const char* kernel = std::getenv("ASHLAR_TEST_KERNEL");
  EXPECT_NE(kernel, nullptr) << "`ashlar test` sets ASHLAR_TEST_KERNEL";
  const fs::path work = fs::path(testing::TempDir()) / ("kernel-alone-" + std::to_string(::getpid()));
  fs::create_directories(work);
  EXPECT_TRUE(write_file(work / "initramfs", probing_initramfs()));
  EXPECT_TRUE(write_file(work / "disk", Bytes(1 << 20)));
  std::vector<std::string> argv = {"timeout", "280", "qemu-system-x86_64"};
  std::vector<std::string> accelerator = vm::accelerator_arguments(vm::accelerator());
  argv.insert(argv.end(), accelerator.begin(), accelerator.end());
  argv.insert(argv.end(),
              {"-machine", "q35", "-m", "256", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
               "-serial", "stdio", "-drive", "format=raw,if=virtio,file=" + (work / "disk").string(), "-kernel",
               (fs::path(kernel != nullptr ? kernel : "") / "bzImage").string(), "-initrd",
               (work / "initramfs").string(), "-append", command_line});
  Result<CommandOutput> ran = run({.argv = std::move(argv)});
  fs::remove_all(work);
  EXPECT_TRUE(ran) << ran.error().message();
  if (!ran) return {};
  Answers answers;
  bool ended = false;
  for (std::string_view rest = ran->out; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    while (line.ends_with('\r')) line.remove_suffix(1);
    ended |= line == "probe end";
    std::size_t colon = line.rfind(": ");
    if (!line.starts_with(begin) || colon == std::string_view::npos) continue;
    std::string_view name = line.substr(begin.size(), colon - begin.size());
    name = name.substr(0, name.find_last_not_of(' ') + 1);
    answers[std::string(name)] = line.substr(colon + 2);
  }
  EXPECT_TRUE(ended) << ran->out << ran->err;
  return answers;
}

struct Expected {
  const char* name;
  const char* strict;
  const char* loose;
};

// One row a probe. Where both are the same, no command line lets go of it; what is "ok" in both is the control of a
// neighbour.
constexpr Expected kExpected[] = {
    // patches/0001, 0002; and PROC_MEM_NO_FORCE
    {"map W and X", "EACCES", "ok"},
    {"W, then X", "EACCES", "ok"},
    {"file mapped R and X", "ok", "ok"},
    {"file mapped W and X", "EACCES", "ok"},
    {"file mapped X, then W", "EACCES", "ok"},
    {"file mapped W, then X", "EACCES", "ok"},
    {"personality READ_IMPLIES_EXEC", "EPERM", "ok"},
    {"personality ADDR_NO_RANDOMIZE", "EPERM", "ok"},
    {"personality PER_LINUX", "ok", "ok"},
    {"heap made executable", "EPERM", "ok"},
    {"executable stack", "EACCES", "ok"},
    {"write over text", "EIO", "ok"},
    // IPE; patches/0003, 0004
    {"check of a file of the initramfs", "ok", "ok"},
    {"check of another file", "EACCES", "ok"},
    {"execute another file", "EACCES", "ok"},
    {"execute a file in memory", "EACCES", "ok"},
    {"IPE goes on", "ok", "ok"},
    {"IPE off", "EPERM", "EPERM"},
    {"verity ignore_corruption", "EPERM", "ok"},
    {"verity check_at_most_once", "EPERM", "ok"},
    // sysctls
    {"trace a child", "ok", "ok"},
    {"executable file in memory", "ok", "ok"},
    {"trace a child, ptrace_scope 3", "EPERM", "EPERM"},
    {"executable file in memory, memfd_noexec 2", "EACCES", "EACCES"},
    {"ptrace_scope back to 0", "EINVAL", "EINVAL"},
    // not compiled in
    {"io_uring", "ENOSYS", "ENOSYS"},
    {"userfaultfd", "ENOSYS", "ENOSYS"},
    {"kexec_load", "ENOSYS", "ENOSYS"},
    {"init_module", "ENOSYS", "ENOSYS"},
    {"bpf", "ENOSYS", "ENOSYS"},
    {"kcmp", "ENOSYS", "ENOSYS"},
    {"modify_ldt", "ENOSYS", "ENOSYS"},
    {"iopl", "ENOSYS", "ENOSYS"},
    {"process_vm_writev", "ENOSYS", "ENOSYS"},
    {"shmget", "ENOSYS", "ENOSYS"},
    {"AF_ALG", "EAFNOSUPPORT", "EAFNOSUPPORT"},
    {"/dev/mem", "ENXIO", "ENXIO"},
    {"/dev/port", "ENXIO", "ENXIO"},
    {"/proc/kcore", "ENOENT", "ENOENT"},
    {"mount binfmt_misc", "ENODEV", "ENODEV"},
    {"mount debugfs", "ENODEV", "ENODEV"},
    {"mount tracefs", "ENODEV", "ENODEV"},
    {"mount overlay", "ENODEV", "ENODEV"},
    {"mount fuse", "ENODEV", "ENODEV"},
    {"mount bpf", "ENODEV", "ENODEV"},
};

TEST(KernelAlone, RefusesWhatItIsToRefuse) {
  Answers strict = start(kStrict);
  for (const Expected& row : kExpected) EXPECT_EQ(strict[row.name], row.strict) << row.name;
  EXPECT_EQ(strict.size(), std::size(kExpected)) << "a probe without a row";
}

// Debian's paxtest, mode blackhat. The control: the same kernel where memory may be writable and executable.
TEST(KernelAlone, PassesPaxtest) {
  Answers strict = start(std::string(kStrict) + " -- paxtest", "");
  Answers loose = start(std::string(kLoose) + " -- paxtest", "");
  for (const char* name :
       {"Executable anonymous mapping", "Executable bss", "Executable data", "Executable heap", "Executable stack",
        "Executable shared library bss", "Executable shared library data", "Executable anonymous mapping (mprotect)",
        "Executable bss (mprotect)", "Executable data (mprotect)", "Executable heap (mprotect)",
        "Executable stack (mprotect)", "Executable shared library bss (mprotect)",
        "Executable shared library data (mprotect)", "Writable text segments"}) {
    EXPECT_EQ(strict[name], "Killed") << name;
    if (std::string_view(name).contains("mprotect") || std::string_view(name).contains("text")) {
      EXPECT_EQ(loose[name], "Vulnerable") << name << ", the control";
    }
  }
}

TEST(KernelAlone, WouldGiveItOtherwise) {
  Answers loose = start(kLoose);
  for (const Expected& row : kExpected) EXPECT_EQ(loose[row.name], row.loose) << row.name;
}

}  // namespace
}  // namespace ashlar::test
