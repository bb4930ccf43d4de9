"""Delivery targets: what each platform takes, as data, and a check of a finished file against it."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import StringConstraints, ValidationError

from suno_video.core.brief import SafeArea
from suno_video.core.errors import CheckFailedError, ConfigError, UsageError
from suno_video.core.frames import FrameSize
from suno_video.core.record import Record
from suno_video.media.mp4 import Mp4File, Mp4Track, read_mp4
from suno_video.publish.limits import TextLimits

Level: TypeAlias = Literal["must", "should"]
Ratio: TypeAlias = Annotated[str, StringConstraints(pattern=r"^\d{1,3}:\d{1,3}$")]

_Row: TypeAlias = tuple[str, bool, str, str]
"""Name, whether it is fine, found, wanted."""

RATIO_TOLERANCE = 0.01
MAX_AV_OFFSET_MS = 5.0


class Limits(Record):
    """Limits on a file; None where a platform sets none."""

    min_length_s: float | None = None
    max_length_s: float | None = None
    min_bytes: int | None = None
    max_bytes: int | None = None
    min_width_px: int | None = None
    max_width_px: int | None = None
    min_height_px: int | None = None
    max_height_px: int | None = None
    ratio: Ratio | None = None
    min_ratio: float | None = None
    max_ratio: float | None = None
    min_fps: float | None = None
    max_fps: float | None = None
    video_codecs: tuple[str, ...] = ()
    audio_codecs: tuple[str, ...] = ()
    sample_rates_hz: tuple[int, ...] = ()
    h264_profile: int | None = None
    min_video_kbps: float | None = None
    max_video_kbps: float | None = None
    max_key_interval_s: float | None = None
    index_first: bool | None = None
    no_edit_lists: bool | None = None


class SafeBox(SafeArea):
    """What a platform's own buttons and texts leave free, and who says so."""

    source: str
    note: str = ""

    @property
    def area(self) -> SafeArea:
        """The place alone."""
        return SafeArea(left=self.left, top=self.top, right=self.right, bottom=self.bottom)


class Target(Record):
    """A platform: what it refuses (`must`) and what it advises (`should`)."""

    title: str
    source: str
    """Page that the limits come from."""
    checked_on: datetime.date
    must: Limits
    should: Limits = Limits()
    texts: TextLimits | None = None
    """None where nothing is written beside the film."""
    safe: SafeBox | None = None
    """Of films in the shape that the platform advises; None where nothing lies over them."""

    def safe_area_for(self, size: FrameSize) -> SafeArea | None:
        """Where text may stand; None for a film of another shape, which is shown with bars around it."""
        if self.safe is None:
            return None
        wide, high = (int(part) for part in (self.should.ratio or self.must.ratio or "16:9").split(":"))
        return self.safe.area if (wide < high) == (size.aspect < 0.8) else None


class Finding(Record):
    """One limit, and what the file has."""

    name: str
    level: Level
    fine: bool
    found: str
    wanted: str


