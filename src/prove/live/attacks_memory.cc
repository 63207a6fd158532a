// Memory that is written and then executed. Where nothing refuses it the code is run: only that is success.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstring>

#include "base/fd.h"
#include "prove/live/attack.h"

namespace ashlar::live {
namespace {

constexpr std::size_t kPage = 4096;
constexpr int kRw = PROT_READ | PROT_WRITE;
constexpr int kRx = PROT_READ | PROT_EXEC;
constexpr int kRwx = PROT_READ | PROT_WRITE | PROT_EXEC;
constexpr char kLibrary[] = "/usr/lib/x86_64-linux-gnu/libdl.so.2";

void* anonymous(int protection) { return ::mmap(nullptr, kPage, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
void* library(int protection) {
  Fd file(::open(kLibrary, O_RDONLY | O_CLOEXEC));
  return ::mmap(nullptr, kPage, protection, MAP_PRIVATE, file.get(), 0);
}
void* page_of(const void* address) {
  return reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(address) & ~(kPage - 1));
}

Outcome write_and_run(void* memory) {
  std::memcpy(memory, kCode, sizeof kCode);
  return outcome_of_running(memory);
}
// Writes to what is writable, then makes it executable.
Outcome write_protect_run(void* memory, int protection = kRx) {
  std::memcpy(memory, kCode, sizeof kCode);
  if (::mprotect(page_of(memory), kPage, protection) != 0) return refused("mprotect");
  return outcome_of_running(memory);
}

Outcome rwx(const Ground&) {
  void* memory = anonymous(kRwx);
  return memory == MAP_FAILED ? refused("mmap") : write_and_run(memory);
}
Outcome rw_rx(const Ground&) {
  void* memory = anonymous(kRw);
  return memory == MAP_FAILED ? broken("mmap") : write_protect_run(memory);
}
Outcome file_rwx(const Ground&) {
  void* memory = library(kRwx);
  return memory == MAP_FAILED ? refused("mmap") : write_and_run(memory);
}
Outcome file_rw_rx(const Ground&) {
  void* memory = library(kRw);
  return memory == MAP_FAILED ? broken("mmap") : write_protect_run(memory);
}
Outcome rx_rwx(const Ground&) {
  void* memory = library(kRx);
  if (memory == MAP_FAILED) return broken("mmap");
  if (::mprotect(memory, kPage, kRwx) != 0) return refused("mprotect");
  return write_and_run(memory);
}
Outcome rx_rw_rx(const Ground&) {
  void* memory = library(kRx);
  if (memory == MAP_FAILED) return broken("mmap");
  if (::mprotect(memory, kPage, kRw) != 0) return refused("mprotect to RW");
  return write_protect_run(memory);
}

// With READ_IMPLIES_EXEC as long as `attempt` takes: where IPE denies what it implies, nothing else could be allocated.
template <typename Attempt>
Outcome where_read_implies_exec(Attempt attempt) {
  if (::personality(READ_IMPLIES_EXEC) < 0) return refused("personality");
  Outcome outcome = attempt();
  ::personality(PER_LINUX);
  return outcome;
}
Outcome brk_implied(const Ground&) {
  return where_read_implies_exec([] {
    // Past what the allocator has already had.
    auto end = reinterpret_cast<std::uintptr_t>(::sbrk(0));
    const std::uintptr_t page = (end + kPage - 1) & ~(kPage - 1);
    if (::brk(reinterpret_cast<void*>(page + kPage)) != 0) return refused("brk");
    return write_and_run(reinterpret_cast<void*>(page));
  });
}
Outcome map_implied(const Ground&) {
  return where_read_implies_exec([] {
    void* memory = anonymous(kRw);
    return memory == MAP_FAILED ? refused("mmap") : write_and_run(memory);
  });
}
Outcome heap(const Ground&) {
  auto end = reinterpret_cast<std::uintptr_t>(::sbrk(0));
  const std::uintptr_t page = (end + kPage - 1) & ~(kPage - 1);
  if (::brk(reinterpret_cast<void*>(page + kPage)) != 0) return broken("brk");
  return write_protect_run(reinterpret_cast<void*>(page));
}
Outcome stack(const Ground&) {
  alignas(kPage) volatile unsigned char memory[kPage];
  for (std::size_t i = 0; i < sizeof kCode; ++i) memory[i] = kCode[i];
  void* page = const_cast<unsigned char*>(&memory[0]);
  if (::mprotect(page, kPage, kRwx) != 0) return refused("mprotect");
  return outcome_of_running(page);
}

Outcome memfd(const Ground&) {
  Fd file(::memfd_create("code", MFD_CLOEXEC));
  if (!file.valid()) return refused("memfd_create");
  if (::write(file.get(), kCode, sizeof kCode) < 0) return broken("write");
  void* memory = ::mmap(nullptr, kPage, kRx, MAP_SHARED, file.get(), 0);
  return memory == MAP_FAILED ? refused("mmap") : outcome_of_running(memory);
}
Outcome memfd_twice(const Ground&) {
  Fd file(::memfd_create("code", MFD_CLOEXEC));
  if (!file.valid()) return refused("memfd_create");
  if (::ftruncate(file.get(), kPage) != 0) return broken("ftruncate");
  void* written = ::mmap(nullptr, kPage, kRw, MAP_SHARED, file.get(), 0);
  if (written == MAP_FAILED) return broken("mmap");
  void* executed = ::mmap(nullptr, kPage, kRx, MAP_SHARED, file.get(), 0);
  if (executed == MAP_FAILED) return refused("mmap");
  std::memcpy(written, kCode, sizeof kCode);
  return outcome_of_running(executed);
}

Outcome shmat_exec(const Ground&) {
  constexpr int kCreate = 01000 | 0600;  // IPC_CREAT
  return reached_unless(::syscall(SYS_shmget, 0, kPage, kCreate), "shmget", {ENOSYS, EPERM, EACCES});
}

// A function whose text is written over. Not inlined, so that calling it runs what lies there.
__attribute__((noinline)) int victim() {
  asm volatile("nop; nop; nop; nop; nop; nop; nop; nop");
  return 7;
}
const void* text_of_victim() { return reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(&victim)); }

Outcome proc_mem(const Ground&) {
  Fd memory(::open("/proc/self/mem", O_RDWR | O_CLOEXEC));
  if (!memory.valid()) return refused("open");
  auto at = static_cast<off_t>(reinterpret_cast<std::uintptr_t>(text_of_victim()));
  if (::pwrite(memory.get(), kCode, sizeof kCode, at) < 0) return refused("pwrite");
  return outcome_of_running(text_of_victim());
}

Outcome poke_text(const Ground&) {
  pid_t child = ::fork();
  if (child == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(errno);
    ::raise(SIGSTOP);
    ::_exit(runs(text_of_victim()) ? kReached : 0);
  }
  started_processes.emplace_back(child, child);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status)) return refused("PTRACE_TRACEME", WEXITSTATUS(status));
  unsigned long word = 0;
  std::memcpy(&word, kCode, sizeof kCode);
  if (::ptrace(PTRACE_POKETEXT, child, text_of_victim(), word) != 0) {
    int error = errno;
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    return refused("PTRACE_POKETEXT", error);
  }
  ::ptrace(PTRACE_DETACH, child, nullptr, nullptr);
  ::kill(child, SIGCONT);
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == kReached ? done() : broken("the child did not end with 42", 0);
}

Outcome vm_writev(const Ground&) {
  char from = 1;
  char to = 0;
  iovec local = {&from, 1};
  iovec remote = {&to, 1};
  return reached_unless(::syscall(SYS_process_vm_writev, ::getpid(), &local, 1, &remote, 1, 0), "process_vm_writev",
                        {ENOSYS, EPERM, EACCES});
}

}  // namespace

const std::vector<NamedAttack> kMemoryAttacks = {
    {"memory.rwx", rwx},
    {"memory.rw-rx", rw_rx},
    {"memory.file-rwx", file_rwx},
    {"memory.file-rw-rx", file_rw_rx},
    {"memory.rx-rwx", rx_rwx},
    {"memory.rx-rw-rx", rx_rw_rx},
    {"memory.brk", brk_implied},
    {"memory.implied", map_implied},
    {"memory.heap", heap},
    {"memory.stack", stack},
    {"memory.memfd", memfd},
    {"memory.memfd-twice", memfd_twice},
    {"memory.shmat", shmat_exec},
    {"memory.proc-mem", proc_mem},
    {"memory.poketext", poke_text},
    {"memory.vm-writev", vm_writev},
};

}  // namespace ashlar::live
