#!/bin/sh
# Stands in for the kernel's script of the same name (make gen-randstruct-seed=…), which asks /dev/urandom: the seed is
# the build tool's, in ./ashlar.seed, 64 hexadecimal digits, so that the same inputs give the same kernel.
set -eu
seed=$(cat ashlar.seed)
case $seed in
*[!0-9a-f]*) echo "ashlar.seed: not hexadecimal" >&2; exit 1 ;;
esac
[ ${#seed} -eq 64 ] || { echo "ashlar.seed: ${#seed} digits, 64 expected" >&2; exit 1; }
echo "$seed" > "$1"
hash=$(printf %s "$seed" | sha256sum | cut -d" " -f1)
echo "#define RANDSTRUCT_HASHED_SEED \"$hash\"" > "$2"
