"""Looks whether everything that a film needs is here and works, for `suno-video doctor` and bug reports."""

from __future__ import annotations

import importlib
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from suno_video.core.errors import SunoVideoError

State: TypeAlias = Literal["ok", "warn", "fail"]

NEEDED_ENCODERS = ("libx264", "aac")
NEEDED_FILTERS = (*("ass", "scale", "crop", "setsar", "format"), *("aresample", "aformat", "apad", "atrim", "asetpts"))
LOW_DISK_BYTES = 2 * 10**9  # a four-minute 1080p film with its segments takes about 0.5 GB
LOW_MEMORY_MB = 2000
_TOOL_TIMEOUT_S = 30


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    name: str
    state: State
    detail: str
    hint: str = ""


def examine() -> Iterator[Finding]:
    """Look at everything, one finding after the other. A check that breaks is itself a finding."""
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("python", _python),
        ("ffmpeg", _ffmpeg),
        ("encoders", _encoders),
        ("packages", _packages),
        ("fonts", _fonts),
        ("cache", _cache),
        ("machine", _machine),
        ("settings", _settings),
        ("director", _director),
        ("text in pictures", _text_reader),
        ("scenes of your own", _scenes),
        ("backends", _backends),
    ]
    for name, check in checks:
        try:
            yield from check()
        except SunoVideoError as exc:
            yield Finding(name, "fail", exc.message, exc.hint)
        except Exception as exc:  # noqa: BLE001 - the doctor must live to tell
            yield Finding(name, "fail", f"{type(exc).__name__}: {exc}", "Report this with the whole output.")


def _python() -> Iterator[Finding]:
    from suno_video import __version__

    yield Finding("suno-video", "ok", __version__)
    yield Finding("python", "ok", f"{platform.python_version()} ({platform.python_implementation()})")
    yield Finding("platform", "ok", f"{platform.system()} {platform.release()} {platform.machine()}")


def _ffmpeg() -> Iterator[Finding]:
    from suno_video.media.ffmpeg import ffmpeg_path, ffmpeg_version

    yield Finding("ffmpeg", "ok", f"{ffmpeg_version()} at {ffmpeg_path()}")
    for kind, needed in (("encoders", NEEDED_ENCODERS), ("filters", NEEDED_FILTERS)):
        missing = [name for name in needed if name not in _ffmpeg_names(kind)]
        if missing:
            hint = "Unset SUNO_VIDEO_FFMPEG, or: pip install --force-reinstall imageio-ffmpeg"
            yield Finding(f"ffmpeg {kind}", "fail", f"missing: {', '.join(missing)}", hint)
        else:
            yield Finding(f"ffmpeg {kind}", "ok", ", ".join(needed))


def _encoders() -> Iterator[Finding]:
    """Say which encoders work here; only x264 is needed."""
    from suno_video.assemble.encoders import ENCODERS, why_not

    for name, encoder in ENCODERS.items():
        reason = why_not(name)
        state: State = "ok" if reason is None or encoder.is_hardware else "fail" if name == "x264" else "warn"
        yield Finding(f"encoder {name}", state, encoder.idea if reason is None else f"not here: {encoder.idea}")


def _ffmpeg_names(kind: str) -> set[str]:
    """Names of ffmpeg's encoders or filters: the second word of each line of its list."""
    from suno_video.media.ffmpeg import ffmpeg_path

    listed = subprocess.run(
        [ffmpeg_path(), "-hide_banner", f"-{kind}"],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=_TOOL_TIMEOUT_S,
        check=False,
    )
    rows = [line.split() for line in listed.stdout.decode(errors="replace").splitlines()]
    return {row[1] for row in rows if len(row) > 1}


def _packages() -> Iterator[Finding]:
    for name in ("numpy", "numba", "cv2", "psutil"):
        try:
            version = getattr(importlib.import_module(name), "__version__", "present")
        except (ImportError, OSError) as exc:
            yield Finding(name, "fail", str(exc), "Install again: pip install --force-reinstall suno-video")
        else:
            yield Finding(name, "ok", str(version))


