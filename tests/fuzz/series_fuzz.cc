// os/kernel/patches/series: what was accepted stays below its directory, and sha256sum could have printed it.
#include "fuzz.h"
#include "image/series.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = as_text({data, size});
  auto entries = image::parse_series(text);
  if (!entries) return 0;
  for (const image::SeriesEntry& entry : *entries) {
    fuzz::require(entry.path.front() != '/' && entry.path.front() != '.');
    fuzz::require(entry.path.find("/.") == std::string::npos && entry.path.ends_with(".patch"));
    fuzz::require(text.find("  " + entry.path) != std::string_view::npos);
  }
  return 0;
}
