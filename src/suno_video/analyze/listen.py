"""The analyze stage as a recipe: one pass over the sound, then beats, form and character from its features."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from suno_video.analyze.beats import track_beats
from suno_video.analyze.beats_file import require_within
from suno_video.analyze.character import estimate_key, integrated_lufs, mood_words
from suno_video.analyze.drums import find_drums
from suno_video.analyze.ears import open_ears
from suno_video.analyze.envelopes import energy_curve
from suno_video.analyze.events import find_events
from suno_video.analyze.grid import Grid, correct_grid
from suno_video.analyze.id3 import read_sylt
from suno_video.analyze.lyrics import find_lyrics, side_files
from suno_video.analyze.onsets import Onsets, find_onsets
from suno_video.analyze.palette import cover_palette
from suno_video.analyze.placing import PLACER, place_lyrics
from suno_video.analyze.sections import find_sections, leading_silence_s
from suno_video.analyze.spectra import Spectra, measure_spectra
from suno_video.analyze.stems import HeardStems, Stem, hear_stems, used_stems
from suno_video.analyze.tags import Tags, open_cover, read_tags, save_cover
from suno_video.analyze.voices import Voices, find_voices
from suno_video.core.analysis import DrumHits, EnergyCurve, SongAnalysis
from suno_video.core.color import Palette
from suno_video.core.errors import NoSuchInputError
from suno_video.core.frames import FrameGrid
from suno_video.core.grid import GridWish, HeardBeats
from suno_video.core.song import Lyrics, Song
from suno_video.media.audio import Sound, check_song_file, open_sound

ANALYZER = "suno-video listen 4"
"""Changes whenever the same song would give another analysis; part of the cache key."""

_LONG_S = 1200.0
"""Above this nothing is heard beside the beats: of an hour, both at once would take too much memory."""
_BLOCK_S = 2.5
"""As much stereo as a pipe holds, so that the decoder never waits for us for long."""


@dataclass(frozen=True)
class Heard:
    """A song that has been listened to."""

    song: Song
    analysis: SongAnalysis
    beats: HeardBeats
    """The beats before anybody corrected them."""


def listen(
    path: Path,
    *,
    fps: int,
    max_duration_s: float,
    cover_folder: Path | None = None,
    stems: tuple[Stem, ...] = (),
    wish: GridWish = GridWish(),  # noqa: B008 - frozen
    known_beats: HeardBeats | None = None,
) -> Heard:
    """Listen to a song.

    Args:
        fps: Frame rate of the envelopes.
        max_duration_s: Longer songs are refused.
        cover_folder: An existing folder that gets `cover.png` if the song has a cover; with None there is no
            `Song.cover`, but its colours are still taken.
        stems: Parts of the song alone; one that does not belong to it is left out with a note.
        wish: What a person says about the beats.
        known_beats: What was heard in an earlier run; where it is of this song and these ears, it is used again.

    Raises:
        NoSuchInputError, BadSongError, SongTooLongError: It cannot be listened to.
        BadBeatsError: What is said about the beats cannot be of this song.
        BackendUnavailableError: Other ears are asked for, and are not there.
    """
    from threadpoolctl import threadpool_limits

    # The products here are small: threads for them would wait for each other longer than one takes, and use up the
    # second core, on which the short windows are transformed meanwhile.
    with threadpool_limits(1, user_api="blas"):
        return _listen(path, fps, max_duration_s, cover_folder, stems, wish, known_beats)


def _listen(
    path: Path,
    fps: int,
    max_duration_s: float,
    cover_folder: Path | None,
    stems: tuple[Stem, ...],
    wish: GridWish,
    known_beats: HeardBeats | None,
) -> Heard:
    check_song_file(path)
    digest = song_digest(path, stems)
    ears = open_ears(wish.tracker)

    # 1. Decode once, keeping features only
    with open_sound(path, max_duration_s=max_duration_s, block_s=_BLOCK_S) as sound:
        spectra = measure_spectra(sound)
    require_within(wish, spectra.duration_s)
    heard = hear_stems(stems, spectra)

    # 2. Read what people wrote into and beside it
    tags = read_tags(path)
    words = find_lyrics(path, read_sylt(path), tags.lyrics, sound.duration_s)
    cover, palette, cover_notes = _take_cover(tags, cover_folder)

    # 3. Put it together
    silence = () if integrated_lufs(spectra.weighted) is not None else ("nothing is heard in it: the song is silent",)
    notes = (*_length_notes(sound, tags), *silence, *tags.notes, *cover_notes, *words.notes, *heard.notes)
    song = _describe_song(path, digest, sound, tags, words.lyrics, cover, notes)
    # Onsets, then the beats among them; meanwhile what needs no beats
    onsets = find_onsets(spectra)
    with ThreadPoolExecutor(1, thread_name_prefix="analyze") as pool:
        parts = pool.submit(_hear_parts, spectra, onsets, song, fps, heard)
        if spectra.duration_s > _LONG_S:
            parts.result()
        if known_beats is None or (known_beats.song_sha256, known_beats.heard_by) != (digest, ears.version):
            tracked = track_beats(spectra, onsets, heard.spectra.get("drums"), ears.hear(path))
            known_beats = HeardBeats(song_sha256=digest, heard_by=ears.version, grid=tracked)
    grid = correct_grid(known_beats.grid, wish, spectra, onsets)
    analysis = _analyze(spectra, onsets, grid, parts.result(), song, palette, heard).model_copy(
        update={"correction": wish.digest()}
    )

    # 4. Give the words without times their places
    if song.lyrics is not None:
        placed = place_lyrics(song.lyrics, analysis).model_copy(update={"made_with": PLACER})
        song = song.model_copy(update={"lyrics": placed})
    return Heard(song, analysis, known_beats)


@dataclass(frozen=True)
class _Parts:
    """What is heard of the song without knowing its beats."""

    drums: DrumHits
    voices: Voices
    energy: EnergyCurve


def _hear_parts(spectra: Spectra, onsets: Onsets, song: Song, fps: int, stems: HeardStems) -> _Parts:
    return _Parts(
        _hear_drums(spectra, onsets, stems.spectra.get("drums")),
        find_voices(spectra, is_sung=_is_sung(song), stem=stems.spectra.get("vocals")),
        energy_curve(spectra, onsets, FrameGrid.for_duration(spectra.duration_s, fps)),
    )


def _analyze(
    spectra: Spectra,
    onsets: Onsets,
    grid: Grid,
    parts: _Parts,
    song: Song,
    palette: Palette | None,
    stems: HeardStems,
) -> SongAnalysis:
    beats, energy = grid.beats, parts.energy
    # 1. The form, on the bars
    sections = find_sections(spectra, onsets, beats, song.genre, song.lyrics, parts.voices)
    events = find_events(spectra, parts.drums, beats.downbeats_s, sections)
    # 2. The character of the whole
    key, lufs = estimate_key(spectra.chroma), integrated_lufs(spectra.weighted)
    clear = onsets.clear_times_s()
    moods = mood_words(spectra, beats.tempo_bpm, key, lufs, len(clear) / spectra.duration_s, song.genre)
    return SongAnalysis(
        song_sha256=song.sha256,
        analyzer=ANALYZER,
        duration_s=spectra.duration_s,
        tempo_bpm=round(beats.tempo_bpm, 2),
        beats_s=beats.beats_s,
        downbeats_s=beats.downbeats_s,
        beats_per_bar=beats.beats_per_bar,
        beat_division=beats.division,
        beat_confidence=round(beats.confidence, 3),
        grid_source=grid.source,
        bars_given=grid.bars_given,
        passages=beats.passages,
        onsets_s=clear,
        sections=sections,
        events=events,
        voices=parts.voices.spans,
        drums=parts.drums,
        stems=tuple(sorted(stems.spectra)),
        energy=energy,
        key=key.name,
        key_confidence=round(key.confidence, 3),
        moods=moods,
        integrated_lufs=lufs,
        cover_palette=palette,
        n_leading_silent_frames=min(len(energy.loudness), int(leading_silence_s(spectra) * energy.fps)),
    )


def _hear_drums(spectra: Spectra, onsets: Onsets, stem: Spectra | None) -> DrumHits:
    """Those of the stem, or those of the mix where there is none, or it is silent."""
    alone = find_drums(stem, find_onsets(stem)) if stem is not None else None
    return alone or find_drums(spectra, onsets)


def _is_sung(song: Song) -> bool | None:
    """Whether what people wrote says that somebody sings; None where they wrote nothing about it."""
    if song.lyrics is not None and song.lyrics.lines:
        return True
    wordless = song.genre is not None and re.search(r"\b(instrumental|no vocals?)\b", song.genre, re.IGNORECASE)
    return False if wordless else None


def _describe_song(
    path: Path, digest: str, sound: Sound, tags: Tags, lyrics: Lyrics | None, cover: str | None, notes: tuple[str, ...]
) -> Song:
    return Song(
        file_name=path.name.encode("utf-8", errors="replace").decode("utf-8"),
        sha256=digest,
        n_samples=sound.n_samples,
        sample_rate_hz=sound.sample_rate_hz,
        n_channels=sound.n_channels,
        duration_s=sound.duration_s,
        title=tags.title,
        artist=tags.artist,
        album=tags.album,
        genre=tags.genre,
        cover=cover,
        lyrics=lyrics,
        notes=notes,
    )


def _take_cover(tags: Tags, folder: Path | None) -> tuple[str | None, Palette | None, tuple[str, ...]]:
    """Save the cover and take its colours; a cover that cannot be read gives a note."""
    if tags.cover is None:
        return None, None, ()
    try:
        picture = open_cover(tags.cover)
    except ValueError as exc:
        return None, None, (f"the cover was left out: {exc}",)
    name = save_cover(picture, folder) if folder is not None else None
    return name, cover_palette(picture), ()


def _length_notes(sound: Sound, tags: Tags) -> tuple[str, ...]:
    notes = []
    promised = tags.header_duration_s
    if promised is not None and abs(promised - sound.duration_s) > max(1.0, 0.01 * sound.duration_s):
        notes.append(f"decoded {sound.duration_s:.1f} s of the {promised:.1f} s that the header promises")
    if sound.trouble:
        notes.append(f"the end of the file could not be decoded: {sound.trouble}")
    return tuple(notes)


def song_digest(path: Path, stems: tuple[Stem, ...] = ()) -> str:
    """Hash the content of a song, of the lyrics files beside it and of its stems, with their names, without decoding.

    The same digest, `ANALYZER` and frame rate give the same analysis. Raises `NoSuchInputError` and `BadSongError` as
    `check_song_file` does.
    """
    check_song_file(path)
    whole = hashlib.sha256()
    try:
        for part in (path, *side_files(path), *(stem.path for stem in used_stems(stems))):
            with part.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").digest()
            # The title may come from the name, and the kind of lyrics from the ending.
            whole.update(part.name.encode("utf-8", errors="replace") + b"\0" + content)
    except OSError as exc:
        raise NoSuchInputError(f"{str(path)!r} cannot be read: {exc.strerror}.", "Check the disk.") from exc
    return whole.hexdigest()
