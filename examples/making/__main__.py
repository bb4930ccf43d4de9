"""Makes the example song from nothing: `python examples/making` writes examples/lantern-season.{mp3,lrc,json}.

Deterministic: the same versions of numpy and ffmpeg give the same file. It takes about half a minute.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import wave
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import score
from arrange import play
from cover import cover_jpeg
from id3 import tag
from synth import SR, Sound

NAME = "lantern-season"
FOLDER = Path(__file__).resolve().parent.parent


def main() -> None:
    """Compose, encode, tag, and write down the truth."""
    (FOLDER / f"{NAME}.mp3").write_bytes(_tag() + _mp3(play()))
    (FOLDER / f"{NAME}.lrc").write_text(_lrc(), encoding="utf-8")
    (FOLDER / f"{NAME}.json").write_text(json.dumps(_truth(), indent=1) + "\n", encoding="utf-8")


def _mp3(sound: Sound) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        wav, mp3 = Path(scratch) / "song.wav", Path(scratch) / "song.mp3"
        with wave.open(str(wav), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(SR)
            file.writeframes(np.round(sound.T * 32767).astype("<i2").tobytes())
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(wav), "-c:a", "libmp3lame", "-b:a", "160k"]
        subprocess.run([*command, "-id3v2_version", "0", "-map_metadata", "-1", str(mp3)], check=True)
        return mp3.read_bytes()


def _tag() -> bytes:
    texts = {
        "TIT2": score.TITLE, "TPE1": score.ARTIST, "TALB": score.ALBUM, "TCON": score.GENRE,
        "TBPM": str(score.BPM), "TYER": "2026", "TCOP": "CC0 1.0",
    }  # fmt: skip
    timed = [
        (("\n" if first else " ") + word.text, word.start_s)
        for line in score.lines()
        for first, word in zip([True] + [False] * len(line.words), line.words, strict=False)
    ]
    return tag(texts, _plain_lyrics(), timed, cover_jpeg())


def _plain_lyrics() -> str:
    """The lyrics as a song service writes them, with section tags."""
    out: list[str] = []
    section_s = -1.0
    for line in score.lines():
        part = next(p for p in score.parts() if p.start_s <= line.start_s + 1e-6 < p.end_s)
        if part.start_s != section_s:
            section_s = part.start_s
            out += ["", f"[{part.label.title()}]"]
        out.append(line.text)
    return "\n".join(out).strip()


def _lrc() -> str:
    rows = [f"[ti:{score.TITLE}]", f"[ar:{score.ARTIST}]"]
    for line in score.lines():
        rows.append(f"[{_stamp(line.start_s)}]{line.text}")
        rows.append(f"[{_stamp(line.end_s)}]")
    # An empty row ends a line; where the next line begins at once it is not needed.
    keep = [
        row
        for row, after in zip(rows, [*rows[1:], ""], strict=True)
        if not (row.endswith("]") and row[:10] == after[:10])
    ]
    return "\n".join(keep) + "\n"


def _stamp(time_s: float) -> str:
    hundredths = round(time_s * 100)
    return f"{hundredths // 6000:02d}:{hundredths % 6000 // 100:02d}.{hundredths % 100:02d}"


def _truth() -> dict[str, object]:
    """What a perfect listener would say; times in seconds of the decoded song."""
    form = score.parts()
    n_beats = sum(part.n_bars for part in form) * score.BEATS_PER_BAR
    beats = [round(k * score.BEAT_S, 4) for k in range(n_beats)]
    return {
        "title": score.TITLE,
        "artist": score.ARTIST,
        "key": score.KEY,
        "tempo": score.BPM,
        "meter": score.BEATS_PER_BAR,
        "duration": round(score.duration_s(), 4),
        "music_end": round(form[-1].end_s, 4),
        "beats": beats,
        "downbeats": beats[:: score.BEATS_PER_BAR],
        "sections": [_span(p) | {"label": p.label, "vocal": p.label not in ("intro", "outro")} for p in form],
        "lines": [
            {"text": line.text}
            | _span(line)
            | {"section": line.section, "words": [{"w": word.text} | _span(word) for word in line.words]}
            for line in score.lines()
        ],
    }


def _span(timed: score.Part | score.Line | score.Word) -> dict[str, object]:
    return {"start": round(timed.start_s, 4), "end": round(timed.end_s, 4)}


if __name__ == "__main__":
    main()
