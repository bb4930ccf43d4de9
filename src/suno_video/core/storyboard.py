"""The plan of the film (`storyboard.json`): a treatment for the whole song, then scenes that tile it in frames."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, StringConstraints, model_validator

from suno_video.core.analysis import SectionLabel, Unit
from suno_video.core.brief import Captions, Grade, LutName, ReferenceName, SafeArea, TitleStyle, TypeStyle
from suno_video.core.character import Character
from suno_video.core.color import Palette
from suno_video.core.frames import MAX_FPS, MIN_FPS, FrameSize
from suno_video.core.record import Record

TransitionKind: TypeAlias = Literal[
    "cut", "dissolve", "dip", "flash", "whip", "zoom", "wipe", "glitch", "spin", "blur", "pixelate", "ripple",
    "shutter", "light_leak", "film_burn", "slide", "push", "iris", "blinds", "clock", "ink",
]  # fmt: skip
EffectKind: TypeAlias = Literal[
    "zoom_pulse", "shake", "flash", "strobe", "chromatic", "echo", "freeze", "speed_ramp", "light_leak", "film_burn",
    "letterbox",
]  # fmt: skip
"""`freeze` holds a frame; `speed_ramp` bends the time of clips that are files, and of no others."""
DriveKind: TypeAlias = Literal[
    "beat", "downbeat", "bass", "onset", "kick", "snare", "hat", "drop", "tension", "stop", "always"
]
"""What in the music drives an effect; `stop` is a sudden silence, `tension` the rise before a drop."""
MoveKind: TypeAlias = Literal["hold", "push_in", "pull_out", "pan_left", "pan_right", "rise", "fall", "orbit", "drift"]

SceneId: TypeAlias = Annotated[str, StringConstraints(pattern=r"^s\d{3,5}$")]
SHOWS_BOTH: frozenset[TransitionKind] = frozenset(
    {"dissolve", "wipe", "slide", "push", "iris", "blinds", "clock", "ink"}
)
"""Transitions in which two scenes are seen at once."""

MIN_SCENE_FRAMES = 2
MAX_TRANSITION_FRAMES = 90
MAX_FADE_FRAMES = 600
MAX_LEAD_FRAMES = 30


class Motion(Record):
    """How the camera moves through a scene."""

    move: MoveKind = "drift"
    amount: Unit = 0.5
    on_beat: Unit = 0.3
    """How strongly the camera answers each beat."""


class Transition(Record):
    """How a scene is entered. The frames lie half before and half after the cut."""

    kind: TransitionKind = "cut"
    n_frames: Annotated[int, Field(ge=0, le=MAX_TRANSITION_FRAMES)] = 0
    """Even; 0 for a cut."""

    @model_validator(mode="after")
    def _check_frames(self) -> Self:
        if self.n_frames % 2:
            raise ValueError("n_frames must be even: half lies on each side of the cut")
        if (self.kind == "cut") != (self.n_frames == 0):
            raise ValueError("a cut has 0 frames, every other transition has at least 2")
        return self

    @property
    def needs_both_pictures(self) -> bool:
        """Whether both scenes are seen at once, so that the transition becomes a segment of its own (a join)."""
        return self.kind in SHOWS_BOTH


class BeatEffect(Record):
    """Something that happens to the picture with the music, whatever made the picture."""

    kind: EffectKind
    amount: Unit = 0.5
    on: DriveKind = "beat"


class Scene(Record):
    """One shot: a span of frames, what is seen, and how."""

    id: SceneId
    start_frame: NonNegativeInt
    end_frame: PositiveInt
    """The frame after the last one."""
    section: NonNegativeInt
    """Index into the sections of the analysis."""
    section_label: SectionLabel
    bar: NonNegativeInt
    """1-based bar of the song in which it begins; 0 where there is no beat grid."""
    motif: str
    """Name of the motif in the treatment that it belongs to."""
    family: str
    """Scene family of the embedded renderer, such as `nebula`."""
    params: dict[str, float] = {}
    """Variations of the family; each 0..1 unless the family says otherwise."""
    growth: Unit = 0.0
    """How far its motif has grown: a chorus comes back larger each time."""
    energy: Unit = 0.5
    seed: NonNegativeInt
    palette: Palette
    motion: Motion = Motion()
    transition: Transition = Transition()
    """How this scene is entered."""
    effects: tuple[BeatEffect, ...] = ()
    prompt: str
    """For image and video models: subject, setting, light, lens, movement."""
    negative_prompt: str = ""
    still_backend: str | None = None
    video_backend: str = "procedural"
    chain: bool = False
    """Whether its clip begins with the last picture that the film shows of the previous scene's clip."""
    end_on_next: bool = False
    """Whether its clip ends on the still of the next scene, where the model can do that."""
    lyrics: str | None = None
    """The words sung in this scene."""
    sung: bool = False
    lead_frames: Annotated[int, Field(ge=0, le=MAX_LEAD_FRAMES)] = 0
    """How many frames before its beat the cut lies, as an editor sets it; 0 on the beat, or where there is none."""
    who: tuple[str, ...] = ()
    """Names of the characters who are seen."""
    continuity: str = ""
    """What must be as it was: a wet coat, the lamp that is broken by now."""
    why: str = ""
    """Why the cut is here and why it looks so, for people."""

    @property
    def n_frames(self) -> int:
        """Length in frames."""
        return self.end_frame - self.start_frame


