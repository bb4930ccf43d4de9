#!/usr/bin/env bash
# Runs the README's two commands as on a machine that has Python and nothing else: a clean copy, an empty home, no
# environment variables but pip's own, and a PATH on which there is only python3 (so no system ffmpeg).
#   scripts/fresh_machine.sh [film|tests]      default: both
# FILM_OPTIONS="--preview --to 5" is added to the film command, for a quick look.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=$(python3 -c 'import sys; print(sys.executable)')  # not a version manager's shim, which needs more than itself
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/home" "$work/copy"
printf '#!/bin/sh\nexec %q "$@"\n' "$python" >"$work/bin/python3"
chmod +x "$work/bin/python3"
git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do [ -e "$file" ] && printf '%s\0' "$file"; done |
    tar --null --files-from=- -cf - | tar -xf - -C "$work/copy"

keep=()
for name in "${!PIP_@}" SSL_CERT_FILE HTTPS_PROXY https_proxy; do
    [ -n "${!name:-}" ] && keep+=("$name=${!name}")
done

run() {
    local command start=$SECONDS
    command=$("$python" scripts/readme_command.py "$1")
    [ "$1" = film ] && command="$command ${FILM_OPTIONS:-}"
    printf '== %s: %s\n' "$1" "$command"
    (cd "$work/copy" && /usr/bin/env -i ${keep[@]+"${keep[@]}"} HOME="$work/home" PATH="$work/bin" LANG=C.UTF-8 /bin/bash -ec "$command")
    printf '== %s: done in %d s\n' "$1" $((SECONDS - start))
}

case "${1:-both}" in
film | both)
    run film
    ls -l "$work/copy/examples/"*.mp4
    ;;&
tests | both) run tests ;;
esac
