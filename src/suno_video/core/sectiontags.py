"""Section tags in lyrics, as Suno and people write them: `[Verse 1: Female]`, `[Guitar Solo]`, `[Fade Out]`, `[サビ]`.

The one table of them. Tags are hostile input: any text gives an answer, in time linear in its length.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TypeVar

from suno_video.core.analysis import SectionLabel

_MAX_TAG = 120
_Name = TypeVar("_Name", bound=str)

# The first row with a phrase in the tag wins, so longer and rarer phrases stand first: `pre-chorus` is no chorus,
# `guitar solo` no verse, `instrumental break` no break. Words of other languages come from songs in those languages.
_PHRASES: tuple[tuple[SectionLabel, str], ...] = (
    ("prechorus", "pre chorus|prechorus|pre hook|prehook|pre refrain|prerefrain|pre coro|precoro|lift|climb|channel"),
    ("prechorus", "pre estribillo|pre refrao|pre ritornello|pont refrain|bメロ|プリコーラス|导歌|前副歌|프리코러스"),
    ("prechorus", "пред припев|предприпев|przedrefren"),
    ("solo", "instrumental break|instrumental bridge|instrumental interlude|instrumental outro solo"),
    (
        "intro",
        "instrumental intro|intro|introduction|opening|prelude|overture|eintritt|einleitung|introduccion",
    ),
    ("intro", "introduzione|introducao|вступление|интро|wstep|イントロ|前奏|인트로"),
    ("outro", "outro|ending|coda|finale|big finish|grand finale|finish|fade out|fadeout|fade to end|fade away|fade"),
    ("outro", "end|the end|end song|song ends|epilogue|schluss|ende|final outro|salida|encerramento|концовка|аутро"),
    ("outro", "zakonczenie|アウトロ|エンディング|尾奏|结尾|아웃트로"),
    ("build", "build|build up|buildup|builds|building|riser|rise|rising|crescendo|drum roll|snare roll|aufbau"),
    ("drop", "drop|beat drop|bass drop|drops|the drop|climax|peak|main drop"),
    (
        "solo",
        "solo|instrumental|interlude|inst|jam|riff|instrumental section|drum fill|vamp|zwischenspiel",
    ),
    ("solo", "interludio|intermezzo|inter|соло|проигрыш|solowka|間奏|间奏|ソロ|간주"),
    ("breakdown", "breakdown|break down|break|beat break|drum break|breaks|pause|silence"),
    ("bridge", "bridge|middle 8|middle eight|c section|brucke|puente|ponte|pont|бридж|most|mostek|ブリッジ|cメロ"),
    ("bridge", "大サビ前|桥段|過門|브릿지"),
    ("chorus", "post chorus|postchorus|post hook|chorus|choruses|hook|refrain|refrains|refren|refreng|refrang"),
    ("chorus", "estribillo|coro|refrao|ritornello|kehrreim|припев|サビ|大サビ|副歌|후렴|코러스|nakarat|koor"),
    ("verse", "verse|verses|vers|strophe|couplet|verso|strofa|estrofa|strofe|куплет|zwrotka|versek|aメロ|主歌|벌스|절"),
    ("verse", "rap|rap verse|spoken|spoken word|monologue|narration|stanza|part"),
)
_SINGERS: tuple[tuple[str, str], ...] = (
    ("duet", "duet|both|together|male and female|female and male|male female|female male|boy and girl|girl and boy"),
    ("female", "female|woman|women|girl|girls|she|her|lady|soprano|alto|frau|mujer|femme"),
    ("male", "male|man|men|boy|boys|he|him|guy|tenor|baritone|bass singer|mann|hombre|homme"),
    ("choir", "choir|choral|gospel choir|group|crowd|everyone|all|gang|ensemble|children|kids|backing|background"),
)
# What people write after a colon to say how, not who.
_MANNER = (
    " soft softly loud whispered whisper quiet gentle slow fast powerful emotional melodic acoustic piano guitar drums "
    "bass strings synth synths heavy epic dreamy dark light upbeat energetic sad happy build building vocals vocal "
    "voice sung spoken rap rapped rapping scream screamed shouted acapella cappella a with no only and the in of on "
    "full band half time double repeat reprise instrumental harmonies harmony high low energy intimate airy "
)
_WITHOUT_VOICE = frozenset({"solo", "build", "drop", "breakdown"})
_NUMBER = re.compile(r"(?<!x )\b(\d{1,2})\b(?! ?x\b(?! ?\d))")  # not `Chorus x2`
_NO_VOICE = re.compile(r"\b(instrumental|(no|without) (vocals?|voice|singing|lyrics))\b")
_SUNG = re.compile(r"\b(vocal|vocals|sung|rap|lyrics|spoken|choir|harmon\w+)\b")


@dataclass(frozen=True)
class SectionTag:
    """What a tag says."""

    label: SectionLabel | None
    """The part that begins; None where the tag names none (`Female`, `Applause`, `Mood: dark`)."""
    number: int | None = None
    """2 in `Verse 2`."""
    singer: str | None = None
    """`female`, `male`, `duet`, `choir`, or a name in its own spelling (`Verse 1: Anna`)."""
    is_instrumental: bool = False
    """Whether the tag says that nobody sings; a line below it says otherwise all the same."""


def read_section_tag(text: str) -> SectionTag:
    """Read a tag, with or without its brackets. What means nothing to us gives a tag without label."""
    raw = text[:_MAX_TAG].strip().strip("[](){}<>*#").strip()
    head, detail = _split(raw)
    plain, plain_detail = _plain(head), _plain(detail)
    label = _find(_PHRASES, plain)
    singer = _find(_SINGERS, plain_detail) or _find(_SINGERS, plain) or (_name_in(detail) if label else None)
    if plain.startswith(("end of ", "end verse", "end chorus")) or raw.startswith("/"):
        label = None  # it closes a part
    whole = f"{plain} {plain_detail}"
    number = _NUMBER.search(plain)
    wordless = _NO_VOICE.search(whole)
    silent = wordless or (label in _WITHOUT_VOICE and not _SUNG.search(whole))
    return SectionTag(
        label=label,
        number=int(number[1]) if number and label in ("verse", "chorus", "prechorus", "drop") else None,
        singer=singer,
        is_instrumental=bool(silent),
    )


def _split(raw: str) -> tuple[str, str]:
    """Part the name of the section from what follows a colon, bar, comma, bracket or a dash between spaces."""
    parts = re.split(r"\s*[:：|,;(（]\s*|\s+[-–—]+\s+", raw, maxsplit=1)
    return parts[0], parts[1].strip(" )）]") if len(parts) > 1 else ""


def _plain(text: str) -> str:
    """Lower case, without accents and signs, words apart by one space; letters of other scripts stay."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c for c in apart if not "\u0300" <= c <= "\u036f")  # Latin accents; Japanese has signs that matter
    kept = unicodedata.normalize("NFKC", kept)
    kept = re.sub(r"[\W_]+", " ", kept)
    return re.sub(r"(?<=[a-zа-я])(?=\d)", " ", kept).strip()


def _find(rows: tuple[tuple[_Name, str], ...], plain: str) -> _Name | None:
    padded = f" {plain} "
    for name, phrases in rows:
        for phrase in phrases.split("|"):
            # Scripts without spaces have no word borders.
            if f" {phrase} " in padded or (not phrase.isascii() and phrase in plain):
                return name
    return None


def _name_in(detail: str) -> str | None:
    """A name after the colon: one to four words, each with a capital (or of a script without)."""
    name = " ".join(detail.split())
    words = re.findall(r"[^\W\d_][\w'’.]*", name)
    if not 1 <= len(words) <= 4 or len(name) > 40:
        return None
    joined = {"and", "feat", "with", "ft", "x"}
    if any(f" {word.casefold()} " in _MANNER for word in words if word not in joined):
        return None
    return name if all(word[0] != word[0].lower() or word.casefold().strip(".") in joined for word in words) else None
