#!/usr/bin/env bash
# The first chorus as a vertical short, then a check against the limits of the platform.
#   examples/vertical_short.sh [OUT_FOLDER [more options of render]]
set -euo pipefail
song=$(dirname "$0")/lantern-season.mp3
out=${1:-out}
mkdir -p "$out"

suno-video render "$song" --size 9:16 --from 0:31 --to 0:46.4 --out "$out/short.mp4" --project "$out/short.suno-video" "${@:2}"
suno-video check "$out/short.mp4" --for shorts
