"""Scene families of other people: files in the user's own folder, and packages that register in `suno_video.scenes`.

A file is code, so it is taken from one place only: the folder of this user, never from a project, which may come from
a stranger. Names are known without running anything; a file runs when its family is wanted.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache, cached_property
from importlib.machinery import SourceFileLoader
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

import platformdirs

from suno_video.backends.procedural.catalog import FAMILIES
from suno_video.backends.procedural.family import FamilyInfo, ParamInfo
from suno_video.core.music import MusicFrame

if TYPE_CHECKING:
    from suno_video.backends.procedural.families.scene import Scene

GROUP = "suno_video.scenes"
"""Entry points: the name is the family's, the value a module (or object) with `INFO` and `SCENE`."""
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
SHIPPED_SHADERS = {
    file.stem: file
    for file in sorted((Path(__file__).parents[1] / "shader" / "glsl").iterdir())
    if file.suffix == ".glsl"
}
"""Shaders of ours: scenes like those of people, since they need OpenGL as well."""
_LOADING = threading.RLock()


class SceneFault(Exception):  # noqa: N818 - said to people by whoever asked for the scene
    """A scene of somebody else cannot be used; the message names the file and, where known, the line."""


@dataclass(frozen=True)
class Plugin:
    """One family that is not ours."""

    name: str
    path: Path | None
    """Its file; None for one that comes with a package."""
    entry: EntryPoint | None = None

    @property
    def source(self) -> str:
        """Where it comes from, for people."""
        if self.path is not None:
            return str(self.path)
        assert self.entry is not None
        return f"{self.entry.value} of {self.entry.dist.name if self.entry.dist is not None else 'a package'}"

    @property
    def is_shader(self) -> bool:
        """Whether it is written in GLSL, for a graphics card."""
        return self.path is not None and self.path.suffix == ".glsl"

    def digest(self) -> str:
        """What tells one version of it from another: the content of the file, or the version of the package."""
        if self.path is not None:
            try:
                return hashlib.sha256(self.path.read_bytes()).hexdigest()[:12]
            except OSError:
                return "missing"
        assert self.entry is not None
        return self.entry.dist.version if self.entry.dist is not None else ""


def scene_folder() -> Path:
    """Where this user's own scenes are; may be missing."""
    return Path(platformdirs.user_config_dir("suno-video")) / "scenes"


def find_plugins() -> dict[str, Plugin]:
    """All families that are not ours, by name; runs nothing. A file of the user comes before a package's."""
    found = {entry.name: Plugin(entry.name, None, entry) for entry in entry_points(group=GROUP)}
    try:
        files = sorted(scene_folder().iterdir())
    except OSError:
        files = []
    found |= {
        file.stem: Plugin(file.stem, file) for file in files if file.suffix in (".py", ".glsl") and file.is_file()
    }
    # Ours stay ours, so that a film never changes because of a file with the same name.
    found |= {name: Plugin(name, file) for name, file in SHIPPED_SHADERS.items()}
    return {name: plugin for name, plugin in found.items() if NAME.fullmatch(name) and name not in FAMILIES}


def unused_files() -> dict[Path, str]:
    """Files in the user's folder that look like scenes and are none, each with the reason; runs nothing."""
    try:
        files = sorted(file for file in scene_folder().iterdir() if file.suffix in (".py", ".glsl"))
    except OSError:
        return {}
    used = {plugin.path for plugin in find_plugins().values()}
    return {file: _why_unused(file) for file in files if file not in used}


def _why_unused(file: Path) -> str:
    if not NAME.fullmatch(file.stem):
        return "its name has more than small letters, digits and _"
    if file.stem in FAMILIES or file.stem in SHIPPED_SHADERS:
        return f"{file.stem} is a scene of ours"
    return f"{file.stem}.py comes before it" if file.is_file() else "it is no file"


def load_plugin(plugin: Plugin) -> tuple[FamilyInfo, type[Scene]]:
    """Run a plugin and give what it describes and its painter.

    Raises:
        SceneFault: It cannot be run, or lacks something.
    """
    with _LOADING:
        loaded = _run_file(plugin, plugin.digest()) if plugin.path is not None else _load_entry(plugin)
        return _checked(plugin, loaded)


