"""The score of `Lantern Season`: tempo, sections, chords, words and melody. Everything else is made from this."""

from __future__ import annotations

from dataclasses import dataclass

TITLE = "Lantern Season"
ARTIST = "Tin Lamplighter"
ALBUM = "Examples"
GENRE = "Electropop"
KEY = "G major"
BPM = 124
BEAT_S = 60 / BPM
BEATS_PER_BAR = 4
BAR_S = BEAT_S * BEATS_PER_BAR
TAIL_S = 1.6
"""Ring-out after the last bar."""


@dataclass(frozen=True)
class Part:
    """A section of the song: `n_bars` bars, one chord a bar."""

    label: str
    start_bar: int
    chords: tuple[str, ...]

    @property
    def n_bars(self) -> int:
        return len(self.chords)

    @property
    def start_s(self) -> float:
        return self.start_bar * BAR_S

    @property
    def end_s(self) -> float:
        return (self.start_bar + self.n_bars) * BAR_S


@dataclass(frozen=True)
class Syllable:
    """One sung note. `phones` are consonants and one vowel, `pitch` is a MIDI number."""

    phones: tuple[str, ...]
    pitch: int
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Word:
    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Line:
    """One line of the lyrics, sung over two bars."""

    text: str
    section: str
    words: tuple[Word, ...]
    syllables: tuple[Syllable, ...]

    @property
    def start_s(self) -> float:
        return self.words[0].start_s

    @property
    def end_s(self) -> float:
        return self.words[-1].end_s


CHORDS = {
    "G": (43, (55, 59, 62, 67)),
    "D": (38, (54, 57, 62, 66)),
    "Em": (40, (55, 59, 64, 67)),
    "C": (36, (55, 60, 64, 67)),
    "Cadd9": (36, (55, 60, 62, 64)),
}
"""Bass note and voicing, MIDI numbers."""

_FORM = (
    ("intro", "Em C G D"),
    ("verse", "Em C G D Em C G D"),
    ("build", "C D C D"),
    ("chorus", "G D Em C G D Em C"),
    ("break", "C G Em D"),
    ("chorus", "G D Em C"),
    ("outro", "Cadd9 G"),
)

