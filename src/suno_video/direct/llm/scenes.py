"""The storyboard from a language model: asked in a few parts, laid over the scenes that rules fill."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, get_args

from suno_video.core.storyboard import MoveKind, Scene, Storyboard, TransitionKind
from suno_video.direct.lint import cut_text, find_faults, mend_prompt
from suno_video.direct.llm.places import Place, place_row
from suno_video.direct.llm.question import Adviser, NoAnswer, Question
from suno_video.direct.llm.shapes import SceneIdea, SceneIdeas
from suno_video.direct.llm.template import fill_template
from suno_video.direct.marks import bar_length_s
from suno_video.direct.motion import size_transition
from suno_video.direct.rules import Draft
from suno_video.direct.words import words_of_shots

SCENES_A_QUESTION = 60
"""As many as a model answers with care; a song of four minutes has about forty."""

MAX_QUESTIONS = 8
"""However long the song: an hour's further scenes are written by rules, from the ideas of the treatment."""

MAX_PLACE_WORDS = 200
TOKENS_A_SCENE = 220
"""What a scene takes in an answer at most, in our experience of the lengths that are asked for."""


@dataclass(frozen=True)
class PromptHabits:
    """How the models that will paint want to be talked to."""

    max_chars: int = 600
    keywords: bool = False
    """Whether they read keywords rather than sentences (CLIP, as in SDXL)."""
    reads_negative: bool = False

    def as_words(self) -> dict[str, Any]:
        """Tell of them, for a template."""
        return {
            "n_words": max(12, self.max_chars // 8),
            "manner": "keywords divided by commas" if self.keywords else "one or two plain sentences",
            "negative": (
                "The model takes a negative prompt: say in `avoid` what a scene must not show."
                if self.reads_negative
                else "The model takes no negative prompt: say only what is seen, and leave `avoid` empty."
            ),
        }


@dataclass(frozen=True)
class Ideas:
    """What a director said of the scenes, as far as it was heard."""

    scenes: Mapping[int, SceneIdea]
    """By number of the place at which they begin."""
    n_asked: int = 0
    unanswered: str = ""
    """Why there is nothing for some parts; empty when there is."""
    is_cut_short: bool = False
    """Whether the model stopped answering before it was through."""


def ask_for_scenes(draft: Draft, places: Sequence[Place], adviser: Adviser, habits: PromptHabits) -> Ideas:
    """Ask for the scenes of the filmed part. What is not answered is left to rules, and never a reason to fail.

    Raises:
        NoAnswer: Not even the first part was answered.
    """
    found: dict[int, SceneIdea] = {}
    parts = list(parts_of(draft, places))
    for n_asked, part in enumerate(parts[:MAX_QUESTIONS]):
        try:
            answer = adviser.ask(scenes_question(draft, part, habits, so_far=list(found.values())[-3:]))
        except NoAnswer as exc:
            if not found:
                raise
            return Ideas(found, n_asked, exc.words, is_cut_short=True)
        known = {place.number for place in part}
        for idea in answer.scenes:
            if idea.cut in known:
                found.setdefault(idea.cut, idea)
    left = "the song has more scenes than are asked for" if len(parts) > MAX_QUESTIONS else ""
    return Ideas(found, min(len(parts), MAX_QUESTIONS), left)


def parts_of(draft: Draft, places: Sequence[Place]) -> Iterator[list[Place]]:
    """Divide the places that are filmed into parts of whole sections, with as many scenes as a question may have."""
    filmed = [p for p in places if p.shot.end_frame > draft.first_frame and p.frame < draft.end_frame]
    sections: dict[int, list[Place]] = defaultdict(list)
    for place in filmed:
        sections[place.shot.section].append(place)
    part: list[Place] = []
    for own in sections.values():
        # A section that is too much for one question is asked about in pieces.
        for start in range(0, len(own), SCENES_A_QUESTION):
            piece = own[start : start + SCENES_A_QUESTION]
            if part and _n_cuts(part) + _n_cuts(piece) > SCENES_A_QUESTION:
                yield part
                part = []
            part = [*part, *piece]
    if part:
        yield part


def scenes_question(
    draft: Draft, part: Sequence[Place], habits: PromptHabits, *, so_far: Sequence[SceneIdea] = ()
) -> Question[SceneIdeas]:
    """Ask for the scenes of one part of the film."""
    shots = tuple(replace(place.shot, number=place.number) for place in part)
    ends = [*(shot.start_frame for shot in shots[1:]), shots[-1].end_frame]
    spans = tuple(
        replace(shot, end_frame=max(end, shot.start_frame + 1)) for shot, end in zip(shots, ends, strict=True)
    )
    words = words_of_shots(spans, draft.song.lyrics, draft.analysis, draft.grid.fps)
    treatment = draft.treatment
    prompt = fill_template(
        "storyboard",
        habits=habits.as_words(),
        treatment={
            "logline": treatment.logline,
            "world": treatment.world,
            "characters": [character.model_dump(exclude={"reference"}) for character in treatment.characters],
            "motifs": {motif.name: motif.idea for motif in treatment.motifs},
            "camera": treatment.camera_language,
            "style": treatment.style_words,
            "never_show": treatment.never_show,
        },
        places=[
            place_row(draft, place, said.hinted[:MAX_PLACE_WORDS]) for place, said in zip(part, words, strict=True)
        ],
        longest_s=draft.longest_s,
        so_far=[idea.picture for idea in so_far],
        moves=get_args(MoveKind),
        transitions=get_args(TransitionKind),
    )
    check = _Check(part, draft.song.artist)
    return Question(
        "storyboard",
        prompt.version,
        prompt.system,
        prompt.text,
        SceneIdeas,
        check=check.faults,
        max_tokens=1024 + TOKENS_A_SCENE * (_n_cuts(part) + 10),
    )


class _Check:
    """Looks through an answer. Prompts with faults are sent back once; after that they are mended here."""

    def __init__(self, part: Sequence[Place], artist: str | None) -> None:
        self._part, self._artist = part, artist
        self._was_lenient = False

    def faults(self, answer: SceneIdeas) -> list[str]:
        known = {place.number for place in self._part}
        faults = []
        strange = sorted({idea.cut for idea in answer.scenes} - known)
        heard = [idea for idea in answer.scenes if idea.cut in known and idea.picture]
        if 2 * len(heard) < sum(place.opens_section for place in self._part) or not heard:
            named = f" {strange[:10]} are no places." if strange else ""
            faults.append(f"Too few scenes begin at the places given (numbers {min(known)} to {max(known)}).{named}")
        if not self._was_lenient:
            self._was_lenient = True
            faults += [
                f"Scene at {idea.cut}: {fault}"
                for idea in heard
                for fault in find_faults(idea.picture, artist=self._artist)
            ][:20]
        return faults


def dress_scenes(
    board: Storyboard, draft: Draft, places: Sequence[Place], ideas: Ideas, habits: PromptHabits
) -> Storyboard:
    """Give the scenes of a finished board what a director said of them. Their times, seeds and painters stay."""
    by_frame = {place.frame: place.number for place in places}
    names = {character.name.casefold(): character.name for character in draft.treatment.characters}
    scenes: list[Scene] = []
    for number, scene in enumerate(board.scenes):
        # The first scene of a part of the song may begin before the part does.
        first = draft.first_frame if number == 0 else scene.start_frame
        frame = max((f for f in by_frame if f <= first), default=first) if number == 0 else first
        idea = ideas.scenes.get(by_frame.get(frame, -1))
        scenes.append(_dressed(scene, idea, draft, habits, names) if idea is not None else scene)
    joined = [
        _joined(scene, before, ideas.scenes.get(by_frame.get(scene.start_frame, -1)), draft)
        for scene, before in zip(scenes, [None, *scenes], strict=False)
    ]
    return Storyboard.model_validate(board.model_dump() | {"scenes": tuple(scene.model_dump() for scene in joined)})


def _dressed(scene: Scene, idea: SceneIdea, draft: Draft, habits: PromptHabits, names: Mapping[str, str]) -> Scene:
    treatment, artist = draft.treatment, draft.song.artist
    style = cut_text(treatment.style_words, habits.max_chars // 3)
    room = habits.max_chars - len(style) - 2
    picture = mend_prompt(idea.picture, artist=artist, max_chars=max(40, room))
    if not picture:
        return scene
    never = [*treatment.never_show, *([idea.avoid] if idea.avoid and not _odd(idea.avoid) else [])]
    who = [names[name.casefold()] for name in idea.who if name.casefold() in names]
    lyrics = draft.song.lyrics
    known_words = lyrics is not None and any(line.is_sure for line in lyrics.timed_lines)
    return scene.model_copy(
        update={
            "prompt": f"{picture.rstrip('.,; ')}, {style}" if style else picture,
            "negative_prompt": cut_text(", ".join([scene.negative_prompt, *never]).strip(", "), 300),
            "motion": scene.motion.model_copy(update={"move": idea.move}) if idea.move else scene.motion,
            "who": tuple(dict.fromkeys(who)),
            "continuity": mend_prompt(idea.continuity, artist=artist, max_chars=200),
            # Whether words are sung here is ours to know where they are timed; who is seen to sing is the director's.
            "sung": idea.sung and (scene.sung or (not known_words and scene.lyrics is not None)),
        }
    )


def _joined(scene: Scene, before: Scene | None, idea: SceneIdea | None, draft: Draft) -> Scene:
    """Enter a scene as the director said, as long as the beat and the shorter of the two scenes allow."""
    if before is None or idea is None or idea.transition is None or idea.transition == scene.transition.kind:
        return scene
    shortest = min(before.n_frames, scene.n_frames)
    beat_s = bar_length_s(draft.analysis) / draft.analysis.beats_per_bar
    return scene.model_copy(update={"transition": size_transition(idea.transition, shortest, beat_s, draft.grid.fps)})


def _odd(words: str) -> bool:
    return any("text" not in fault.reason for fault in find_faults(words))


def _n_cuts(places: Sequence[Place]) -> int:
    return sum(place.is_cut for place in places)


def habits_as_text(habits: PromptHabits) -> str:
    """Write habits down, for the note on what a storyboard was made from."""
    return ", ".join(f"{name} {value}" for name, value in asdict(habits).items())
