// The root file system as a directory: packages, then triggers, then what is ours.
#pragma once

#include "image/cache.h"
#include "image/device_programs.h"
#include "image/recipe.h"
#include "image/triggers.h"

namespace ashlar::image {

struct PackageTree {
  fs::path root;
  fs::path origins;  // "path<TAB>package" lines: where every file came from
  Sha256Digest key;
  bool was_cached;
};

struct PackageTreeInputs {
  std::vector<PackageFile> packages;
  Sha256Digest packages_key;  // the hash of their hashes
  const Recipe* recipe;       // folded; its omissions apply
  fs::path os;
};

// Packages unpacked, maintainer scripts reviewed, triggers run, accounts made, every library found. Cached.
Result<PackageTree> build_package_tree(const Cache& cache, const Workshop& workshop, const PackageTreeInputs& inputs);

// A name of PID 1's program by which a service tells PID 1 something.
inline constexpr char kNotifyProgram[] = "/usr/lib/ashlar/notify";

// What is ours, laid over the packages at `tree`: os/root, the device programs and os-release.
struct Overlay {
  fs::path os;
  std::vector<DeviceProgram> programs;  // those with a place in the root are laid there
  Variant variant;
  std::string version;
  std::string profile;
  std::string exposure;  // what `ashlar audit` says of the services (exposure.h); none without services
  std::string commands;  // what services give to `sh -c`, a line each (shell.h)
};
// An error too when a program of ours is linked to what the tree does not have.
Status add_overlay(const Overlay& overlay, const fs::path& tree);
Status hash_overlay(const Overlay& overlay, InputHash& inputs);

// The content of /usr/lib/os-release (os-release(5)); also the UKI's .osrel.
std::string os_release(const Overlay& overlay);

// Makes `copy` the same tree as `original`, sharing its files by hard links: nothing of it may be written to, only
// replaced.
Status link_tree(const fs::path& original, const fs::path& copy);

}  // namespace ashlar::image
