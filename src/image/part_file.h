// The ".part" of one download: what has arrived so far, hashed as it comes.
#pragma once

#include "image/download.h"

namespace ashlar::image {

class PartFile {
 public:
  // Continues a part that an earlier call left; one that cannot be a beginning of the file is thrown away.
  static Result<PartFile> open(const Download& download);

  Status append(ByteView bytes);
  Status restart();
  // What comes next is appended to bytes of another connection.
  void mark_resumed() { resumed_ = true; }
  void remove();

  // The digest of what has arrived. Nothing may be appended afterwards.
  Sha256Digest digest() { return hash_.finish(); }
  Status keep_as(const fs::path& to);

  [[nodiscard]] std::uint64_t received() const { return received_; }
  [[nodiscard]] bool complete() const { return received_ == expected_; }
  [[nodiscard]] bool resumed() const { return resumed_; }

 private:
  fs::path path_;
  Fd fd_;
  Sha256 hash_;
  std::uint64_t received_ = 0;
  std::uint64_t expected_ = 0;
  bool resumed_ = false;  // not all of it came over one connection
};

// Hashes the first `size` bytes of a file, piece by piece.
Status hash_file(const Fd& fd, std::uint64_t size, Sha256& hash);

}  // namespace ashlar::image
