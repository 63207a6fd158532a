#include "base/fd.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/interrupt.h"

namespace ashlar {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (number_ >= 0) ::close(number_);
    number_ = std::exchange(other.number_, -1);
  }
  return *this;
}

Fd::~Fd() {
  if (number_ >= 0) ::close(number_);
}

Status Fd::close() {
  if (::close(std::exchange(number_, -1)) != 0) return fail_errno("close");
  return {};
}

Result<Fd> open_file(const fs::path& path, int flags, mode_t mode) {
  int number = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (number < 0) return fail_errno("open " + path.string());
  return Fd(number);
}

Status lock_exclusively(const Fd& fd, const fs::path& path) {
  // Asked again and again: a signal that comes just before a blocking flock(2) would be slept over.
  constexpr auto kInterval = std::chrono::milliseconds(50);
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return fail_errno("lock " + path.string());
    TRY(check_interrupted());
    std::this_thread::sleep_for(kInterval);
  }
  return {};
}

Status write_all(const Fd& fd, ByteView bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(fd.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno("write");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Status write_at(const Fd& fd, std::uint64_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::pwrite(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno("write");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

Status read_at(const Fd& fd, std::uint64_t offset, std::span<std::uint8_t> into) {
  while (!into.empty()) {
    ssize_t got = ::pread(fd.get(), into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read");
    if (got == 0) return fail("the file ends " + std::to_string(into.size()) + " bytes too early");
    into = into.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

Result<Bytes> read_file(const fs::path& path, std::uint64_t limit) {
  Fd fd = TRY(open_file(path, O_RDONLY));
  Bytes content;
  // Files in /proc and /sys give no size: read until nothing comes.
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("stat " + path.string());
  if (S_ISDIR(status.st_mode)) return fail("read " + path.string() + ": it is a directory");
  std::size_t chunk = status.st_size > 0 ? static_cast<std::size_t>(status.st_size) + 1 : 65536;
  for (;;) {
    std::size_t have = content.size();
    content.resize(have + chunk);
    ssize_t got = ::read(fd.get(), content.data() + have, chunk);
    if (got < 0 && errno == EINTR)
      got = 0;
    else if (got < 0)
      return fail_errno("read " + path.string());
    else if (got == 0) {
      content.resize(have);
      return content;
    }
    content.resize(have + static_cast<std::size_t>(got));
    if (content.size() > limit)
      return fail(path.string() + " is larger than the " + std::to_string(limit) + " bytes expected");
  }
}

Result<std::string> read_text(const fs::path& path, std::uint64_t limit) {
  Bytes bytes = TRY(read_file(path, limit));
  return std::string(as_text(bytes));
}

Status write_file(const fs::path& path, ByteView bytes, mode_t mode) {
  std::string temporary = path.string() + ".XXXXXX";
  int number = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (number < 0) return fail_errno("create " + temporary);
  Fd fd(number);
  Status written = [&]() -> Status {
    TRY(write_all(fd, bytes));
    if (::fchmod(fd.get(), mode) != 0) return fail_errno("chmod");
    if (::fsync(fd.get()) != 0) return fail_errno("fsync");
    TRY(fd.close());
    if (::rename(temporary.c_str(), path.c_str()) != 0) return fail_errno("rename");
    return {};
  }();
  if (!written) {
    ::unlink(temporary.c_str());
    return std::unexpected(std::move(written).error().in("write " + path.string()));
  }
  return {};
}

}  // namespace ashlar
