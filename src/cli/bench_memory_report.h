// What a machine's memory is used for, from what its /proc says. Parsing alone; bench_memory.cc has the machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ashlar::cli {

// One process. The kernel does not tell how many others share a page (CONFIG_PROC_PAGE_MONITOR is off), so there is no
// proportional size. Kernel threads have no memory of their own and are none.
struct ProcessMemory {
  unsigned process = 0;
  std::string name;  // of the program, or of the script
  unsigned user = 0;
  std::uint64_t resident_kib = 0;  // VmRSS: pages of files and of others included
  std::uint64_t own_kib = 0;       // RssAnon: what it wrote itself, or shares with what it forked
};

struct MemoryReport {
  // /proc/meminfo, KiB.
  std::uint64_t total = 0;      // without what the kernel took for itself before it began to count
  std::uint64_t available = 0;  // what programs could still have
  std::uint64_t shared = 0;     // tmpfs, memfds, the screen's buffers
  std::uint64_t slab_kept = 0;  // of the kernel
  std::uint64_t anonymous = 0;
  std::uint64_t stacks_and_tables = 0;   // of the kernel, for processes
  std::vector<ProcessMemory> processes;  // the largest first

  // As `free` counts: what is not available any more.
  [[nodiscard]] std::uint64_t used() const { return total - available; }
};

// What a root shell types to end the session's browser: all processes of the name, its windows and what works for them.
inline constexpr char kCloseBrowser[] =
    "for p in /proc/[0-9]*; do read -r n <$p/comm; case $n in chrom*) kill ${p#/proc/};; esac; done 2>/dev/null";

// What a root shell types to have it all in a file.
std::string memory_commands(const std::string& file);
// Errors: a line of /proc/meminfo is missing. A process that ended in the middle is left out.
Result<MemoryReport> parse_memory_report(std::string_view text);

}  // namespace ashlar::cli
