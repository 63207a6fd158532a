// The first process of a machine with our kernel and nothing else: tries what must not be had and writes a line for
// each, "probe NAME: ok" or the name of the error. Then the machine restarts, which ends it.
//
// Started as /stack it is the program whose PT_GNU_STACK asks for an executable stack. With the argument "paxtest" it
// runs the programs of Debian's package of that name instead, which say for themselves what they found.
#include <elf.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/if_alg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

namespace {

constexpr std::size_t kPage = 4096;
constexpr int kReadWrite = PROT_READ | PROT_WRITE;
constexpr int kAll = kReadWrite | PROT_EXEC;
constexpr int kExecveCheck = 0x10000;             // AT_EXECVE_CHECK, Linux 6.14
constexpr unsigned kExecutableMemoryFile = 0x10;  // MFD_EXEC, Linux 6.3

// What a system call gave back: 0, or the error.
int error_of(long result) { return result < 0 ? errno : 0; }

void report(const char* name, int error) {
  std::printf("probe %s: %s\n", name, error == 0 ? "ok" : strerrorname_np(error));
}

// In a process of its own: what it does to itself, or dies of, is not the next one's. Killed: EFAULT.
template <typename Attempt>
void probe(const char* name, Attempt attempt) {
  std::fflush(stdout);
  pid_t child = fork();
  if (child == 0) _exit(attempt());
  int status = 0;
  waitpid(child, &status, 0);
  report(name, WIFEXITED(status) ? WEXITSTATUS(status) : EFAULT);
}

int mapped(int protection, int flags, int fd = -1) {
  return mmap(nullptr, kPage, protection, flags | MAP_PRIVATE, fd, 0) == MAP_FAILED ? errno : 0;
}

int remapped(int before, int after, int flags, int fd = -1) {
  void* at = mmap(nullptr, kPage, before, flags | MAP_PRIVATE, fd, 0);
  return at == MAP_FAILED ? ENOTRECOVERABLE : error_of(mprotect(at, kPage, after));
}

int own_program() { return open("/init", O_RDONLY | O_CLOEXEC); }

// The line of /proc/self/maps that ends with `what` says "rwxp".
int is_writable_and_executable(const char* what) {
  std::FILE* maps = std::fopen("/proc/self/maps", "re");
  std::array<char, 512> line{};
  int found = ENOENT;
  while (maps != nullptr && std::fgets(line.data(), line.size(), maps) != nullptr) {
    if (std::strstr(line.data(), what) != nullptr) found = std::strstr(line.data(), " rwxp ") != nullptr ? 0 : EACCES;
  }
  return found;
}

int implied_heap() {
  if (personality(READ_IMPLIES_EXEC) < 0) return errno;
  if (sbrk(16 * kPage) == reinterpret_cast<void*>(-1)) return errno;  // NOLINT(performance-no-int-to-ptr)
  return is_writable_and_executable("[heap]");
}

// Over its own text, past the protection of the page.
int own_memory_written() {
  int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
  const auto place = reinterpret_cast<off_t>(&own_program);
  char byte = 0;
  if (pread(memory, &byte, 1, place) != 1) return ENOTRECOVERABLE;
  return error_of(pwrite(memory, &byte, 1, place));
}

int executed(const char* path) {
  char* const arguments[] = {const_cast<char*>(path), nullptr};
  char* const none[] = {nullptr};
  return error_of(execve(path, arguments, none));
}

int checked(const char* path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  char name[] = "x";
  char* const arguments[] = {name, nullptr};
  char* const none[] = {nullptr};
  return error_of(syscall(SYS_execveat, fd, "", arguments, none, AT_EMPTY_PATH | kExecveCheck));
}

int written(const char* path, const char* text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  return error_of(write(fd, text, std::strlen(text)));
}

int copied(const char* from, const char* to) {
  int in = open(from, O_RDONLY | O_CLOEXEC);
  int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
  std::array<char, kPage> part{};
  for (ssize_t size = 0; (size = read(in, part.data(), part.size())) > 0;) {
    if (write(out, part.data(), static_cast<std::size_t>(size)) != size) return errno;
  }
  close(out);
  return in < 0 || out < 0 ? ENOTRECOVERABLE : 0;
}

int memory_file_executed() {
  int fd = memfd_create("x", 0);
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  if (int error = copied("/init", path.c_str()); error != 0) return error;
  char name[] = "/stack";
  char* const arguments[] = {name, nullptr};
  char* const none[] = {nullptr};
  return error_of(fexecve(fd, arguments, none));
}

// A verity target over /dev/vda with its hashes behind the first eight blocks: the table alone, nothing is read.
int verity_table(const char* option) {
  mkdir("/dev/mapper", 0755);
  mknod("/dev/mapper/control", S_IFCHR | 0600, makedev(10, 236));
  int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
  struct {
    dm_ioctl head;
    dm_target_spec target;
    char parameters[512];
  } request{};
  auto ask = [&](unsigned long command) {
    request.head.version[0] = DM_VERSION_MAJOR;
    request.head.data_size = sizeof request;
    request.head.data_start = sizeof request.head;
    std::strcpy(request.head.name, option[0] == '\0' ? "plain" : option);
    return error_of(ioctl(control, command, &request));
  };
  if (int error = ask(DM_DEV_CREATE); error != 0) return error;
  request = {};
  request.head.flags = DM_READONLY_FLAG;
  request.head.target_count = 1;
  request.target.length = 64;
  std::strcpy(request.target.target_type, "verity");
  const std::string zeros(64, '0');
  const std::string table = "1 /dev/vda /dev/vda 4096 4096 8 8 sha256 " + zeros + " -" +
                            (option[0] == '\0' ? "" : std::string(" 1 ") + option);
  std::strcpy(request.parameters, table.c_str());
  return ask(DM_TABLE_LOAD);
}

void protection_of_memory() {
  probe("map W and X", [] { return mapped(kAll, MAP_ANONYMOUS); });
  probe("W, then X", [] { return remapped(kReadWrite, PROT_READ | PROT_EXEC, MAP_ANONYMOUS); });
  probe("file mapped R and X", [] { return mapped(PROT_READ | PROT_EXEC, 0, own_program()); });
  probe("file mapped W and X", [] { return mapped(kAll, 0, own_program()); });
  probe("file mapped X, then W", [] { return remapped(PROT_READ | PROT_EXEC, kAll, 0, own_program()); });
  probe("file mapped W, then X", [] { return remapped(kReadWrite, PROT_READ | PROT_EXEC, 0, own_program()); });
  probe("personality READ_IMPLIES_EXEC", [] { return error_of(personality(READ_IMPLIES_EXEC)); });
  probe("personality ADDR_NO_RANDOMIZE", [] { return error_of(personality(ADDR_NO_RANDOMIZE)); });
  probe("personality PER_LINUX", [] { return error_of(personality(PER_LINUX)); });
  probe("heap made executable", implied_heap);
  probe("executable stack", [] { return executed("/stack"); });
  probe("write over text", own_memory_written);
}

void execution() {
  mount("tmpfs", "/tmp", "tmpfs", 0, "");
  copied("/init", "/tmp/copy");
  probe("check of a file of the initramfs", [] { return checked("/init"); });
  probe("check of another file", [] { return checked("/tmp/copy"); });
  probe("execute another file", [] { return executed("/tmp/copy"); });
  probe("execute a file in memory", memory_file_executed);
  probe("IPE goes on", [] { return written("/sys/kernel/security/ipe/enforce", "1"); });
  probe("IPE off", [] { return written("/sys/kernel/security/ipe/enforce", "0"); });
  probe("verity ignore_corruption", [] { return verity_table("ignore_corruption"); });
  probe("verity check_at_most_once", [] { return verity_table("check_at_most_once"); });
}

int child_traced() {
  pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  int error = error_of(ptrace(PTRACE_ATTACH, child, nullptr, nullptr));
  kill(child, SIGKILL);
  return error;
}

int executable_memory_file() {
  return error_of(static_cast<long>(syscall(SYS_memfd_create, "x", kExecutableMemoryFile)));
}

// What PID 1 sets (src/init/sysctls.cc), with and without.
void switches() {
  probe("trace a child", child_traced);
  probe("executable file in memory", executable_memory_file);
  written("/proc/sys/kernel/yama/ptrace_scope", "3");
  written("/proc/sys/vm/memfd_noexec", "2");
  probe("trace a child, ptrace_scope 3", child_traced);
  probe("executable file in memory, memfd_noexec 2", executable_memory_file);
  probe("ptrace_scope back to 0", [] { return written("/proc/sys/kernel/yama/ptrace_scope", "0"); });
}

void what_is_not_there() {
  probe("io_uring", [] { return error_of(syscall(SYS_io_uring_setup, 1, nullptr)); });
  probe("userfaultfd", [] { return error_of(syscall(SYS_userfaultfd, 0)); });
  probe("kexec_load", [] { return error_of(syscall(SYS_kexec_load, 0, 0, nullptr, 0)); });
  probe("init_module", [] { return error_of(syscall(SYS_init_module, nullptr, 0, "")); });
  probe("bpf", [] { return error_of(syscall(SYS_bpf, 0, nullptr, 0)); });
  probe("kcmp", [] { return error_of(syscall(SYS_kcmp, 1, 1, 0, 0, 0)); });
  probe("modify_ldt", [] { return error_of(syscall(SYS_modify_ldt, 0, nullptr, 0)); });
  probe("iopl", [] { return error_of(syscall(SYS_iopl, 3)); });
  probe("process_vm_writev", [] { return error_of(syscall(SYS_process_vm_writev, 1, nullptr, 0, nullptr, 0, 0)); });
  probe("shmget", [] { return error_of(syscall(SYS_shmget, 1, kPage, 0)); });
  probe("AF_ALG", [] { return error_of(socket(AF_ALG, SOCK_SEQPACKET, 0)); });
  probe("/dev/mem", [] {
    mknod("/dev/mem", S_IFCHR | 0600, makedev(1, 1));
    return error_of(open("/dev/mem", O_RDONLY | O_CLOEXEC));
  });
  probe("/dev/port", [] {
    mknod("/dev/port", S_IFCHR | 0600, makedev(1, 4));
    return error_of(open("/dev/port", O_RDONLY | O_CLOEXEC));
  });
  probe("/proc/kcore", [] { return error_of(open("/proc/kcore", O_RDONLY | O_CLOEXEC)); });
  for (const char* type : {"binfmt_misc", "debugfs", "tracefs", "overlay", "fuse", "bpf"}) {
    probe((std::string("mount ") + type).c_str(), [&] { return error_of(mount("none", "/mnt", type, 0, "")); });
  }
}

// Those about execution; the others start thousands of processes to see how their addresses differ.
void run_paxtest() {
  for (const char* name :
       {"anonmap", "execbss", "execdata", "execheap", "execstack", "shlibbss", "shlibdata", "mprotanon", "mprotbss",
        "mprotdata", "mprotheap", "mprotstack", "mprotshbss", "mprotshdata", "writetext"}) {
    pid_t child = fork();
    if (child == 0) {
      dup2(STDOUT_FILENO, STDERR_FILENO);
      const std::string path = std::string("/usr/lib/paxtest/") + name;
      char* const arguments[] = {const_cast<char*>(path.c_str()), nullptr};
      char libraries[] = "LD_LIBRARY_PATH=/usr/lib/paxtest";
      char mode[] = "PAXTEST_MODE=1";
      char search[] = "PATH=/usr/bin";
      char* const environment[] = {libraries, mode, search, nullptr};
      execve(path.c_str(), arguments, environment);
      _exit(127);
    }
    waitpid(child, nullptr, 0);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (std::strcmp(argv[0], "/stack") == 0 || std::strcmp(argv[0], "/tmp/copy") == 0) return 0;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  mount("proc", "/proc", "proc", 0, "");
  mount("sysfs", "/sys", "sysfs", 0, "");
  mount("securityfs", "/sys/kernel/security", "securityfs", 0, "");
  mount("devtmpfs", "/dev", "devtmpfs", 0, "");
  if (argc > 1 && std::strcmp(argv[1], "paxtest") == 0) {
    run_paxtest();
  } else {
    protection_of_memory();
    execution();
    switches();
    what_is_not_there();
  }
  std::puts("probe end");
  std::fflush(stdout);
  sync();
  reboot(RB_AUTOBOOT);
  return 1;
}
