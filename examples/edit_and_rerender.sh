#!/usr/bin/env bash
# Change one scene in storyboard.json and render again: only that scene (and its joins) is made anew.
#   examples/edit_and_rerender.sh [OUT_FOLDER [more options of render]]
set -euo pipefail
song=$(dirname "$0")/lantern-season.mp3
out=${1:-out}
project=$out/edited.suno-video
mkdir -p "$out"

suno-video render "$song" --out "$out/edited.mp4" --project "$project" "${@:2}"
# A person would use an editor; here the middle scene gets another seed, so that it is painted differently.
python3 - "$project/storyboard.json" <<'PYTHON'
import json, pathlib, sys

file = pathlib.Path(sys.argv[1])
board = json.loads(file.read_text(encoding="utf-8"))
scene = board["scenes"][len(board["scenes"]) // 2]
scene["seed"] += 1
file.write_text(json.dumps(board, indent=2), encoding="utf-8")
print("changed scene", scene["id"])
PYTHON
suno-video render "$song" --out "$out/edited.mp4" --project "$project" "${@:2}"
