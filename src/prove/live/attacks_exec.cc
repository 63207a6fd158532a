// Programs from where none may be run: copies of this one, which end with 42 when they are started as "payload".
#include <elf.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "base/fd.h"
#include "prove/live/attack.h"

namespace ashlar::live {
namespace {

Outcome outcome_of(const Ran& ran, std::string_view step) {
  if (ran.exec_error != 0) return refused(step, ran.exec_error);
  return ran.exited_with(kReached) ? done() : broken("the program ran and ended otherwise: " + ran.end(), 0);
}

Outcome execute_in(const std::string& directory, std::string_view content, const char* word) {
  const std::string path = directory + "/program";
  ::unlink(path.c_str());
  if (content.empty() || !put(path, content, 0755)) return broken("write " + path);
  Outcome outcome = outcome_of(run({.path = path, .arguments = {word}}), "execve");
  ::unlink(path.c_str());
  return outcome;
}
Outcome execute_copy_in(const std::string& directory) {
  return execute_in(directory, content_of(kAttackProgram), "payload");
}

Outcome from_home(const Ground& ground) { return execute_copy_in(ground.home); }
Outcome from_data(const Ground&) {
  struct stat root = {};
  struct stat data = {};
  if (::stat("/", &root) != 0 || ::stat("/data", &data) != 0 || root.st_dev == data.st_dev) {
    return broken("/data is not open", 0);
  }
  return execute_copy_in("/data");
}
Outcome from_tmp(const Ground&) { return execute_copy_in("/tmp"); }
Outcome from_shm(const Ground&) { return execute_copy_in("/dev/shm"); }
Outcome from_run(const Ground& ground) { return execute_copy_in(ground.runtime); }
Outcome from_mount(const Ground& ground) { return execute_copy_in(ground.directory); }

Outcome from_usb(const Ground& ground) {
  const std::string stick = ground.directory + "/stick";
  ::mkdir(stick.c_str(), 0755);
  if (::mount("/dev/sda", stick.c_str(), "vfat", 0, nullptr) != 0) return refused("mount");
  Outcome outcome = execute_copy_in(stick);
  ::umount2(stick.c_str(), MNT_DETACH);
  return outcome;
}

// The root was moved over the file system the kernel started with. A namespace whose root is unmounted shows it again.
Outcome from_initramfs(const Ground&) {
  const std::string program = content_of(kAttackProgram);
  if (::unshare(CLONE_NEWNS) != 0) return refused("unshare");
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return refused("mount");
  Fd self(::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
  if (!self.valid()) return broken("open the namespace");
  if (::umount2("/", MNT_DETACH) != 0) return refused("umount");
  // Entering a namespace begins at its uppermost root.
  if (::setns(self.get(), CLONE_NEWNS) != 0) return refused("setns");
  if (!put("/program", program, 0755)) return refused("write /program");
  return outcome_of(run({.path = "/program", .arguments = {"payload"}}), "execve");
}

constexpr char kMemfdNoexec[] = "/proc/sys/vm/memfd_noexec";
constexpr unsigned kMfdExec = 0x10;  // Linux 6.3; older headers lack it
Outcome from_memfd(const Ground&) {
  // Root takes the kernel's own bar away first.
  const std::string before = content_of(kMemfdNoexec);
  put_value(kMemfdNoexec, "0");
  Fd file(::memfd_create("program", MFD_CLOEXEC | kMfdExec));
  int error = errno;
  put_value(kMemfdNoexec, before);
  if (!file.valid()) return refused("memfd_create", error);
  if (!write_all(file, as_bytes(content_of(kAttackProgram)))) return broken("write to the memfd");
  return outcome_of(run_descriptor(file.get()), "execveat");
}

Outcome shebang(const Ground& ground) { return execute_in(ground.directory, "#!/bin/sh\nexit 42\n", "x"); }

// The same program, but PT_GNU_STACK asks for PROT_EXEC.
Outcome executable_stack(const Ground& ground) {
  std::string program = content_of(kAttackProgram);
  if (program.size() < sizeof(Elf64_Ehdr)) return broken("read the program");
  Elf64_Ehdr header;
  std::memcpy(&header, program.data(), sizeof header);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const std::size_t at = header.e_phoff + i * sizeof(Elf64_Phdr);
    if (at + sizeof(Elf64_Phdr) > program.size()) return broken("read the program's headers", 0);
    Elf64_Phdr segment;
    std::memcpy(&segment, program.data() + at, sizeof segment);
    if (segment.p_type != PT_GNU_STACK) continue;
    segment.p_flags |= PF_X;
    std::memcpy(program.data() + at, &segment, sizeof segment);
    return execute_in(ground.directory, program, "payload-stack");
  }
  return broken("the program has no PT_GNU_STACK", 0);
}

}  // namespace

const std::vector<NamedAttack> kExecAttacks = {
    {"exec.home", from_home},  {"exec.data", from_data},         {"exec.tmp", from_tmp},
    {"exec.shm", from_shm},    {"exec.run", from_run},           {"exec.mount", from_mount},
    {"exec.usb", from_usb},    {"exec.memfd", from_memfd},       {"exec.initramfs", from_initramfs},
    {"exec.shebang", shebang}, {"exec.stack", executable_stack},
};

}  // namespace ashlar::live
