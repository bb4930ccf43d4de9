"""Who plays each scene under a budget: never over it, never less for more money, and always with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suno_video.analyze.listen import listen
from suno_video.backends.base import Quote
from suno_video.core.analysis import SongAnalysis
from suno_video.core.brief import Brief
from suno_video.core.storyboard import Storyboard
from suno_video.direct.budget import Allotment, Placement, allot, render_order, summarize_allotment
from suno_video.direct.rules import direct_by_rules
from tests.unit.direct_songs import FAMILIES, analyses, analysis_of, song_in_bars, song_of
from tests.unit.songs import scene, storyboard_of

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "lantern-season.mp3"
SIX_S = Quote(Decimal("0.40"), Decimal("0.50"))


def usd(text: str) -> Decimal:
    return Decimal(text)


def pop() -> tuple[Storyboard, SongAnalysis]:
    analysis = song_in_bars()
    brief = Brief(seed=2026, video_backend="replicate")
    return direct_by_rules(song_of(analysis), analysis, brief, families=FAMILIES), analysis


def three_scenes() -> tuple[Storyboard, SongAnalysis]:
    """Intro, verse, chorus, four seconds each; money reaches the last one first, then the first one."""
    labels = ("intro", "verse", "chorus")
    scenes = (
        scene(k + 1, 120 * k, 120 * k + 120, section=k, section_label=label, video_backend="replicate", sung=k > 0)
        for k, label in enumerate(labels)
    )
    return storyboard_of(*scenes), song_in_bars(tuple((label, label, 0.5, 2) for label in labels))  # type: ignore[misc]


def cost_of(film: Storyboard, quote: Quote = SIX_S, **others: Quote) -> dict[str, Quote]:
    return {each.id: quote for each in film.scenes} | others


def spend(budget: str | None, *, already: tuple[str, ...] = (), spent: str = "0", **others: Quote) -> Allotment:
    """Allot a budget to the three scenes."""
    film, analysis = three_scenes()
    budget_usd = None if budget is None else usd(budget)
    quotes = cost_of(film, **others)
    return allot(film, analysis, quotes, budget_usd=budget_usd, has_picture=(), already=already, spent_usd=usd(spent))


def paid_in(allotment: Allotment) -> list[str]:
    return [placement.scene for placement in allotment.placements if placement.paid]


def placed(allotment: Allotment, scene: str) -> Placement:
    return next(placement for placement in allotment.placements if placement.scene == scene)


# What money buys


def test_money_reaches_the_chorus_first_then_the_opening_then_the_verse() -> None:
    assert [paid_in(spend(budget)) for budget in ("0.50", "1.00", "1.50")] == [
        ["s003"],
        ["s001", "s003"],
        ["s001", "s002", "s003"],
    ]


def test_a_scene_fits_only_when_its_worst_case_fits() -> None:
    assert paid_in(spend("0.49")) == []
    assert paid_in(spend("0.99")) == ["s003"]


def test_a_quote_that_expects_more_than_its_worst_case_is_not_believed() -> None:
    allotment = spend("0.50", s003=Quote(usd("0.60"), usd("0.10")))
    assert paid_in(allotment) == []


def test_the_totals_are_those_of_the_paid_scenes() -> None:
    allotment = spend("1.20")
    assert (allotment.expected_usd, allotment.worst_usd, allotment.left_usd) == (usd("0.80"), usd("1.00"), usd("0.20"))
    assert placed(allotment, "s002").worst_usd == 0


def test_without_a_cap_everything_is_paid() -> None:
    allotment = spend(None)
    assert (paid_in(allotment), allotment.left_usd, allotment.stand_ins) == (["s001", "s002", "s003"], None, ())


@pytest.mark.parametrize("budget", ["0", "-1"])
def test_without_money_all_is_left_to_the_embedded_painter_and_says_so(budget: str) -> None:
    allotment = spend(budget)
    assert paid_in(allotment) == []
    assert allotment.stand_ins == ("s001", "s002", "s003")
    assert {placement.reason for placement in allotment.placements} == {
        "left to the embedded painter: no money is to be spent, this scene needs $0.50"
    }


def test_a_scene_that_does_not_fit_is_waited_for_and_not_passed_over() -> None:
    # Were the verse bought instead, it would lose its footage again as soon as the money is enough for the opening.
    dear, cheap = Quote(usd("0.40"), usd("0.70")), Quote(usd("0.40"), usd("0.40"))
    allotment = spend("0.60", s001=dear, s002=cheap, s003=Quote(usd("0.05"), usd("0.05")))
    assert paid_in(allotment) == ["s003"]
    assert placed(allotment, "s001").reason.endswith("$0.55 of $0.60 are left, this scene needs $0.70")
    assert placed(allotment, "s002").reason.endswith(
        "$0.55 of $0.60 are left, and s001, which comes first, needs $0.70"
    )


def test_what_is_bought_already_stays_and_costs_nothing_more() -> None:
    allotment = spend("0.50", already=("s002",))
    assert paid_in(allotment) == ["s002", "s003"]
    assert placed(allotment, "s002").worst_usd == 0
    assert placed(allotment, "s002").reason == "sung close-up in the verse; bought already"
    assert allotment.worst_usd == usd("0.50")


def test_what_is_bought_already_stays_even_when_the_money_is_gone() -> None:
    allotment = spend("1.00", already=("s001", "s003"), spent="1.00")
    assert paid_in(allotment) == ["s001", "s003"]
    assert placed(allotment, "s002").reason.endswith("$0.00 of $1.00 are left, this scene needs $0.50")


def test_what_was_spent_before_is_part_of_the_budget() -> None:
    assert paid_in(spend("1.00", spent="0.60")) == []
    assert spend("1.00", spent="0.30").left_usd == usd("0.20")
    assert spend("1.00", spent="3.00").left_usd == 0


def test_a_scene_that_is_bought_already_needs_no_quote() -> None:
    film, analysis = three_scenes()
    allotment = allot(film, analysis, {}, budget_usd=usd("0"), has_picture=(), already={"s001"})
    assert paid_in(allotment) == ["s001"]


def test_a_free_scene_keeps_its_backend_and_is_no_stand_in() -> None:
    film, analysis = three_scenes()
    quotes = {"s003": SIX_S}
    allotment = allot(film, analysis, quotes, budget_usd=usd("0.10"), has_picture=())
    assert allotment.stand_ins == ("s003",)
    free = placed(allotment, "s001")
    assert (free.backend, free.rank, free.reason) == ("replicate", None, "played by replicate, which costs nothing")


def test_enough_is_the_smallest_budget_that_pays_for_all() -> None:
    enough_usd = spend("0.10", spent="0.05").enough_usd
    assert enough_usd == usd("1.55")
    assert spend("1.55", spent="0.05").stand_ins == ()
    assert spend("1.54", spent="0.05").stand_ins == ("s002",)


@pytest.mark.parametrize("has_picture", [{"s001"}, lambda each: each.id == "s001"])
def test_a_scene_with_a_still_is_left_to_camera_moves(has_picture: object) -> None:
    film, analysis = three_scenes()
    allotment = allot(film, analysis, cost_of(film), budget_usd=usd("0"), has_picture=has_picture)  # type: ignore[arg-type]
    assert [placement.backend for placement in allotment.placements] == ["parallax", "procedural", "procedural"]
    assert placed(allotment, "s001").reason.startswith("left to camera moves over a still: ")


# For every song and every price


@st.composite
def films(draw: st.DrawFn) -> tuple[Storyboard, SongAnalysis, dict[str, Quote]]:
    analysis = draw(analyses())
    brief = Brief(seed=1, video_backend="replicate")
    film = direct_by_rules(song_of(analysis), analysis, brief, families=FAMILIES)
    wanted = draw(st.sets(st.sampled_from([each.id for each in film.scenes])))
    cents = st.integers(0, 90)
    quotes = {each: Quote(usd(f"0.{draw(cents):02d}"), usd(f"1.{draw(cents):02d}")) for each in sorted(wanted)}
    return film, analysis, quotes


budgets = st.integers(0, 4000).map(lambda cents: Decimal(cents) / 100)
every_song = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def split(quotes: Mapping[str, Quote]) -> tuple[set[str], set[str]]:
    """Every third scene is bought already."""
    already = set(sorted(quotes)[::3])
    return already, set(quotes) - already


@every_song
@given(films(), budgets, budgets)
def test_no_worst_case_is_over_the_budget(
    film: tuple[Storyboard, SongAnalysis, dict[str, Quote]], budget_usd: Decimal, spent_usd: Decimal
) -> None:
    board, analysis, quotes = film
    already, _ = split(quotes)
    allotment = allot(
        board, analysis, quotes, budget_usd=budget_usd, has_picture=(), already=already, spent_usd=spent_usd
    )
    bought = [quotes[each].worst_usd for each in paid_in(allotment) if each not in already]
    assert sum(bought) == allotment.worst_usd <= max(Decimal(0), budget_usd - spent_usd)
    assert allotment.left_usd == max(Decimal(0), budget_usd - spent_usd - allotment.worst_usd)


@every_song
@given(films(), budgets, budgets)
def test_more_money_takes_no_footage_away(
    film: tuple[Storyboard, SongAnalysis, dict[str, Quote]], one_usd: Decimal, other_usd: Decimal
) -> None:
    board, analysis, quotes = film
    less, more = (
        allot(board, analysis, quotes, budget_usd=budget_usd, has_picture=())
        for budget_usd in sorted((one_usd, other_usd))
    )
    assert set(paid_in(less)) <= set(paid_in(more)) <= set(quotes)
    assert render_order(board, more)[: len(paid_in(less))] == render_order(board, less)


@every_song
@given(films(), budgets)
def test_every_scene_has_one_player_and_a_reason(
    film: tuple[Storyboard, SongAnalysis, dict[str, Quote]], budget_usd: Decimal
) -> None:
    board, analysis, quotes = film
    already, _ = split(quotes)
    allotment = allot(
        board, analysis, quotes, budget_usd=budget_usd, has_picture=lambda each: each.seed % 2 == 0, already=already
    )
    assert [placement.scene for placement in allotment.placements] == [each.id for each in board.scenes]
    assert already <= set(paid_in(allotment))
    assert set(allotment.stand_ins) | set(paid_in(allotment)) == set(quotes)
    for placement, each in zip(allotment.placements, board.scenes, strict=True):
        stands_in = placement.scene in allotment.stand_ins
        assert placement.backend in (("procedural", "parallax") if stands_in else (each.video_backend,))
        assert placement.reason and "\n" not in placement.reason
    assert sorted(p.rank for p in allotment.placements if p.rank) == [*range(1, len(quotes) + 1)]


# What to make first, and how to say it


def test_the_best_scenes_are_made_first_and_what_is_on_its_way_before_them() -> None:
    film, _ = three_scenes()
    assert render_order(film, spend("1.50")) == ["s003", "s001", "s002"]
    assert render_order(film, spend("1.00", already=("s002",))) == ["s002", "s003", "s001"]
    assert render_order(film, spend("0.50")) == ["s003"]


def test_a_part_of_the_film_is_made_in_the_same_order() -> None:
    film, _ = three_scenes()
    later = storyboard_of(*film.scenes[1:])
    assert render_order(later, spend(None)) == ["s003", "s002"]


def test_a_summary_says_who_plays_how_many_scenes_at_what_price() -> None:
    assert summarize_allotment(spend("1.00")) == (
        "2 of 3 scenes by replicate: $0.80 expected, $1.00 at worst; the rest by the embedded painter"
    )
    assert summarize_allotment(spend(None)) == "3 of 3 scenes by replicate: $1.20 expected, $1.50 at worst"
    assert summarize_allotment(spend("0")) == "none of 3 scenes is paid for; all are played by the embedded painter"


def test_a_summary_names_every_player() -> None:
    film, analysis = pop()
    allotment = allot(film, analysis, cost_of(film), budget_usd=usd("5"), has_picture={"s001", "s002", "s003"})
    assert summarize_allotment(allotment).endswith("; the rest by the embedded painter and camera moves over a still")


# In words


def reasons(film: Storyboard, analysis: SongAnalysis) -> dict[str, str]:
    allotment = allot(film, analysis, cost_of(film), budget_usd=None, has_picture=())
    return {placement.scene: placement.reason for placement in allotment.placements}


def test_a_scene_says_what_it_is_worth_money_for() -> None:
    labels = ("intro", "verse", "drop", "verse", "drop", "outro")
    analysis = song_in_bars(tuple((label, label, 0.5, 4) for label in labels))  # type: ignore[misc]
    words = {
        1: {"lyrics": "Nobody knows", "sung": True},
        2: {},
        3: {"lyrics": "It's lantern season", "sung": True},
        4: {"energy": 0.9},
        5: {"lyrics": "Its Lantern season!"},
    }
    film = storyboard_of(
        *(
            scene(k + 1, 240 * k, 240 * k + 240, section=k, section_label=label, **words.get(k, {}))
            for k, label in enumerate(labels)
        )
    )
    assert [*reasons(film, analysis).values()] == [
        "the first picture of the film",
        "sung close-up in verse 1",
        "the first drop at 0:16",
        'verse 2: the hook "It\'s lantern season"',
        "the last drop at its largest, 0:32",
        'outro: the hook "It\'s lantern season"',
    ]


def test_where_the_form_is_not_known_a_scene_says_when_it_is() -> None:
    analysis = analysis_of(song_in_bars().sections)
    words = {1: {"energy": 0.9}, 2: {"sung": True}, 3: {"lyrics": "Stay now / Stay now"}, 4: {}}
    film = storyboard_of(*(scene(k + 1, 300 * k, 300 * k + 300, **words.get(k, {})) for k in range(5)))
    assert [*reasons(film, analysis).values()] == [
        "the first picture of the film",
        "the loudest moment, at 0:10",
        "sung close-up at 0:20",
        'the hook "Stay now" at 0:30',
        "a moment at 0:40",
    ]


# The example song


def test_five_dollars_for_the_example_song_show_its_chorus_its_hook_and_its_opening() -> None:
    heard = listen(EXAMPLE, fps=30, max_duration_s=600, cover_folder=None)
    brief = Brief(video_backend="replicate")
    film = direct_by_rules(heard.song, heard.analysis, brief, families=FAMILIES)
    allotment = allot(film, heard.analysis, cost_of(film), budget_usd=usd("5"), has_picture=())

    order = [placed(allotment, each) for each in render_order(film, allotment)]
    assert len(order) == 10
    assert order[0].reason == 'chorus: the hook "It\'s lantern season"'
    assert "the first picture of the film" in [placement.reason for placement in order[:4]]
    assert sum("the hook" in placement.reason for placement in order[:5]) >= 3
    assert any(placement.reason.startswith("sung close-up") for placement in order[5:])
    assert film.scenes[-1].id in allotment.stand_ins
