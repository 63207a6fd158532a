#!/bin/sh
# Builds every fuzz target with clang and runs each for a few seconds. $1: the build tree to use, $2: this repository.
set -eu
cmake -S "$2" -B "$1" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DASHLAR_FUZZ=ON -DASHLAR_SANITIZE=ON \
    -DCMAKE_CXX_COMPILER=clang++-19 >/dev/null
cmake --build "$1" --target fuzz_targets
exec ctest --test-dir "$1" -L fuzz --output-on-failure --no-tests=error
