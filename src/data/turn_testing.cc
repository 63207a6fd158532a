#include "data/turn_testing.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace ashlar::testing {
namespace {

std::function<void()> after_sync;

int told(long result) {
  if (after_sync) after_sync();
  return static_cast<int>(result);
}

}  // namespace

SyncWatch::SyncWatch(std::function<void()> seen) { after_sync = std::move(seen); }
SyncWatch::~SyncWatch() { after_sync = nullptr; }

}  // namespace ashlar::testing

// In front of the C library's, for this program and the libraries it uses.
extern "C" int fsync(int fd) { return ashlar::testing::told(::syscall(SYS_fsync, fd)); }
extern "C" int fdatasync(int fd) { return ashlar::testing::told(::syscall(SYS_fdatasync, fd)); }
