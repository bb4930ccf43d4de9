#!/usr/bin/env bash
# Look before rendering: what was heard, and the plan with its price. Writes nothing, spends nothing.
#   examples/plan_first.sh [OUT_FOLDER [more options of storyboard]]
set -euo pipefail
song=$(dirname "$0")/lantern-season.mp3
out=${1:-out}

suno-video analyze "$song"
suno-video storyboard "$song" --dry-run --project "$out/plan.suno-video" "${@:2}"
