"""A language model directs: treatment and storyboard, on the cut grid and with the painters of the rules."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from suno_video.core.analysis import SongAnalysis
from suno_video.core.brief import Brief
from suno_video.core.song import Song
from suno_video.core.storyboard import Storyboard
from suno_video.direct.llm.places import places_of, recut
from suno_video.direct.llm.question import Adviser
from suno_video.direct.llm.scenes import PromptHabits, ask_for_scenes, dress_scenes
from suno_video.direct.llm.template import template_version
from suno_video.direct.llm.treatment import ask_for_treatment
from suno_video.direct.rules import draft_by_rules, finish_draft
from suno_video.direct.timing import time_cuts

DIRECTOR = "llm 2"
USUAL_HABITS = PromptHabits()


@dataclass(frozen=True)
class Directed:
    """A storyboard, and what a person should know of how it came about."""

    storyboard: Storyboard
    note: str = ""
    """What was left to rules, and why; empty when nothing was."""
    is_cut_short: bool = False
    """Whether the model stopped answering before it was through."""


def direct_by_llm(
    song: Song,
    analysis: SongAnalysis,
    brief: Brief,
    adviser: Adviser,
    *,
    families: frozenset[str],
    looks_folder: Path | None = None,
    longest_s: float | None = None,
    cover: Path | None = None,
    vibe: dict[str, Any] | None = None,
    habits: PromptHabits = USUAL_HABITS,
) -> Directed:
    """Direct a film with a language model. Whatever it answers, the scenes tile the song on our cut grid.

    Args:
        families: Scene families that the embedded renderer can play.
        looks_folder: Where the user keeps looks of their own.
        longest_s: The longest clip that the video backend makes; None when any length will do.
        cover: The cover picture, a PNG.
        vibe: What a model that listened said, as plain data.
        habits: How the models that paint want to be talked to.

    Raises:
        NoAnswer: The model gives no usable treatment, or not one scene: rules should direct.
        UsageError, BadEditError: As `direct_by_rules` does.
    """
    # 1. What rules would do: the look, the cuts, the painters
    draft = draft_by_rules(song, analysis, brief, families=families, looks_folder=looks_folder, longest_s=longest_s)

    # 2. The idea of the film
    draft = ask_for_treatment(draft, adviser, cover=cover, vibe=vibe)

    # 3. Where the scenes begin and what they show
    places = places_of(draft)
    ideas = ask_for_scenes(draft, places, adviser, habits)

    # 4. Cut there, let rules fill every scene, and lay the ideas over them
    chosen: dict[int, set[int]] = defaultdict(set)
    by_number = {place.number: place for place in places}
    for number in ideas.scenes:
        chosen[by_number[number].shot.section].add(number)
    cut = replace(draft, shots=recut(draft, places, chosen))
    board = finish_draft(cut, f"{DIRECTOR} {adviser.name}")
    dressed = dress_scenes(board, cut, places, ideas, habits)
    n_left = sum(scene.prompt == plain.prompt for scene, plain in zip(dressed.scenes, board.scenes, strict=True))
    note = f"rules wrote {n_left} of {len(board.scenes)} scenes" if n_left else ""
    if ideas.unanswered:
        note = f"{note or 'the director was not asked for everything'}: {ideas.unanswered}"
    return Directed(time_cuts(dressed, song, analysis, brief.timing), note, ideas.is_cut_short)


def director_version(adviser: Adviser) -> str:
    """Name this director with the versions of what it asks: another one for every change that would show."""
    return ", ".join([DIRECTOR, adviser.name, template_version("treatment"), template_version("storyboard")])
