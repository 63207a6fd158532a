// What is tried inside the running machine, as whom, and who has to deny it: one table for the program that attacks
// (src/prove/live, in test images alone) and for the host that judges what it says (src/prove/live_judge.h).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace ashlar::live {

// As whom an attack runs. The services' sandboxes are entered by the code and the table PID 1 enters them with.
enum class Place : std::uint8_t {
  session,  // a program of the person's: sandboxed as the service `session`
  seatd,    // a service of root's that has CAP_SYS_ADMIN
  udevd,    // a service of root's that has the whole of /dev
  user,     // the person, beside every sandbox
  root,     // root beside every sandbox, with what capabilities PID 1 leaves
};
inline constexpr std::array kPlaces = {Place::session, Place::seatd, Place::udevd, Place::user, Place::root};
constexpr std::string_view name_of(Place place) {
  constexpr std::array<std::string_view, kPlaces.size()> kNames = {"session", "seatd", "udevd", "user", "root"};
  return kNames[static_cast<std::size_t>(place)];
}

// Who denies it.
enum class Guard : std::uint8_t {
  ipe,           // what is not on the verified root does not execute
  selinux,       // the policy
  lockdown,      // the kernel's lockdown, confidentiality
  landlock,      // a service's paths
  seccomp,       // a service's system calls
  mdwe,          // memory-deny-write-execute, PR_SET_MDWE
  noexec,        // the mount
  view,          // a service's view of files: read-only, or not there
  capabilities,  // given up by PID 1, or never a service's
  permissions,   // of files and keys: the owner's alone
  yama,          // who may trace whom
  kernel,        // not built in, or built to refuse
  verity,        // dm-verity
  shell,         // the shell asks before it runs a file or a string
  image,         // the program is not there
  flags,         // the browser's own, which its user cannot change
};
constexpr std::string_view name_of(Guard guard) {
  constexpr std::array<std::string_view, 16> kNames = {
      "IPE",          "SELinux",     "lockdown", "Landlock", "seccomp",   "MDWE",  "noexec mount", "mount view",
      "capabilities", "permissions", "Yama",     "kernel",   "dm-verity", "shell", "image",        "browser flags"};
  return kNames[static_cast<std::size_t>(guard)];
}

// What shows that an attack that is denied is one.
enum class Control : std::uint8_t {
  bare,  // the same attack succeeds on the same image with IPE, SELinux, dm-verity and every sandbox off
  ipe,   // and with IPE's policy alone off, as the same user in the same place
  weak,  // nothing that runs this kernel lets it through: a call beside it succeeds, the row's `beside`
};

struct Case {
  std::string_view attack;  // attacks.cc has the function
  Place place;
  Guard guard;
  std::string_view error;  // how it is refused: an errno's name, or the signal that ends the attacker; empty: either
  Control control;
  std::string_view what;    // one sentence for the report
  std::string_view beside;  // Control::weak: the attack's name that has to succeed in the same place
};

// It takes the browser, which is half a minute under emulation, or an open /data.
constexpr bool is_slow(const Case& each) { return each.attack.starts_with("browser.") || each.attack == "exec.data"; }

