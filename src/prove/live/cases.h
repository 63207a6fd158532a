// What is tried inside the running machine, as whom, and who has to deny it: one table for the program that attacks
// (src/prove/live, in test images alone) and for the host that judges what it says (src/prove/live_judge.h). Long
// because it is one table.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace ashlar::live {

// As whom an attack runs. The services' sandboxes are entered by the code and the table PID 1 enters them with.
enum class Place : std::uint8_t {
  session,   // a program of the person's: sandboxed as the service `session`, in its domain
  chromium,  // the browser, taken over: the same sandbox, the browser's domain
  seatd,     // a service of root's that has CAP_SYS_ADMIN
  udevd,     // a service of root's that has the whole of /dev
  user,      // the person in the session's domain, beside every sandbox
  root,      // root beside every sandbox, with what capabilities PID 1 leaves, in the console's domain: the widest one
};
inline constexpr std::array kPlaces = {Place::session, Place::chromium, Place::seatd,
                                       Place::udevd,   Place::user,     Place::root};
constexpr std::string_view name_of(Place place) {
  constexpr std::array<std::string_view, kPlaces.size()> kNames = {"session", "chromium", "seatd",
                                                                   "udevd",   "user",     "root"};
  return kNames[static_cast<std::size_t>(place)];
}
constexpr std::string_view domain_of(Place place) {
  constexpr std::array<std::string_view, kPlaces.size()> kDomains = {"session_t", "chromium_t", "seat_t",
                                                                     "devices_t", "session_t",  "console_t"};
  return kDomains[static_cast<std::size_t>(place)];
}

// Who denies it.
enum class Guard : std::uint8_t {
  ipe,           // what is not on the verified root does not execute
  selinux,       // the policy
  lockdown,      // the kernel's lockdown, confidentiality
  landlock,      // a service's paths
  seccomp,       // a service's system calls
  write_exec,    // what is writable does not execute: the kernel's patch, and PR_SET_MDWE
  noexec,        // the mount
  view,          // a service's view of files: read-only, or not there
  capabilities,  // given up by PID 1, or never a service's
  permissions,   // of files and keys: the owner's alone
  yama,          // who may trace whom
  kernel,        // not built in, or built or set to refuse
  verity,        // dm-verity
  shell,         // the shell asks before it runs a file or a string
  image,         // the program is not there
  flags,         // the browser's own, which its user cannot change
};
constexpr std::string_view name_of(Guard guard) {
  constexpr std::array<std::string_view, 16> kNames = {
      "IPE",          "SELinux",     "lockdown", "Landlock", "seccomp",   "W^X",   "noexec mount", "mount view",
      "capabilities", "permissions", "Yama",     "kernel",   "dm-verity", "shell", "image",        "browser flags"};
  return kNames[static_cast<std::size_t>(guard)];
}

// On which machine it must be denied.
enum class Layers : std::uint8_t {
  all,      // the image as it is
  watched,  // SELinux only tells what it would deny, and memory may be writable and executable: what stands behind both
};

// What shows that an attack that is denied is one: the machine it succeeds on.
enum class Control : std::uint8_t {
  bare,     // IPE, SELinux, W^X, dm-verity and every sandbox off
  watched,  // Layers::watched, in the same place
  open,     // the same with an IPE policy that allows everything
  weak,     // nothing that runs this kernel lets it through: a call beside it succeeds, the row's `beside`
};

// As a row's `record`: the policy keeps this denial to itself (dontaudit), for the service tries it every day.
inline constexpr std::string_view kUntold = "none";

struct Case {
  std::string_view attack;  // attacks_*.cc have the functions, by this name
  Place place;
  Guard guard;
  std::string_view error;  // how it is refused: an errno's name, or the signal that ends the attacker; empty: either
  Control control;
  std::string_view what;    // one sentence for the report
  std::string_view record;  // what the guard's record says, where it writes one
  std::string_view beside;  // Control::weak: the attack's name that has to succeed in the same place
  Layers layers = Layers::all;
};

// The same attack once more, where SELinux and W^X do not stand before the guard.
constexpr Case behind(Case each) {
  each.layers = Layers::watched;
  return each;
}

