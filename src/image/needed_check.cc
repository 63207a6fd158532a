#include "image/needed_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "image/elf_files.h"
#include "image/tree_view.h"

namespace ashlar::image {
namespace {

constexpr std::size_t kMostListed = 20;
constexpr std::string_view kChecking = "check what programs are linked to";

// The directories ld.so(8) searches for everyone, its configuration first.
Result<std::vector<fs::path>> library_directories(const TreeView& tree) {
  std::vector<fs::path> configuration;
  std::error_code error;
  for (fs::directory_iterator entry(tree.on_host("/etc/ld.so.conf.d"), error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".conf") configuration.push_back(entry->path());
  }
  std::ranges::sort(configuration);
  std::vector<fs::path> directories;
  for (const fs::path& file : configuration) {
    std::string text = TRY(read_text(file));
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = std::min(text.find('\n', at), text.size());
      std::string line = text.substr(at, end - at);
      at = end + 1;
      if (line.starts_with('/')) directories.emplace_back(line);
    }
  }
  for (const char* standard :
       {"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"}) {
    directories.emplace_back(standard);
  }
  return directories;
}

// "$ORIGIN/../lib:/opt/lib" for a file in `origin`.
std::vector<fs::path> search_path(std::string_view text, const fs::path& origin) {
  std::vector<fs::path> directories;
  while (!text.empty()) {
    std::string part(text.substr(0, text.find(':')));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    for (std::string_view name : {"${ORIGIN}", "$ORIGIN"}) {
      for (std::size_t at; (at = part.find(name)) != std::string::npos;) part.replace(at, name.size(), origin.string());
    }
    if (part.starts_with('/')) directories.emplace_back(part);
  }
  return directories;
}

std::vector<std::string> missing_of(const ElfInfo& elf, const fs::path& place, const TreeView& tree,
                                    const std::vector<fs::path>& standard) {
  std::vector<std::string> missing;
  if (elf.interpreter && !tree.has_file(*elf.interpreter)) missing.push_back(*elf.interpreter);
  std::vector<fs::path> directories;
  // RUNPATH replaces RPATH (ld.so(8)).
  if (elf.runpath) {
    directories = search_path(*elf.runpath, place.parent_path());
  } else if (elf.rpath) {
    directories = search_path(*elf.rpath, place.parent_path());
  }
  directories.insert(directories.end(), standard.begin(), standard.end());
  for (const std::string& need : elf.needed) {
    bool found = need.contains('/')
                     ? tree.has_file(need)
                     : std::ranges::any_of(directories, [&](const fs::path& at) { return tree.has_file(at / need); });
    if (!found) missing.push_back(need);
  }
  return missing;
}

// Of these files of the tree; sorted.
Result<std::vector<MissingNeed>> missing_needs_of(const std::vector<fs::path>& files, const fs::path& tree,
                                                  const Origins& origins) {
  TreeView view(tree);
  std::vector<fs::path> standard = TRY(library_directories(view));
  std::vector<MissingNeed> result;
  std::mutex mutex;
  TRY(for_each_elf(files, tree, [&](const fs::path& place, const ElfInfo& elf, ByteView) -> Status {
    std::vector<std::string> missing = missing_of(elf, place, view, standard);
    if (missing.empty()) return {};
    auto origin = origins.find(place.string());
    std::lock_guard guard(mutex);
    for (std::string& need : missing) {
      result.push_back({place.string(), origin == origins.end() ? std::string() : origin->second, std::move(need)});
    }
    return {};
  }));
  std::ranges::sort(result);
  return result;
}

Status none_missing(const std::vector<MissingNeed>& missing, std::string_view advice) {
  if (missing.empty()) return {};
  std::string text = "libraries are missing from the image:";
  for (std::size_t i = 0; i < missing.size() && i < kMostListed; ++i) {
    const MissingNeed& one = missing[i];
    text += fmt::format("\n  {} needs {}{}", one.path, one.need,
                        one.package.empty() ? "" : " (package " + one.package + ")");
  }
  if (missing.size() > kMostListed) text += fmt::format("\n  and {} more", missing.size() - kMostListed);
  return fail(fmt::format("{}\n{}", text, advice));
}

}  // namespace

Result<std::vector<MissingNeed>> find_missing_needs(const fs::path& tree, const Origins& origins) {
  return missing_needs_of(TRY(regular_files(tree)), tree, origins);
}

Status check_needed(const fs::path& tree, const Origins& origins) {
  return none_missing(TRY(in(kChecking, find_missing_needs(tree, origins))),
                      "an [[omit]] or [[omit-files]] of the profile takes too much");
}

Status check_needed_by(const fs::path& tree, const std::vector<fs::path>& programs) {
  std::vector<fs::path> files;
  for (const fs::path& program : programs) files.push_back(tree / program.relative_path());
  return none_missing(TRY(in(kChecking, missing_needs_of(files, tree, {}))),
                      "the profile has a program of ours without the packages it is linked to");
}

}  // namespace ashlar::image
