"""What the memory of the film adds to the words and pictures of one scene, so that people and places stay the same.

What is added follows from the storyboard and from what a person wrote into `state.json`, and never from how far a run
has come: a run that died and one that did not ask for the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from suno_video.core.state import CharacterState, ProjectState
from suno_video.core.storyboard import Scene, Treatment
from suno_video.direct.prompts import LIGHTS

MAX_MEMORY_CHARS = 600
"""How much is added to a prompt."""
_TRAITS = ("face", "hair", "clothing", "age")
_LIGHTS_OF_RULES = frozenset(light for _, lights in LIGHTS for light in lights)


def prompt_with_state(scene: Scene, state: ProjectState, treatment: Treatment) -> str:
    """Write the prompt of a scene with what is remembered: who is seen, where, in what light.

    What is added has at most `MAX_MEMORY_CHARS`; where there is more to say, the longest parts are shortened. With
    nothing to add it is the scene's own prompt.
    """
    groups = [*_people(scene, state), *([words] for words in _surroundings(scene, state, treatment))]
    parts = [part for group in groups for part in group]
    if not parts:
        return scene.prompt
    short = iter(_fit(parts, MAX_MEMORY_CHARS))
    sentences = [", ".join(next(short) for _ in group) for group in groups]
    own = _recast(_own_words(scene, relit=bool(_light(scene, state))), scene, state, treatment)
    return f"{own}{'' if own.endswith(('.', '!', '?')) else '.'} {'. '.join(sentences)}"


def references_with_state(scene: Scene, state: ProjectState) -> tuple[str, ...]:
    """Name the pictures of those who are seen in a scene, each once: first who they are, then what they wear."""
    present = _present(scene, state)
    named = chain((each.base_identity_ref for each in present), (each.current_clothing_ref for each in present))
    return tuple(dict.fromkeys(name for name in named if name is not None))


def _present(scene: Scene, state: ProjectState) -> list[CharacterState]:
    found = (state.character(name) for name in dict.fromkeys(scene.who))
    return [each for each in found if each is not None]


def _people(scene: Scene, state: ProjectState) -> Iterator[list[str]]:
    for who in _present(scene, state):
        own = [_told("", words) for words in (who.age, who.face, who.hair)]
        told = [*own, _told("wearing ", who.clothing), _told("feeling ", who.emotional_state)]
        told = [words for words in told if words]
        if told:
            yield [f"{_told('', who.name)}: {told[0]}", *told[1:]]


def _surroundings(scene: Scene, state: ProjectState, treatment: Treatment) -> list[str]:
    """Place, light, camera and what must be as it was. The place only where a person changed it: the prompt has it."""
    film, place = state.environment_state, state.place(scene.motif)
    idea = place.idea if place is not None else ""
    if idea in (motif.idea for motif in treatment.motifs if motif.name == scene.motif):
        idea = ""
    angle = (place.camera_angle if place is not None else "") or film.camera_angle
    told = [
        _told("Place: ", idea),
        _told("Light: ", _light(scene, state)),
        _told("Camera: ", angle),
        _told("", scene.continuity),
    ]
    return [words for words in told if words]


def _light(scene: Scene, state: ProjectState) -> str:
    place = state.place(scene.motif)
    return (place.lighting_condition if place is not None else "") or state.environment_state.lighting_condition


def _own_words(scene: Scene, *, relit: bool) -> str:
    """The scene's own prompt; where a person sets the light, without the light that the rules chose."""
    own = scene.prompt.rstrip()
    kept = ", ".join(part for part in own.split(", ") if part not in _LIGHTS_OF_RULES) if relit else own
    return kept or own


def _recast(prompt: str, scene: Scene, state: ProjectState, treatment: Treatment) -> str:
    """Say in a prompt what a person wrote, where it says the same of somebody as the treatment did, word for word."""
    directed = {each.name: each for each in treatment.characters}
    for who in _present(scene, state):
        before = directed.get(who.name)
        for trait in _TRAITS if before is not None else ():
            old, new = getattr(before, trait).strip(), getattr(who, trait)
            if old and new and old != new:
                verbatim = new.replace("\\", r"\\")
                prompt = re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", verbatim, prompt, flags=re.IGNORECASE)
    return prompt


def _told(label: str, words: str) -> str:
    words = " ".join(words.split()).rstrip(" .")
    return f"{label}{words}" if words else ""


def _fit(parts: Sequence[str], room: int) -> list[str]:
    """Shorten the longest parts until all of them, with two characters between each, have room."""
    shares = dict.fromkeys(range(len(parts)), 0)
    # `. ` before the first one; `, ` or `. ` before each of the others.
    left = room - 2 * len(parts)
    for n_before, number in enumerate(sorted(shares, key=lambda number: len(parts[number]))):
        shares[number] = min(len(parts[number]), max(0, left) // (len(parts) - n_before))
        left -= shares[number]
    return [_shorten(part, shares[number]) for number, part in enumerate(parts)]


def _shorten(text: str, n_chars: int) -> str:
    if len(text) <= n_chars:
        return text
    cut = text[: n_chars + 1].rpartition(" ")[0] or text[:n_chars]
    return cut.rstrip(" ,;:.")
