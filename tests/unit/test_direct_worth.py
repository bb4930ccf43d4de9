"""Which scenes are worth money: the order in which it reaches them, and where the cover stands in."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suno_video.backends.base import Quote
from suno_video.core.analysis import N_BANDS, EnergyCurve, Section, SongAnalysis
from suno_video.core.brief import Brief
from suno_video.core.song import LyricLine
from suno_video.core.storyboard import Scene, Storyboard
from suno_video.direct.moments import Moment, cover_scenes, find_moments
from suno_video.direct.parts import parts_of
from suno_video.direct.rules import direct_by_rules
from suno_video.direct.worth import RankedMoment, rank_scenes
from tests.unit.direct_songs import FAMILIES, analyses, analysis_of, song_in_bars, song_of
from tests.unit.songs import scene, storyboard_of

SIX_S = Quote(Decimal("0.40"), Decimal("0.50"))


def curve_of(loudness: tuple[float, ...], fps: int = 1) -> EnergyCurve:
    flat = (0.5,) * len(loudness)
    packed = EnergyCurve.pack_spectrum(np.zeros((len(loudness), N_BANDS), dtype=np.float32))
    return EnergyCurve(fps=fps, loudness=loudness, bass=flat, mid=flat, treble=flat, onset=flat, spectrum_b64=packed)


def film_of(analysis: SongAnalysis, lines: tuple[LyricLine, ...] = ()) -> Storyboard:
    brief = Brief(seed=2026, video_backend="fake")
    return direct_by_rules(song_of(analysis, lines), analysis, brief, families=FAMILIES)


def verse_film(*scenes: Mapping[str, object], loudness: tuple[float, ...] = ()) -> tuple[Storyboard, SongAnalysis]:
    """Scenes of four seconds: one of intro (`s001`), some in one verse, one of chorus (`s099`)."""
    starts = {"intro": 0, "verse": 4, "chorus": 4 + 4 * len(scenes)}
    ends = [*[*starts.values()][1:], starts["chorus"] + 4]
    sections = tuple(
        Section.model_validate({"start_s": start, "end_s": end, "label": label, "group": label, "energy": 0.5})
        for (label, start), end in zip(starts.items(), ends, strict=True)
    )
    plan = [(1, "intro", {}), *((k, "verse", own) for k, own in enumerate(scenes, start=2)), (99, "chorus", {})]
    film = storyboard_of(
        *(
            scene(number, 120 * k, 120 * k + 120, section=[*starts].index(label), section_label=label, **own)
            for k, (number, label, own) in enumerate(plan)
        )
    )
    beats = tuple(0.5 * k for k in range(2 * ends[-1]))
    return film, analysis_of(sections, beats, energy=curve_of(loudness or (0.5,) * ends[-1]))


def louder_in(film: Storyboard, analysis: SongAnalysis, loud: Scene, by: float = 0.5) -> SongAnalysis:
    """The same song, louder while one scene lasts."""
    levels = tuple(0.5 + by * (loud.start_frame <= k < loud.end_frame) for k in range(film.end_frame))
    return analysis.model_copy(update={"energy": curve_of(levels, fps=film.fps)})


def hooked_in(film: Storyboard, hooked: Scene) -> Storyboard:
    """The same film, sung throughout, with its hook in one scene."""
    words = {each.id: "Set me free / Set me free" if each == hooked else f"only {each.id}" for each in film.scenes}
    scenes = tuple(each.model_copy(update={"lyrics": words[each.id]}) for each in film.scenes)
    return film.model_copy(update={"scenes": scenes})


def per_second(film: Storyboard) -> dict[str, Quote]:
    """What a service asks that sells by the second: no scene is better value than another."""
    return {each.id: Quote(Decimal(each.n_frames), Decimal(each.n_frames)) for each in film.scenes}


def order_of(film: Storyboard, analysis: SongAnalysis, **quotes: Quote) -> list[str]:
    """Ids in the order in which money reaches them; each asks for the same unless said otherwise."""
    asked = {each.id: SIX_S for each in film.scenes} | quotes
    return [ranked.scene.id for ranked in rank_scenes(film, analysis, asked)]


def ranked_pop(**changes: object) -> tuple[RankedMoment, ...]:
    analysis = song_in_bars(**changes)  # type: ignore[arg-type]
    film = film_of(analysis)
    return rank_scenes(film, analysis, {each.id: SIX_S for each in film.scenes})


# The order


def test_each_chorus_has_a_scene_before_any_has_two_and_then_comes_the_opening() -> None:
    names = [ranked.moment.part.name for ranked in ranked_pop()]
    assert names[:4] == ["first chorus", "last chorus", "chorus 2", "intro"]


def test_the_film_shows_its_look_where_the_first_drop_lands() -> None:
    plan = (("intro", "A", 0.2, 8), ("build", "B", 0.6, 8), ("drop", "C", 1.0, 16), ("outro", "A", 0.2, 8))
    analysis = song_in_bars(plan)
    film = film_of(analysis)
    first = next(each for each in film.scenes if each.section_label == "drop")
    assert order_of(film, analysis)[0] == first.id


def test_the_last_chorus_is_taken_where_it_is_loudest() -> None:
    analysis = song_in_bars()
    film = film_of(analysis)
    last = [each for each in film.scenes if each.section == 6]
    louder = max(last[1:], key=lambda each: each.n_frames)
    assert order_of(film, louder_in(film, analysis, louder))[1] == louder.id
    assert order_of(film, analysis)[1] != louder.id


def test_a_chorus_is_taken_where_it_lands_unless_its_hook_comes_later() -> None:
    analysis = song_in_bars()
    film = film_of(analysis)
    landing, later = [each for each in film.scenes if each.section == 4][:2]
    loud = louder_in(film, analysis, later)
    assert order_of(film, loud, **per_second(film))[2] == landing.id
    assert order_of(hooked_in(film, later), loud, **per_second(film))[2] == later.id


def test_the_first_chorus_is_taken_where_it_lands_whatever_comes_later() -> None:
    analysis = song_in_bars()
    film = film_of(analysis)
    landing, later = [each for each in film.scenes if each.section == 2][:2]
    loud = louder_in(film, analysis, later)
    assert order_of(hooked_in(film, later), loud, **per_second(film))[0] == landing.id


def test_between_the_first_and_the_last_chorus_the_louder_one_comes_first() -> None:
    analysis = song_in_bars((("verse", "A", 0.4, 8), *(("chorus", "B", 0.9, 8), ("verse", "A", 0.4, 8)) * 4))
    film = film_of(analysis)
    third = next(each for each in film.scenes if each.section == 5)
    ranked = rank_scenes(film, louder_in(film, analysis, third), per_second(film))
    assert [each.moment.part.number for each in ranked[:4]] == [1, 4, 3, 2]


def test_money_for_choruses_is_spread_over_them() -> None:
    peaks = [ranked.moment.part.number for ranked in ranked_pop() if ranked.moment.part.is_peak]
    for n_bought, least in ((3, 1), (6, 2), (9, 2)):
        had = [peaks[:n_bought].count(number) for number in (1, 2, 3)]
        assert min(had) == least, f"{n_bought} scenes: {had}"


def test_a_passage_that_had_its_share_gives_way_to_a_close_up_elsewhere() -> None:
    labels = [ranked.moment.part.label for ranked in ranked_pop()]
    assert labels.index("verse") < len(labels) - 1 - labels[::-1].index("chorus")


def test_intro_and_outro_come_last_but_for_the_first_picture() -> None:
    order = ranked_pop()
    margins = [place for place, ranked in enumerate(order) if ranked.moment.part.is_margin]
    assert [order[margins[0]].moment.opens_film, *margins[1:]] == [
        True,
        *range(len(order) - len(margins) + 1, len(order)),
    ]


def test_a_sung_scene_comes_before_an_instrumental_one() -> None:
    film, analysis = verse_film({}, {}, {"sung": True})
    assert order_of(film, analysis)[2] == "s004"


def test_the_hook_comes_before_another_sung_line() -> None:
    lines = ("Nobody knows", "Set me free", "Some other words", "Set me free")
    film, analysis = verse_film(*({"sung": True, "lyrics": line} for line in lines))
    assert order_of(film, analysis)[2:4] == ["s003", "s005"]


def test_what_is_louder_and_what_has_grown_comes_first() -> None:
    film, analysis = verse_film({}, {}, {}, loudness=(0.2,) * 8 + (0.9,) * 4 + (0.2,) * 8)
    assert order_of(film, analysis)[2] == "s003"
    for more in ({"growth": 0.8}, {"energy": 0.8}):
        film, analysis = verse_film({}, {}, more)
        assert order_of(film, analysis)[2] == "s004", more


def test_a_song_without_dynamics_has_no_loud_moments() -> None:
    loudness = (0.7,) * 8 + (0.72,) * 4 + (0.7,) * 8
    film, analysis = verse_film({}, {}, {"growth": 0.3}, loudness=loudness)
    assert order_of(film, analysis)[2:4] == ["s004", "s003"]


def test_of_equal_scenes_the_one_that_costs_less_comes_first() -> None:
    film, analysis = verse_film({}, {}, {})
    assert order_of(film, analysis)[2] == "s002"
    assert order_of(film, analysis, s002=Quote(Decimal("0.80"), Decimal("1.00")))[2] == "s003"


def test_a_verse_at_a_tenth_of_the_price_comes_after_the_chorus() -> None:
    film, analysis = verse_film({"sung": True}, {"sung": True})
    cheap = Quote(Decimal("0.04"), Decimal("0.05"))
    assert order_of(film, analysis, s001=cheap, s002=cheap, s003=cheap)[0] == "s099"


def test_being_cheap_brings_no_verse_before_the_second_look_at_a_chorus() -> None:
    analysis = song_in_bars()
    film = film_of(analysis)
    cheap = Quote(Decimal("0.001"), Decimal("0.001"))
    verses = {each.id: cheap for each in film.scenes if each.section_label == "verse"}
    ranked = rank_scenes(film, analysis, per_second(film) | verses)
    labels = [each.moment.part.label for each in ranked]
    assert labels[:7] == ["chorus"] * 3 + ["intro"] + ["chorus"] * 3


def test_the_end_of_a_long_drop_has_a_share_of_its_own() -> None:
    analysis = song_in_bars((("intro", "A", 0.2, 4), ("drop", "B", 1.0, 40)))  # 80 s: two passages
    film = film_of(analysis)
    order = [ranked.moment for ranked in rank_scenes(film, analysis, {each.id: SIX_S for each in film.scenes})]
    drops = [moment for moment in order if moment.part.is_peak]
    assert {moment.start_s > 8 + 40 for moment in drops[:2]} == {False, True}


def test_without_a_grid_the_loudest_moment_comes_first_and_voices_next() -> None:
    whole = Section(start_s=0, end_s=40, label="other", group="A", energy=0.5)
    analysis = analysis_of((whole,), energy=curve_of((0.2,) * 20 + (0.9,) * 5 + (0.2,) * 15))
    voices = {6: {"sung": True}}
    film = storyboard_of(*(scene(k + 1, 150 * k, 150 * k + 150, **voices.get(k, {})) for k in range(8)))
    assert order_of(film, analysis)[:3] == ["s005", "s001", "s007"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(analyses(), st.data())
def test_no_price_puts_a_margin_before_a_chorus(analysis: SongAnalysis, data: st.DataObject) -> None:
    film = film_of(analysis)
    prices = data.draw(st.lists(st.integers(0, 300), min_size=len(film.scenes), max_size=len(film.scenes)))
    quotes = {
        each.id: Quote(Decimal(cents) / 100, Decimal(cents) / 100)
        for each, cents in zip(film.scenes, prices, strict=True)
    }
    order: list[Moment] = [ranked.moment for ranked in rank_scenes(film, analysis, quotes)]
    n_peaks = sum(part.is_peak for part in parts_of(film, analysis))
    assert [moment.scene.id for moment in sorted(order, key=lambda moment: moment.start_s)] == [*quotes]
    assert all(moment.part.is_peak for moment in order[:n_peaks])
    assert len({moment.part.scenes[0].id for moment in order[:n_peaks]}) == n_peaks
    first_margin = next((k for k, m in enumerate(order) if m.part.is_margin and not m.opens_film), len(order))
    assert all(moment.part.is_margin for moment in order[first_margin:])


def test_the_order_is_the_same_each_time() -> None:
    assert ranked_pop() == ranked_pop()


# The cover


def test_the_cover_stands_in_where_calm_parts_begin_and_nowhere_else() -> None:
    analysis = song_in_bars()
    film = film_of(analysis)
    shown = [each for each in film.scenes if each.id in cover_scenes(film, analysis)]
    assert [each.section_label for each in shown] == ["intro", "verse", "verse", "bridge", "outro"]
    assert all(moment.opens_part for moment in find_moments(film, analysis) if moment.scene in shown)
