// An owned file descriptor, and the few file operations that check every write, fsync and close.
#pragma once

#include <fcntl.h>

#include <filesystem>
#include <utility>

#include "base/bytes.h"

namespace ashlar {

namespace fs = std::filesystem;

class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();

  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] bool valid() const { return number_ >= 0; }
  // Closes now and says whether the kernel had a late error to report.
  Status close();

 private:
  int number_ = -1;
};

// open(2) with O_CLOEXEC always added.
Result<Fd> open_file(const fs::path& path, int flags, mode_t mode = 0);

// Waits for the exclusive lock of an open file (flock(2)); `path` is for the message. An interrupt ends the wait.
Status lock_exclusively(const Fd& fd, const fs::path& path);

Status write_all(const Fd& fd, ByteView bytes);
// Writes at `offset` without moving the file position.
Status write_at(const Fd& fd, std::uint64_t offset, ByteView bytes);
// Fills `into` from `offset`; an error when the file ends first.
Status read_at(const Fd& fd, std::uint64_t offset, std::span<std::uint8_t> into);

// The whole of a file no larger than `limit` bytes.
Result<Bytes> read_file(const fs::path& path, std::uint64_t limit = std::uint64_t{1} << 30);
Result<std::string> read_text(const fs::path& path, std::uint64_t limit = std::uint64_t{1} << 26);

// Writes under a temporary name beside `path`, syncs, and renames: `path` is the old content or the new, never half.
Status write_file(const fs::path& path, ByteView bytes, mode_t mode = 0644);

}  // namespace ashlar
