// What the tests work on: keys, images and tools, built before ctest starts.
#pragma once

#include <optional>
#include <string>

#include "base/fd.h"

namespace ashlar::cli {

struct TestImages {
  enum class Which { kCore, kAll };  // the dev image of the core profile; or all the tests have
  fs::path work;                     // where they go
  std::optional<std::string> mirror;
  Which which = Which::kAll;
};

// Builds what is missing and tells the suites by environment: ASHLAR_TEST_WORK, ASHLAR_TEST_LOCK (the lock that the
// archive still serves), ASHLAR_WORKSHOP (a tree of tools), ASHLAR_TEST_TOOL (this program).
Status prepare_test_images(const TestImages& images);

}  // namespace ashlar::cli
