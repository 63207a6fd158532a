// `ashlar build`: from locked packages to one signed disk.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "format/verity.h"
#include "image/keys.h"
#include "image/workshop.h"

namespace ashlar::image {

struct BuildOptions {
  fs::path source;  // the repository
  fs::path lock;    // os/packages.lock, or one made in a work directory
  fs::path output;  // the directory the image is written to
  std::string profile = "desktop";
  Variant variant = Variant::kDev;
  std::string keys;                   // a directory or a PKCS#11 URI
  std::optional<std::string> mirror;  // otherwise the host's apt configuration says
};

struct StepTime {
  std::string step;
  std::chrono::milliseconds took;
  bool was_cached;
};

// What of the cache a build read that others can be given: packages, tools, and what was compiled.
struct UsedEntries {
  std::vector<fs::path> packages;
  std::vector<fs::path> tools;  // the workshop, and the sdk where it was needed
  fs::path kernel;
  std::vector<fs::path> programs;
};

struct BuildReport {
  fs::path image;
  RootHash root_hash;
  Sha256Digest uki_hash;  // of the signed file
  std::uint64_t uki_bytes = 0;
  std::uint64_t initramfs_bytes = 0;
  std::uint64_t root_bytes = 0;  // the EROFS image
  std::uint64_t disk_bytes = 0;  // apparent size; the file is sparse
  std::size_t packages = 0;
  std::vector<StepTime> steps;
  UsedEntries used;

  [[nodiscard]] std::string json() const;
};

Result<BuildReport> build_image(const BuildOptions& options);

// The tools of a profile ("workshop", "oracles"), unpacked, for who wants to run one of them.
Result<Workshop> open_tools(const BuildOptions& options, const std::string& profile);

// The font of the image's screen, PSF2, as the workshop has it.
Result<Bytes> screen_font(const BuildOptions& options);

// The path build_image writes to: "<output>/ashlar-<profile>-<variant>.raw".
fs::path image_path(const BuildOptions& options);

}  // namespace ashlar::image
