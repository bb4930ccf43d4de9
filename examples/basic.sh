#!/usr/bin/env bash
# A song becomes a film.   examples/basic.sh [OUT_FOLDER [more options of render]]
set -euo pipefail
song=$(dirname "$0")/lantern-season.mp3
out=${1:-out}
mkdir -p "$out"

suno-video render "$song" --out "$out/film.mp4" --project "$out/film.suno-video" "${@:2}"
