// tar archives, and paths: what is safe stays so.
#include "format/tar.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  TarReader reader({data, size});
  for (;;) {
    Result<std::optional<TarEntry>> entry = reader.next();
    if (!entry || !*entry) break;
    fuzz::require((*entry)->content.size() < size);
    if (Result<std::string> path = safe_path((*entry)->path)) {
      fuzz::require(path->empty() || safe_path(*path).value() == *path);
      fuzz::require(("/" + *path + "/").find("/../") == std::string::npos && !path->starts_with('/'));
    }
  }
  return 0;
}
