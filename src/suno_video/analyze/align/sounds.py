"""From spelling to sounds and shapes of the mouth, by rules of English spelling over romanised text.

Not a dictionary: what lips do is coarser than what is said, and fifteen shapes stand for all sounds. A rule that takes
`ea` for the vowel of `see` where it is that of `bread` still shows nearly the right mouth.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias, cast

from suno_video.core.song import Phoneme, Viseme

# Spelling, then the sounds, each with its shape; the first row that fits wins, so longer ones stand first.
_ENGLISH = """
^the$=ð:TH ə:E|ire$=aɪ:aa ə:E r:RR|eart=ɑː:aa r:RR t:DD|ear=iː:ih r:RR
tion$=ʃ:CH ə:E n:nn|tion=ʃ:CH ə:E n:nn|sion=ʒ:CH ə:E n:nn|cious=ʃ:CH ə:E s:SS|ture=tʃ:CH ə:E|ight=aɪ:aa t:DD|igh=aɪ:aa
eigh=eɪ:E|augh=ɔː:oh|ough=oʊ:oh|^kn=n:nn|^gn=n:nn|^wr=r:RR|^ps=s:SS|^wh=w:ou|dge=dʒ:CH|tch=tʃ:CH|sch=ʃ:CH|chr=k:kk r:RR
ch=tʃ:CH|sh=ʃ:CH|th=θ:TH|ph=f:FF|gh=|ck=k:kk|qu=k:kk w:ou|ng=ŋ:nn|zh=ʒ:CH|kh=x:kk|mb$=m:PP|ll=l:nn|ss=s:SS|tt=t:DD
ff=f:FF|pp=p:PP|bb=b:PP|mm=m:PP|nn=n:nn|rr=r:RR|dd=d:DD|gg=g:kk|cc=k:kk|zz=z:SS|eau=oʊ:oh|oo=uː:ou|ou=aʊ:oh|ow$=oʊ:oh|ow=aʊ:oh
ee=iː:ih|ea=iː:ih|ie$=aɪ:aa|ie=iː:ih|ei=eɪ:E|ey$=i:ih|ey=eɪ:E|ai=eɪ:E|ay=eɪ:E|oi=ɔɪ:oh|oy=ɔɪ:oh|au=ɔː:oh|aw=ɔː:oh
oa=oʊ:oh|oe$=oʊ:oh|ue$=uː:ou|ui=uː:ou|ew=uː:ou|ar=ɑː:aa r:RR|or=ɔː:oh r:RR|er=ə:E r:RR|ir=ə:E r:RR|ur=ə:E r:RR
c(?=[eiy])=s:SS|g(?=[eiy])=dʒ:CH|a(?=[bcdfgklmnpstvz]e$)=eɪ:E|i(?=[bcdfgklmnpstvz]e$)=aɪ:aa|o(?=[bcdfgklmnpstvz]e$)=oʊ:oh
u(?=[bcdfgklmnpstvz]e$)=uː:ou|(?<=^[bhmsw])e$=iː:ih|^i$=aɪ:aa|^you$=j:ih uː:ou|^a$=ə:E|(?<=.)e$=|(?<=[^td])ed$=d:DD
o$=oʊ:oh|y$=i:ih|^y=j:ih|x=k:kk s:SS|a=æ:aa|e=ɛ:E|i=ɪ:ih|o=ɒ:oh|u=ʌ:aa|y=ɪ:ih|b=b:PP|c=k:kk|d=d:DD|f=f:FF|g=g:kk|h=h:E
j=dʒ:CH|k=k:kk|l=l:nn|m=m:PP|n=n:nn|p=p:PP|q=k:kk|r=r:RR|s=s:SS|t=t:DD|v=v:FF|w=w:ou|z=z:SS|'=
"""
# Of other scripts, as romanised: each vowel as it is written.
_OTHERS = """
shch=ʃ:CH|sch=ʃ:CH|sh=ʃ:CH|zh=ʒ:CH|ch=tʃ:CH|th=t:DD|kh=x:kk|gh=ɣ:kk|ph=f:FF|ts=ts:SS|ng$=ŋ:nn|ny=ɲ:nn|ky=k:kk|'=
a=a:aa|e=e:E|i=i:ih|o=o:oh|u=u:ou|y(?=[aeiou])=j:ih|y=ɨ:ih|b=b:PP|c=ts:SS|d=d:DD|f=f:FF|g=g:kk|h=h:E|j=dʒ:CH|k=k:kk
l=l:nn|m=m:PP|n=n:nn|p=p:PP|q=k:kk|r=r:RR|s=s:SS|t=t:DD|v=v:FF|w=w:ou|x=ks:SS|z=z:SS
"""
_VOWELS = ("aa", "E", "ih", "oh", "ou")
_VOWEL_WEIGHT = 2.5


@dataclass(frozen=True)
class Sound:
    """A sound, and the letters of the word that stand for it: from `start` up to and without `end`."""

    sound: str
    viseme: Viseme
    start: int
    end: int


_Pairs: TypeAlias = tuple[tuple[str, Viseme], ...]


@cache
def _rules(table: str) -> tuple[tuple[re.Pattern[str], _Pairs], ...]:
    rules = []
    for row in table.replace("\n", "|").split("|"):
        spelling, equals, sounds = row.rpartition("=")  # a spelling may hold a look-ahead, `(?=`
        if equals:
            pairs = tuple(
                (sound, cast("Viseme", shape)) for sound, _, shape in (s.partition(":") for s in sounds.split())
            )
            rules.append((re.compile(spelling), pairs))
    return tuple(rules)


def sounds_of(letters: str, *, english: bool = True) -> tuple[Sound, ...]:
    """Give the sounds of a word in lower-case Latin letters, in order; a silent letter belongs to the sound before it.

    Args:
        english: Read it by the rules of English spelling, and not letter by letter as other scripts are romanised.
    """
    found: list[Sound] = []
    at = 0
    while at < len(letters):
        end, pairs = _first_rule(letters, at, _ENGLISH if english else _OTHERS)
        if not pairs and found:
            last = found[-1]
            found[-1] = Sound(last.sound, last.viseme, last.start, end)
        for number, (sound, viseme) in enumerate(pairs):
            # Sounds that share letters (`x`) share them in order, as far as there are enough.
            a = at + min(number, end - at - 1)
            b = end if number == len(pairs) - 1 else max(a + 1, at + min(number + 1, end - at))
            found.append(Sound(sound, viseme, a, min(b, end)))
        at = end
    return tuple(found)


def _first_rule(letters: str, at: int, table: str) -> tuple[int, _Pairs]:
    for pattern, pairs in _rules(table):
        match = pattern.match(letters, at)
        if match and match.end() > at:
            return match.end(), pairs
    return at + 1, ()


def phonemes_of(
    letters: str,
    start_s: float,
    end_s: float,
    times_s: Sequence[float] | None = None,
    *,
    english: bool = True,
) -> tuple[Phoneme, ...]:
    """Give the sounds of a word and when each is sung; they fill the word.

    Args:
        letters: The word in lower-case Latin letters.
        start_s: When the word begins.
        end_s: When it ends.
        times_s: When each letter begins, as a model heard it; without them vowels take longer than consonants.
        english: As in `sounds_of`.
    """
    sounds = sounds_of(letters, english=english)
    if not sounds or end_s <= start_s:
        return ()
    if times_s is not None and len(times_s) == len(letters):
        starts = [start_s, *(times_s[sound.start] for sound in sounds[1:])]
    else:
        weights = [_VOWEL_WEIGHT if sound.viseme in _VOWELS else 1.0 for sound in sounds]
        scale, starts = (end_s - start_s) / sum(weights), [start_s]
        for weight in weights[:-1]:
            starts.append(starts[-1] + weight * scale)
    return _filled(sounds, starts, end_s)


def _filled(sounds: tuple[Sound, ...], starts_s: list[float], end_s: float) -> tuple[Phoneme, ...]:
    """Let each sound last until the next one; those that share a letter share its time."""
    edges = [*starts_s, end_s]
    for i in range(1, len(edges)):
        edges[i] = min(max(edges[i], edges[i - 1]), end_s)
    i = 0
    while i < len(sounds):
        j = i + 1
        while j < len(sounds) and edges[j] <= edges[i]:
            j += 1
        for k in range(i + 1, j):
            edges[k] = edges[i] + (edges[j] - edges[i]) * (k - i) / (j - i)
        i = j
    return tuple(
        Phoneme(sound=each.sound, viseme=each.viseme, start_s=round(a, 3), end_s=round(b, 3))
        for each, a, b in zip(sounds, edges, edges[1:], strict=False)
    )
