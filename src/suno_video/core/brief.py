"""What the user asked for, and looks: named sets of taste that the director draws on."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from suno_video.core.analysis import SectionLabel, Unit
from suno_video.core.color import Palette
from suno_video.core.frames import MAX_FPS, MIN_FPS, FrameSize
from suno_video.core.record import Record

Quality: TypeAlias = Literal["draft", "standard", "high"]
"""`draft` (`--preview`): small and fast; `standard`; `high`: slower encoder, larger file."""

EncoderName: TypeAlias = Literal["x264", "av1", "videotoolbox", "nvenc", "qsv", "vaapi"]
EncoderChoice: TypeAlias = Literal["x264", "av1", "hardware", "videotoolbox", "nvenc", "qsv", "vaapi"]
"""`hardware` is the first encoder in hardware that works on the machine."""


CaptionMode: TypeAlias = Literal["karaoke", "lines", "type", "none"]
"""`karaoke`: a highlight sweeps with the voice; `lines`: whole lines; `type`: large moving words; `none`."""


def _caption_mode(value: object) -> object:
    """Files and variables for earlier versions only said whether there are captions."""
    known = dict.fromkeys(("true", "1", "yes", "on"), "karaoke") | dict.fromkeys(("false", "0", "no", "off"), "none")
    return known.get(str(value).lower(), value) if isinstance(value, bool | str) else value


Captions: TypeAlias = Annotated[CaptionMode, BeforeValidator(_caption_mode)]

TIMING_NAMES: dict[str, float] = {"grid": 0.0, "tight": 0.5, "human": 1.0}


def _timing(value: object) -> object:
    """Take a name for a number."""
    try:
        return TIMING_NAMES[str(value)] if str(value) in TIMING_NAMES else float(str(value))
    except ValueError as exc:
        raise ValueError(f"use {', '.join(TIMING_NAMES)}, or a number from 0 to 1") from exc


Timing: TypeAlias = Annotated[float, Field(ge=0, le=1), BeforeValidator(_timing)]
"""How cuts lie to the music: 0 on the grid, 0.5 tight, 1 as an editor feels it (`direct.timing`)."""
USUAL_TIMING = TIMING_NAMES["tight"]


ReferenceName: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z_.-]{0,99}\.(png|jpg|jpeg)$")
]
"""A picture in the `references` folder of the project. A plain name: a storyboard must not name files elsewhere."""


class SafeArea(Record):
    """Where text may stand, as shares of the picture's width and height from its top left."""

    left: Unit
    top: Unit
    right: Unit
    bottom: Unit

    @model_validator(mode="after")
    def _check_room(self) -> Self:
        if self.right - self.left < 0.2 or self.bottom - self.top < 0.2:
            raise ValueError("text needs at least a fifth of the width and of the height")
        return self


class Grade(Record):
    """How light becomes picture."""

    exposure: Annotated[float, Field(ge=0.2, le=4)] = 1.0
    contrast: Annotated[float, Field(ge=0.5, le=2)] = 1.0
    saturation: Annotated[float, Field(ge=0, le=2)] = 1.0
    bloom: Unit = 0.45
    vignette: Unit = 0.45
    grain: Unit = 0.4
    """Film grain; a little hides banding."""


FontFamily: TypeAlias = Literal[
    "Inter", "Noto Sans", "Bebas Neue", "Archivo Black", "DM Serif Display", "Space Mono", "Righteous",
    "Permanent Marker",
]  # fmt: skip
"""Families that we ship: two grotesques, then condensed, heavy, serif, mono, round, and written by hand."""


class TypeStyle(Record):
    """How titles and captions are set."""

    family: FontFamily = "Inter"
    weight: Annotated[int, Field(ge=100, le=900)] = 700
    italic: bool = False
    uppercase: bool = False
    tracking: Annotated[float, Field(ge=-2, le=20)] = 0.0
    """Extra space between letters, in percent of the type size."""
    position: Literal["lower", "middle"] = "lower"


