"""Which scenes are worth money, best first. The order knows nothing of the budget."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from suno_video.backends.base import Quote
from suno_video.core.analysis import SectionLabel, SongAnalysis
from suno_video.core.storyboard import Scene, Storyboard
from suno_video.direct.moments import Moment, find_moments

LABEL_WORTH: dict[SectionLabel, float] = {
    "drop": 1.2,
    "chorus": 1.0,
    "solo": 0.5,
    "bridge": 0.5,
    "build": 0.5,
    "prechorus": 0.5,
    "verse": 0.45,
    "breakdown": 0.35,
    "intro": 0.2,
    "outro": 0.2,
    "silence": 0.0,
}
NAMELESS_WORTH, NAMELESS_LOUD_WORTH = 0.3, 0.6
"""Where nobody knows what a part is, its loudness says how much it matters."""

FIRST_PEAK = 0.6
"""The first chorus or drop: here the film shows what it looks like."""
LARGEST = 0.35
"""What the song has been building up to, and what people take home."""
OPENS_PEAK = 0.15
HOOK = 0.25
SUNG = 0.3
"""A voice wants a face: worth more than the difference between a verse and a solo."""
LOUD = 0.25
GROWN = 0.15
OPENS_FILM = 1.1
"""People decide in the first seconds whether they go on watching: after one look at each chorus comes the opening."""

LEAST_SHARE = 0.5
"""However much a passage has had, the next scene of it keeps this share of its worth."""
CHEAP = 1.25
"""No scene gets more weight than this by being cheap; one that is dear loses without end."""


@dataclass(frozen=True)
class RankedMoment:
    """A scene that costs money, its quote, and what it is worth for that money."""

    moment: Moment
    quote: Quote
    worth: float

    @property
    def scene(self) -> Scene:
        """The scene."""
        return self.moment.scene


def rank_scenes(
    storyboard: Storyboard, analysis: SongAnalysis, quotes: Mapping[str, Quote]
) -> tuple[RankedMoment, ...]:
    """Put the scenes that have a quote in the order in which money should reach them."""
    candidates = _weigh(find_moments(storyboard, analysis), quotes)

    # 1. Each chorus and drop gets its best scene before any of them gets a second one.
    peaks = _best_of_peaks(candidates)

    # 2. Then whatever is worth most; what a passage has had already makes its next scene worth less.
    had = Counter(ranked.moment.passage for ranked in peaks)
    taken = {ranked.scene.id for ranked in peaks}
    rest = [ranked for ranked in candidates if ranked.scene.id not in taken]
    body = _spread([ranked for ranked in rest if not _waits(ranked.moment)], had)

    # 3. Intro and outro come last.
    return (*peaks, *body, *_spread([ranked for ranked in rest if _waits(ranked.moment)], had))


def musical_worth(moment: Moment) -> float:
    """What a scene is worth to the film, whatever it costs."""
    label = moment.part.label
    worth = LABEL_WORTH.get(label, NAMELESS_WORTH + NAMELESS_LOUD_WORTH * moment.intensity)
    worth += FIRST_PEAK * moment.is_first_peak + LARGEST * moment.is_largest
    worth += OPENS_PEAK * (moment.part.is_peak and moment.opens_part) + OPENS_FILM * moment.opens_film
    worth += HOOK * (moment.hook is not None) + SUNG * moment.is_sung
    return worth + LOUD * moment.intensity + GROWN * moment.scene.growth


def _weigh(moments: tuple[Moment, ...], quotes: Mapping[str, Quote]) -> list[RankedMoment]:
    """Weigh the scenes that have a quote, by what they are worth and what a dollar shows of them."""
    wanted = [(moment, quotes[moment.scene.id]) for moment in moments if moment.scene.id in quotes]
    costs = {moment.scene.id: _cost_per_s(moment, quote) for moment, quote in wanted}
    usual = median([cost for cost in costs.values() if cost > 0] or [1.0])
    return [
        # Rounded, so that float dust never decides between scenes of equal worth: the earlier one comes first.
        RankedMoment(moment, quote, round(musical_worth(moment) * _value_for_money(costs[moment.scene.id], usual), 9))
        for moment, quote in wanted
    ]


def _cost_per_s(moment: Moment, quote: Quote) -> float:
    """What a second on the screen costs. A short scene cut out of a fixed six seconds is dear."""
    return float(quote.expected_usd or quote.worst_usd) / moment.length_s


def _value_for_money(cost_per_s: float, usual: float) -> float:
    # The root, because three short shots are not three times as good as one.
    return min(CHEAP, math.sqrt(usual / cost_per_s)) if cost_per_s > 0 else CHEAP


def _best_of_peaks(candidates: list[RankedMoment]) -> list[RankedMoment]:
    """The scene of each chorus and drop that gives most for its money: of the first one, of the last, of the others."""
    best: dict[int, RankedMoment] = {}
    for ranked in (ranked for ranked in candidates if ranked.moment.part.is_peak):
        start = ranked.moment.part.scenes[0].start_frame
        best[start] = max(best.get(start, ranked), ranked, key=lambda ranked: ranked.worth)
    starts = sorted(best)
    # Money chose the scene; between the choruses the music decides.
    inner = sorted(starts[1:-1], key=lambda start: -musical_worth(best[start].moment))
    return [best[start] for start in dict.fromkeys([*starts[:1], *starts[-1:], *inner])]


def _waits(moment: Moment) -> bool:
    return moment.part.is_margin and not moment.opens_film


def _spread(candidates: list[RankedMoment], had: Counter[int]) -> list[RankedMoment]:
    """Order by worth, where each scene that a passage has had lowers the next; counts on in `had`."""
    queues: dict[int, list[RankedMoment]] = {}
    for ranked in sorted(candidates, key=lambda ranked: -ranked.worth):
        queues.setdefault(ranked.moment.passage, []).append(ranked)
    order = []
    while queues:
        passage = max(queues, key=lambda passage: queues[passage][0].worth * _share_left(had[passage]))
        order.append(queues[passage].pop(0))
        had[passage] += 1
        if not queues[passage]:
            del queues[passage]
    return order


def _share_left(n_had: int) -> float:
    return LEAST_SHARE + (1 - LEAST_SHARE) * 0.5**n_had  # 1, 0.75, 0.625 ... 0.5