// It takes the browser, which is half a minute under emulation, an open /data, or a service that bare machines have
// not.
constexpr bool is_slow(const Case& each) {
  return each.attack == "browser.jit" || each.attack == "browser.wasm" || each.attack == "browser.home" ||
         each.attack == "exec.data" || each.attack == "user.login";
}

inline constexpr std::array kCases = {
    // --- Programs that are not on the verified root.
    Case{"exec.home", Place::session, Guard::noexec, "EACCES", Control::bare, "A program copied to the home is run"},
    Case{"exec.tmp", Place::session, Guard::noexec, "EACCES", Control::bare, "A program copied to /tmp is run"},
    Case{"exec.shm", Place::session, Guard::noexec, "EACCES", Control::bare, "A program copied to /dev/shm is run"},
    Case{"exec.run", Place::session, Guard::noexec, "EACCES", Control::bare,
         "A program copied to the session's directory in /run is run"},
    Case{"exec.tmp", Place::seatd, Guard::noexec, "EACCES", Control::bare,
         "A service with CAP_SYS_ADMIN runs a program from /tmp"},
    Case{"exec.data", Place::root, Guard::noexec, "EACCES", Control::bare, "Root runs a program from /data"},
    Case{"exec.shm", Place::root, Guard::noexec, "EACCES", Control::bare, "Root runs a program from /dev/shm"},
    Case{"exec.mount", Place::user, Guard::selinux, "EACCES", Control::open,
         "A program is run from a tmpfs that was mounted without noexec", "{ execute }"},
    behind(Case{"exec.mount", Place::user, Guard::ipe, "EACCES", Control::open,
                "A program is run from a tmpfs that was mounted without noexec", "op=EXECUTE"}),
    Case{"exec.mount", Place::root, Guard::selinux, "EACCES", Control::open,
         "Root runs a program from a tmpfs mounted without noexec", "{ execute }"},
    behind(Case{"exec.mount", Place::root, Guard::ipe, "EACCES", Control::open,
                "Root runs a program from a tmpfs mounted without noexec", "op=EXECUTE"}),
    Case{"exec.usb", Place::root, Guard::selinux, "EACCES", Control::open,
         "Root mounts a USB stick and runs a program from it", "{ mounton }"},
    behind(Case{"exec.usb", Place::root, Guard::ipe, "EACCES", Control::open,
                "Root mounts a USB stick and runs a program from it", "op=EXECUTE"}),
    Case{"exec.initramfs", Place::root, Guard::selinux, "EACCES", Control::open,
         "What lies under the root, where the initramfs was, is reached and a program run from it", "{ mounton }"},
    behind(Case{"exec.initramfs", Place::root, Guard::ipe, "EACCES", Control::open,
                "What lies under the root, where the initramfs was, is reached and a program run from it",
                "op=EXECUTE"}),
    Case{"exec.memfd", Place::session, Guard::seccomp, "EPERM", Control::bare, "A program in a memfd is run",
         "syscall=319"},
    Case{"exec.memfd", Place::root, Guard::selinux, "EACCES", Control::open,
         "Root lifts the bar on executable memfds and runs a program in one", "{ execute }"},
    behind(Case{"exec.memfd", Place::root, Guard::ipe, "EACCES", Control::open,
                "Root lifts the bar on executable memfds and runs a program in one", "op=EXECUTE"}),
    Case{"exec.shebang", Place::session, Guard::noexec, "EACCES", Control::bare, "A script with #! is run from /tmp"},
    Case{"exec.shebang", Place::root, Guard::selinux, "EACCES", Control::open,
         "Root runs a script with #! from a tmpfs mounted without noexec", "{ execute }"},
    behind(Case{"exec.shebang", Place::root, Guard::ipe, "EACCES", Control::open,
                "Root runs a script with #! from a tmpfs mounted without noexec", "op=EXECUTE"}),
    Case{"exec.stack", Place::root, Guard::selinux, "EACCES", Control::open,
         "A program whose PT_GNU_STACK asks for an executable stack is run", "{ execute }"},
    behind(Case{"exec.stack", Place::root, Guard::ipe, "EACCES", Control::open,
                "A program whose PT_GNU_STACK asks for an executable stack is run", "op=EXECUTE"}),

    // --- Code that a program of the root is made to load.
    Case{"load.ld-so", Place::session, Guard::selinux, "EACCES", Control::bare, "ld.so is given a program in /tmp",
         "{ execute_no_trans }"},
    behind(Case{"load.ld-so", Place::user, Guard::ipe, "", Control::open, "ld.so is given a program in a tmpfs",
                "op=EXECUTE"}),
    Case{"load.preload", Place::session, Guard::selinux, "", Control::bare, "LD_PRELOAD names a library in /tmp",
         "{ execute }"},
    behind(Case{"load.preload", Place::user, Guard::ipe, "", Control::open, "LD_PRELOAD names a library in a tmpfs",
                "op=EXECUTE"}),
    Case{"load.path", Place::session, Guard::selinux, "", Control::bare,
         "LD_LIBRARY_PATH leads to another libc in /tmp", "{ execute }"},
    behind(Case{"load.path", Place::user, Guard::ipe, "", Control::open,
                "LD_LIBRARY_PATH leads to another libc in a tmpfs", "op=EXECUTE"}),
    Case{"load.audit", Place::session, Guard::selinux, "", Control::bare, "LD_AUDIT names a library in /tmp",
         "{ execute }"},
    behind(Case{"load.audit", Place::user, Guard::ipe, "", Control::open, "LD_AUDIT names a library in a tmpfs",
                "op=EXECUTE"}),
    Case{"load.dlopen", Place::session, Guard::selinux, "EACCES", Control::bare,
         "A library in /tmp is mapped as dlopen does it", "{ execute }"},
    behind(Case{"load.dlopen", Place::user, Guard::ipe, "EACCES", Control::open,
                "A library in a tmpfs is mapped as dlopen does it", "op=EXECUTE"}),

    // --- Scripts: data that an interpreter of the root executes.
    Case{"script.file", Place::session, Guard::shell, "", Control::bare, "sh runs a file in /tmp"},
    Case{"script.command", Place::session, Guard::shell, "", Control::weak, "sh -c runs a string", "", "script.typed"},
    Case{"script.stdin", Place::session, Guard::shell, "", Control::weak, "sh runs what comes in on a pipe", "",
         "script.typed"},
    Case{"script.source", Place::session, Guard::shell, "", Control::bare,
         "sh, at a terminal, reads a file in /tmp with the dot command"},
    Case{"script.env", Place::session, Guard::shell, "", Control::bare,
         "sh -i, at a terminal, reads a file in /tmp that ENV names"},
    Case{"script.sed", Place::session, Guard::shell, "", Control::weak, "sed's command e runs a string", "",
         "script.sed-alone"},
    Case{"script.others", Place::session, Guard::image, "ENOENT", Control::weak,
         "awk, bash, busybox, gdb, lua, perl, php, python, ruby, tclsh and others are looked for", "",
         "script.sh-is-there"},

    // --- Memory that is written and executed.
    Case{"memory.rwx", Place::session, Guard::seccomp, "EPERM", Control::bare, "Anonymous memory is mapped RWX",
         "syscall=9"},
    Case{"memory.rwx", Place::user, Guard::selinux, "EACCES", Control::open,
         "Anonymous memory is mapped RWX, beside the sandbox", "{ execmem }"},
    behind(Case{"memory.rwx", Place::user, Guard::ipe, "EACCES", Control::open, "Anonymous memory is mapped RWX",
                "ipe_hook=MMAP"}),
    Case{"memory.rw-rx", Place::session, Guard::write_exec, "EACCES", Control::bare,
         "Anonymous memory is written, then made executable"},
    Case{"memory.rw-rx", Place::chromium, Guard::write_exec, "EACCES", Control::bare, "The same in the browser"},
    Case{"memory.rw-rx", Place::user, Guard::write_exec, "EACCES", Control::open, "The same beside the sandbox"},
    behind(Case{"memory.rw-rx", Place::user, Guard::ipe, "EACCES", Control::open,
                "Anonymous memory is written, then made executable", "ipe_hook=MPROTECT"}),
    Case{"memory.file-rwx", Place::session, Guard::seccomp, "EPERM", Control::bare,
         "A library of the root is mapped private and RWX", "syscall=9"},
    Case{"memory.file-rwx", Place::user, Guard::selinux, "EACCES", Control::watched, "The same beside the sandbox",
         "{ execmem }"},
    Case{"memory.file-rw-rx", Place::session, Guard::write_exec, "EACCES", Control::bare,
         "A library of the root is mapped private, written, then made executable"},
    Case{"memory.file-rw-rx", Place::user, Guard::write_exec, "EACCES", Control::watched,
         "The same beside the sandbox"},
    Case{"memory.rx-rwx", Place::session, Guard::seccomp, "EPERM", Control::bare,
         "The mapped text of a library is made writable as well", "syscall=10"},
    Case{"memory.rx-rwx", Place::user, Guard::write_exec, "EACCES", Control::watched, "The same beside the sandbox"},
    Case{"memory.rx-rw-rx", Place::session, Guard::write_exec, "EACCES", Control::bare,
         "The mapped text of a library is made writable, changed, and made executable again"},
    Case{"memory.rx-rw-rx", Place::user, Guard::write_exec, "EACCES", Control::watched, "The same beside the sandbox"},
    Case{"memory.brk", Place::session, Guard::seccomp, "EPERM", Control::bare,
         "personality(READ_IMPLIES_EXEC), then brk", "syscall=135"},
    Case{"memory.brk", Place::user, Guard::write_exec, "EPERM", Control::watched, "The same beside the sandbox"},
    Case{"memory.implied", Place::user, Guard::write_exec, "EPERM", Control::open,
         "personality(READ_IMPLIES_EXEC), then a mapping that is only readable and writable"},
    behind(Case{"memory.implied", Place::user, Guard::ipe, "EACCES", Control::open,
                "READ_IMPLIES_EXEC, then a mapping that is only readable and writable", "ipe_hook=MMAP"}),
    Case{"memory.heap", Place::session, Guard::write_exec, "EACCES", Control::bare, "The heap is made executable"},
    Case{"memory.heap", Place::user, Guard::write_exec, "EACCES", Control::open, "The same beside the sandbox"},
    behind(Case{"memory.heap", Place::user, Guard::ipe, "EACCES", Control::open, "The heap is made executable",
                "ipe_hook=MPROTECT"}),
    Case{"memory.stack", Place::session, Guard::seccomp, "EPERM", Control::bare, "The stack is made executable",
         "syscall=10"},
    Case{"memory.stack", Place::user, Guard::write_exec, "EACCES", Control::open, "The same beside the sandbox"},
    behind(Case{"memory.stack", Place::user, Guard::ipe, "EACCES", Control::open, "The stack is made executable",
                "ipe_hook=MPROTECT"}),
    Case{"memory.memfd", Place::session, Guard::selinux, "EACCES", Control::open, "A memfd is mapped executable",
         "{ execute }"},
    behind(Case{"memory.memfd", Place::session, Guard::ipe, "EACCES", Control::open, "A memfd is mapped executable",
                "op=EXECUTE"}),
    Case{"memory.memfd", Place::chromium, Guard::selinux, "EACCES", Control::open,
         "The browser maps a memfd executable", "{ execute }"},
    Case{"memory.memfd-twice", Place::session, Guard::selinux, "EACCES", Control::open,
         "A memfd is mapped twice, writable here and executable there", "{ execute }"},
    behind(Case{"memory.memfd-twice", Place::session, Guard::ipe, "EACCES", Control::open,
                "A memfd is mapped twice, writable here and executable there", "op=EXECUTE"}),
    Case{"memory.shmat", Place::user, Guard::kernel, "ENOSYS", Control::weak,
         "shmat with SHM_EXEC: there is no System V shared memory", "", "call.answers"},
    Case{"memory.proc-mem", Place::session, Guard::kernel, "EIO", Control::bare,
         "A program's text is written through /proc/self/mem"},
    Case{"memory.proc-mem", Place::root, Guard::kernel, "EIO", Control::bare, "The same by root"},
    Case{"memory.poketext", Place::session, Guard::seccomp, "EPERM", Control::bare,
         "A child is traced and its text written with PTRACE_POKETEXT", "syscall=101"},
    Case{"memory.poketext", Place::user, Guard::yama, "EPERM", Control::bare, "The same beside the sandbox",
         "ptrace traceme"},
    Case{"memory.vm-writev", Place::user, Guard::kernel, "ENOSYS", Control::weak, "process_vm_writev", "",
         "call.answers"},

    // --- The browser.
    Case{"browser.wasm", Place::session, Guard::flags, "", Control::bare, "A page looks for WebAssembly"},
    Case{"browser.home", Place::session, Guard::selinux, "", Control::watched,
         "A page of the home is given to Chromium", "{ read }"},
    Case{"browser.jit", Place::session, Guard::seccomp, "", Control::bare,
         "Chromium is started with a flag that turns its compiler on", "syscall=329"},
    Case{"browser.letter", Place::chromium, Guard::selinux, "EACCES", Control::watched,
         "Chromium, taken over, reads another file of the home", "{ read }"},
    Case{"browser.program", Place::chromium, Guard::selinux, "EACCES", Control::watched,
         "Chromium, taken over, runs another program", "{ execute }"},
    Case{"user.login", Place::chromium, Guard::selinux, "EACCES", Control::watched,
         "Chromium, taken over, asks the login service for passwords", "{ search }"},
    Case{"device.input", Place::chromium, Guard::selinux, "EACCES", Control::watched,
         "Chromium, taken over, reads the keyboard", "{ search }"},

    // --- Other people's things.
    Case{"user.login", Place::session, Guard::selinux, "EACCES", Control::watched,
         "A program of the session asks the login service for passwords", "{ search }"},
    Case{"device.input", Place::session, Guard::selinux, "EACCES", Control::watched,
         "A program of the session reads the keyboard", "{ search }"},
    Case{"trace.other", Place::session, Guard::seccomp, "EPERM", Control::bare,
         "A process that is no child, of the same user, is traced", "syscall=101"},
    Case{"trace.other", Place::user, Guard::yama, "EPERM", Control::bare, "The same beside the sandbox",
         "ptrace attach"},
    Case{"user.namespace", Place::session, Guard::selinux, "EACCES", Control::watched,
         "The session makes a user namespace", "{ create }"},
    Case{"user.mount", Place::session, Guard::seccomp, "EPERM", Control::bare,
         "In a user namespace of its own it mounts a tmpfs without noexec", "syscall=272"},
    Case{"user.mount", Place::user, Guard::selinux, "EACCES", Control::watched, "The same beside the sandbox",
         "{ create }"},
    Case{"user.mount", Place::chromium, Guard::seccomp, "EPERM", Control::bare,
         "The browser, taken over, mounts in a user namespace of its own", "syscall=272"},
    Case{"user.tiocsti", Place::session, Guard::kernel, "EIO", Control::bare,
         "Characters are put into the terminal's input with TIOCSTI"},
    Case{"user.key", Place::session, Guard::seccomp, "EPERM", Control::bare, "A key of root's is read with keyctl",
         "syscall=250"},
    Case{"user.key", Place::user, Guard::selinux, "EACCES", Control::bare,
         "The same beside the sandbox, where the kernel looks through keyrings for it", "{ search }"},
    behind(Case{"user.key", Place::user, Guard::permissions, "EACCES", Control::bare,
                "A key of root's is read with keyctl"}),
    Case{"user.settime", Place::session, Guard::seccomp, "EPERM", Control::bare, "The clock is set", "syscall=227"},
    Case{"user.settime", Place::user, Guard::capabilities, "EPERM", Control::bare, "The same beside the sandbox"},
    Case{"device.tpm", Place::root, Guard::selinux, "EACCES", Control::watched, "Root talks to the TPM",
         "{ read write }"},

    // --- The policies.
    Case{"policy.ipe-off", Place::root, Guard::selinux, "EACCES", Control::bare, "0 is written to ipe/enforce",
         "{ write }"},
    behind(Case{"policy.ipe-off", Place::root, Guard::capabilities, "EPERM", Control::bare,
                "0 is written to ipe/enforce"}),
    Case{"policy.ipe-unsigned", Place::root, Guard::selinux, "EACCES", Control::bare,
         "A policy that nobody signed is given to IPE", "{ write }"},
    behind(Case{"policy.ipe-unsigned", Place::root, Guard::capabilities, "EPERM", Control::bare,
                "A policy that nobody signed is given to IPE"}),
    Case{"policy.ipe-foreign", Place::root, Guard::selinux, "EACCES", Control::bare,
         "A policy that a stranger signed is given to IPE", "{ write }"},
    behind(Case{"policy.ipe-foreign", Place::root, Guard::capabilities, "EPERM", Control::bare,
                "A policy that a stranger signed is given to IPE"}),
    Case{"policy.ipe-older", Place::root, Guard::selinux, "EACCES", Control::bare,
         "An older policy that the owner signed is given to IPE", "{ write }"},
    behind(Case{"policy.ipe-older", Place::root, Guard::capabilities, "EPERM", Control::bare,
                "An older policy that the owner signed is given to IPE"}),
    Case{"policy.ipe-off", Place::seatd, Guard::selinux, "EACCES", Control::bare,
         "A service of root's writes 0 to ipe/enforce", "{ search }"},
    Case{"policy.selinux-load", Place::root, Guard::selinux, "EACCES", Control::watched, "A policy is given to SELinux",
         "{ write }"},
    Case{"policy.selinux-off", Place::root, Guard::selinux, "EACCES", Control::weak,
         "0 is written to SELinux's enforce", "{ write }", "policy.selinux-read"},
    behind(Case{"policy.selinux-off", Place::root, Guard::kernel, "EINVAL", Control::weak,
                "0 is written to SELinux's enforce", "", "policy.selinux-read"}),
    Case{"policy.relabel", Place::root, Guard::selinux, "EACCES", Control::watched, "A file is given another label",
         "{ relabelfrom }"},
    Case{"policy.relabel", Place::session, Guard::selinux, "EACCES", Control::watched,
         "A file of the session's is given another label", "{ relabelfrom }"},
    Case{"policy.yama", Place::session, Guard::permissions, "EACCES", Control::bare, "ptrace_scope is lowered"},
    Case{"policy.yama", Place::root, Guard::kernel, "EINVAL", Control::bare, "Root lowers ptrace_scope"},
    Case{"policy.lockdown", Place::root, Guard::selinux, "EACCES", Control::weak, "Lockdown is lowered", "{ write }",
         "policy.lockdown-read"},
    behind(Case{"policy.lockdown", Place::root, Guard::kernel, "EPERM", Control::weak, "Lockdown is lowered", "",
                "policy.lockdown-read"}),

    // --- Code into the kernel, and around it.
    Case{"kernel.module", Place::root, Guard::kernel, "ENOSYS", Control::weak, "A module is loaded", "",
         "call.answers"},
    Case{"kernel.kexec", Place::root, Guard::kernel, "ENOSYS", Control::weak, "Another kernel is loaded with kexec", "",
         "call.answers"},
    Case{"device.null", Place::root, Guard::selinux, "EACCES", Control::watched, "Root makes a node of a device",
         "{ write }"},
    behind(Case{"kernel.mem", Place::root, Guard::kernel, "ENXIO", Control::weak, "/dev/mem is made and opened", "",
                "device.null"}),
    behind(Case{"kernel.port", Place::root, Guard::kernel, "ENXIO", Control::weak, "/dev/port is made and opened", "",
                "device.null"}),
    behind(Case{"kernel.msr", Place::root, Guard::kernel, "ENXIO", Control::weak,
                "The device of MSRs is made and opened", "", "device.null"}),
    Case{"kernel.kcore", Place::root, Guard::kernel, "ENOENT", Control::weak, "/proc/kcore is opened", "",
         "proc.version"},
    Case{"kernel.iopl", Place::root, Guard::kernel, "ENOSYS", Control::weak, "iopl", "", "call.answers"},
    Case{"kernel.bpf", Place::root, Guard::kernel, "ENOSYS", Control::weak, "bpf", "", "call.answers"},
    Case{"kernel.kprobe", Place::root, Guard::kernel, "ENOENT", Control::weak, "perf's kprobes are looked for", "",
         "proc.version"},
    Case{"mount.tmpfs", Place::root, Guard::selinux, "EACCES", Control::watched, "Root mounts a tmpfs without noexec",
         "{ mounton }"},
    behind(Case{"kernel.tracefs", Place::root, Guard::kernel, "ENODEV", Control::weak, "tracefs is mounted", "",
                "mount.tmpfs"}),
    behind(Case{"kernel.debugfs", Place::root, Guard::kernel, "ENODEV", Control::weak, "debugfs is mounted", "",
                "mount.tmpfs"}),
    behind(Case{"kernel.registers", Place::root, Guard::lockdown, "EPERM", Control::weak,
                "perf samples the kernel's registers", "", "perf.itself"}),
    Case{"kernel.perf", Place::root, Guard::selinux, "EACCES", Control::watched, "perf looks into the kernel",
         "{ open }"},
    Case{"perf.itself", Place::session, Guard::seccomp, "EPERM", Control::bare, "perf looks into its own program",
         "syscall=298"},
    Case{"perf.itself", Place::user, Guard::kernel, "EACCES", Control::bare, "The same beside the sandbox"},
    Case{"kernel.io-uring", Place::user, Guard::kernel, "ENOSYS", Control::weak, "io_uring_setup", "", "call.answers"},
    Case{"kernel.userfault", Place::user, Guard::kernel, "ENOSYS", Control::weak, "userfaultfd", "", "call.answers"},
    Case{"kernel.af-alg", Place::session, Guard::seccomp, "EPERM", Control::weak, "An AF_ALG socket is made",
         "syscall=41", "socket.unix"},
    Case{"kernel.af-alg", Place::user, Guard::selinux, "EACCES", Control::weak, "The same beside the sandbox",
         "{ create }", "socket.unix"},
    behind(Case{"kernel.af-alg", Place::user, Guard::kernel, "EAFNOSUPPORT", Control::weak, "An AF_ALG socket is made",
                "", "socket.unix"}),
    Case{"kernel.ldt", Place::user, Guard::kernel, "ENOSYS", Control::weak, "modify_ldt", "", "call.answers"},
    Case{"helper.core", Place::root, Guard::kernel, "ENOENT", Control::weak,
         "core_pattern is set to a program in /data", "", "proc.version"},
    Case{"helper.modprobe", Place::root, Guard::kernel, "ENOENT", Control::weak,
         "modprobe is set to a program in /data", "", "proc.version"},
    Case{"helper.hotplug", Place::root, Guard::kernel, "ENOENT", Control::weak,
         "The hotplug helper is set to a program in /data", "", "proc.version"},

    // --- What the root stands on.
    Case{"disk.root", Place::root, Guard::selinux, "EACCES", Control::watched, "The root's partition is written",
         "{ read write }"},
    Case{"disk.verity", Place::root, Guard::selinux, "EACCES", Control::watched, "The partition of its tree is written",
         "{ read write }"},
    Case{"disk.esp", Place::root, Guard::selinux, "EACCES", Control::watched, "The ESP is written", "{ read write }"},
    Case{"disk.root", Place::udevd, Guard::selinux, "EACCES", Control::watched,
         "A service with the whole of /dev writes the root's partition", kUntold},
    Case{"disk.root", Place::session, Guard::view, "ENOENT", Control::bare, "The session writes the root's partition"},
    Case{"disk.node", Place::session, Guard::seccomp, "EPERM", Control::bare,
         "The session makes itself a node of the root's partition", "syscall=259"},
    Case{"disk.node", Place::user, Guard::capabilities, "EPERM", Control::bare, "The same beside the sandbox"},
    Case{"efi.variable", Place::root, Guard::selinux, "EACCES", Control::watched,
         "The firmware's variables are mounted anew and one is written", "{ remount }"},
    Case{"efi.variable", Place::udevd, Guard::seccomp, "EPERM", Control::bare, "The same by a service of root's",
         "syscall=165"},
    Case{"verity.unsigned", Place::root, Guard::selinux, "EACCES", Control::bare,
         "A verity volume whose root hash nobody signed is mapped", "{ ioctl }"},
    behind(Case{"verity.unsigned", Place::root, Guard::verity, "ENOKEY", Control::bare,
                "A verity volume whose root hash nobody signed is mapped"}),
    Case{"verity.again", Place::root, Guard::selinux, "EACCES", Control::bare,
         "The signed root hash is mapped again, with ignore_corruption", "{ ioctl }"},
    behind(Case{"verity.again", Place::root, Guard::verity, "EPERM", Control::bare,
                "The signed root hash is mapped again, with ignore_corruption"}),
    Case{"mount.bind", Place::root, Guard::selinux, "EACCES", Control::watched, "A directory is bound over /usr",
         "{ mounton }"},
    Case{"mount.bind", Place::seatd, Guard::seccomp, "EPERM", Control::bare, "The same by a service with CAP_SYS_ADMIN",
         "syscall=272"},
    behind(Case{"mount.overlay", Place::root, Guard::kernel, "ENODEV", Control::weak, "An overlay is laid over /usr",
                "", "mount.tmpfs"}),
};

}  // namespace ashlar::live