class CheckReport(Record):
    """A finished file against a target."""

    file: str
    target: str
    title: str
    source: str
    checked_on: datetime.date
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether no `must` is broken."""
        return all(finding.fine for finding in self.findings if finding.level == "must")

    def require_passed(self) -> None:
        """Raise `CheckFailedError` that names what the platform would refuse, if anything."""
        broken = [f"{f.name} is {f.found}, {f.wanted}" for f in self.findings if f.level == "must" and not f.fine]
        if broken:
            raise CheckFailedError(
                f"{self.file} does not fit {self.title}: {'; '.join(broken)}.",
                "Render again with another --size, --fps, --quality or --from and --to.",
            )


def target_names() -> tuple[str, ...]:
    """Names for `--for`, in order of the alphabet."""
    folder = resources.files("suno_video.publish") / "targets"
    return tuple(sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml")))


def load_target(name: str) -> Target:
    """Read a target.

    Raises:
        UsageError: There is none of that name.
    """
    if name not in target_names():
        raise UsageError(f"{name!r} is no target.", f"Use one of: {', '.join(target_names())}.")
    text = (resources.files("suno_video.publish") / "targets" / f"{name}.toml").read_text(encoding="utf-8")
    try:
        return Target.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValidationError) as exc:
        raise ConfigError(f"The target {name} is damaged: {exc}", "Reinstall suno-video with pip.") from exc


def check_file(path: Path, target: str) -> CheckReport:
    """Prove each limit of a platform on a finished file.

    Raises:
        UsageError: There is no such target.
        CheckFailedError: The file is no whole MP4 file or holds no picture.
        OSError: It cannot be read.
    """
    wanted = load_target(target)
    facts = _measure(path)
    findings = (*_findings("must", wanted.must, facts), *_findings("should", wanted.should, facts), _sync(facts))
    return CheckReport(
        file=path.name,
        target=target,
        title=wanted.title,
        source=wanted.source,
        checked_on=wanted.checked_on,
        findings=findings,
    )


@dataclass(frozen=True)
class _Facts:
    file: Mp4File
    picture: Mp4Track
    sound: Mp4Track | None

    @property
    def length_s(self) -> float:
        return max(self.picture.duration_s, self.sound.duration_s if self.sound else 0.0)

    @property
    def video_kbps(self) -> float:
        seconds = self.picture.duration_s
        return float(self.picture.sizes.sum()) * 8 / 1000 / seconds if seconds else 0.0

    @property
    def key_interval_s(self) -> float:
        keys = self.picture.key_samples
        if keys is None or self.picture.n_samples == 0:
            return 0.0
        decoded = np.concatenate([[0], np.cumsum(self.picture.durations)])
        return float(np.diff(decoded[np.append(keys, self.picture.n_samples)]).max()) / self.picture.timescale


def _measure(path: Path) -> _Facts:
    file = read_mp4(path)
    picture = file.track("vide")
    if picture is None or not picture.n_samples or not picture.height_px:
        raise CheckFailedError(f"{path.name} holds no picture.", "Name a finished video.")
    return _Facts(file, picture, file.track("soun"))


def _findings(level: Level, limits: Limits, facts: _Facts) -> Iterator[Finding]:
    for name, fine, found, wanted in (*_of_file(limits, facts), *_of_picture(limits, facts), *_of_sound(limits, facts)):
        yield Finding(name=name, level=level, fine=fine, found=found, wanted=wanted)


def _of_file(limits: Limits, facts: _Facts) -> Iterator[_Row]:
    yield from _span("length", facts.length_s, limits.min_length_s, limits.max_length_s, " s")
    low, high = (None if size is None else size / 1e6 for size in (limits.min_bytes, limits.max_bytes))
    yield from _span("file size", facts.file.n_bytes / 1e6, low, high, " MB")
    if limits.index_first:
        where = "before the media" if facts.file.index_first else "after the media"
        yield "index", facts.file.index_first, where, "before the media"
    if limits.no_edit_lists:
        has = any(track.has_edit_list for track in facts.file.tracks)
        yield "edit lists", not has, "present" if has else "none", "none"


def _of_picture(limits: Limits, facts: _Facts) -> Iterator[_Row]:
    picture = facts.picture
    ratio = Fraction(picture.width_px, picture.height_px)
    yield from _span("width", picture.width_px, limits.min_width_px, limits.max_width_px, " px")
    yield from _span("height", picture.height_px, limits.min_height_px, limits.max_height_px, " px")
    yield from _span("width by height", float(ratio), limits.min_ratio, limits.max_ratio, "")
    if limits.ratio is not None:
        wide, high = (int(part) for part in limits.ratio.split(":"))
        fine = abs(ratio * high / wide - 1) <= RATIO_TOLERANCE
        yield "ratio", fine, f"{ratio.numerator}:{ratio.denominator}", limits.ratio
    yield from _span("frame rate", float(picture.fps), limits.min_fps, limits.max_fps, " fps")
    yield from _choice("picture codec", picture.codec, limits.video_codecs)
    if limits.h264_profile is not None and picture.codec == "avc1":
        yield from _choice("H.264 profile", str(picture.h264_profile), (str(limits.h264_profile),))
    yield from _span("picture bit rate", facts.video_kbps, limits.min_video_kbps, limits.max_video_kbps, " kbit/s")
    yield from _span("key frame interval", facts.key_interval_s, None, limits.max_key_interval_s, " s")


def _of_sound(limits: Limits, facts: _Facts) -> Iterator[_Row]:
    sound = facts.sound
    yield from _choice("sound codec", sound.codec if sound else "none", limits.audio_codecs)
    if sound is not None:
        rates = tuple(str(rate) for rate in limits.sample_rates_hz)
        yield from _choice("sample rate in Hz", str(sound.sample_rate_hz), rates)


def _span(name: str, value: float, low: float | None, high: float | None, unit: str) -> Iterator[_Row]:
    if low is not None or high is not None:
        fine = (low is None or value >= low - 1e-3) and (high is None or value <= high + 1e-3)
        yield name, fine, f"{value:.6g}{unit}", _range(low, high, unit)


def _choice(name: str, value: str, allowed: tuple[str, ...]) -> Iterator[_Row]:
    if allowed:
        yield name, value in allowed, value, allowed[0] if len(allowed) == 1 else f"one of {', '.join(allowed)}"


def _sync(facts: _Facts) -> Finding:
    """Whether picture and sound begin together: a player that ignores edit lists sees what we see here."""
    if facts.sound is None or not facts.sound.n_samples:
        return Finding(name="sound offset", level="should", fine=True, found="no sound", wanted="at most 5 ms")
    picture_ms = 1000 * float(facts.picture.shown_at()[0]) / facts.picture.timescale
    sound_ms = 1000 * float(facts.sound.shown_at()[0]) / facts.sound.timescale
    offset = sound_ms - picture_ms
    fine = abs(offset) <= MAX_AV_OFFSET_MS
    return Finding(name="sound offset", level="should", fine=fine, found=f"{offset:.1f} ms", wanted="at most 5 ms")


def _range(low: float | None, high: float | None, unit: str) -> str:
    if low is None:
        return f"at most {high:g}{unit}"
    return f"at least {low:g}{unit}" if high is None else f"{low:g} to {high:g}{unit}"
