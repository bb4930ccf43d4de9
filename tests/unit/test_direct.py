"""The idea of the film: motifs, growth, colours, prompts, title, transitions."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suno_video.core.brief import Brief
from suno_video.core.errors import UsageError
from suno_video.core.song import LyricLine, Lyrics
from suno_video.core.storyboard import Scene, Storyboard
from suno_video.direct import palettes
from suno_video.direct.casting import FAMILY_PARAMS, LIVELY, RICHER
from suno_video.direct.looks import load_looks
from suno_video.direct.prompts import imagery_in
from suno_video.direct.rules import direct_by_rules
from suno_video.direct.treatment import SPREAD, TURN_DEG, _palette_for, _turn_for
from suno_video.direct.worlds import WORLDS
from tests.unit.direct_songs import FAMILIES, analyses, song_in_bars, song_of

BANNED = re.compile(
    r"\b(beats?|downbeats?|bpm|tempo|songs?|music|musical|rhythm|chorus|verse|lyrics?|sings?|singing|logo|watermark|text|"
    r"caption|title|subtitles?|in the style of)\b",
    re.IGNORECASE,
)


def storyboard_for(analysis, lines=(), *, song=None, **brief) -> Storyboard:
    return direct_by_rules(song or song_of(analysis, lines), analysis, Brief(**brief), families=FAMILIES)


def scenes_of(storyboard: Storyboard, label: str) -> dict[int, list[Scene]]:
    """Scenes by section, of the sections with that label, in order."""
    found: dict[int, list[Scene]] = {}
    for scene in storyboard.scenes:
        if scene.section_label == label:
            found.setdefault(scene.section, []).append(scene)
    return found


def test_the_same_song_gives_the_same_bytes():
    analysis = song_in_bars()
    assert storyboard_for(analysis).to_json() == storyboard_for(analysis).to_json()


def test_another_song_or_another_seed_gives_another_film():
    analysis = song_in_bars()
    first = storyboard_for(analysis, look="neon")
    reseeded = storyboard_for(analysis, look="neon", seed=5)
    other = song_in_bars(song_sha256="99" * 32)
    assert reseeded.seed == 5
    assert len({board.to_json() for board in (first, reseeded, storyboard_for(other, look="neon"))}) == 3


def test_a_storyboard_survives_the_way_through_its_file():
    storyboard = storyboard_for(song_in_bars())
    assert Storyboard.from_json(storyboard.to_json()) == storyboard


def test_a_chorus_comes_back_to_its_own_motif_and_grows():
    choruses = list(scenes_of(storyboard_for(song_in_bars()), "chorus").values())
    assert {scene.motif for scenes in choruses for scene in scenes} == {"chorus"}
    assert [scenes[0].growth for scenes in choruses] == [0.0, 0.5, 1.0]
    assert len({scenes[0].family for scenes in choruses}) == 1
    assert [scenes[0].why.split(", ", 1)[1] for scenes in choruses] == [
        "chorus begins",
        "chorus returns (second time), larger",
        "chorus returns (third time), larger",
    ]


def test_the_outro_returns_to_the_picture_of_the_intro_and_is_calmer():
    storyboard = storyboard_for(song_in_bars())
    intro, outro = storyboard.scenes[0], storyboard.scenes[-1]
    assert outro.motif == intro.motif == "intro"
    assert outro.energy < intro.energy
    assert outro.motion.on_beat < intro.motion.on_beat


def test_a_drop_changes_the_world_and_a_bridge_turns_the_colours_over():
    plan = (("intro", "A", 0.2, 8), ("verse", "B", 0.5, 16), ("drop", "C", 1.0, 16), ("bridge", "D", 0.4, 8))
    motifs = {m.name: m for m in storyboard_for(song_in_bars(plan), look="neon").treatment.motifs}
    assert not set(motifs["drop"].families) & set(motifs["verse B"].families)
    assert motifs["drop"].palette != motifs["verse B"].palette
    assert motifs["bridge"].palette == palettes.turn_over(load_looks()["neon"].palette)


def test_verses_that_sound_alike_share_a_motif_and_others_do_not():
    plan = (("verse", "A", 0.4, 8), ("verse", "A", 0.4, 8), ("verse", "B", 0.4, 8))
    scenes = storyboard_for(song_in_bars(plan)).scenes
    assert [next(s.motif for s in scenes if s.section == k) for k in range(3)] == ["verse A", "verse A", "verse B"]


def test_a_section_that_goes_on_in_the_next_one_is_no_return():
    plan = (("build", "A", 0.4, 8), ("build", "B", 0.8, 8), ("drop", "C", 1.0, 8), ("build", "A", 0.4, 8))
    storyboard = storyboard_for(song_in_bars(plan))
    openings = [next(s for s in storyboard.scenes if s.section == k) for k in range(4)]
    assert [s.growth for s in openings] == [0.0, 0.0, 0.0, 0.35]
    assert openings[1].why == "downbeat of bar 9, build goes on"
    assert openings[3].why == "downbeat of bar 25, build returns (second time), larger, 1 frame early"


def test_a_song_without_known_parts_still_has_three_pictures():
    storyboard = storyboard_for(song_in_bars((("other", "A", 0.5, 16),) * 6))
    assert [motif.name for motif in storyboard.treatment.motifs] == ["other A 1", "other A 2", "other A 3"]


def test_a_long_mix_changes_its_world_every_few_minutes():
    plan = (("drop", "A", 0.9, 64), ("breakdown", "B", 0.2, 32)) * 4
    names = {motif.name for motif in storyboard_for(song_in_bars(plan, bpm=126)).treatment.motifs}
    assert {"drop", "drop 2", "breakdown", "breakdown 2"} <= names


@settings(max_examples=60, deadline=None)
@given(analysis=analyses(), known=st.sets(st.sampled_from(sorted(FAMILIES)), min_size=1))
def test_only_families_that_exist_are_cast(analysis, known):
    storyboard = direct_by_rules(song_of(analysis), analysis, Brief(), families=frozenset(known))
    assert {scene.family for scene in storyboard.scenes} <= known
    assert {family for motif in storyboard.treatment.motifs for family in motif.families} <= known


def test_colours_come_from_the_cover_only_where_the_look_asks_for_them():
    cover = ("#101010", "#304020", "#608040", "#a0c080", "#f0fff0")
    analysis = song_in_bars(cover_palette=cover)
    assert storyboard_for(analysis, look="dream").treatment.palette == cover
    assert storyboard_for(analysis, look="noir").treatment.palette == load_looks()["noir"].palette
    plain = song_in_bars()
    assert storyboard_for(plain, look="dream").treatment.palette == load_looks()["dream"].fallback_palette


def test_turning_hues_keeps_lightness_and_a_whole_turn_changes_nothing():
    look = load_looks()["dream"].fallback_palette
    there_and_back = palettes.vary(palettes.vary(look, turn_deg=15), turn_deg=-15)
    assert all(_distance(a, b) <= 3 for a, b in zip(look, there_and_back, strict=True))
    grey = ("#000000", "#404040", "#808080", "#c0c0c0", "#ffffff")
    assert palettes.vary(grey, turn_deg=90) == grey
    assert palettes.colour_words(grey) == "black and white"


def _distance(a: str, b: str) -> int:
    return max(abs(int(a[k : k + 2], 16) - int(b[k : k + 2], 16)) for k in (1, 3, 5))


def test_prompts_are_concrete_of_good_length_and_never_talk_about_the_music():
    words = "Rain falls on the city tonight / my heart is a burning road / take the beat and sing the song"
    lines = tuple(LyricLine(text=text) for text in words.split(" / ") * 8)
    analysis = song_in_bars()
    for look in load_looks():
        for seed in range(2):
            storyboard = storyboard_for(analysis, lines, look=look, seed=seed)
            for scene in storyboard.scenes:
                assert 40 <= len(scene.prompt) <= 600
                assert not BANNED.search(scene.prompt), scene.prompt
                assert scene.negative_prompt


def test_prompts_differ_from_shot_to_shot_and_belong_to_one_world():
    storyboard = storyboard_for(song_in_bars(), seed=3)
    prompts = [scene.prompt for scene in storyboard.scenes]
    assert len(set(prompts)) > 0.9 * len(prompts)
    world = next(world for world in WORLDS if world.logline == storyboard.treatment.logline)
    of_this = sum(world.subject in prompt for prompt in prompts)
    assert of_this >= 0.5 * len(prompts)
    others = [other.subject for other in WORLDS if other is not world]
    assert not any(subject in prompt for prompt in prompts for subject in others)


def test_prompts_take_their_sights_from_the_words_of_the_scene():
    analysis = song_in_bars()
    line = LyricLine(text="There is rain on my window", start_s=17.0, end_s=19.0)
    storyboard = storyboard_for(analysis, (line,))
    scene = next(scene for scene in storyboard.scenes if scene.lyrics)
    assert "rain running down glass" in scene.prompt
    assert "a lit window seen from outside" in scene.prompt
    assert [other.id for other in storyboard.scenes if "rain running" in other.prompt] == [scene.id]


def test_words_are_found_in_their_forms():
    assert imagery_in("burning fires") == ["the edge of a page burning", "flames and drifting sparks"]
    assert imagery_in("I'm driving, drivin' home") == ["headlights on an empty road", "a porch light left on"]
    assert imagery_in("we believe in forever") == []


def test_untimed_lines_give_sights_but_are_not_claimed_to_be_sung():
    lines = tuple(LyricLine(text="the rain") for _ in range(20))
    storyboard = storyboard_for(song_in_bars(), lines)
    assert {scene.lyrics for scene in storyboard.scenes} == {None}
    assert not any(scene.sung for scene in storyboard.scenes)
    assert any("rain running" in scene.prompt for scene in storyboard.scenes)
    assert not any("rain running" in scene.prompt for scene in storyboard.scenes if scene.section_label == "intro")


def test_the_cover_opens_a_calm_song_only_where_the_embedded_renderer_plays():
    analysis = song_in_bars()
    song = song_of(analysis, cover="cover.png")
    with_cover = storyboard_for(analysis, song=song)
    assert [s.id for s in with_cover.scenes if s.video_backend == "parallax"] == [
        "s001",
        next(s.id for s in with_cover.scenes if s.section_label == "outro"),
    ]
    assert {s.video_backend for s in storyboard_for(analysis).scenes} == {"procedural"}
    elsewhere = storyboard_for(analysis, song=song, video_backend="replicate")
    assert {s.video_backend for s in elsewhere.scenes} == {"replicate"}


def test_a_film_that_opens_on_the_cover_leaves_it_when_the_title_is_gone():
    analysis = song_in_bars()
    with_cover = storyboard_for(analysis, song=song_of(analysis, cover="cover.png"))
    opening, following = with_cover.scenes[:2]
    assert opening.video_backend == "parallax"
    assert 3.8 <= opening.n_frames / with_cover.fps <= 6.3
    assert following.video_backend == "procedural"
    assert following.section == opening.section


def test_no_part_of_a_film_turns_olive_or_lime_where_its_look_is_not():
    for look in load_looks().values():
        base = look.fallback_palette
        for label in ("verse", "prechorus", "chorus", "drop", "build", "bridge"):
            palette = _palette_for(base, label, 0, 0, look.palette_rule)
            assert palettes.murk(palette) <= palettes.murk(base) + 0.14, f"{look.name} {label}: {palette}"


def test_the_drop_of_a_look_has_not_the_colours_of_its_chorus():
    for look in load_looks().values():
        chorus, drop = (_turn_for(look.fallback_palette, label, look.palette_rule) for label in ("chorus", "drop"))
        assert abs(drop - chorus) >= 0.8 * SPREAD[look.palette_rule] * abs(TURN_DEG["drop"]) - 1e-9, look.name


def test_a_yellow_light_that_becomes_a_shadow_is_brown_and_not_olive():
    shadow = palettes.turn_over(("#101018", "#283040", "#706860", "#d8c040", "#fff4b0"))[1]
    red, green, blue = (int(shadow[k : k + 2], 16) for k in (1, 3, 5))
    assert red > 1.2 * green > blue


def test_the_cover_stands_aside_under_both_cards():
    analysis = song_in_bars(plan=(("intro", "i", 0.2, 4), ("chorus", "c", 0.9, 8), ("outro", "i", 0.2, 4)))
    storyboard = storyboard_for(analysis, song=song_of(analysis, cover="cover.png"))
    first, last = storyboard.scenes[0], storyboard.scenes[-1]
    assert (first.video_backend, last.video_backend) == ("parallax", "parallax")
    assert storyboard.end_card is not None
    assert last.params["aside"] == first.params["aside"] == 1.0
    # It does not glide back while the card is still to be read; the cut itself comes a frame or two early.
    start_s = last.start_frame / storyboard.fps
    assert last.params["aside_s"] == pytest.approx(storyboard.end_card.end_s - start_s, abs=0.1)


def test_energetic_passages_carry_more_effect_than_calm_ones():
    storyboard = storyboard_for(song_in_bars(), look="ember")
    strength = {
        label: sum(e.amount for e in scenes_of(storyboard, label).popitem()[1][0].effects if e.kind != "letterbox")
        for label in ("intro", "verse", "chorus")
    }
    assert strength["intro"] < strength["verse"] < strength["chorus"]


def test_letterbox_does_not_come_and_go():
    storyboard = storyboard_for(song_in_bars(), look="noir")
    assert {e.amount for s in storyboard.scenes for e in s.effects if e.kind == "letterbox"} == {0.8}
    assert all(any(e.kind == "letterbox" for e in s.effects) for s in storyboard.scenes)


def test_without_a_sure_grid_nothing_flashes_or_pulses_on_beats():
    analysis = song_in_bars().model_copy(update={"beat_confidence": 0.1})
    for scene in storyboard_for(analysis, look="chrome").scenes:
        assert {effect.on for effect in scene.effects} <= {"bass", "onset", "always"}
        assert not any(effect.kind == "flash" for effect in scene.effects)


def test_variations_grow_with_the_chorus():
    choruses = list(scenes_of(storyboard_for(song_in_bars(), look="cosmos", seed=2), "chorus").values())
    first, last = choruses[0][0], choruses[-1][0]
    grown = [name for name in first.params if name in LIVELY | RICHER]
    assert grown
    assert sum(last.params[name] for name in grown) > sum(first.params[name] for name in grown)


def test_the_title_is_gone_before_somebody_sings():
    analysis = song_in_bars()
    card = storyboard_for(analysis).title_card
    assert card is not None
    assert (card.title, card.artist, card.start_s, card.end_s) == ("Paper Stars", "The Testers", 0.5, 4.0)
    early = storyboard_for(analysis, (LyricLine(text="hey", start_s=2.5, end_s=4.0),)).title_card
    assert early is not None
    assert early.end_s == pytest.approx(2.4)
    assert storyboard_for(analysis, (LyricLine(text="hey", start_s=1.0, end_s=4.0),)).title_card is None


def test_the_title_can_be_another_or_none():
    analysis = song_in_bars()
    other = storyboard_for(analysis, title="Another").title_card
    assert other is not None
    assert other.title == "Another"
    assert storyboard_for(analysis, title="").title_card is None


def test_the_title_of_a_part_stands_at_the_start_of_the_part():
    card = storyboard_for(song_in_bars(), from_s=60, to_s=90).title_card
    assert card is not None
    assert (card.start_s, card.end_s) == (60.5, 64.0)


def test_nothing_between_from_and_to_is_refused():
    analysis = song_in_bars()
    # At 120 frames a second two frames are a scene, but shorter than the shortest sound.
    blink = {"from_s": 10.0, "to_s": 10.02, "fps": 120}
    for window in ({"from_s": 1000.0}, {"from_s": 10.0, "to_s": 10.0}, {"from_s": 20.0, "to_s": 10.0}, blink):
        with pytest.raises(UsageError, match="There is no film"):
            storyboard_for(analysis, **window)


def test_the_variations_we_write_are_those_the_renderer_knows():
    catalog = pytest.importorskip("suno_video.backends.procedural.catalog")
    assert {name: tuple(info.params) for name, info in catalog.FAMILIES.items()} == FAMILY_PARAMS


def test_lines_without_words_do_not_disturb():
    analysis = song_in_bars()
    song = song_of(analysis).model_copy(update={"lyrics": Lyrics(source="test", lines=(LyricLine(text="  "),))})
    assert storyboard_for(analysis, song=song).scenes[0].lyrics is None
