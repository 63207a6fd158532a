#include "image/recipe.h"

#include <algorithm>
#include <atomic>
#include <set>

#include "image/own_programs.h"
#include "image/toml.h"

namespace ashlar::image {
namespace {

bool is_package_name(std::string_view name) {
  auto lower_or_digit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return name.size() >= 2 && lower_or_digit(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return lower_or_digit(c) || c == '+' || c == '-' || c == '.'; });
}

Status check_names(const TomlTable& table, const std::vector<std::string>& names) {
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (!is_package_name(name)) return fail_misuse(table.where() + ": '" + name + "' is not a package name");
    if (!seen.insert(name).second) return fail_misuse(table.where() + ": '" + name + "' is named twice");
  }
  return {};
}

Result<std::vector<OmittedPackage>> read_packages_with_reason(TomlTable& table, std::string_view key) {
  std::vector<OmittedPackage> result;
  std::set<std::string> seen;
  for (TomlTable& entry : table.tables(key)) {
    OmittedPackage package{.package = entry.text("package"), .reason = entry.text("reason")};
    TRY(entry.finish());
    TRY(check_names(entry, {package.package}));
    if (!seen.insert(package.package).second) {
      return fail_misuse(entry.where() + ": '" + package.package + "' has a second [[" + std::string(key) + "]]");
    }
    result.push_back(std::move(package));
  }
  return result;
}

Result<std::vector<OmittedFiles>> read_omitted_files(TomlTable& table) {
  std::vector<OmittedFiles> result;
  for (TomlTable& entry : table.tables("omit-files")) {
    OmittedFiles omitted{.package = entry.text("package"),
                         .files = entry.list("files"),
                         .keep = entry.list_or_empty("keep"),
                         .reason = entry.text("reason")};
    TRY(entry.finish());
    if (omitted.package != "*") TRY(check_names(entry, {omitted.package}));
    for (const std::vector<std::string>& patterns : {omitted.files, omitted.keep}) {
      for (const std::string& pattern : patterns) {
        if (!pattern.starts_with('/')) {
          return fail_misuse(entry.where() + ": '" + pattern + "' is not an absolute path");
        }
      }
    }
    result.push_back(std::move(omitted));
  }
  return result;
}

template <typename T>
void append_all(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

void sort_unique(std::vector<std::string>& names) {
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
}

void sort_unique(std::vector<OmittedPackage>& packages) {
  std::ranges::stable_sort(packages, {}, &OmittedPackage::package);
  packages.erase(std::ranges::unique(packages, {}, &OmittedPackage::package).begin(), packages.end());
}

Status fold_into(Recipe& result, const Recipes& recipes, const std::string& name, std::vector<std::string>& path,
                 std::set<std::string>& done) {
  if (std::ranges::find(path, name) != path.end()) return fail_misuse("profile '" + name + "' extends itself");
  if (!done.insert(name).second) return {};
  auto found = recipes.find(name);
  if (found == recipes.end()) {
    return fail_misuse(path.empty() ? "there is no profile '" + name + "'"
                                    : "profile '" + path.back() + "' extends '" + name + "', which does not exist");
  }
  path.push_back(name);
  for (const std::string& base : found->second.extends) TRY(fold_into(result, recipes, base, path, done));
  path.pop_back();
  append_all(result.packages, found->second.packages);
  append_all(result.sources, found->second.sources);
  append_all(result.programs, found->second.programs);
  append_all(result.omit, found->second.omit);
  append_all(result.omit_files, found->second.omit_files);
  append_all(result.backports, found->second.backports);
  append_all(result.services, found->second.services);
  return {};
}

// The profile that `name`, which exists, takes its packages from unchanged.
std::string whose_packages(const Recipes& recipes, std::string name) {
  for (;;) {
    const Recipe& recipe = recipes.at(name);
    if (recipe.extends.size() != 1 || !recipe.packages.empty() || !recipe.omit.empty() || !recipe.backports.empty()) {
      return name;
    }
    name = recipe.extends.front();
  }
}

}  // namespace

Result<Recipe> parse_recipe(std::string_view text, const fs::path& file) {
  TomlTable table = TRY(TomlTable::parse(text, file.string()));
  Recipe recipe;
  recipe.name = file.stem().string();
  recipe.description = table.text("description");
  recipe.extends = table.list_or_empty("extends");
  recipe.sources = table.list_or_empty("sources");
  // A profile of sources alone is built from and nothing else.
  recipe.packages = recipe.sources.empty() ? table.list("packages") : table.list_or_empty("packages");
  recipe.programs = table.choices_or_empty("programs", kOptionalPrograms);
  recipe.omit = TRY(read_packages_with_reason(table, "omit"));
  recipe.backports = TRY(read_packages_with_reason(table, "backport"));
  recipe.omit_files = TRY(read_omitted_files(table));
  recipe.services = table.list_or_empty("services");
  TRY(table.finish());
  TRY(check_names(table, recipe.packages));
  TRY(check_names(table, recipe.sources));
  if (!is_package_name(recipe.name)) return fail_misuse(file.string() + ": the file's name is not a profile name");
  for (const OmittedPackage& omitted : recipe.omit) {
    if (std::ranges::find(recipe.packages, omitted.package) != recipe.packages.end()) {
      return fail_misuse(file.string() + ": '" + omitted.package + "' is both wanted and omitted");
    }
  }
  return recipe;
}

