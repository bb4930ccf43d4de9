"""The memory of a film: what a person writes stays, what runs write tiles the film, and prompts know no progress."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from suno_video.core.character import Character
from suno_video.core.errors import BadEditError
from suno_video.core.events import Event, Warned
from suno_video.core.state import ProjectState
from suno_video.core.storyboard import Motif, Storyboard, Treatment
from suno_video.direct.continuity import MAX_MEMORY_CHARS, prompt_with_state, references_with_state
from suno_video.pipeline.footing import Footing
from suno_video.pipeline.remembering import Fate, StateKeeper
from suno_video.project.memory import begin_state, load_state, recall_state, renew_state
from suno_video.project.takes import Take, TakeReceipt
from suno_video.project.workspace import Project
from tests.unit.songs import PALETTE, scene, storyboard_of

MARA = Character(name="Mara", face="freckles", hair="black bob", clothing="red coat", age="thirty", notes="limps")
IVO = Character(name="Ivo", face="grey beard", clothing="oilskin")
PICTURE = "character_state.0.base_identity_ref"
SESSION = "0123456789abcdef"


def board_of(*characters: Character, **changes: Any) -> Storyboard:
    """Three scenes: Mara, Mara and Ivo, nobody."""
    motif = Motif(name="m", families=("nebula",), idea="a harbour at night", palette=PALETTE)
    treatment = Treatment(
        logline="a test", look="test", moods=("calm",), palette=PALETTE, motifs=(motif,), characters=characters
    )
    scenes = (
        scene(1, 0, 60, who=("Mara",), prompt="Mara walks to the pier"),
        scene(2, 60, 100, who=("Mara", "Ivo"), prompt="They meet.", continuity="her sleeve is torn"),
        scene(3, 100, 240),
    )
    return storyboard_of(*scenes, treatment=treatment, **changes)


BOARD = board_of(MARA, IVO)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "song.suno-video").create()


def edit(project: Project, **changes: Any) -> None:
    """Change Mara by hand."""
    state = json.loads(project.state_file.read_text(encoding="utf-8"))
    state["character_state"][0].update(changes)
    project.state_file.write_text(json.dumps(state, indent=4), encoding="utf-8")


def prompts(state: ProjectState, board: Storyboard = BOARD) -> list[str]:
    return [prompt_with_state(each, state, board.treatment) for each in board.scenes]


def take(fingerprint: str, kind: str = "clip") -> Take:
    receipt = TakeReceipt.model_validate(
        {"scene": "s001", "kind": kind, "fingerprint": fingerprint, "file": "x", "sha256": "", "backend": "fake"}
        | {"prompt": "", "seed": 1, "seconds": 0}
    )
    return Take(Path("x"), receipt)


def test_the_memory_begins_as_the_storyboard_says() -> None:
    state = begin_state(BOARD, SESSION)
    mara = state.character("Mara")
    assert mara is not None
    assert (mara.face, mara.hair, mara.clothing, mara.age) == ("freckles", "black bob", "red coat", "thirty")
    assert [entry.timestamp_range for entry in state.timeline] == [(0.0, 2.0), (2.0, 3.333), (3.333, 8.0)]
    assert state.timeline[1].who == ("Mara", "Ivo")
    assert {entry.status for entry in state.timeline} == {"planned"}
    assert state.timeline[0].audio_segment == "verse, bar 1"


def test_a_memory_can_be_read_again_and_renewing_it_changes_nothing() -> None:
    state = begin_state(BOARD, SESSION)
    assert ProjectState.from_json(state.to_json()) == state
    assert renew_state(state, BOARD) == state


def test_models_are_told_who_is_seen_and_nobody_else() -> None:
    first, second, third = prompts(begin_state(BOARD, SESSION))
    assert first == "Mara walks to the pier. Mara: thirty, freckles, black bob, wearing red coat"
    assert second.startswith("They meet. Mara: thirty")
    assert second.endswith(". Ivo: grey beard, wearing oilskin. her sleeve is torn")
    assert third == BOARD.scenes[2].prompt


def test_what_a_model_wrote_on_many_lines_is_one() -> None:
    board = board_of(MARA.model_copy(update={"face": "freckles\n\x00{", "hair": "bob\u2028"}))
    assert prompts(begin_state(board, SESSION), board)[0].endswith(". Mara: thirty, freckles {, bob, wearing red coat")


def test_a_film_of_rules_is_told_nothing_new() -> None:
    board = board_of()
    state = begin_state(board, SESSION)
    plain = board.scenes[0].model_copy(update={"who": (), "continuity": ""})
    assert prompt_with_state(plain, state, board.treatment) == plain.prompt


def test_light_and_camera_of_a_place_come_before_those_of_the_film() -> None:
    state = begin_state(BOARD, SESSION)
    place = state.environment_state.places[0].model_copy(update={"lighting_condition": "sodium lamps."})
    film = {"lighting_condition": "noon", "camera_angle": "from below", "places": (place,)}
    lit = state.model_copy(update={"environment_state": state.environment_state.model_copy(update=film)})
    assert prompts(lit)[2] == f"{BOARD.scenes[2].prompt}. Light: sodium lamps. Camera: from below"


def test_the_light_that_the_rules_chose_gives_way_to_a_person_s() -> None:
    board = storyboard_of(scene(1, 0, 60, prompt="A pier, hard light from above, 24mm lens"))
    state = begin_state(board, SESSION)
    film = state.environment_state.model_copy(update={"lighting_condition": "dusk"})
    lit = state.model_copy(update={"environment_state": film})
    assert prompts(state, board) == ["A pier, hard light from above, 24mm lens"]
    assert prompts(lit, board) == ["A pier, 24mm lens. Light: dusk"]


def test_a_place_is_told_only_where_a_person_changed_it() -> None:
    state = begin_state(BOARD, SESSION)
    place = state.environment_state.places[0].model_copy(update={"idea": "a dry harbour"})
    film = state.environment_state.model_copy(update={"places": (place,)})
    assert "harbour" not in prompts(state)[2]
    assert prompts(state.model_copy(update={"environment_state": film}))[2].endswith("Place: a dry harbour")


def test_no_prompt_depends_on_how_far_a_run_has_come(project: Project) -> None:
    state = recall_state(project, BOARD, write=True)
    keeper = StateKeeper(project, state, lambda event: None)
    footing = Footing(clips={"s001": take("ab" * 32)})
    for number in (1, 2, 3):
        keeper.note(f"s{number:03d}", footing, Fate("stand-in", "procedural"))
        later = recall_state(project, BOARD, write=False)
        assert later == keeper.state
        assert prompts(later) == prompts(state)
    assert later.environment_state.current_scene_ref == "s003"
    assert later.timeline[0].clip_take == "ab" * 32


@given(
    words=st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=200), min_size=8
    )
)
def test_a_prompt_grows_within_bounds_and_keeps_its_own_words(words: list[str]) -> None:
    people = [Character(name=f"P{n}", face=each, hair=words[0], clothing=each) for n, each in enumerate(words)]
    board = board_of(*people)
    wanted = board.scenes[1].model_copy(update={"who": tuple(each.name for each in people), "continuity": words[0]})
    state = begin_state(board, SESSION)
    told = prompt_with_state(wanted, state, board.treatment)
    assert told.startswith("They meet.")
    assert len(told) <= len(wanted.prompt) + MAX_MEMORY_CHARS  # nobody edited anything
    assert told == prompt_with_state(wanted, renew_state(state, board), board.treatment)


def test_when_there_is_much_to_say_the_short_things_stay_whole() -> None:
    board = board_of(MARA.model_copy(update={"face": "a face " * 28, "hair": "a plait " * 25}))
    told = prompts(begin_state(board, SESSION), board)[1]
    assert "wearing red coat" in told and "her sleeve is torn" in told


def test_an_edit_stays_and_changes_only_the_prompts_that_it_concerns(project: Project) -> None:
    before = prompts(recall_state(project, BOARD, write=True))
    edit(project, clothing="yellow raincoat", emotional_state="weary")
    after = prompts(recall_state(project, BOARD, write=True))
    assert [old != new for old, new in zip(before, after, strict=True)] == [True, True, False]
    assert "wearing yellow raincoat, feeling weary" in after[0]


def test_a_prompt_that_names_what_she_wore_names_what_she_wears(project: Project) -> None:
    first = scene(1, 0, 60, who=("Mara",), prompt="A woman in a Red coat, by a red coated boat")
    board = BOARD.model_copy(update={"scenes": (first, *BOARD.scenes[1:])})
    assert prompts(recall_state(project, board, write=True), board)[0].startswith(first.prompt)
    edit(project, clothing=r"\1 cape")
    told = prompts(recall_state(project, board, write=True), board)[0]
    assert told.startswith(r"A woman in a \1 cape, by a red coated boat. Mara: ")


def test_a_new_storyboard_changes_what_nobody_touched(project: Project) -> None:
    recall_state(project, BOARD, write=True)
    edit(project, clothing="yellow raincoat")
    board = board_of(MARA.model_copy(update={"hair": "shaved", "clothing": "blue coat"}), Character(name="Ana"))
    state = recall_state(project, board, write=True)
    mara = state.character("Mara")
    assert mara is not None
    assert (mara.hair, mara.clothing) == ("shaved", "yellow raincoat")
    # Ivo was not touched, and is not in the film any more.
    assert [each.name for each in state.character_state] == ["Mara", "Ana"]
    assert recall_state(project, board, write=True) == state


def test_who_was_added_or_taken_out_by_hand_stays_so(project: Project) -> None:
    recall_state(project, BOARD, write=True)
    state = json.loads(project.state_file.read_text(encoding="utf-8"))
    state["character_state"] = [state["character_state"][0], {"name": "Dog", "hair": "wet"}]
    project.state_file.write_text(json.dumps(state), encoding="utf-8")
    for _ in range(2):
        names = [each.name for each in recall_state(project, BOARD, write=True).character_state]
        assert names == ["Mara", "Dog"]


def test_what_is_finished_is_remembered_for_the_same_span_only(project: Project) -> None:
    keeper = StateKeeper(project, recall_state(project, BOARD, write=True), lambda event: None)
    for number in (1, 2):
        keeper.note(f"s{number:03d}", Footing(), Fate("done", "fake"))
    first, second, third = BOARD.scenes
    moved = (first, second.model_copy(update={"end_frame": 110}), third.model_copy(update={"start_frame": 110}))
    state = recall_state(project, BOARD.model_copy(update={"scenes": moved}), write=True)
    assert [entry.status for entry in state.timeline] == ["done", "planned", "planned"]
    assert state.session_id == keeper.state.session_id


def test_an_edit_during_a_run_stays_and_the_run_goes_on_as_it_began(project: Project) -> None:
    keeper = StateKeeper(project, recall_state(project, BOARD, write=True), lambda event: None, lambda take: 0.75)
    edit(project, clothing="yellow raincoat")
    keeper.note("s001", Footing(clips={"s001": take("ab" * 32)}), Fate("done", "fake"))
    on_disk, ours = ProjectState.load(project.state_file).character("Mara"), keeper.state.character("Mara")
    assert on_disk and on_disk.clothing == "yellow raincoat"
    assert ours and ours.clothing == "red coat"
    written = ProjectState.load(project.state_file).timeline[0]
    assert (written.status, written.played_by, written.review_score) == ("done", "fake", 0.75)


def test_a_file_that_is_broken_during_a_run_is_left_as_it_is_and_told_once(project: Project) -> None:
    events: list[Event] = []
    keeper = StateKeeper(project, recall_state(project, BOARD, write=True), events.append)
    project.state_file.write_text('{"version": 1,\n "session', encoding="utf-8")
    for number in (1, 2):
        keeper.note(f"s{number:03d}", Footing(), Fate("done", "fake"))
    assert project.state_file.read_text(encoding="utf-8") == '{"version": 1,\n "session'
    (told,) = [event for event in events if isinstance(event, Warned)]
    assert "line 2" in told.text
    assert keeper.state.timeline[1].status == "done"


def test_nothing_is_written_when_nothing_has_changed(project: Project) -> None:
    keeper = StateKeeper(project, recall_state(project, BOARD, write=True), lambda event: None)
    keeper.note("s001", Footing(), Fate("done", "fake"))
    before = project.state_file.stat()
    keeper.note("s001", Footing(), Fate("done", "fake"))
    keeper.note("s001+s002", Footing(), Fate("done", "fake"))  # a join is no scene
    recall_state(project, BOARD, write=True)
    assert project.state_file.stat().st_mtime_ns == before.st_mtime_ns


def test_nothing_is_left_where_nothing_may_be_written(project: Project) -> None:
    assert prompts(recall_state(project, BOARD, write=False)) == prompts(begin_state(BOARD, SESSION))
    assert not project.state_file.exists()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"clothing": "red coat"', '"clothes": "red coat"', "character_state.0.clothes: Extra inputs"),
        ('"face": "freckles"', '"face": "' + "x" * 201 + '"', "character_state.0.face: String should have at most"),
        ('"hair": "black bob"', '"hair": "a\\nb"', "character_state.0.hair: String should match pattern"),
        ('"name": "Ivo"', '"name": "Mara"', "character_state: Value error, two characters have the name 'Mara'"),
        ('"name": "Ivo"', '"name": ""', "character_state.1.name: String should have at least 1 character"),
        (
            '"base_identity_ref": null',
            '"base_identity_ref": "../me.png"',
            "character_state.0.base_identity_ref: String",
        ),
        (
            '"base_identity_ref": null',
            '"base_identity_ref": "me.png"',
            "character_state.0.base_identity_ref: references/",
        ),
        ('"timestamp_range": [', '"timestamp_range": [-1,', "timeline.0.timestamp_range"),
        (
            "        3.333\n",
            "        3.4\n",
            "timeline: Value error, the timeline must tile the film: s003 begins at 3.333 s",
        ),
        ('"scene": "s002"', '"scene": "s001"', "timeline: Value error, two entries have the name 's001'"),
        ('"version": 1', '"version": 2', "version: Input should be 1"),
    ],
)
def test_a_broken_edit_names_its_line(project: Project, old: str, new: str, reason: str) -> None:
    recall_state(project, BOARD, write=True)
    text = project.state_file.read_text(encoding="utf-8")
    assert old in text
    project.state_file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadEditError) as refused:
        recall_state(project, BOARD, write=True)
    # Of a list that does not fit as a whole, the line on which it begins.
    part = f'"{reason.partition(":")[0]}"' if "Value error" in reason else old.strip().split("\n")[0]
    lines = text.splitlines()
    number = next(n for n, line in enumerate(lines, start=1) if part in line)
    assert any(told.startswith(f"line {number}: {reason}") for told in refused.value.reasons), refused.value.reasons


def test_pictures_of_who_is_seen_are_shown_each_once(project: Project) -> None:
    project.references.mkdir()
    Image.new("RGB", (8, 8), (9, 9, 9)).save(project.references / "mara.png")
    recall_state(project, BOARD, write=True)
    edit(project, base_identity_ref="mara.png", current_clothing_ref="mara.png")
    state = load_state(project.state_file, project.references)
    assert [references_with_state(each, state) for each in BOARD.scenes] == [("mara.png",), ("mara.png",), ()]
