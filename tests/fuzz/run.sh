#!/bin/sh
# Builds every fuzz target and runs each for a few seconds. $1: the build tree to use, $2: this repository.
set -eu
"$2/tests/fuzz/build.sh" "$1" "$2" fuzz_targets
exec ctest --test-dir "$1" -L fuzz --parallel "$(nproc)" --output-on-failure --no-tests=error
