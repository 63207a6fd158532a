#!/bin/sh
# One check of the sources: format | tidy BUILD_TREE | shell | names. To be called at the top of the repository.
set -eu

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

case $1 in
format)
    files=$(sources '*.cc' '*.h')
    printf '%s\n' "$files" | xargs clang-format-19 --dry-run --Werror
    ;;
tidy)
    # What the host compiles. The image's own programs are compiled by clang with its warnings as errors.
    files=$(sources 'src/*.cc' ':!*_test.cc' ':!src/image/test_*.cc')
    compiled=$(for f in $files; do grep -q "/$f\"" "$2/compile_commands.json" && echo "$f"; done)
    [ -n "$compiled" ]
    printf '%s\n' "$compiled" | xargs -P "$(nproc)" -n 4 clang-tidy-19 --quiet -p "$2"
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
