// The CMake tree of the tests, which `ashlar test` compiles and runs.
#pragma once

#include "base/fd.h"

namespace ashlar::cli {

fs::path test_tree();
// Compiles everything in it, with sanitizers.
Status compile_tests();
// Where the tests' images lie, and what a person may want to look at afterwards.
fs::path test_work();

}  // namespace ashlar::cli
