// Code into the kernel, its memory, and what is known for having let people in.
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "prove/live/attack.h"

namespace ashlar::live {
namespace {

#ifndef AF_ALG
constexpr int AF_ALG = 38;
#endif
constexpr std::initializer_list<int> kDenials = {ENOSYS, EPERM, EACCES};

Outcome module(const Ground&) {
  Fd program(::open(kAttackProgram, O_RDONLY | O_CLOEXEC));
  return reached_unless(::syscall(SYS_finit_module, program.get(), "", 0), "finit_module", kDenials);
}
Outcome kexec(const Ground&) {
  Outcome by_file = reached_unless(::syscall(SYS_kexec_file_load, -1, -1, 0, "", 0), "kexec_file_load", kDenials);
  if (by_file.end != Outcome::End::refused) return by_file;
  return reached_unless(::syscall(SYS_kexec_load, 0, 0, nullptr, 0), "kexec_load", kDenials);
}
Outcome bpf(const Ground&) { return reached_unless(::syscall(SYS_bpf, 0, nullptr, 0), "bpf", kDenials); }
Outcome io_uring(const Ground&) {
  return reached_unless(::syscall(SYS_io_uring_setup, 1, nullptr), "io_uring_setup", kDenials);
}
Outcome userfault(const Ground&) { return reached_unless(::syscall(SYS_userfaultfd, 1), "userfaultfd", kDenials); }
Outcome iopl(const Ground&) { return reached_unless(::syscall(SYS_iopl, 3), "iopl", kDenials); }
Outcome ldt(const Ground&) { return reached_unless(::syscall(SYS_modify_ldt, 0, nullptr, 0), "modify_ldt", kDenials); }
Outcome af_alg(const Ground&) {
  return Fd(::socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)).valid() ? done() : refused("socket");
}

// A device made and opened where devices are allowed to be.
Outcome open_device(unsigned major, unsigned minor) {
  constexpr char kNode[] = "/dev/live-attack";
  ::unlink(kNode);
  if (::mknod(kNode, S_IFCHR | 0600, makedev(major, minor)) != 0) return refused("mknod");
  Fd device(::open(kNode, O_RDWR | O_CLOEXEC));
  int error = errno;
  ::unlink(kNode);
  return device.valid() ? done() : refused("open", error);
}
Outcome null_device(const Ground&) { return open_device(1, 3); }
Outcome mem_device(const Ground&) { return open_device(1, 1); }
Outcome port_device(const Ground&) { return open_device(1, 4); }
Outcome msr_device(const Ground&) { return open_device(202, 0); }

Outcome open_kernel_file(const char* path, int flags) {
  return Fd(::open(path, flags | O_CLOEXEC)).valid() ? done() : refused("open");
}
Outcome version(const Ground&) { return open_kernel_file("/proc/version", O_RDONLY); }
Outcome kcore(const Ground&) { return open_kernel_file("/proc/kcore", O_RDONLY); }
Outcome kprobe(const Ground&) { return open_kernel_file("/sys/bus/event_source/devices/kprobe/type", O_RDONLY); }
Outcome core_pattern(const Ground&) { return open_kernel_file("/proc/sys/kernel/core_pattern", O_WRONLY); }
Outcome modprobe(const Ground&) { return open_kernel_file("/proc/sys/kernel/modprobe", O_WRONLY); }
Outcome hotplug(const Ground&) {
  Outcome first = open_kernel_file("/proc/sys/kernel/hotplug", O_WRONLY);
  return first.end == Outcome::End::done ? first : open_kernel_file("/sys/kernel/uevent_helper", O_WRONLY);
}

Outcome mount_type(const char* type) {
  if (::unshare(CLONE_NEWNS) != 0) return refused("unshare");
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return refused("make private");
  return ::mount("none", "/tmp", type, 0, nullptr) == 0 ? done() : refused("mount");
}
Outcome tracefs(const Ground&) { return mount_type("tracefs"); }
Outcome debugfs(const Ground&) { return mount_type("debugfs"); }
Outcome tmpfs(const Ground&) { return mount_type("tmpfs"); }

Outcome count_events(bool kernel, bool registers) {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.size = sizeof attributes;
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  attributes.sample_period = 1'000'000;
  attributes.exclude_kernel = kernel ? 0 : 1;
  attributes.disabled = 1;
  if (registers) {
    attributes.sample_type = PERF_SAMPLE_REGS_INTR;
    attributes.sample_regs_intr = 1;
  }
  Fd event(static_cast<int>(::syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC)));
  return event.valid() ? done() : refused("perf_event_open");
}
Outcome perf_kernel(const Ground&) { return count_events(true, false); }
Outcome perf_registers(const Ground&) { return count_events(true, true); }
Outcome perf_itself(const Ground&) { return count_events(false, false); }

}  // namespace

const std::vector<NamedAttack> kKernelAttacks = {
    {"kernel.module", module},
    {"kernel.kexec", kexec},
    {"kernel.bpf", bpf},
    {"kernel.io-uring", io_uring},
    {"kernel.userfault", userfault},
    {"kernel.iopl", iopl},
    {"kernel.ldt", ldt},
    {"kernel.af-alg", af_alg},
    {"kernel.mem", mem_device},
    {"kernel.port", port_device},
    {"kernel.msr", msr_device},
    {"kernel.kcore", kcore},
    {"kernel.kprobe", kprobe},
    {"kernel.tracefs", tracefs},
    {"kernel.debugfs", debugfs},
    {"kernel.perf", perf_kernel},
    {"kernel.registers", perf_registers},
    {"perf.itself", perf_itself},
    {"helper.core", core_pattern},
    {"helper.modprobe", modprobe},
    {"helper.hotplug", hotplug},
    {"device.null", null_device},
    {"proc.version", version},
    {"mount.tmpfs", tmpfs},
};

}  // namespace ashlar::live
