// The `ashlar` command, and what `ashlar test` prepared for its tests.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/subprocess.h"
#include "image/cache.h"

namespace ashlar::test {

fs::path work_directory();
std::string lock_file();
fs::path core_image();
std::string keys_of(const std::string& variant);
image::TemporaryDirectory scratch();

// Runs it as the tests were built, with sanitizers. `environment` is "NAME=value".
CommandOutput ashlar(std::vector<std::string> arguments, const std::vector<std::string>& environment = {});

// What `build` writes beside an image: these, behind the image's own name.
inline constexpr std::array<const char*, 3> kAttestations = {".spdx.json", ".cdx.json", ".provenance.json"};

void expect_failure(const CommandOutput& output, int status, std::string_view said);

}  // namespace ashlar::test
