"""Each platform's own form of the texts: what is sent to it, or pasted into it, within all its limits."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

from suno_video.core.clock import clock
from suno_video.core.errors import UsageError
from suno_video.core.record import Record
from suno_video.core.release import UNTITLED, Chapter, ReleaseTexts, clean_hashtag, clean_tag
from suno_video.core.text import clean_line, clean_lines, cut_text
from suno_video.publish.limits import TextLimits, tags_length
from suno_video.publish.targets import load_target, target_names

HASHTAGS_SHARE, CHAPTERS_SHARE = 3, 2
"""Hashtags take at most a third of a body, chapters half: else they are left out."""
HASHTAG, MENTION = re.compile(r"[#＃@＠]*[#＃](?=[^\s#＃@＠])"), re.compile(r"[#＃@＠]*[@＠](?=[^\s#＃@＠])")


class PlatformTexts(Record):
    """What goes to one platform, character for character."""

    target: str
    platform: str
    title: str | None
    """None where a film has none there."""
    body: str
    """The description, caption or post, with its hashtags."""
    tags: tuple[str, ...]
    alt_text: str
    source: str
    """Page that the limits come from."""
    checked_on: datetime.date


def text_targets() -> tuple[str, ...]:
    """Targets that take texts."""
    return tuple(name for name in target_names() if load_target(name).texts is not None)


def text_limits(target: str) -> TextLimits:
    """Give the limits of a target on texts. Raises `UsageError` where there is no such target, or it takes none."""
    known = load_target(target)
    if known.texts is None:
        raise UsageError(f"{known.title} takes no texts.", f"Use one of: {', '.join(text_targets())}.")
    return known.texts


def texts_for(texts: ReleaseTexts, target: str) -> PlatformTexts:
    """Bring texts into the form of a platform. Whatever a person wrote into them, it is within every limit.

    Raises:
        UsageError: There is no such target, or it takes no texts.
    """
    known, limits = load_target(target), text_limits(target)
    most = limits.max_title
    return PlatformTexts(
        target=target,
        platform=known.title,
        title=(limits.escape(clean_line(_plain(texts.title, limits), most)) or UNTITLED) if most else None,
        body=_body(texts, limits),
        tags=_tags(texts, limits),
        alt_text=clean_line(texts.alt_text, 1000),
        source=limits.source,
        checked_on=limits.checked_on,
    )


def _body(texts: ReleaseTexts, limits: TextLimits) -> str:
    """Title where there is no other place for it, description, chapters, hashtags: the description gives way."""
    head = "" if limits.max_title else clean_line(texts.title, 200)
    told = clean_lines(texts.description, limits.max_body)
    words = _fewer(_plain("\n\n".join(filter(None, (head, told))), limits), HASHTAG, limits.max_hashtags)
    words = words if limits.max_mentions is None else _fewer(words, MENTION, limits.max_mentions)
    n_taken = len(HASHTAG.findall(words))
    tail = [
        _chapters(texts.chapters, limits) if limits.chapters else "",
        _hashtags(texts.hashtags, limits, max(0, limits.max_hashtags - n_taken)),
    ]

    def sent(part: str) -> str:
        return "\n\n".join(filter(None, (limits.escape(part), *tail)))

    return sent(cut_text(words, lambda part: limits.count(sent(part)) <= limits.max_body, sentences=True))


def _plain(text: str, limits: TextLimits) -> str:
    return "".join(char for char in text if char not in limits.forbidden)


def _fewer(text: str, mark: re.Pattern[str], most: int) -> str:
    """Take the mark from those hashtags or mentions that are too many; their words stay."""
    left = iter(range(most))
    return mark.sub(lambda found: found[0] if next(left, None) is not None else "", text)


def _hashtags(words: Sequence[str], limits: TextLimits, most: int) -> str:
    cleaned = dict.fromkeys(word for word in map(clean_hashtag, words) if word)
    kept = [limits.hashtag(word) for word in cleaned][:most]
    while kept and limits.count(" ".join(kept)) > limits.max_body // HASHTAGS_SHARE:
        kept.pop()
    return " ".join(kept)


def _chapters(chapters: Sequence[Chapter], limits: TextLimits) -> str:
    lines = "\n".join(f"{clock(each.start_s)} {limits.escape(clean_line(each.title, 100))}" for each in chapters)
    return lines if limits.count(lines) <= limits.max_body // CHAPTERS_SHARE else ""


def _tags(texts: ReleaseTexts, limits: TextLimits) -> tuple[str, ...]:
    if limits.max_tags_chars is None:
        return ()
    kept: list[str] = []
    for tag in map(clean_tag, texts.tags):
        if tag and tags_length([*kept, tag]) <= limits.max_tags_chars:
            kept.append(tag)
    return tuple(kept)
