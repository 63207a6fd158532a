// Maintainer scripts never run. This decides whether somebody has looked at what they would have done.
//
// A package's preinst and postinst are what would run once when an image is made (the others are for upgrades, removals
// and questions). Debhelper's generated blocks are known: what they do is declared in os/triggers.toml and
// os/users.toml. What is left when these, comments and empty lines are gone was written by hand; it is known by its
// SHA-256 and must be listed in os/maintainer-scripts.toml:
//
//     [[script]]
//     package = "dash"
//     script = "postinst"
//     sha256 = "…"
//     what = "makes /bin/sh a diversion of dash's"
//     replaced-by = "nothing: the link is in the package"
#pragma once

#include <map>

#include "base/digest.h"
#include "image/unpack.h"

namespace ashlar::image {

// What a person wrote of a maintainer script: without the interpreter line, debhelper's blocks, comments, empty lines,
// indentation, `set -e` and the `exit 0` at the end. Empty when nothing is left. A block that does not end is an error.
Result<std::string> handwritten_part(std::string_view script);

// The files of a .deb's control archive, by name: "control", "postinst", …
Result<std::map<std::string, std::string>> control_files(ByteView deb);

struct ScriptReview {
  std::string package;
  std::string script;  // "preinst" or "postinst"
  Sha256Digest sha256;
  std::string what;
  std::string replaced_by;
};
Result<std::vector<ScriptReview>> parse_script_reviews(std::string_view toml, std::string_view file);

struct UnreviewedScript {
  std::string package;
  std::string script;
  Sha256Digest sha256;
  std::string text;  // the hand-written part
};
Result<std::vector<UnreviewedScript>> find_unreviewed(const std::vector<PackageFile>& packages,
                                                      const std::vector<ScriptReview>& reviews);

// An error that names every unreviewed script with its hash; their hand-written parts are written to
// `remainders`/PACKAGE.SCRIPT for reading.
Status check_maintainer_scripts(const std::vector<PackageFile>& packages, const fs::path& reviews,
                                const fs::path& remainders);

}  // namespace ashlar::image