class TitleStyle(Record):
    """How the title of the film and its end card are set."""

    family: FontFamily = "Inter"
    weight: Annotated[int, Field(ge=100, le=900)] = 700
    italic: bool = False
    uppercase: bool = False
    tracking: Annotated[float, Field(ge=-4, le=40)] = 0.0
    """Extra space between letters, in percent of the type size."""
    size: Annotated[float, Field(ge=0.5, le=1.6)] = 1.0
    """Against the usual size of a title."""
    layout: Literal["centre", "corner", "poster", "frame"] = "centre"
    """`centre`; `corner`: lower left; `poster`: as large as the picture allows; `frame`: within a thin frame."""
    rule: bool = False
    """A line between title and artist."""
    entrance: Literal["focus", "rise", "spread", "type", "flicker"] = "focus"
    """How it comes: out of a blur, from below, its letters drawing together, letter by letter, like a tube."""


class LookEffects(Record):
    """How much of each beat effect a look takes, from calm (0) to full (1)."""

    zoom_pulse: Unit = 0.3
    shake: Unit = 0.0
    flash: Unit = 0.0
    strobe: Unit = 0.0
    """Only where everything drives; never more than three hits a second."""
    chromatic: Unit = 0.0
    echo: Unit = 0.0
    freeze: Unit = 0.0
    """The picture stands still where the music stops."""
    speed_ramp: Unit = 0.0
    """Clips of models run ahead on each downbeat and wait for the next."""
    light_leak: Unit = 0.0
    film_burn: Unit = 0.0
    letterbox: Unit = 0.0


PaletteRule: TypeAlias = Literal["neighbours", "mono", "wide", "complement"]
"""How the colours of the parts lie to each other: close by, all in one hue, far apart, or with the loud parts in the
colours that lie across."""

LutName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$")]
"""A colour table by its plain name: a storyboard must not name files elsewhere."""


class Look(Record):
    """A named taste: which families play which part, colour, grain, type, transitions, pace."""

    name: str
    idea: str
    """One sentence for `--help` and the report."""
    moods: tuple[str, ...]
    """Mood words for which `auto` picks it."""
    families: dict[SectionLabel | Literal["default"], tuple[str, ...]]
    """Scene families by the kind of section; `default` serves the rest."""
    palette: Literal["cover"] | Palette = "cover"
    """`cover` takes the colours of the cover picture; without a cover, `fallback_palette`."""
    fallback_palette: Palette
    palette_rule: PaletteRule = "neighbours"
    grade: Grade = Grade()
    lut: LutName | None = None
    """A colour table for the finished picture: one of ours, or a `.cube` file beside the look."""
    lut_amount: Unit = 1.0
    type_style: TypeStyle = TypeStyle()
    title_style: TitleStyle = TitleStyle()
    effects: LookEffects = LookEffects()
    soft_transitions: tuple[str, ...] = ("dissolve", "dip")
    """For calm passages and section changes."""
    hard_transitions: tuple[str, ...] = ("cut", "flash")
    """For energetic ones."""
    entrances: dict[SectionLabel, tuple[str, ...]] = {}
    """Transitions into a kind of section, where they are to be others than by energy."""
    pace: Annotated[float, Field(ge=0.25, le=4)] = 1.0
    """Above 1 cuts more often, below 1 less."""
    style_words: str
    """For image and video models: medium, light, lens, film stock."""
    negative_words: str = "text, watermark, logo, blurry, deformed"


class Brief(Record):
    """What the user asked for. The director obeys it; everything in it comes from flags and settings."""

    look: str = "auto"
    seed: Annotated[int, Field(ge=0)] | None = None
    """None: taken from the song's content, so that the same song gives the same film."""
    size: FrameSize = FrameSize(width_px=1920, height_px=1080)
    fps: Annotated[int, Field(ge=MIN_FPS, le=MAX_FPS)] = 30
    from_s: Annotated[float, Field(ge=0)] | None = None
    to_s: Annotated[float, Field(gt=0)] | None = None
    title: str | None = None
    """Shown instead of the title in the tags; an empty string shows no title."""
    end_card: bool = True
    """Whether the title stands over the end once more, where nobody sings."""
    credits: tuple[str, ...] = ()
    """Lines of thanks for the end card: `Words by Ada Example`."""
    captions: Captions = "karaoke"
    safe_area: SafeArea | None = None
    """What the platform that the film is for leaves free; None: what all of them do."""
    timing: Timing = USUAL_TIMING
    still_backend: str | None = None
    video_backend: str = "procedural"
    references: tuple[ReferenceName, ...] = ()
    """Pictures of who and what must look the same in every scene, by content: another picture is another name."""
    lock_seed: bool = False
    """Whether all stills and clips are made with one seed."""
