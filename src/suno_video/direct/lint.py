"""Looks through prompts that somebody else wrote: what drifts, what must not be asked for, what is no prompt at all.

A model paints each scene without having seen the others, so `a bit older` and `the same window` mean nothing to it. A
person's name as a style is not ours to borrow, letters come out as gibberish, and addresses or file names have no place
in a picture's words at all.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_PROMPT_CHARS = 600
MAX_NAME_CHARS = 40

_NAME = r"[A-Z][\w’'.-]+(?:\s+(?:(?:de|van|von|del|la|le)\s+)?[A-Z][\w’'.-]+)*"
_RULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "it refers to another picture",
        re.compile(
            r"\b(?:the\s+same|same)\s+(?!time\b|direction\b|height\b|pace\b|rhythm\b|moment\b)\w+"
            r"|\bas\s+(?:before|earlier|previously|in\s+the\s+(?:previous|last|first)\b)"
            r"|\b(?:once\s+again|again|still\s+wearing|from\s+(?:the\s+)?(?:previous|last|earlier)\s+(?:scene|shot))\b"
            r"|\b(?:previous|earlier|last|next|following)\s+(?:scene|shot|frame|picture|image|clip)s?\b"
            r"|\bcontinu(?:es|ing|ed)\s+from\b",
            re.IGNORECASE,
        ),
    ),
    (
        "it changes somebody by degrees, which no model can follow",
        re.compile(
            r"\b(?:a\s+(?:bit|little)|slightly|somewhat|even|now)\s+(?:older|younger|taller|thinner|longer\s+hair|"
            r"more\s+tired|different|changed|aged)\b|\bthan\s+before\b",
            re.IGNORECASE,
        ),
    ),
    (
        "it asks for somebody's own style",
        re.compile(
            r"\b(?:in|with)\s+(?:the\s+)?(?:style|manner|spirit|vein|aesthetics?)\s+of\b(?!\s+(?:a|an|the)\b)"
            rf"|\b(?i:directed|painted|photographed|shot|illustrated|drawn|filmed|art|artwork|photo|painting)\s+by\s+{_NAME}"
            rf"|\b{_NAME}(?:-esque|esque|ian)\s+style\b|\b(?:à|a)\s+la\s+{_NAME}|\binspired\s+by\s+(?:the\s+work\s+of\s+)?{_NAME}"
            rf"|\b{_NAME}(?:'s|’s)\s+style\b",
        ),
    ),
    (
        "it asks for somebody's likeness",
        re.compile(rf"\b(?i:looks?\s+like|resembl(?:es|ing)|starring|played\s+by|the\s+face\s+of)\s+{_NAME}"),
    ),
    (
        "it asks for text in the picture",
        re.compile(
            r"\b(?:text|lettering|caption|captions|subtitle|subtitles|typography|watermark|logo|headline)s?\b"
            r"|\b(?:sign|banner|poster|screen|billboard|page|label|neon|letter|note|t-?shirt|newspaper)s?\s+"
            r"(?:that\s+)?(?:read|say|spell)(?:s|ing)?\b"
            r"|\b(?:the\s+)?(?:word|words|letters|title)\s+[\"“'‘]|[\"“][^\"”]{1,80}[\"”]",
            re.IGNORECASE,
        ),
    ),
    (
        "it holds an address, a file name or code",
        re.compile(
            r"\b(?:https?|ftp|file|data)\s*:/?/?\S*|\bwww\.\S+|\b[\w.-]+@[\w-]+\.\w+|(?<!\w)@\w{2,}|(?:\.\.|~)?/(?:[\w.-]+/)+[\w.-]*"
            r"|\b[A-Za-z]:\\\S*|\b[\w-]+\.(?:png|jpe?g|gif|mp[34]|wav|toml|json|ya?ml|py|sh|exe|safetensors|ckpt|env)\b"
            r"|\b[\w-]+\.(?:com|net|org|io|ai|app|dev|info|biz)\b|[<>{}`$|\\]|--\w[\w-]*",
            re.IGNORECASE,
        ),
    ),
)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a prompt."""

    words: str
    """The words that are meant."""
    reason: str

    def __str__(self) -> str:
        return f"{self.words!r}: {self.reason}"


def find_faults(prompt: str, *, artist: str | None = None) -> list[Fault]:
    """Find what must not be in a prompt, in order of the rules; nothing for a good one.

    Args:
        artist: Who made the song. Their name in a prompt would ask for a likeness.
    """
    faults = [Fault(found[0].strip(), reason) for reason, rule in _RULES if (found := rule.search(prompt))]
    if artist and len(artist) > 2 and re.search(rf"\b{re.escape(artist)}\b", prompt, re.IGNORECASE):
        faults.append(Fault(artist, "it names the artist of the song"))
    return faults


def mend_prompt(prompt: str, *, artist: str | None = None, max_chars: int = MAX_PROMPT_CHARS) -> str:
    """Leave out each clause of a prompt that has a fault, and what no longer fits; empty where nothing is left.

    Clauses are what commas, semicolons and full stops divide: a picture is told in small pieces, and the rest of it
    stands without one.
    """
    clauses = re.split(r"(?<=[,;.!?])\s+", plain_text(prompt))
    kept = [clause for clause in clauses if clause and not find_faults(clause, artist=artist)]
    text = " ".join(kept).strip(" ,;")
    if find_faults(text, artist=artist):  # two clauses that are only bad together
        return ""
    return cut_text(text, max_chars)


def plain_text(text: str) -> str:
    """Text on one line, without control characters, direction marks, and spaces in a row."""
    shown = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in text)
    hidden = ("Cf", "Cs", "Co", "Cn")
    return " ".join("".join(char for char in shown if unicodedata.category(char) not in hidden).split())


def cut_text(text: str, max_chars: int) -> str:
    """Text that fits, cut between two words, or between two clauses where one ends in its last third."""
    if len(text) <= max_chars:
        return text
    cut = text[: max_chars + 1].rpartition(" ")[0] or text[:max_chars]
    clause = max(cut.rfind(mark) for mark in ",;.")
    return (cut[:clause] if clause > 2 * max_chars // 3 else cut).rstrip(" ,;")
