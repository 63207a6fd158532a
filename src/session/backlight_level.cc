#include "session/backlight_level.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace ashlar {
namespace {

constexpr std::uint64_t kMostLevels = std::uint64_t{1} << 31;  // the kernel's are ints

Result<std::uint64_t> read_level(const fs::path& file) {
  const std::string text = TRY(read_text(file, 4096));
  std::uint64_t level = 0;
  const char* end = text.data() + std::min(text.find('\n'), text.size());
  auto [at, error] = std::from_chars(text.data(), end, level);
  if (error != std::errc() || at != end || level > kMostLevels) return fail(file.string() + " is no level");
  return level;
}

Status change_one(const fs::path& screen, std::uint64_t level, std::uint64_t most, Brightness to) {
  Fd file = TRY(open_file(screen / "brightness", O_WRONLY));
  TRY(write_all(file, as_bytes(std::to_string(next_level(level, most, to)))));
  return file.close();
}

}  // namespace

std::uint64_t next_level(std::uint64_t level, std::uint64_t most, Brightness to) {
  level = std::min(level, most);
  const bool dark = to == Brightness::up ? level * 10 < most : level * 10 <= most;
  const std::uint64_t step = std::max<std::uint64_t>(1, most / (dark ? 100 : 20));
  if (to == Brightness::up) return std::min(level + step, most);
  return level > step ? level - step : std::min<std::uint64_t>(1, most);
}

Status change_brightness(const fs::path& directory, Brightness to) {
  std::error_code none;
  Status all;
  for (fs::directory_iterator it(directory, none), end; !none && it != end; it.increment(none)) {
    Result<std::uint64_t> level = read_level(it->path() / "brightness");
    Result<std::uint64_t> most = read_level(it->path() / "max_brightness");
    if (!level || !most) continue;
    Status one = change_one(it->path(), *level, *most, to);
    if (!one) all = std::move(one);
  }
  return all;
}

}  // namespace ashlar
