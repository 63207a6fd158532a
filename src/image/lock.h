// os/packages.lock: every package of every profile, by version, hash and place in the archive.
//
//     # Ashlar package lock, format 1. …
//     # suite trixie 2026-11-21T09:15:44Z <SHA-256 of its InRelease>
//     # profile core <SHA-256 of what its recipe asked for>
//     # name version architecture size sha256 suite path profiles
//     base-files 13.8+deb13u1 amd64 73460 <sha256> trixie pool/main/b/base-files/…_amd64.deb core,desktop
//     dash.orig 0.5.12-12 source 246054 <sha256> trixie pool/main/d/dash/dash_0.5.12.orig.tar.gz shell-source
//
// Lines are sorted by name and fields are separated by one space, so a diff of two locks reads as a list of changes.
// There is one way to write a lock: parsing and writing again gives the same bytes.
#pragma once

#include <string>
#include <vector>

#include "base/digest.h"

namespace ashlar::image {

// The architecture of an archive that belongs to a source package.
inline constexpr std::string_view kSource = "source";

struct LockedSuite {
  std::string name;         // "trixie-security"
  std::string date;         // of its InRelease, "2026-11-21T09:15:44Z"
  Sha256Digest in_release;  // hash of the signed index the packages were found through

  bool operator==(const LockedSuite&) const = default;
};

struct LockedProfile {
  std::string name;
  Sha256Digest inputs;  // resolution_inputs() of its recipe

  bool operator==(const LockedProfile&) const = default;
};

struct LockedPackage {
  std::string name;
  std::string version;
  std::string architecture;           // "amd64", "all" or "source"
  std::uint64_t size = 0;             // of the file, bytes
  Sha256Digest sha256;                // of the file
  std::string suite;                  // where it was found; one of the lock's suites
  std::string path;                   // in that suite's archive, "pool/…/bash_5.2.37-2_amd64.deb"
  std::vector<std::string> profiles;  // sorted

  bool operator==(const LockedPackage&) const = default;
};

struct Lock {
  std::vector<LockedSuite> suites;
  std::vector<LockedProfile> profiles;
  std::vector<LockedPackage> packages;

  bool operator==(const Lock&) const = default;
};

// Errors name the line. Never reads outside `text`; the input may be anything.
Result<Lock> parse_lock(ByteView text);
// The lock must be one that parse_lock would return; suites, profiles and packages are sorted here.
std::string write_lock(Lock lock);

// The packages of the profiles named, in the lock's order; an error when the lock knows one of them not.
Result<std::vector<LockedPackage>> packages_of(const Lock& lock, const std::vector<std::string>& profiles);

// One readable line for each package that came, went or changed, "foot 1.21.0-2 -> 1.21.0-3 (core, desktop)".
std::vector<std::string> diff_locks(const Lock& before, const Lock& after);

}  // namespace ashlar::image
