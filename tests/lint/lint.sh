#!/bin/sh
# One check of the sources: format | tidy BUILD_TREE | analyze BUILD_TREE | shell | names. To be called at the top of the
# repository. Patterns are git's, not the shell's (-f).
set -euf

# Tracked files of these patterns, one a line; none at all means that git does not answer.
sources() {
    found=$(git ls-files -- "$@")
    [ -n "$found" ] || {
        echo "git lists no $*" >&2
        exit 1
    }
    printf '%s\n' "$found"
}

# No line of the repository matches; 1 is grep's answer for that, anything above is a failure of its own.
nowhere() {
    status=0
    git grep -nE "$1" -- . || status=$?
    [ "$status" -eq 1 ]
}

# clang-tidy with $2 added to its checks over those of the sources $3 that the host compiles in the tree $1. The image's
# own programs are compiled by clang with its warnings as errors.
tidy() {
    compiled=$(for f in $3; do grep -q "/$f\"" "$1/compile_commands.json" && echo "$f"; done)
    [ -n "$compiled" ]
    printf '%s\n' "$compiled" | xargs -P "$(nproc)" -n 4 clang-tidy-19 --quiet -p "$1" --checks="$2"
}

tests=':!*_test.cc :!src/image/test_*.cc'
on_the_host='src/cli/*.cc src/image/*.cc src/prove/*.cc src/vm/*.cc'
on_the_device='src/*.cc :!src/cli :!src/image :!src/prove :!src/vm'

case $1 in
format)
    files=$(sources '*.cc' '*.h')
    printf '%s\n' "$files" | xargs clang-format-19 --dry-run --Werror
    ;;
tidy)
    # The static analyzer takes two thirds of the time; here it sees what runs on the device.
    tidy "$2" '' "$(sources $on_the_device $tests)"
    tidy "$2" '-clang-analyzer-*' "$(sources $on_the_host $tests)"
    ;;
analyze)
    # The rest of it: part of the soak run.
    tidy "$2" '-*,clang-analyzer-*,-clang-analyzer-cplusplus.NewDeleteLeaks' "$(sources $on_the_host $tests)"
    ;;
shell)
    files=$(sources ashlar '*.sh' .ci/run)
    for f in $files; do sh -n "$f"; done
    ;;
names)
    # No archive's host name: the mirror comes from the host's apt configuration. Dots as classes, or this line would
    # be found itself.
    nowhere '(deb|security|ftp[.][a-z]+)[.]debian[.]org'
    ! nowhere 'verity' >/dev/null # the control
    ;;
*)
    echo "lint.sh: there is no check $1" >&2
    exit 2
    ;;
esac