Result<Recipe> fold(const Recipes& unfolded, const std::string& name) {
  Recipe result;
  std::vector<std::string> path;
  std::set<std::string> done;
  TRY(fold_into(result, unfolded, name, path, done));
  result.name = name;
  result.description = unfolded.at(name).description;
  result.packages_of = whose_packages(unfolded, name);
  sort_unique(result.packages);
  sort_unique(result.sources);
  sort_unique(result.programs);
  sort_unique(result.omit);
  sort_unique(result.backports);
  sort_unique(result.services);
  // What a profile asks for by name is there, whatever a profile below it left out.
  std::erase_if(result.omit, [&](const OmittedPackage& omitted) {
    return std::ranges::binary_search(result.packages, omitted.package);
  });
  return result;
}

Result<Recipes> read_recipes(const fs::path& directory) {
  Recipes unfolded;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() != ".toml") continue;
    Recipe recipe = TRY(parse_recipe(TRY(read_text(entry->path())), entry->path()));
    unfolded.emplace(recipe.name, std::move(recipe));
  }
  if (error) return fail_errno("read profiles in " + directory.string(), error.value());
  if (unfolded.empty()) return fail_misuse("there is no profile (*.toml) in " + directory.string());
  Recipes folded;
  for (const auto& [name, recipe] : unfolded) folded.emplace(name, TRY(in(directory.string(), fold(unfolded, name))));
  return folded;
}

Sha256Digest resolution_inputs(const Recipe& folded) {
  Sha256 hash;
  for (const std::string& package : folded.packages) hash.update("package " + package + "\n");
  for (const std::string& source : folded.sources) hash.update("source " + source + "\n");
  for (const OmittedPackage& omitted : folded.omit) hash.update("omit " + omitted.package + "\n");
  for (const OmittedPackage& backport : folded.backports) hash.update("backport " + backport.package + "\n");
  return hash.finish();
}

Sha256Digest omission_inputs(const Recipe& folded) {
  Sha256 hash;
  for (const OmittedFiles& omitted : folded.omit_files) {
    hash.update("package " + omitted.package + "\n");
    for (const std::string& pattern : omitted.files) hash.update("omit " + pattern + "\n");
    for (const std::string& pattern : omitted.keep) hash.update("keep " + pattern + "\n");
  }
  return hash.finish();
}

bool path_matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty()) {
    if (pattern.starts_with("**")) {
      pattern.remove_prefix(2);
      for (std::size_t skipped = 0; skipped <= path.size(); ++skipped) {
        if (path_matches(pattern, path.substr(skipped))) return true;
      }
      return false;
    }
    if (pattern.front() == '*') {
      pattern.remove_prefix(1);
      for (std::size_t skipped = 0; skipped <= path.size(); ++skipped) {
        if (path_matches(pattern, path.substr(skipped))) return true;
        if (skipped < path.size() && path[skipped] == '/') return false;
      }
      return false;
    }
    if (path.empty()) return false;
    bool same = pattern.front() == '?' ? path.front() != '/' : pattern.front() == path.front();
    if (!same) return false;
    pattern.remove_prefix(1);
    path.remove_prefix(1);
  }
  return path.empty();
}

struct FileOmissions::Pattern {
  std::string package;
  std::string pattern;
  std::vector<std::string> keep;
  std::atomic<bool> used = false;

  Pattern(std::string package, std::string pattern, std::vector<std::string> keep)
      : package(std::move(package)), pattern(std::move(pattern)), keep(std::move(keep)) {}
};

FileOmissions::FileOmissions(const Recipe& folded) {
  for (const OmittedFiles& omitted : folded.omit_files) {
    for (const std::string& pattern : omitted.files) {
      patterns_.push_back(std::make_shared<Pattern>(omitted.package, pattern, omitted.keep));
    }
  }
}

bool FileOmissions::omits(std::string_view package, std::string_view path) const {
  for (const std::shared_ptr<Pattern>& pattern : patterns_) {
    if (pattern->package != "*" && pattern->package != package) continue;
    if (!path_matches(pattern->pattern, path)) continue;
    pattern->used.store(true, std::memory_order_relaxed);
    if (std::ranges::none_of(pattern->keep, [&](const std::string& keep) { return path_matches(keep, path); }))
      return true;
  }
  return false;
}

std::vector<std::string> FileOmissions::unused() const {
  std::vector<std::string> result;
  for (const std::shared_ptr<Pattern>& pattern : patterns_) {
    if (!pattern->used.load(std::memory_order_relaxed)) result.push_back(pattern->package + ": " + pattern->pattern);
  }
  return result;
}

}  // namespace ashlar::image