def _fonts() -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, version

    for name in ("fontpkg-inter", "fontpkg-noto-sans"):
        try:
            yield Finding(name, "ok", version(name))
        except PackageNotFoundError:
            yield Finding(name, "fail", "not installed", f"Install it: pip install {name}")


def _cache() -> Iterator[Finding]:
    import platformdirs

    folder = Path(platformdirs.user_cache_dir("suno-video"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as exc:
        yield Finding("cache", "warn", f"{folder}: {exc.strerror}", "Compiled painters are made anew in each run.")
    else:
        yield Finding("cache", "ok", str(folder))


def _machine() -> Iterator[Finding]:
    from suno_video.core.memory import get_memory_info
    from suno_video.pipeline.options import usable_cores

    free = shutil.disk_usage(Path()).free
    yield Finding(
        "disk",
        "ok" if free >= LOW_DISK_BYTES else "warn",
        f"{free / 1e9:.1f} GB free here",
        "" if free >= LOW_DISK_BYTES else "A film with its segments may need 1 GB or more: free some space.",
    )
    yield Finding("cores", "ok", str(usable_cores()))
    total_mb = get_memory_info().total_mb
    if total_mb is None:
        return
    low = total_mb < LOW_MEMORY_MB
    hint = "Use configs/low-memory.toml." if low else ""
    yield Finding("memory", "warn" if low else "ok", f"{total_mb / 1024:.1f} GB", hint)


def _settings() -> Iterator[Finding]:
    from suno_video.settings import load_settings, user_file

    load_settings()
    yield Finding("settings", "ok", f"{user_file()}{'' if user_file().is_file() else ' (not there)'}")


def _director() -> Iterator[Finding]:
    """Say who directs, and to whom there are keys; the keys themselves are shown to nobody."""
    from suno_video.cli.wishes import director_choice
    from suno_video.direct.llm.choice import NEEDS_KEY
    from suno_video.direct.llm.lineup import has_package
    from suno_video.settings import load_settings

    loaded = load_settings()
    keys = loaded.settings.services.director_keys()
    known = ", ".join(f"{name} {'set' if name in keys else 'not set'}" for name in NEEDS_KEY)
    package = "" if has_package() else "; pip install 'suno-video[director]' for language models"
    try:
        director_choice(loaded)
    except SunoVideoError as exc:
        yield Finding("director", "fail", exc.message, exc.hint)
    else:
        yield Finding("director", "ok", f"{loaded.settings.director.name}; keys: {known}{package}")


def _text_reader() -> Iterator[Finding]:
    from suno_video.media.reading import installed_reader

    reader = installed_reader()
    if reader is not None:
        yield Finding("text in pictures", "ok", f"read by {reader.name}")
    else:
        hint = "Models that write gibberish are found out with: pip install 'suno-video[ocr]'"
        yield Finding("text in pictures", "warn", "not read, nothing that can is installed", hint)


def _scenes() -> Iterator[Finding]:
    from suno_video.backends.procedural.plugins import SHIPPED_SHADERS, find_plugins, scene_folder, unused_files

    # Names alone: nothing of it is run.
    own = sorted(find_plugins().keys() - SHIPPED_SHADERS.keys())
    yield Finding("scenes of your own", "ok", ", ".join(own) or f"none in {scene_folder()}")
    for file, reason in unused_files().items():
        yield Finding("scene not used", "warn", f"{file}: {reason}", "Give it another name.")


def _backends() -> Iterator[Finding]:
    from suno_video.backends.registry import backend_names
    from suno_video.cli.backend_facts import gather
    from suno_video.cli.wishes import backend_setup
    from suno_video.settings import Settings, load_settings

    try:
        settings = load_settings().settings
    except SunoVideoError:
        settings = Settings()  # what is wrong with them is a finding of its own
    found = gather(backend_names(), backend_setup(settings))
    for facts in found.backends:
        # Only the embedded renderer is needed for a film; the others are a choice.
        state: State = "ok" if facts.readiness.ready else "fail" if facts.name == "procedural" else "warn"
        yield Finding(f"backend {facts.name}", state, facts.readiness.detail)
    for trouble in found.troubles:
        yield Finding("models and prices", "warn", trouble.message, trouble.hint)
