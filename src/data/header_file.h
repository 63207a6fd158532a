// A LUKS2 header with its keyslots in a file that stands for the partition, and a way to edit it as an attacker would.
// Host only: for tests and `ashlar prove`.
#pragma once

#include <functional>

#include "base/fd.h"
#include "data/strict_json.h"

namespace ashlar {

class HeaderFile {
 public:
  static constexpr std::uint64_t kSize = std::uint64_t{17} << 20;  // header, keyslots and the first data

  // A file of zeros that goes with the object.
  static Result<HeaderFile> blank();
  [[nodiscard]] Result<HeaderFile> copy() const;
  HeaderFile(HeaderFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  HeaderFile& operator=(HeaderFile&&) = delete;
  ~HeaderFile();

  [[nodiscard]] const fs::path& path() const { return path_; }

  // Rewrites both copies of the header, the checksums made right again: what `edit` makes of the JSON, and
  // `edit_binary` of the binary header before it (LUKS2 On-Disk Format, 2.1).
  [[nodiscard]] Status edit(const std::function<void(Json&)>& edit,
                            const std::function<void(std::span<std::uint8_t>)>& edit_binary = nullptr) const;

 private:
  explicit HeaderFile(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

}  // namespace ashlar
