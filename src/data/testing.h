// What the tests of src/data share: a file that stands for a partition, and a way to edit a LUKS2 header as an attacker
// would, with the checksums made right again.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>

#include "data/strict_json.h"
#include "data/volume.h"

namespace ashlar::testing {

class Disk {
 public:
  Disk() {
    std::string name = (fs::temp_directory_path() / "ashlar-disk-XXXXXX").string();
    Fd file(::mkstemp(name.data()));
    EXPECT_EQ(::ftruncate(file.get(), 17 << 20), 0);
    path_ = name;
  }
  explicit Disk(const Disk& other) : Disk() { become(other); }
  ~Disk() { fs::remove(path_); }
  Disk& operator=(const Disk&) = delete;

  [[nodiscard]] const fs::path& path() const { return path_; }
  void become(const Disk& other) const { fs::copy_file(other.path_, path_, fs::copy_options::overwrite_existing); }

 private:
  fs::path path_;
};

inline Secret secret_of(std::string_view text) { return Secret::copy_of(as_bytes(text)).value(); }
// A key as a keyslot has it.
inline Secret key_of(std::uint8_t value) { return Secret::copy_of(Bytes(64, value)).value(); }

// Rewrites both copies of the header: what `edit` makes of the JSON, and of the binary header before it (LUKS2 On-Disk
// Format, 2.1).
void edit_header(const Disk& disk, const std::function<void(Json&)>& edit,
                 const std::function<void(std::span<std::uint8_t>)>& edit_binary = nullptr);

}  // namespace ashlar::testing
