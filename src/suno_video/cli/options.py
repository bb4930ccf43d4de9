"""The options that several commands share. Nothing heavy is imported here: `--help` must answer at once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer


def _list_looks(name: str | None) -> str | None:
    if name == "list":
        from suno_video.cli.facts import looks

        looks()
        raise typer.Exit
    return name


Song = Annotated[
    Path,
    # Whether it can be read is looked at with the song: Typer would call it a wrong usage.
    typer.Argument(
        metavar="SONG", help="The song: mp3, wav, flac, ogg, opus, m4a.", show_default=False, readable=False
    ),
]
Songs = Annotated[
    # As text: a path of no text would be the folder that one stands in, and an unset variable would render all of it.
    list[str],
    typer.Argument(
        metavar="SONG",
        help="The song: mp3, wav, flac, ogg, opus, m4a; or several, or folders of songs.",
        show_default=False,
    ),
]
SummaryFile = Annotated[
    Path | None, typer.Option("--summary", help="Write how each song ended into this file, as one JSON object.")
]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="The film, or a folder for it. Else SONG.mp4.")]
ProjectFolder = Annotated[
    Path | None, typer.Option("--project", help="The project folder. Else SONG.suno-video/ beside the song.")
]
ProjectOrSong = Annotated[
    Path, typer.Argument(metavar="PROJECT", help="A project folder, or the song itself.", show_default=False)
]
Size = Annotated[
    str | None, typer.Option("--size", help="16:9, 9:16, 1:1, 4:5, 480p, 720p, 1080p, 1440p, 4k or WIDTHxHEIGHT.")
]
Fps = Annotated[int | None, typer.Option("--fps", help="Frames per second, 10 to 120.")]
LookName = Annotated[
    str | None,
    typer.Option(
        "--look",
        help="Name of a look, `auto` (by mood), or `list` to see them all.",
        callback=_list_looks,
        is_eager=True,
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", help="Another number gives another film.")]
QualityName = Annotated[str | None, typer.Option("--quality", help="draft, standard or high.")]
EncoderChosen = Annotated[
    str | None, typer.Option("--encoder", help="x264, av1, hardware, videotoolbox, nvenc, qsv or vaapi.")
]
Preview = Annotated[bool, typer.Option("--preview", help="Small and fast: draft quality, 480 pixels high.")]
From = Annotated[str | None, typer.Option("--from", help="Begin here in the song: seconds or m:ss.")]
To = Annotated[str | None, typer.Option("--to", help="End here in the song: seconds or m:ss.")]
Credits = Annotated[
    list[str] | None,
    typer.Option("--credit", metavar="TEXT", help="A line for the end card, such as `Words by ...`; may be repeated."),
]
EndCard = Annotated[
    bool | None, typer.Option("--end-card/--no-end-card", help="Show the title once more over the end.")
]
Lut = Annotated[
    Path | None,
    typer.Option("--lut", metavar="FILE", help="A colour table (.cube) for the whole film, instead of the look's."),
]
AllowFlashes = Annotated[
    bool | None,
    typer.Option(
        "--allow-flashes/--soften-flashes",
        help="Leave flashes as they are, also where more than three in a second can harm people.",
    ),
]
Title = Annotated[str | None, typer.Option("--title", help='Title to show instead of the tagged one; "" shows none.')]
NoCaptions = Annotated[bool, typer.Option("--no-captions", help="Do not show the lyrics: --captions none.")]
CaptionMode = Annotated[
    str | None,
    typer.Option("--captions", metavar="MODE", help="How lyrics are shown: karaoke, lines, type (large words), none."),
]
SafeFor = Annotated[
    str | None,
    typer.Option("--safe-for", metavar="PLATFORM", help="Keep text clear of its buttons: reels, shorts, tiktok ..."),
]
Timing = Annotated[
    str | None,
    typer.Option("--timing", metavar="FEEL", help="How cuts lie to the music: grid, tight, human, or 0 to 1."),
]
BackendName = Annotated[str | None, typer.Option("--backend", help="What plays the scenes; see `suno-video backends`.")]
Stills = Annotated[str | None, typer.Option("--stills", help="Image backend that makes a still for each scene first.")]
References = Annotated[
    list[Path] | None,
    typer.Option(
        "--reference",
        metavar="FILE",
        help="A picture of who or what must look the same in every scene; may be repeated.",
        show_default=False,
    ),
]
LockSeed = Annotated[
    bool | None, typer.Option("--lock-seed/--no-lock-seed", help="Make all stills and clips with one seed.")
]
Director = Annotated[
    str | None,
    typer.Option(
        "--director",
        metavar="NAME",
        help="Who directs: rules, auto, gemini, openai, ollama, anthropic, or NAME:MODEL. Else rules.",
    ),
]
DirectorOffline = Annotated[
    bool | None,
    typer.Option(
        "--director-offline/--no-director-offline",
        help="Call no language model: use only what it answered in earlier runs.",
    ),
]
Budget = Annotated[
    float | None, typer.Option("--budget", help="US dollars that this run may spend on services. Nothing without it.")
]
SceneNames = Annotated[str | None, typer.Option("--scene", help="Make these scenes again: 7,9-11 or s007.")]
Keep = Annotated[str | None, typer.Option("--keep", help="Keep what plays in these scenes, whatever changes.")]
Reject = Annotated[
    str | None, typer.Option("--reject", help="Never play again what plays in these scenes; make another.")
]
Upgrade = Annotated[
    bool, typer.Option("--upgrade", help="Ask again for what a service refused; stand-ins are upgraded anyway.")
]
Review = Annotated[
    bool | None,
    typer.Option("--review/--no-review", help="Let the director look at stills and clips, and make bad ones again."),
]
Isolate = Annotated[
    bool | None,
    typer.Option("--isolate/--no-isolate", help="Make each still and clip in a fresh process, so that memory returns."),
]
StemsFolder = Annotated[
    Path | None,
    typer.Option(
        "--stems", metavar="DIR", help="Folder with the song's stems (drums, vocals ...). Else those beside it."
    ),
]
Separate = Annotated[
    bool | None,
    typer.Option(
        "--separate/--no-separate",
        help="Separate drums and voice (extra `stems`) where no stems are found, to hear beats and voice better.",
    ),
]
Bpm = Annotated[
    float | None, typer.Option("--bpm", metavar="N", help="The tempo, where it is heard wrongly (half, double).")
]
Downbeat = Annotated[
    str | None, typer.Option("--downbeat", metavar="TIME", help="A moment at which a bar begins: seconds or m:ss.")
]
Beats = Annotated[
    str | None,
    typer.Option(
        "--beats",
        metavar="FILE",
        help="The beats, from CSV, JSON, Audacity labels or JAMS; auto: listen again; beat_this: its ears (extra).",
    ),
]
MaxDuration = Annotated[
    str | None, typer.Option("--max-duration", help="Refuse longer songs: seconds, m:ss or h:mm:ss. Else 4 hours.")
]
Config = Annotated[Path | None, typer.Option("--config", help="Settings file to use instead of suno-video.toml.")]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", help="Scenes rendered at once. Else one per core.")]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout, one object a line.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on stderr but errors.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more: each scene, and what the log says.")]


@dataclass(frozen=True)
class Wishes:
    """What was given on the command line and has no place in the settings."""

    out: Path | None = None
    project: Path | None = None
    preview: bool = False
    start: str | None = None
    end: str | None = None
    title: str | None = None
    config: Path | None = None
    flags: Mapping[str, Any] = field(default_factory=dict)
    """The settings that were given as flags."""
    upgrade: bool = False
    redo: str | None = None
    """Scenes, as `7,9-11`; `keep` and `reject` likewise."""
    keep: str | None = None
    reject: str | None = None
    references: Sequence[Path] = ()
    stems: Path | None = None
    bpm: float | None = None
    downbeat: str | None = None
    beats: str | None = None
    credits: Sequence[str] = ()
    """Lines for the end card."""
    run: str = field(default_factory=lambda: secrets.token_hex(8))
    """One id for all songs of a command, so that they share its budget."""

    @property
    def names_scenes(self) -> bool:
        """Whether single scenes are named, which are those of one song."""
        return any(names is not None for names in (self.redo, self.keep, self.reject))


@dataclass(frozen=True)
class Manner:
    """How to talk meanwhile."""

    json: bool = False
    quiet: bool = False
    verbose: bool = False


def set_flags(**flags: Any) -> Mapping[str, Any]:
    """Keep the flags that were given."""
    return {name: value for name, value in flags.items() if value is not None}


def finish_flags(lut: Path | None, allow_flashes: bool | None) -> Mapping[str, Any]:
    """Name the settings that the flags about the finished picture are."""
    return {"finish.lut": None if lut is None else str(lut), "finish.allow_flashes": allow_flashes}


def caption_flags(
    no_captions: bool, captions: str | None, safe_for: str | None, timing: str | None
) -> Mapping[str, Any]:
    """Name the settings that the flags about captions and timing are. Raises `UsageError` when two contradict."""
    from suno_video.core.errors import UsageError

    if no_captions and captions not in (None, "none"):
        raise UsageError("--no-captions and --captions contradict each other.", "Leave one of them out.")
    mode = "none" if no_captions else captions
    return set_flags(captions=mode, safe_for=safe_for, timing=timing)


def director_flags(name: str | None, offline: bool | None) -> Mapping[str, Any]:
    """Name the settings that `--director` and `--director-offline` are."""
    return {"director.name": name, "director.offline": offline}
