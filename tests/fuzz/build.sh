#!/bin/sh
# Compiles fuzz targets with clang: the one place that says how. $1: the build tree, $2: this repository, $3: what to
# build, "fuzz_targets" for all of them or "fuzz_NAME" for one.
set -eu
cmake -S "$2" -B "$1" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DCMAKE_CXX_FLAGS_RELWITHDEBINFO='-O1 -g1' -DASHLAR_FUZZ=ON -DASHLAR_SANITIZE=ON \
    -DCMAKE_CXX_COMPILER=clang++-19 >/dev/null
exec cmake --build "$1" --target "$3"
