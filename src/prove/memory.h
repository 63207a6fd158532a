// The whole memory of a running machine, searched.
#pragma once

#include "image/mapped_file.h"
#include "vm/machine.h"

namespace ashlar::prove {

class Memory {
 public:
  // A copy of what the machine's RAM holds now; the machine stands still meanwhile. `file` is made, and removed with
  // the object.
  static Result<Memory> of(vm::Machine& machine, std::uint64_t mib, const fs::path& file);
  Memory(Memory&& other) noexcept : file_(std::move(other.file_)), bytes_(std::move(other.bytes_)) {
    other.file_.clear();
  }
  Memory& operator=(Memory&&) = delete;
  ~Memory();

  // How often it stands there.
  [[nodiscard]] std::size_t count(ByteView needle) const;

 private:
  Memory(fs::path file, image::MappedFile bytes) : file_(std::move(file)), bytes_(std::move(bytes)) {}
  fs::path file_;
  image::MappedFile bytes_;
};

}  // namespace ashlar::prove
