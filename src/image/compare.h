// Two disk images compared: the same to the last byte, or where they differ and in what.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"

namespace ashlar::image {

// A stretch of the disk that is not the same in both.
struct DifferentPlace {
  std::string name;               // "partition 2 (ashlar_0.1.0)", "partition table"
  std::uint64_t disk_offset = 0;  // of the first byte that differs
  std::uint64_t offset = 0;       // the same from the beginning of the place
};

struct ImageComparison {
  std::vector<DifferentPlace> places;  // in the order of the disk; none when the images are the same
  std::vector<std::string> esp_files;  // on the ESP: those that differ, or that one of them has not
  std::optional<bool> same_root_hash;  // absent when one of the images has no readable UKI
  std::optional<bool> same_uki;        // its whole file, signature included

  [[nodiscard]] bool same() const { return places.empty(); }
};

// Compares byte by byte; what is a hole in both files is skipped. The first image's table says where the places are;
// an image without a readable one is a single place. Errors: a file that cannot be read.
Result<ImageComparison> compare_images(const fs::path& first, const fs::path& second);

// What to look into when two images differ: the root file system where that differs, since everything signed names its
// hash; else the first file of the ESP that differs; else the first place.
struct Suspect {
  std::string name;  // "root.erofs", or a file's path on the ESP
  fs::path first;    // copies of it
  fs::path second;
};
// Writes both copies below `directory`.
Result<Suspect> extract_suspect(const ImageComparison& comparison, const fs::path& first, const fs::path& second,
                                const fs::path& directory);

}  // namespace ashlar::image