@cache
def _run_file(plugin: Plugin, digest: str) -> Any:
    """Run a file as a module; once for each content of it."""
    assert plugin.path is not None
    name = f"suno_video_scene_{plugin.name}_{digest}"
    loader = _Uncached(name, str(plugin.path))
    spec = importlib.util.spec_from_file_location(name, plugin.path, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    # numba and dataclasses look their module up by name.
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except (Exception, SystemExit) as exc:  # code of somebody else fails in any way, and may want to leave
        sys.modules.pop(name, None)
        raise SceneFault(told(exc, plugin)) from exc
    return module


class _Uncached(SourceFileLoader):
    """Compiles a file as it is now: Python's cache goes by second and size, and an edit may change neither."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def _load_entry(plugin: Plugin) -> Any:
    assert plugin.entry is not None
    try:
        return plugin.entry.load()
    except (Exception, SystemExit) as exc:  # code of somebody else fails in any way
        raise SceneFault(told(exc, plugin)) from exc


def _checked(plugin: Plugin, loaded: Any) -> tuple[FamilyInfo, type[Scene]]:
    from suno_video.backends.procedural.families.scene import Scene

    info, painter = getattr(loaded, "INFO", None), getattr(loaded, "SCENE", None)
    if not isinstance(info, FamilyInfo):
        raise SceneFault(f"{plugin.source}: it needs INFO = FamilyInfo(...)")
    if info.name != plugin.name:
        raise SceneFault(f"{plugin.source}: INFO says {info.name!r}, but it is called {plugin.name!r}")
    if not all(isinstance(param, ParamInfo) for param in info.params.values()):
        raise SceneFault(f"{plugin.source}: params need share(...) or ParamInfo(...) for each name")
    unheard = set(info.driven_by) - {field.name for field in fields(MusicFrame)}
    if unheard:
        raise SceneFault(f"{plugin.source}: nothing in the music is called {', '.join(sorted(unheard))}")
    if not (isinstance(painter, type) and issubclass(painter, Scene)):
        raise SceneFault(f"{plugin.source}: it needs SCENE = a class that is a Scene")
    return info, painter


def told(exc: BaseException, plugin: Plugin) -> str:
    """Say where in a plugin something went wrong, and what: `pulse.py, line 12: NameError: ...`."""
    what = f"{type(exc).__name__}: {exc}".strip().rstrip(":")
    if isinstance(exc, SyntaxError) and exc.filename:
        return f"{exc.filename}, line {exc.lineno}: {exc.msg}"
    file = str(plugin.path) if plugin.path is not None else None
    for frame in reversed(traceback.extract_tb(exc.__traceback__)):
        if file is None or frame.filename == file:
            return f"{frame.filename}, line {frame.lineno}: {what}"
    return f"{plugin.source}: {what}"


def _first_words(plugin: Plugin) -> str:
    """What the first line of a shader says of it, where that is a comment."""
    assert plugin.path is not None
    try:
        with plugin.path.open(encoding="utf-8", errors="replace") as file:
            line = file.readline(200).strip()
    except OSError:
        return ""
    return line.removeprefix("//").strip() if line.startswith("//") else ""


class AllFamilies(Mapping[str, FamilyInfo]):
    """Our families, and those that are not: their names at once, what they describe when it is asked for."""

    @cached_property
    def _plugins(self) -> dict[str, Plugin]:
        # Only when one of ours was not meant: looking through all installed packages takes a while.
        return find_plugins()

    def __getitem__(self, name: str) -> FamilyInfo:
        """Describe one. Raises `SceneFault` when a plugin cannot be run."""
        if name in FAMILIES:
            return FAMILIES[name]
        plugin = self._plugins[name]
        if plugin.is_shader:
            return FamilyInfo(name, _first_words(plugin) or "A shader of your own.", ("bass", "beat", "energy"))
        return load_plugin(plugin)[0]

    def __iter__(self) -> Iterator[str]:
        """Names, ours first."""
        yield from FAMILIES
        yield from self._plugins

    def __len__(self) -> int:
        """How many there are."""
        return len(FAMILIES) + len(self._plugins)