inline constexpr std::array kCases = {
    // --- Programs that are not on the verified root.
    Case{"exec.home", Place::session, Guard::landlock, "EACCES", Control::bare, "A program copied to the home is run"},
    Case{"exec.tmp", Place::session, Guard::landlock, "EACCES", Control::bare, "A program copied to /tmp is run"},
    Case{"exec.shm", Place::session, Guard::landlock, "EACCES", Control::bare, "A program copied to /dev/shm is run"},
    Case{"exec.run", Place::session, Guard::landlock, "EACCES", Control::bare,
         "A program copied to the session's directory in /run is run"},
    Case{"exec.tmp", Place::seatd, Guard::landlock, "EACCES", Control::bare,
         "A service with CAP_SYS_ADMIN runs a program from /tmp"},
    Case{"exec.data", Place::root, Guard::noexec, "EACCES", Control::bare, "Root runs a program from /data"},
    Case{"exec.shm", Place::root, Guard::noexec, "EACCES", Control::bare, "Root runs a program from /dev/shm"},
    Case{"exec.mount", Place::user, Guard::ipe, "EACCES", Control::ipe,
         "A program is run from a tmpfs that was mounted without noexec"},
    Case{"exec.mount", Place::root, Guard::ipe, "EACCES", Control::ipe,
         "Root runs a program from a tmpfs mounted without noexec"},
    Case{"exec.usb", Place::root, Guard::ipe, "EACCES", Control::ipe, "Root runs a program from a USB stick"},
    Case{"exec.initramfs", Place::root, Guard::ipe, "EACCES", Control::ipe,
         "What lies under the root, where the initramfs was, is reached and a program run from it"},
    Case{"exec.memfd", Place::session, Guard::ipe, "EACCES", Control::ipe, "A program in a memfd is run"},
    Case{"exec.memfd", Place::root, Guard::ipe, "EACCES", Control::ipe, "Root runs a program in a memfd"},
    Case{"exec.shebang", Place::session, Guard::landlock, "EACCES", Control::bare, "A script with #! is run from /tmp"},
    Case{"exec.shebang", Place::root, Guard::ipe, "EACCES", Control::ipe,
         "Root runs a script with #! from a tmpfs mounted without noexec"},
    Case{"exec.stack", Place::root, Guard::ipe, "EACCES", Control::ipe,
         "A program whose PT_GNU_STACK asks for an executable stack is run"},

    // --- Code that a program of the root is made to load.
    Case{"load.ld-so", Place::session, Guard::ipe, "", Control::bare, "ld.so is given a program in /tmp"},
    Case{"load.ld-so", Place::user, Guard::ipe, "", Control::ipe, "ld.so is given a program on a tmpfs"},
    Case{"load.preload", Place::session, Guard::ipe, "", Control::bare, "LD_PRELOAD names a library in /tmp"},
    Case{"load.preload", Place::user, Guard::ipe, "", Control::ipe, "LD_PRELOAD names a library on a tmpfs"},
    Case{"load.path", Place::session, Guard::ipe, "", Control::bare, "LD_LIBRARY_PATH leads to another libc in /tmp"},
    Case{"load.path", Place::user, Guard::ipe, "", Control::ipe, "LD_LIBRARY_PATH leads to a libc on a tmpfs"},
    Case{"load.audit", Place::session, Guard::ipe, "", Control::bare, "LD_AUDIT names a library in /tmp"},
    Case{"load.audit", Place::user, Guard::ipe, "", Control::ipe, "LD_AUDIT names a library on a tmpfs"},
    Case{"load.dlopen", Place::session, Guard::ipe, "EACCES", Control::bare,
         "A library in /tmp is mapped as dlopen does it"},
    Case{"load.dlopen", Place::user, Guard::ipe, "EACCES", Control::ipe,
         "A library on a tmpfs is mapped as dlopen does it"},

    // --- Scripts: data that an interpreter of the root executes.
    Case{"script.file", Place::session, Guard::shell, "", Control::bare, "sh runs a file in /tmp"},
    Case{"script.command", Place::session, Guard::shell, "", Control::bare, "sh -c runs a string"},
    Case{"script.stdin", Place::session, Guard::shell, "", Control::bare, "sh runs what comes in on a pipe"},
    Case{"script.source", Place::session, Guard::shell, "", Control::bare,
         "sh reads a file in /tmp with the dot command"},
    Case{"script.env", Place::session, Guard::shell, "", Control::bare, "sh -i reads a file in /tmp that ENV names"},
    Case{"script.sed", Place::session, Guard::shell, "", Control::bare, "sed's command e runs a string"},
    Case{"script.others", Place::session, Guard::image, "ENOENT", Control::weak,
         "awk, bash, busybox, gdb, lua, perl, php, python, ruby, tclsh are looked for", "script.sh-is-there"},

    // --- Memory that is written and executed.
    Case{"memory.rwx", Place::session, Guard::seccomp, "EPERM", Control::bare, "Anonymous memory is mapped RWX"},
    Case{"memory.rwx", Place::user, Guard::ipe, "EACCES", Control::ipe, "The same beside the sandbox"},
    Case{"memory.rw-rx", Place::session, Guard::mdwe, "EACCES", Control::bare,
         "Anonymous memory is written, then made executable"},
    Case{"memory.rw-rx", Place::user, Guard::ipe, "EACCES", Control::ipe, "The same beside the sandbox"},
    Case{"memory.file-rwx", Place::session, Guard::seccomp, "EPERM", Control::bare,
         "A library of the root is mapped private and RWX"},
    Case{"memory.file-rwx", Place::user, Guard::selinux, "EACCES", Control::bare, "The same beside the sandbox"},
    Case{"memory.file-rw-rx", Place::session, Guard::mdwe, "EACCES", Control::bare,
         "A library of the root is mapped private, written, then made executable"},
    Case{"memory.file-rw-rx", Place::user, Guard::selinux, "EACCES", Control::bare, "The same beside the sandbox"},
    Case{"memory.rx-rwx", Place::session, Guard::seccomp, "EPERM", Control::bare,
         "The mapped text of a library is made writable as well"},
    Case{"memory.rx-rwx", Place::user, Guard::selinux, "EACCES", Control::bare, "The same beside the sandbox"},
    Case{"memory.rx-rw-rx", Place::session, Guard::mdwe, "EACCES", Control::bare,
         "The mapped text of a library is made writable, changed, and made executable again"},
    Case{"memory.rx-rw-rx", Place::user, Guard::selinux, "EACCES", Control::bare, "The same beside the sandbox"},
    Case{"memory.brk", Place::session, Guard::seccomp, "EPERM", Control::bare,
         "personality(READ_IMPLIES_EXEC), then brk"},
    Case{"memory.brk", Place::user, Guard::kernel, "", Control::bare, "The same beside the sandbox"},
    Case{"memory.implied", Place::user, Guard::ipe, "EACCES", Control::ipe,
         "personality(READ_IMPLIES_EXEC), then a mapping that is only readable and writable"},
    Case{"memory.heap", Place::session, Guard::mdwe, "EACCES", Control::bare, "The heap is made executable"},
    Case{"memory.heap", Place::user, Guard::ipe, "EACCES", Control::ipe, "The same beside the sandbox"},
    Case{"memory.stack", Place::session, Guard::seccomp, "EPERM", Control::bare, "The stack is made executable"},
    Case{"memory.stack", Place::user, Guard::ipe, "EACCES", Control::ipe, "The same beside the sandbox"},
    Case{"memory.memfd", Place::session, Guard::ipe, "EACCES", Control::ipe, "A memfd is mapped executable"},
    Case{"memory.memfd-twice", Place::session, Guard::ipe, "EACCES", Control::ipe,
         "A memfd is mapped twice, writable here and executable there"},
    Case{"memory.shmat", Place::session, Guard::kernel, "ENOSYS", Control::weak,
         "shmat with SHM_EXEC: there is no System V shared memory", "call.answers"},
    Case{"memory.proc-mem", Place::session, Guard::kernel, "EIO", Control::bare,
         "A program's text is written through /proc/self/mem"},
    Case{"memory.proc-mem", Place::root, Guard::kernel, "EIO", Control::bare, "The same by root"},
    Case{"memory.poketext", Place::session, Guard::selinux, "EACCES", Control::bare,
         "A child is traced and its text written with PTRACE_POKETEXT"},
    Case{"memory.vm-writev", Place::session, Guard::kernel, "ENOSYS", Control::weak, "process_vm_writev",
         "call.answers"},

    // --- The browser.
    Case{"browser.jit", Place::session, Guard::seccomp, "", Control::bare,
         "Chromium is started with a flag that turns its compiler on"},
    Case{"browser.wasm", Place::session, Guard::flags, "", Control::bare, "A page looks for WebAssembly"},
    Case{"browser.home", Place::session, Guard::selinux, "", Control::bare, "Chromium reads another file of the home"},

    // --- Other people's things.
    Case{"trace.other", Place::session, Guard::yama, "EPERM", Control::bare,
         "A process that is no child, of the same user, is traced"},
    Case{"user.namespace", Place::session, Guard::selinux, "EACCES", Control::bare,
         "The session makes a user namespace"},
    Case{"user.mount", Place::session, Guard::landlock, "EPERM", Control::bare,
         "In a user namespace of its own it mounts a tmpfs without noexec"},
    Case{"user.tiocsti", Place::session, Guard::kernel, "EIO", Control::bare,
         "Characters are put into the terminal's input with TIOCSTI"},
    Case{"user.key", Place::session, Guard::permissions, "EACCES", Control::bare,
         "A key of root's is read with keyctl"},
    Case{"user.settime", Place::session, Guard::capabilities, "EPERM", Control::bare, "The clock is set"},

    // --- The policies.
    Case{"policy.ipe-off", Place::root, Guard::capabilities, "EPERM", Control::bare, "0 is written to ipe/enforce"},
    Case{"policy.ipe-unsigned", Place::root, Guard::capabilities, "EPERM", Control::bare,
         "A policy that nobody signed is given to IPE"},
    Case{"policy.ipe-foreign", Place::root, Guard::capabilities, "EPERM", Control::bare,
         "A policy that a stranger signed is given to IPE"},
    Case{"policy.ipe-older", Place::root, Guard::capabilities, "EPERM", Control::bare,
         "An older policy that the owner signed is given to IPE"},
    Case{"policy.ipe-off", Place::seatd, Guard::view, "EROFS", Control::bare,
         "A service of root's writes 0 to ipe/enforce"},
    Case{"policy.selinux-load", Place::root, Guard::selinux, "EACCES", Control::bare, "A policy is given to SELinux"},
    Case{"policy.selinux-off", Place::root, Guard::kernel, "EINVAL", Control::weak, "0 is written to SELinux's enforce",
         "policy.selinux-read"},
    Case{"policy.relabel", Place::root, Guard::selinux, "EACCES", Control::bare, "A file is given another label"},
    Case{"policy.relabel", Place::session, Guard::selinux, "EACCES", Control::bare,
         "A file of the session's is given another label"},
    Case{"policy.yama", Place::session, Guard::permissions, "EACCES", Control::bare, "ptrace_scope is lowered"},
    Case{"policy.lockdown", Place::root, Guard::kernel, "EPERM", Control::weak, "Lockdown is lowered",
         "policy.lockdown-read"},

    // --- Code into the kernel, and around it.
    Case{"kernel.module", Place::root, Guard::kernel, "ENOSYS", Control::weak, "A module is loaded", "call.answers"},
    Case{"kernel.kexec", Place::root, Guard::kernel, "ENOSYS", Control::weak, "Another kernel is loaded with kexec",
         "call.answers"},
    Case{"kernel.mem", Place::root, Guard::kernel, "ENXIO", Control::weak, "/dev/mem is made and opened",
         "device.null"},
    Case{"kernel.port", Place::root, Guard::kernel, "ENXIO", Control::weak, "/dev/port is made and opened",
         "device.null"},
    Case{"kernel.msr", Place::root, Guard::kernel, "ENXIO", Control::weak, "The device of MSRs is made and opened",
         "device.null"},
    Case{"kernel.kcore", Place::root, Guard::kernel, "ENOENT", Control::weak, "/proc/kcore is opened", "proc.version"},
    Case{"kernel.iopl", Place::root, Guard::kernel, "ENOSYS", Control::weak, "iopl", "call.answers"},
    Case{"kernel.bpf", Place::root, Guard::kernel, "ENOSYS", Control::weak, "bpf", "call.answers"},
    Case{"kernel.kprobe", Place::root, Guard::kernel, "ENOENT", Control::weak, "perf's kprobes are looked for",
         "proc.version"},
    Case{"kernel.tracefs", Place::root, Guard::kernel, "ENODEV", Control::weak, "tracefs is mounted", "mount.tmpfs"},
    Case{"kernel.debugfs", Place::root, Guard::kernel, "ENODEV", Control::weak, "debugfs is mounted", "mount.tmpfs"},
    Case{"kernel.registers", Place::root, Guard::lockdown, "EPERM", Control::weak,
         "perf samples the kernel's registers", "perf.itself"},
    Case{"kernel.perf", Place::root, Guard::selinux, "EACCES", Control::bare, "perf looks into the kernel"},
    Case{"perf.itself", Place::session, Guard::permissions, "EACCES", Control::bare, "perf looks into its own program"},
    Case{"kernel.io-uring", Place::session, Guard::kernel, "ENOSYS", Control::weak, "io_uring_setup", "call.answers"},
    Case{"kernel.userfault", Place::session, Guard::kernel, "ENOSYS", Control::weak, "userfaultfd", "call.answers"},
    Case{"kernel.af-alg", Place::session, Guard::kernel, "EAFNOSUPPORT", Control::weak, "An AF_ALG socket is made",
         "socket.unix"},
    Case{"kernel.ldt", Place::session, Guard::kernel, "ENOSYS", Control::weak, "modify_ldt", "call.answers"},
    Case{"helper.core", Place::root, Guard::kernel, "ENOENT", Control::weak,
         "core_pattern is set to a program in /data", "proc.version"},
    Case{"helper.modprobe", Place::root, Guard::kernel, "ENOENT", Control::weak,
         "modprobe is set to a program in /data", "proc.version"},
    Case{"helper.hotplug", Place::root, Guard::kernel, "ENOENT", Control::weak,
         "The hotplug helper is set to a program in /data", "proc.version"},

    // --- What the root stands on.
    Case{"disk.root", Place::root, Guard::selinux, "EACCES", Control::bare, "The root's partition is written"},
    Case{"disk.verity", Place::root, Guard::selinux, "EACCES", Control::bare, "The partition of its tree is written"},
    Case{"disk.esp", Place::root, Guard::selinux, "EACCES", Control::bare, "The ESP is written"},
    Case{"disk.root", Place::udevd, Guard::selinux, "EACCES", Control::bare,
         "A service with the whole of /dev writes the root's partition"},
    Case{"disk.root", Place::session, Guard::view, "ENOENT", Control::bare, "The session writes the root's partition"},
    Case{"disk.node", Place::session, Guard::landlock, "EACCES", Control::bare,
         "The session makes itself a node of the root's partition"},
    Case{"efi.variable", Place::root, Guard::selinux, "EACCES", Control::bare,
         "The firmware's variables are mounted anew and one is written"},
    Case{"efi.variable", Place::udevd, Guard::landlock, "EPERM", Control::bare, "The same by a service of root's"},
    Case{"verity.unsigned", Place::root, Guard::verity, "ENOKEY", Control::bare,
         "A verity volume whose root hash nobody signed is mapped"},
    Case{"verity.again", Place::root, Guard::selinux, "EACCES", Control::bare,
         "The signed root hash is mapped again, with ignore_corruption"},
    Case{"mount.bind", Place::root, Guard::selinux, "EACCES", Control::bare, "A directory is bound over /usr"},
    Case{"mount.bind", Place::seatd, Guard::landlock, "EPERM", Control::bare,
         "The same by a service with CAP_SYS_ADMIN"},
    Case{"mount.overlay", Place::root, Guard::kernel, "ENODEV", Control::weak, "An overlay is laid over /usr",
         "mount.tmpfs"},
};

}  // namespace ashlar::live
