// A file as memory, read-only.
#pragma once

#include "base/fd.h"

namespace ashlar::image {

class MappedFile {
 public:
  static Result<MappedFile> open(const fs::path& path);
  MappedFile(MappedFile&& other) noexcept : view_(std::exchange(other.view_, {})) {}
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile();

  [[nodiscard]] ByteView bytes() const { return view_; }

 private:
  explicit MappedFile(ByteView view) : view_(view) {}
  ByteView view_;
};

}  // namespace ashlar::image
