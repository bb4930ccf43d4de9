"""What must not stand in a prompt that a language model wrote: it is data, and goes to a service under our name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_ADDRESS = re.compile(
    r"\w+://|\bwww\.|\b[\w.+-]+@[\w-]+\.\w|(?<!\w)@\w{2,}"
    r"|\b[\w-]+\.(?:com|net|org|io|ai|app|dev|gg|ly|me|tv|xyz|info|biz|co)\b",
    re.IGNORECASE,
)
_FILE = re.compile(
    r"(?<!\w)(?:~|\.{1,2})?/\w[\w.-]*/|[A-Za-z]:\\|\b[\w-]+\.(?:jpe?g|png|gif|webp|mp4|mov|mp3|wav|json|toml|py|sh|exe|txt"
    r"|safetensors)\b",
    re.IGNORECASE,
)
_LETTERING = re.compile(
    r"(?P<no>\b(?:no|without|free of)\s+(?:any\s+|visible\s+)?)?"
    r"\b(?:text|lettering|letters|captions?|subtitles?|watermarks?|logos?|typography|"
    r"(?:sign|banner|poster|screen|card)s?\s+(?:that\s+)?(?:read|say)(?:s|ing)?|words?\s+(?:saying|reading|spelling))\b",
    re.IGNORECASE,
)
_QUOTED = re.compile('["\u201c\u201d\u00ab\u00bb]\\s*\\w')
# Two or more capitalised words after what asks for somebody's hand; a name alone may be a place.
_NAME = r"(?:[A-Z][\w'\u2019.-]+|de|van|von|da|del)(?:\s+(?:[A-Z][\w'\u2019.-]+|de|van|von|da|del))+"
_ARTIST = re.compile(
    rf"(?i:\b(?:in the (?:style|manner|spirit) of|(?:inspired|directed|photographed|painted|shot|drawn|made|styled) by|"
    rf"style of|a la|looks? like|resembl(?:es|ing)|starring|portrayed by|as seen in))\s+(?:the\s+)?(?:{_NAME}|[A-Z]\w+)"
    rf"|\bby\s+{_NAME}|\b{_NAME}[\u2019']s?\s+(?i:style|aesthetic)\b"
)
_CONTROLS = ("Cc", "Cf", "Cs", "Co", "Cn")


def prompt_faults(prompt: str, max_chars: int) -> Iterator[str]:
    """Name each thing that must not be in a prompt for an image or video model, in words for whoever wrote it."""
    if len(prompt) > max_chars:
        yield f"it has {len(prompt)} characters, at most {max_chars} are allowed"
    if any(unicodedata.category(char) in _CONTROLS for char in prompt):
        yield "it holds control characters or line breaks; write one line"
    if _ADDRESS.search(prompt):
        yield "it holds an address; describe only what is seen"
    if _FILE.search(prompt):
        yield "it names a file; describe only what is seen"
    if any(not match["no"] for match in _LETTERING.finditer(prompt)) or _QUOTED.search(prompt):
        yield "it asks for text in the picture; there must be none"
    if _ARTIST.search(prompt):
        yield "it asks for the manner or likeness of a person; describe light, colour and lens instead"


def plain_line(text: str, max_chars: int) -> str:
    """Make one line without control characters of a text for people, cut at `max_chars`."""
    kept = "".join(" " if unicodedata.category(char) in _CONTROLS else char for char in text)
    line = " ".join(kept.split())
    return line if len(line) <= max_chars else line[: max_chars - 1].rstrip() + "\u2026"
