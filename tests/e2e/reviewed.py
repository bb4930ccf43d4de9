"""The program with a director that answers from a script: `python -m tests.e2e.reviewed render song.wav ...`.

It finds the first take of each scene that `REVIEW_DISLIKES` names wanting, and every take in its place good. Each
question is added to the file `REVIEW_LOG` as a line: scene and whether it was a retake.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from pathlib import Path
from typing import Any

from suno_video.cli.app import main
from suno_video.direct.llm.question import NoAnswer, Question
from suno_video.pipeline import advising
from tests.unit.critics import Scripted

BETTER = "a lantern in the snow, wide lens"
_lock = threading.Lock()


def answer(question: Question[Any], number: int) -> dict[str, Any] | NoAnswer:
    scene = re.search(r"Scene (s\d+)", question.prompt)
    assert scene is not None
    is_retake = BETTER in question.prompt.partition("The prompt of the storyboard")[0]
    with _lock, Path(os.environ["REVIEW_LOG"]).open("a", encoding="utf-8") as log:
        log.write(f"{scene[1]} {'again' if is_retake else 'first'}\n")
    liked = is_retake or scene[1] not in os.environ.get("REVIEW_DISLIKES", "").split(",")
    score = 0.9 if liked else 0.1
    return {
        "prompt": score,
        "character": None,
        "mood": score,
        "energy": score,
        "reason": "the light is right" if liked else "there is no light in it",
        "better_prompt": "" if liked else BETTER,
    }


if __name__ == "__main__":
    setattr(advising, "make_adviser", lambda *args, **more: Scripted(answer))  # noqa: B010
    main(sys.argv[1:])
