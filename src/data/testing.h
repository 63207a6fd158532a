// What the tests of src/data share.
#pragma once

#include <gtest/gtest.h>

#include "data/header_file.h"
#include "data/volume.h"

namespace ashlar::testing {

class Disk : public HeaderFile {
 public:
  Disk() : HeaderFile(blank().value()) {}
  explicit Disk(const Disk& other) : HeaderFile(other.copy().value()) {}
  Disk& operator=(const Disk&) = delete;

  void become(const Disk& other) const { fs::copy_file(other.path(), path(), fs::copy_options::overwrite_existing); }
};

inline Secret secret_of(std::string_view text) { return Secret::copy_of(as_bytes(text)).value(); }
// A key as a keyslot has it.
inline Secret key_of(std::uint8_t value) { return Secret::copy_of(Bytes(64, value)).value(); }

inline void edit_header(const Disk& disk, const std::function<void(Json&)>& edit,
                        const std::function<void(std::span<std::uint8_t>)>& edit_binary = nullptr) {
  Status edited = disk.edit(edit, edit_binary);
  ASSERT_TRUE(edited) << edited.error().message();
}

}  // namespace ashlar::testing
