"""Names for the parts of a song from its form: what is intense and returns is a chorus, what rises leads to a drop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.form import BarTable, Form
from suno_video.core.analysis import SectionLabel

_DROP_DB = 27.0


def _spans(form: Form) -> list[slice]:
    return [slice(a, b) for a, b in zip(form.borders, form.borders[1:], strict=False)]


def relative_levels(table: BarTable, form: Form) -> list[float]:
    """Energy of each part: 0 for the quietest bars of the song, 1 for the loudest; a flat song lies near 0.7."""
    bars = table.levels[:, 0]
    low, high = float(np.percentile(bars, 5)), float(np.percentile(bars, 97))
    # In a song without dynamics, differences of a decibel must not look like a drop.
    low = min(low, high - 12)
    means = [float(np.mean(bars[span])) for span in _spans(form)]
    return [round(float(np.clip((mean - low) / (high - low), 0, 1)), 3) for mean in means]


def _intensities(table: BarTable, form: Form) -> NDArray[np.float64]:
    """How intense each part is against the song: loud, full at both ends of the spectrum, and busy."""
    spans = _spans(form)
    lengths = np.array([span.stop - span.start for span in spans], dtype=np.float64)

    def score(values: NDArray[np.float64]) -> NDArray[np.float64]:
        means = np.array([values[span].mean() for span in spans])
        middle = np.average(means, weights=lengths)
        spread = np.sqrt(np.average((means - middle) ** 2, weights=lengths))
        return np.asarray((means - middle) / (spread + 1e-6))

    low, high = table.levels[:, 1], table.levels[:, 4:].mean(axis=1)
    return (score(table.levels[:, 0]) + 0.5 * (score(low) + score(high) + score(table.rhythm.mean(axis=1)))) / 2.5


def join_tail(table: BarTable, form: Form) -> Form:
    """Count the last echo to the part before it: a few quiet seconds are no part of their own."""
    if len(form.groups) < 2 or table.edges_s[-1] - table.edges_s[form.borders[-2]] >= 8:
        return form
    if relative_levels(table, form)[-1] > 0.15:
        return form
    return Form((*form.borders[:-2], form.borders[-1]), form.groups[:-1], form.clearness[:-1])


def has_drops(table: BarTable, form: Form) -> bool:
    """Whether kick and sub bass leave altogether and come back at once, more than one time: made for dancing."""
    low = [float(table.levels[span, 1].mean()) for span in _spans(form)]
    returns = sum(after - before > _DROP_DB for before, after in zip(low, low[1:], strict=False))
    return returns >= 2


def name_parts(table: BarTable, form: Form, *, electronic: bool) -> list[SectionLabel]:
    """Name each part by its group, its place and its intensity."""
    intensity, spans, k = _intensities(table, form), _spans(form), len(form.groups)
    lengths = np.array([table.edges_s[s.stop] - table.edges_s[s.start] for s in spans])
    peak = _peak_groups(form, intensity, lengths)
    builds = _find_builds(table, form, peak) if electronic else set()
    levels = relative_levels(table, form)
    names: list[SectionLabel] = ["verse"] * k
    for i in range(k):
        late = table.edges_s[spans[i].start] / table.edges_s[-1] > 0.45
        if i in builds:
            names[i] = "build" if levels[i] > 0.25 else "breakdown"
        elif i == 0 and k > 2 and lengths[0] < 0.5 * lengths[1:].max():
            names[i] = "intro"
        elif form.groups[i] in peak:
            names[i] = "drop" if electronic else "chorus"
        elif i == 0:
            names[i] = "intro"
        elif i == k - 1:
            names[i] = "outro"
        elif intensity[i] < -0.9 and i > 1:
            names[i] = "breakdown" if electronic else "bridge"
        elif form.groups.count(form.groups[i]) == 1 and late:
            names[i] = "bridge"
        elif form.groups[i + 1] in peak and names[i - 1] == "verse" and lengths[i] < 0.75 * lengths[i - 1] + 1:
            names[i] = "prechorus" if not electronic else "verse"
    return names


def _find_builds(table: BarTable, form: Form, peak: set[int]) -> set[int]:
    """Parts that lead into a drop: bass and kick are gone, or it grows; found from the drop backwards."""
    spans, builds = _spans(form), set[int]()
    low = [float(table.levels[span, 1].mean()) for span in spans]
    for i in range(len(spans) - 2, 0, -1):
        leads = i + 1 in builds or form.groups[i + 1] in peak
        length_s = table.edges_s[spans[i].stop] - table.edges_s[spans[i].start]
        drop = next((low[j] for j in range(i + 1, len(spans)) if j not in builds), low[i])
        if leads and length_s < 25 and (low[i] < drop - 6 or form.groups[i] not in peak) and _rises(table, spans[i]):
            builds.add(i)
    return builds


def _peak_groups(form: Form, intensity: NDArray[np.float64], lengths: NDArray[np.float64]) -> set[int]:
    """Groups that are the chorus: intense, returning, and not just the opening."""
    groups = np.array(form.groups)
    if len(set(form.groups)) == 1:
        return set()
    total, scores, means = float(lengths.sum()), {}, {}
    for group in set(form.groups):
        mine = groups == group
        means[group] = float(np.average(intensity[mine], weights=lengths[mine]))
        only_opening = bool(mine[0]) and mine.sum() == 1
        share = float(np.log(lengths[mine].sum() / total * 8 + 0.2))
        scores[group] = means[group] + 0.35 * min(2, int(mine.sum()) - 1) + 0.25 * share - only_opening
    best = max(scores, key=lambda group: scores[group])
    return {best} | {g for g in means if means[g] > means[best] - 0.25 and means[g] > 0.3}


def _rises(table: BarTable, span: slice) -> bool:
    """Whether a part grows towards its end."""
    curve = table.levels[span, 0] + table.levels[span, 4:].mean(axis=1)
    third = max(1, len(curve) // 3)
    return len(curve) >= 3 and float(curve[-third:].mean() - curve[:third].mean()) > 2.0


def join_builds(form: Form, labels: list[SectionLabel]) -> tuple[Form, list[SectionLabel]]:
    """Make one of builds that follow each other: it rises in steps."""
    kept = [i for i in range(len(labels)) if i == 0 or not labels[i] == labels[i - 1] == "build"]
    order = list(dict.fromkeys(form.groups[i] for i in kept))
    joined = Form(
        (*(form.borders[i] for i in kept), form.borders[-1]),
        tuple(order.index(form.groups[i]) for i in kept),
        tuple(form.clearness[i] for i in kept),
    )
    return joined, [labels[i] for i in kept]


def bar_intensity(table: BarTable) -> NDArray[np.float64]:
    """How intense each bar is against the song, mean 0, deviation 1: loud, full at both ends of the spectrum, busy."""
    columns = ((table.levels[:, 0], 1.0), (table.levels[:, 1], 0.5), (table.levels[:, 4:].mean(axis=1), 0.5))
    total = 0.5 * _standing(table.rhythm.mean(axis=1))
    for values, weight in columns:
        total = total + weight * _standing(values)
    return _standing(total)


def _standing(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((values - values.mean()) / (values.std() + 1e-6), dtype=np.float64)
