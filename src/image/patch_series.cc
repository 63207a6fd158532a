#include "image/patch_series.h"

#include <fmt/format.h>

#include <algorithm>

namespace ashlar::image {
namespace {

constexpr std::string_view kSeriesFile = "series";
constexpr std::string_view kPatchSuffix = ".patch";
const fs::path kSource = "/run/patched";

Status check_nothing_unlisted(const fs::path& directory, const std::vector<SeriesEntry>& entries) {
  for (const auto& file : fs::recursive_directory_iterator(directory)) {
    if (file.path().extension() != kPatchSuffix) continue;
    std::string path = file.path().lexically_relative(directory).string();
    if (std::ranges::find(entries, path, &SeriesEntry::path) == entries.end()) {
      return fail_misuse(fmt::format("{} is not in {}", file.path().string(), (directory / kSeriesFile).string()));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<Patch>> read_series(const fs::path& directory) {
  const fs::path series = directory / kSeriesFile;
  std::vector<SeriesEntry> entries = TRY(in(series.string(), parse_series(TRY(read_text(series)))));
  TRY(check_nothing_unlisted(directory, entries));
  std::vector<Patch> patches;
  for (const SeriesEntry& entry : entries) {
    std::string text = TRY(in(series.string(), read_text(directory / entry.path)));
    Sha256Digest found = sha256(text);
    if (found != entry.sha256) {
      return fail_misuse(
          fmt::format("{}: {} has the SHA-256 {}, not the one stated", series.string(), entry.path, found.hex()));
    }
    patches.push_back({entry.path, std::move(text)});
  }
  return patches;
}

Status apply_series(const Workshop& workshop, const fs::path& source, const std::vector<Patch>& patches) {
  for (const Patch& patch : patches) {
    Result<std::string> applied = workshop.run({.binds = {{source, kSource, Bind::Access::kReadWrite}},
                                                .directory = kSource,
                                                .argv = {"patch", "--strip=1", "--forward", "--batch", "--fuzz=0",
                                                         "--no-backup-if-mismatch", "--reject-file=-"},
                                                .input = patch.text});
    if (!applied) return fail_misuse("the patch " + patch.path + " does not apply: " + applied.error().message());
  }
  return {};
}

}  // namespace ashlar::image