class Motif(Record):
    """A picture idea that belongs to a kind of section and returns with it."""

    name: str
    families: tuple[str, ...]
    idea: str
    """One sentence that a person or a model can paint from."""
    palette: Palette


class Treatment(Record):
    """The idea of the whole film, before it is cut into scenes."""

    logline: str
    look: str
    moods: tuple[str, ...]
    palette: Palette
    motifs: tuple[Motif, ...]
    grade: Grade = Grade()
    lut: LutName | None = None
    """A colour table for every finished picture: one of ours, or a file in the project's folder `luts`."""
    lut_amount: Unit = 1.0
    type_style: TypeStyle = TypeStyle()
    title_style: TitleStyle = TitleStyle()
    style_words: str = ""
    """Appended to each prompt: medium, light, lens."""
    world: str = ""
    """Where and when everything happens."""
    characters: tuple[Character, ...] = ()
    """Who is seen; scenes name them in `who`."""
    camera_language: str = ""
    """How the camera looks at things throughout."""
    never_show: tuple[str, ...] = ()
    """What is in no picture; models that take a negative prompt are told."""


class TitleCard(Record):
    """The title shown over the opening."""

    title: str
    artist: str | None = None
    start_s: NonNegativeFloat
    end_s: NonNegativeFloat


class EndCard(Record):
    """What stands over the end of the film: its title once more, who made it, and thanks."""

    title: str
    artist: str | None = None
    credits: tuple[str, ...] = ()
    start_s: NonNegativeFloat
    end_s: NonNegativeFloat


class Storyboard(Record):
    """A whole film as data. Scenes tile the film in integer frames, without gap or overlap."""

    version: Literal[1] = 1
    song_sha256: str
    director: str
    """Who made it: `rules 1`, a model's name, or a person."""
    seed: NonNegativeInt
    size: FrameSize
    fps: Annotated[int, Field(ge=MIN_FPS, le=MAX_FPS)]
    first_frame: NonNegativeInt = 0
    """First frame of the film on the song's frame grid (`--from`)."""
    n_frames: PositiveInt
    treatment: Treatment
    fade_in_frames: Annotated[int, Field(ge=0, le=MAX_FADE_FRAMES)] = 0
    """Frames in which the film rises out of black; 0 to begin at once."""
    fade_out_frames: Annotated[int, Field(ge=0, le=MAX_FADE_FRAMES)] = 0
    """Frames in which it sinks into black at its end."""
    title_card: TitleCard | None = None
    end_card: EndCard | None = None
    captions: Captions = "karaoke"
    safe_area: SafeArea | None = None
    """Where text may stand, for the platform that the film is for; None: what all of them leave free."""
    references: tuple[ReferenceName, ...] = ()
    """Pictures in the folder `references` that every still and clip is shown, always these and never a made one."""
    lock_seed: bool = False
    """Whether all stills and clips are made with the seed of the film; painted scenes keep their own."""
    scenes: Annotated[tuple[Scene, ...], Field(min_length=1)]

    @property
    def end_frame(self) -> int:
        """The frame after the last one, on the song's frame grid."""
        return self.first_frame + self.n_frames

    def first_seed(self, scene: Scene) -> int:
        """The seed of the first still or clip of a scene."""
        return self.seed if self.lock_seed else scene.seed

    def before(self, scene: Scene) -> Scene | None:
        """The previous scene."""
        place = self.scenes.index(scene)
        return self.scenes[place - 1] if place else None

    def after(self, scene: Scene) -> Scene | None:
        """The next scene."""
        place = self.scenes.index(scene) + 1
        return self.scenes[place] if place < len(self.scenes) else None

    @model_validator(mode="after")
    def _check_tiling(self) -> Self:
        expected = self.first_frame
        for number, scene in enumerate(self.scenes):
            if scene.start_frame != expected:
                raise ValueError(
                    f"scenes must tile the film: {scene.id} begins at frame {scene.start_frame}, not at {expected}"
                )
            if scene.n_frames < MIN_SCENE_FRAMES:
                raise ValueError(
                    f"scene {scene.id} has {scene.n_frames} frames, at least {MIN_SCENE_FRAMES} are needed"
                )
            if number == 0 and scene.transition.needs_both_pictures:
                raise ValueError(f"scene {scene.id} is the first and has no picture to {scene.transition.kind} from")
            if number == 0 and scene.chain:
                raise ValueError(f"scene {scene.id} is the first and has no picture to go on from")
            expected = scene.end_frame
        if expected != self.end_frame:
            raise ValueError(f"the last scene ends at frame {expected}, the film at {self.end_frame}")
        if self.fade_in_frames + self.fade_out_frames > self.n_frames:
            raise ValueError(f"the fades take {self.fade_in_frames + self.fade_out_frames} frames, the film has fewer")
        if len({scene.id for scene in self.scenes}) != len(self.scenes):
            raise ValueError("two scenes have the same id")
        self._check_transitions_fit()
        return self

    def _check_transitions_fit(self) -> None:
        for number, scene in enumerate(self.scenes):
            after = self.scenes[number + 1].transition.n_frames if number + 1 < len(self.scenes) else 0
            taken = scene.transition.n_frames // 2 + after // 2
            if taken >= scene.n_frames:
                raise ValueError(
                    f"scene {scene.id} has {scene.n_frames} frames, but the transitions on its two sides take {taken}"
                )
