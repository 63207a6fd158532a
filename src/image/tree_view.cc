#include "image/tree_view.h"

#include <algorithm>
#include <string>
#include <vector>

namespace ashlar::image {
namespace {

constexpr int kMostLinks = 40;

}  // namespace

std::optional<fs::path> TreeView::resolve(const fs::path& path) const {
  std::vector<std::string> todo;
  auto push = [&](const fs::path& parts) {
    std::vector<std::string> names(parts.begin(), parts.end());
    std::ranges::reverse(names);
    todo.insert(todo.end(), names.begin(), names.end());
  };
  push(path);
  fs::path real = "/";
  for (int links = 0; !todo.empty();) {
    std::string name = std::move(todo.back());
    todo.pop_back();
    if (name.empty() || name == "." || name == "/") continue;
    if (name == "..") {
      real = real.parent_path();
      continue;
    }
    std::error_code error;
    fs::path next = real / name;
    fs::file_status status = fs::symlink_status(on_host(next), error);
    if (error || !fs::exists(status)) return std::nullopt;
    if (!fs::is_symlink(status)) {
      real = next;
      continue;
    }
    if (++links > kMostLinks) return std::nullopt;
    fs::path target = fs::read_symlink(on_host(next), error);
    if (error) return std::nullopt;
    if (target.is_absolute()) real = "/";
    push(target);
  }
  return real;
}

bool TreeView::has_file(const fs::path& path) const {
  std::optional<fs::path> real = resolve(path);
  std::error_code error;
  return real && fs::is_regular_file(on_host(*real), error);
}

}  // namespace ashlar::image
