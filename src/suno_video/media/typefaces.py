"""Which font draws which letters: ours, those of installed font packages, then the system's. Never an empty box.

libass takes a font for a character that ours lack from wherever the system offers one, or draws a box. So we look into
the fonts ourselves, name one for each run of letters, and say which characters no font here can draw.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from suno_video.media.atomic import make_folder, write_trouble
from suno_video.media.fonts import font_files
from suno_video.media.sfnt import FontFace, read_faces

PACKAGES = (
    *("fontpkg_noto_sans_arabic", "fontpkg_noto_sans_devanagari", "fontpkg_noto_sans_thai", "fontpkg_noto_sans_tamil"),
    *("fontpkg_noto_sans_telugu", "fontpkg_noto_sans_khmer", "manimgx_fonts", "cvttf_NotoSansCJK_Bold"),
)
"""Font packages that the extra `fonts` brings, and others that serve as well; all of their fonts are free (OFL)."""

# By a part of the file's name, the best first: sans serifs that look well beside Inter, read before all others.
_SYSTEM_FIRST = (
    *("notosanscjk-bold", "notosanscjk", "notosansjp", "notosanskr", "notosanssc", "notosanstc", "sourcehansans"),
    *("hiragino", "ヒラギノ", "pingfang", "applesdgothicneo", "yugothb", "yugothm", "meiryo", "msyhbd", "msyh", "msjh"),
    *("malgunbd", "malgun", "wqy-zenhei", "wqy-microhei", "droidsansfallback"),
    *("notosansarabic", "notokufiarabic", "geezapro", "sfarabic", "segoeui", "tahoma"),
    *("notosanshebrew", "sfhebrew", "arialhb", "notosansdevanagari", "kohinoor", "nirmala", "mangal"),
    *(
        "notosansthai",
        "sukhumvit",
        "thonburi",
        "leelawui",
        "leelawad",
        "notoemoji-",
        "notoemoji[",
        "seguiemj",
        "symbola",
    ),
    *("arialuni", "dejavusans-bold", "dejavusans", "notosans", "freesans"),
)
# Pictures of one colour are what libass can draw; these hold bitmaps.
_DRAWS_NOTHING = ("color emoji", "colrv1", "apple color", "lastresort", "adobeblank", "mono cjk")
_WEAK = ("thin", "light", "hairline", "serif", "mono", "condensed")
_SUFFIXES = frozenset({".ttf", ".otf", ".ttc"})
MAX_SYSTEM_FILES = 4000

# Letters stand at unlike heights in their boxes: by so much type is set larger, to look as large as Inter beside it.
_SCALES = (("Arabic", 1.12), ("Thai", 1.06), ("Emoji", 0.9), ("Symbola", 0.9), ("CJK", 0.96))
_LANGUAGES = {"ja": ("JP", "Hiragino", "Yu Gothic", "Meiryo"), "ko": ("KR", "Gothic Neo", "Malgun")}
_LANGUAGES |= {"zh-Hans": ("SC", "PingFang SC", "YaHei"), "zh-Hant": ("TC", "PingFang TC", "JhengHei")}
_TRADITIONAL = frozenset("們這說愛來時會對過還沒國聽夢裡後見長當風點開間為從無電話歡樂淚聲離願記讓")
_SKIN_TONES = frozenset(chr(code) for code in range(0x1F3FB, 0x1F400))
"""Emoji are drawn in one colour: there, these are grey squares behind a person."""
_IGNORED = frozenset("\u200b\u200c\u200d\u2060\ufe0e\ufe0f\u00ad") | _SKIN_TONES


@dataclass(frozen=True)
class Typeface:
    """A font that libass finds by name, and where it is."""

    family: str
    path: Path
    index: int = 0
    height_em: float = 1.21
    """What libass takes for the size of type, in ems."""
    scale: float = 1.0
    """By how much its type is set larger than Inter, to look alike."""


@dataclass(frozen=True)
class Run:
    """Letters that one font draws."""

    text: str
    face: Typeface


class Typefaces:
    """The fonts of this machine, for words in one language.

    Args:
        family: Of ours; preferred for all that it has.
        language: `ja`, `ko`, `zh-Hans`, `zh-Hant` decide which form of a Han character is taken; empty: as it comes.
    """

    def __init__(self, family: str, language: str = "") -> None:
        self.language = language
        self._first = sorted(_shipped(), key=lambda face: face.family != family)
        self._chosen: dict[str, Typeface | None] = {}

    def runs(self, text: str) -> tuple[Run, ...]:
        """Divide a text by fonts. Characters that no font can draw are left out: see `missing`."""
        found: list[Run] = []
        for cluster in _clusters(text):
            face = self._face_of(cluster, found[-1].face if found else None)
            cluster = "".join(char for char in cluster if char not in _SKIN_TONES)
            if face is None or not cluster:
                continue
            if found and found[-1].face == face:
                found[-1] = Run(found[-1].text + cluster, face)
            else:
                found.append(Run(cluster, face))
        return tuple(found)

    def missing(self, text: str) -> tuple[str, ...]:
        """Characters of a text that no font here can draw, each once, in order."""
        absent = (cluster for cluster in _clusters(text) if self._face_of(cluster, None) is None)
        return tuple(dict.fromkeys(absent))

    def _face_of(self, cluster: str, before: Typeface | None) -> Typeface | None:
        if cluster.isspace() and before is not None:
            return before
        if cluster not in self._chosen:
            face = _first_with(self._first, cluster) or _first_with(_packaged(self.language), cluster)
            self._chosen[cluster] = _as_typeface(face or _of_system(cluster, self.language))
        return self._chosen[cluster]


def language_of(texts: Iterable[str]) -> str:
    """Guess in which language Han characters are meant; empty where there are none."""
    text = "".join(texts)[:20_000]
    if any("\u3040" <= char <= "\u30ff" for char in text):
        return "ja"
    if any("\uac00" <= char <= "\ud7a3" for char in text):
        return "ko"
    if any("\u4e00" <= char <= "\u9fff" for char in text):
        return "zh-Hant" if sum(char in _TRADITIONAL for char in text) > 0 else "zh-Hans"
    return ""


def script_names(characters: Iterable[str]) -> tuple[str, ...]:
    """Name the scripts of characters for people, as Unicode does: `THAI`, `CJK` ... become `Thai`, `CJK`."""
    names = []
    for char in characters:
        word = unicodedata.name(char[0], "unknown").split(" ")[0]
        known = {"CJK": "CJK", "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "HANGUL": "Korean"}
        is_symbol = unicodedata.category(char[0]) in ("So", "Sk", "Sm")
        names.append("emoji and symbols" if is_symbol else known.get(word, word.capitalize()))
    return tuple(dict.fromkeys(names))


def families_in(subtitles: str) -> tuple[str, ...]:
    """Name the font families that an ASS document asks for."""
    styles = re.findall(r"^Style: [^,]*,([^,]+),", subtitles, re.MULTILINE)
    return tuple(dict.fromkeys([*styles, *re.findall(r"\\fn([^\\}]+)", subtitles)]))


def link_fonts(folder: Path, families: Iterable[str]) -> None:
    """Put our fonts and those of the families into a folder, by link where that is possible.

    Raises `CannotCreateError` or `DiskError`.
    """
    make_folder(folder)
    wanted = frozenset(families)
    for path in dict.fromkeys([*font_files(), *(face.path for face in _known_faces() if face.family in wanted)]):
        target = folder / path.name
        if target.exists():
            continue
        try:
            target.symlink_to(path)
        except OSError:
            # No links here (Windows without the right to make them, some network drives).
            try:
                shutil.copyfile(path, target)
            except OSError as exc:
                raise write_trouble(target, exc) from exc


def _known_faces() -> Iterator[FontFace]:
    yield from _shipped()
    yield from _packaged("")
    yield from _taken.values()


_taken: dict[str, FontFace] = {}
"""Fonts of the system that were named, by family."""


def _clusters(text: str) -> Iterator[str]:
    """What must be drawn by one font: a letter with its marks; an emoji with what is joined to it."""
    cluster = ""
    for char in text:
        goes_on = unicodedata.category(char) in ("Mn", "Mc", "Me") or char in _IGNORED
        if cluster and (goes_on or cluster.endswith("\u200d")):
            cluster += char
            continue
        if cluster:
            yield cluster
        cluster = char
    if cluster:
        yield cluster


def _has_all(face: FontFace, cluster: str) -> bool:
    return all(char in _IGNORED or char.isspace() or face.has(char) for char in cluster)


def _first_with(faces: Sequence[FontFace], cluster: str) -> FontFace | None:
    return next((face for face in faces if _has_all(face, cluster)), None)


def _as_typeface(face: FontFace | None) -> Typeface | None:
    if face is None:
        return None
    scale = next((scale for part, scale in _SCALES if part in face.family), 1.0)
    return Typeface(face.family, face.path, face.index, face.height_em, scale)


def _rank(face: FontFace, language: str) -> tuple[bool, bool]:
    """The forms of the language first, and no thin strokes where there are others: a caption is read in passing."""
    wanted = _LANGUAGES.get(language, ())
    return not any(part in face.family for part in wanted), any(part in face.family.lower() for part in _WEAK)


@lru_cache(maxsize=1)
def _shipped() -> tuple[FontFace, ...]:
    return tuple(face for path in font_files() if "Italic" not in path.name for face in read_faces(path))


@lru_cache(maxsize=8)
def _packaged(language: str) -> tuple[FontFace, ...]:
    """Faces of the font packages that are installed."""
    faces: list[FontFace] = []
    for package in PACKAGES:
        spec = find_spec(package)
        folder = Path(spec.origin).parent if spec and spec.origin else None
        files = sorted(folder.rglob("*")) if folder else []
        faces += [face for path in files if path.suffix.lower() in _SUFFIXES for face in read_faces(path)]
    return tuple(sorted(faces, key=lambda face: _rank(face, language)))


def _of_system(cluster: str, language: str) -> FontFace | None:
    """A face of the system, from the well-known ones if one of them will do."""
    # Only East Asian letters have forms by language.
    language = language if cluster[0] >= "\u2e80" and cluster[0] <= "\uffdc" else ""
    best_possible = (language not in _LANGUAGES, False)
    best: FontFace | None = None
    for path in (*_known_files(), *_other_files()):
        fit = [face for face in _faces_of(path) if _has_all(face, cluster) and _draws(face)]
        best = min([*fit, *([best] if best else [])], key=lambda face: _rank(face, language), default=None)
        if best is not None and _rank(best, language) == best_possible:
            break
    if best is not None:
        _taken[best.family] = best
    return best


def _draws(face: FontFace) -> bool:
    """Whether libass can draw it: it has pictures of one colour, and real ones."""
    return not any(part in face.family.lower() for part in _DRAWS_NOTHING)


@lru_cache(maxsize=MAX_SYSTEM_FILES)
def _faces_of(path: Path) -> tuple[FontFace, ...]:
    return read_faces(path)


@lru_cache(maxsize=1)
def _known_files() -> tuple[Path, ...]:
    ranked = [(_place(path), path) for path in _system_files()]
    return tuple(path for place, path in sorted(ranked) if place < len(_SYSTEM_FIRST))


@lru_cache(maxsize=1)
def _other_files() -> tuple[Path, ...]:
    return tuple(path for path in _system_files() if _place(path) == len(_SYSTEM_FIRST))


def _place(path: Path) -> int:
    name = path.name.lower().replace(" ", "").replace("_", "-")
    return next((place for place, part in enumerate(_SYSTEM_FIRST) if part in name), len(_SYSTEM_FIRST))


@lru_cache(maxsize=1)
def _system_files() -> tuple[Path, ...]:
    """All font files of the system, in a fixed order."""
    found: list[Path] = []
    for folder in font_folders():
        for root, folders, names in os.walk(folder):
            folders.sort()
            found += [Path(root, name) for name in sorted(names) if Path(name).suffix.lower() in _SUFFIXES]
            if len(found) >= MAX_SYSTEM_FILES:
                return tuple(found[:MAX_SYSTEM_FILES])
    return tuple(found)


def font_folders() -> tuple[Path, ...]:
    """Where this system keeps fonts."""
    home = Path.home()
    if sys.platform == "darwin":
        return Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library" / "Fonts"
    if sys.platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
        return Path(os.environ.get("WINDIR", "C:\\Windows")) / "Fonts", local / "Microsoft" / "Windows" / "Fonts"
    shared = Path(os.environ.get("XDG_DATA_HOME", home / ".local" / "share"))
    return Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), shared / "fonts", home / ".fonts"
