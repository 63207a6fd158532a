// What an image is made of: os/profiles/NAME.toml.
//
//     description = "Boots to a prompt"
//     extends = ["core"]                        # everything those profiles have, omissions included
//     packages = ["sway", "foot"]               # with what they depend on; recommendations are not followed
//     sources = ["dash"]                        # source packages: compiled, and not a part of the tree
//     programs = ["data"]                       # ours, beside boot and PID 1 (own_programs.h)
//     services = ["udevd", "seatd"]             # of os/services, which PID 1 runs
//     [[omit]]                                  # a package that something depends on and that stays out
//     package = "libllvm19"
//     reason = "…"
//     [[omit-files]]                            # files of a package that stay out of the tree
//     package = "foot"                          # "*" for every package
//     files = ["/usr/share/doc/**"]             # * and ? within a component, ** across them
//     keep = ["/usr/share/doc/*/copyright"]     # of these, what stays in
//     reason = "…"
//     [[backport]]                              # the only packages taken from the backports suite
//     package = "linux-source-7.3"
//     reason = "…"
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/fd.h"

namespace ashlar::image {

struct OmittedPackage {
  std::string package;
  std::string reason;
};

struct OmittedFiles {
  std::string package;  // "*" for every package
  std::vector<std::string> files;
  std::vector<std::string> keep;
  std::string reason;
};

// One profile file, or one with everything it extends folded in.
struct Recipe {
  std::string name;
  std::string description;
  std::vector<std::string> extends;  // empty once folded
  // Once folded: whose packages the lock names for it. Its own, or, when it asks for no package more or less than the
  // one profile it extends, that one's.
  std::string packages_of;
  std::vector<std::string> packages;
  std::vector<std::string> sources;
  std::vector<std::string> programs;
  std::vector<OmittedPackage> omit;
  std::vector<OmittedFiles> omit_files;
  std::vector<OmittedPackage> backports;  // with the reason they are taken
  std::vector<std::string> services;      // names of files in os/services

  [[nodiscard]] bool has_own_packages() const { return packages_of.empty() || packages_of == name; }
};

using Recipes = std::map<std::string, Recipe>;

// `file` is "os/profiles/core.toml": its stem is the profile's name. Errors name file, line and key.
Result<Recipe> parse_recipe(std::string_view text, const fs::path& file);

// Every *.toml in `directory`, each with what it extends folded in: packages and programs sorted, each once. A profile
// that extends itself or one that does not exist is an error.
Result<Recipes> read_recipes(const fs::path& directory);
Result<Recipe> fold(const Recipes& unfolded, const std::string& name);

// The hash of what decides a folded recipe's packages; the lock carries it, so that a recipe edited after the lock was
// made is noticed.
Sha256Digest resolution_inputs(const Recipe& folded);

// The hash of what decides which files of the packages stay out.
Sha256Digest omission_inputs(const Recipe& folded);

// Which files of which package stay out of the tree, and which patterns never matched anything.
class FileOmissions {
 public:
  explicit FileOmissions(const Recipe& folded);
  // `path` is absolute in the image: "/usr/share/doc/foot/README.md". May be called from several threads.
  [[nodiscard]] bool omits(std::string_view package, std::string_view path) const;
  // "foot: /usr/share/dco/**" for each pattern that matched no path it was asked about: a typing error or a package
  // that changed.
  [[nodiscard]] std::vector<std::string> unused() const;

 private:
  struct Pattern;
  std::vector<std::shared_ptr<Pattern>> patterns_;
};

// Shell-like matching of absolute paths: ? and * stay within a component, ** does not.
bool path_matches(std::string_view pattern, std::string_view path);

}  // namespace ashlar::image