# section index, bar inside it | words, syllables split by - | phones | pitches | lengths in eighths
_LINES = """
1 0 | Pa-per on the wa-ter, fold-ed in the rain | p.ey p.er aa.n dh.ah w.ao t.er f.ow.l d.ih.d ih.n dh.ah r.ey.n | E4 G4 G4 A4 B4 A4 G4 G4 A4 G4 E4 | 1 1 1 1 2 2 1 1 1 1 3
1 2 | Ev-ery lit-tle win-dow call-ing out your name | eh.v r.iy l.ih t.ah.l w.ih.n d.ow k.ao l.ih.n aw.t y.ao.r n.ey.m | B4 B4 A4 G4 B4 A4 A4 G4 F#4 E4 F#4 | 1 1 1 1 2 2 1 1 1 1 3
1 4 | I kept a light for you un-der my sleeve | ay k.eh.p.t ah l.ay.t f.ao.r y.uw ah.n d.er m.ay s.l.iy.v | G4 G4 A4 B4 A4 G4 E4 G4 A4 G4 | 1 1 1 2 1 2 1 1 2 3
1 6 | Wait-ing for a col-our that I could be-lieve | w.ey t.ih.n f.ao.r ah k.ah l.er dh.ae.t ay k.uh.d b.iy l.iy.v | B4 B4 C5 B4 A4 G4 A4 A4 B4 A4 D5 | 1 1 1 1 2 2 1 1 1 1 3
2 0 | Hold on, hold on, the dark is al-most o-ver | h.ow.l.d aa.n h.ow.l.d aa.n dh.ah d.aa.r.k ih.z ao.l m.ow.s.t ow v.er | E4 G4 E4 G4 A4 B4 A4 F#4 A4 B4 A4 | 1 2 1 2 1 1 1 1 1 2 2
2 2 | Hold on, hold on, and let it go | h.ow.l.d aa.n h.ow.l.d aa.n ae.n l.eh.t ih.t g.ow | G4 B4 G4 B4 C5 B4 A4 D5 | 1 2 1 2 1 1 2 4
3 0 | It's lan-tern sea-son, lift it to the sky | ih.t.s l.ae.n t.er.n s.iy z.ah.n l.ih.f.t ih.t t.uw dh.ah s.k.ay | G4 B4 A4 D5 B4 A4 A4 B4 A4 D5 | 1 2 1 2 2 1 1 1 1 3
3 2 | Ten thou-sand lit-tle rea-sons learn-ing how to fly | t.eh.n th.aw z.ah.n l.ih t.ah.l r.iy z.ah.n.z l.er n.ih.n h.aw t.uw f.l.ay | E4 G4 G4 A4 B4 D5 B4 A4 G4 A4 B4 G4 | 1 1 1 1 1 2 1 1 1 1 1 3
3 4 | It's lan-tern sea-son, burn-ing gold and blue | ih.t.s l.ae.n t.er.n s.iy z.ah.n b.er n.ih.n g.ow.l.d ae.n b.l.uw | G4 B4 A4 D5 B4 A4 A4 B4 A4 D5 | 1 2 1 2 2 1 1 1 1 3
3 6 | Ev-ery one is car-ry-ing a light for you | eh.v r.iy w.ah.n ih.z k.ae r.iy ih.n ah l.ay.t f.ao.r y.uw | B4 B4 B4 A4 B4 A4 G4 A4 B4 A4 G4 | 1 1 1 1 1 1 1 1 2 2 3
4 2 | Lift it, lift it, let it go | l.ih.f.t ih.t l.ih.f.t ih.t l.eh.t ih.t g.ow | E4 G4 E4 G4 A4 B4 A4 | 1 2 1 2 1 1 5
5 0 | It's lan-tern sea-son, lift it to the sky | ih.t.s l.ae.n t.er.n s.iy z.ah.n l.ih.f.t ih.t t.uw dh.ah s.k.ay | G4 B4 A4 D5 B4 A4 A4 B4 A4 D5 | 1 2 1 2 2 1 1 1 1 3
5 2 | It's lan-tern sea-son, on-ly you and I | ih.t.s l.ae.n t.er.n s.iy z.ah.n ow.n l.iy y.uw ae.n ay | G4 B4 A4 D5 B4 C5 B4 A4 B4 G4 | 1 2 1 2 2 1 1 1 1 4
"""  # noqa: E501 - one row, one line of the song

_NOTE = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def midi(name: str) -> int:
    """`F#4` is 66."""
    return 12 * (int(name[-1]) + 1) + _NOTE[name[0]] + name.count("#")


def hertz(pitch: float) -> float:
    """Frequency of a MIDI number."""
    return float(440.0 * 2 ** ((pitch - 69) / 12))


def parts() -> list[Part]:
    """The sections in order; they tile the song from 0."""
    out: list[Part] = []
    bar = 0
    for label, chords in _FORM:
        out.append(Part(label, bar, tuple(chords.split())))
        bar += out[-1].n_bars
    return out


def duration_s() -> float:
    """Length of the whole song with its ring-out."""
    return parts()[-1].end_s + TAIL_S


def lines() -> list[Line]:
    """The sung lines in order of time."""
    return [_line(row, parts()) for row in _LINES.strip().splitlines()]


def _line(row: str, form: list[Part]) -> Line:
    place, words, phones, pitches, lengths = (cell.strip() for cell in row.split("|"))
    section, bar = (int(number) for number in place.split())
    clock_s = form[section].start_s + bar * BAR_S
    syllables: list[Syllable] = []
    for sound, pitch, eighths in zip(phones.split(), pitches.split(), lengths.split(), strict=True):
        end_s = clock_s + int(eighths) * BEAT_S / 2
        syllables.append(Syllable(tuple(sound.split(".")), midi(pitch), clock_s, end_s))
        clock_s = end_s
    timed: list[Word] = []
    k = 0
    for word in words.split():
        n = word.count("-") + 1
        timed.append(Word(word.replace("-", ""), syllables[k].start_s, syllables[k + n - 1].end_s))
        k += n
    if k != len(syllables):
        raise ValueError(f"{words!r} has {k} syllables but {len(syllables)} notes")
    return Line(words.replace("-", ""), form[section].label, tuple(timed), tuple(syllables))
