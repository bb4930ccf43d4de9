"""The embedded director: a whole film by rules, from what was heard and what was asked for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from suno_video.core.analysis import SongAnalysis
from suno_video.core.brief import Brief, Look
from suno_video.core.errors import UsageError
from suno_video.core.frames import FrameGrid
from suno_video.core.gridtrust import beats_are_heard_in
from suno_video.core.song import Song
from suno_video.core.storyboard import MIN_SCENE_FRAMES, EndCard, Scene, Storyboard, TitleCard, Transition, Treatment
from suno_video.direct.casting import Cast, cast_shots
from suno_video.direct.cutting import Shot, cut_song, keep_window
from suno_video.direct.explain import explain_shot
from suno_video.direct.looks import AUTO, choose_look, load_looks, mood_weights
from suno_video.direct.marks import bar_length_s
from suno_video.direct.motion import Beats, join_scenes, scale_effects
from suno_video.direct.opening import CALM_DRIVE, fade_lengths, room_for_title
from suno_video.direct.pacing import drive_of
from suno_video.direct.prompts import Sight, write_prompt
from suno_video.direct.sung import SungLines
from suno_video.direct.timing import time_cuts
from suno_video.direct.title import make_end_card, make_title
from suno_video.direct.treatment import Role, write_treatment
from suno_video.direct.words import ShotWords, words_of_shots
from suno_video.direct.worlds import World, choose_world

DIRECTOR = "rules 6"
"""Changes whenever the same song would be directed otherwise: storyboards that nobody edited are made anew then."""

COVER_S = 2.0
"""A shorter look at the cover is none."""
COVER_LASTS_S = 5.0
"""About so long the cover is shown: until the title is gone. Nobody looks at a picture that hardly moves for longer."""

MIN_FILM_S = 0.2
"""A shorter film is over before its sound, which comes in steps of 21 ms, two at least."""


def direct_by_rules(
    song: Song,
    analysis: SongAnalysis,
    brief: Brief,
    *,
    families: frozenset[str],
    looks_folder: Path | None = None,
    longest_s: float | None = None,
) -> Storyboard:
    """Direct a film: pick a look, write the treatment, set the cuts, fill the scenes.

    The same song, analysis and brief give the same storyboard, byte for byte.

    Args:
        families: Scene families that the embedded renderer can play.
        looks_folder: Where the user keeps looks of their own.
        longest_s: The longest clip that the video backend makes; None when any length will do.

    Raises:
        UsageError: There is no such look, or nothing of the song lies between `from_s` and `to_s`.
        BadEditError: A look of the user's does not fit.
    """
    draft = draft_by_rules(song, analysis, brief, families=families, looks_folder=looks_folder, longest_s=longest_s)
    return time_cuts(finish_draft(draft, DIRECTOR), song, analysis, brief.timing)


@dataclass(frozen=True)
class Draft:
    """A film with an idea and cuts, before its scenes are filled. Another director may change either."""

    song: Song
    analysis: SongAnalysis
    brief: Brief
    look: Look
    world: World
    treatment: Treatment
    roles: tuple[Role, ...]
    sung: SungLines
    title: TitleCard | None
    end_card: EndCard | None
    seed: int
    grid: FrameGrid
    shots: tuple[Shot, ...]
    """Of the whole song, whatever part of it is filmed."""
    first_frame: int
    end_frame: int
    longest_s: float | None
    """The longest clip that can be had."""
    families: frozenset[str]


def draft_by_rules(
    song: Song,
    analysis: SongAnalysis,
    brief: Brief,
    *,
    families: frozenset[str],
    looks_folder: Path | None = None,
    longest_s: float | None = None,
) -> Draft:
    """Pick a look, write the treatment, set the cuts. Arguments and errors are those of `direct_by_rules`."""
    # 1. A look, and a world that its prompts share
    seed = seed_of(song) if brief.seed is None else brief.seed
    look = choose_look(brief.look, load_looks(looks_folder, families), song, analysis)
    world = choose_world(mood_weights(song, analysis), seed)

    # 2. The treatment: a motif for each section
    treatment, roles = write_treatment(analysis, look, world, families, chosen=brief.look != AUTO)

    # 3. The cuts, of the whole song; a part of it is cut as it is in the whole
    grid = FrameGrid.for_duration(analysis.duration_s, brief.fps)
    first, end = _window(brief, grid)
    sung = SungLines.of(song.lyrics)
    short = _short_covers(analysis) if _shows_cover(song, brief) else {}
    shots = cut_song(analysis, sung, grid, pace=look.pace, seed=seed, longest_s=longest_s, short=short)

    title = make_title(song, brief, sung, grid.time_of(first), grid.time_of(end))
    end_card = make_end_card(song, brief, sung, grid.time_of(first), grid.time_of(end), title)
    return Draft(
        song=song,
        analysis=analysis,
        brief=brief,
        look=look,
        world=world,
        treatment=treatment,
        roles=roles,
        sung=sung,
        title=title,
        end_card=end_card,
        seed=seed,
        grid=grid,
        shots=shots,
        first_frame=first,
        end_frame=end,
        longest_s=longest_s,
        families=families,
    )


def finish_draft(draft: Draft, director: str) -> Storyboard:
    """Fill the scenes, and what stands over and around them."""
    brief, first, end = draft.brief, draft.first_frame, draft.end_frame
    scenes = _fill_scenes(draft, draft.shots, first, end)
    rise, sink = fade_lengths(draft.analysis, first, end, brief.fps)
    return Storyboard(
        song_sha256=draft.song.sha256,
        director=director,
        seed=draft.seed,
        size=brief.size,
        fps=brief.fps,
        first_frame=first,
        n_frames=end - first,
        treatment=draft.treatment,
        fade_in_frames=rise,
        fade_out_frames=sink,
        title_card=draft.title,
        end_card=draft.end_card,
        captions=brief.captions,
        safe_area=brief.safe_area,
        references=brief.references,
        lock_seed=brief.lock_seed,
        scenes=scenes,
    )


def seed_of(song: Song) -> int:
    """The seed that a song has by itself: the same file gives the same film."""
    return int(hashlib.sha256(song.sha256.encode()).hexdigest()[:8], 16)


@dataclass(frozen=True)
class _Take:
    shot: Shot
    cast: Cast
    words: ShotWords


def _window(brief: Brief, grid: FrameGrid) -> tuple[int, int]:
    first = grid.frame_at(brief.from_s or 0.0)
    end = grid.n_frames if brief.to_s is None else grid.frame_at(brief.to_s)
    if end - first < max(MIN_SCENE_FRAMES, MIN_FILM_S * grid.fps):
        raise UsageError(
            f"There is no film from {brief.from_s or 0:g} s to {brief.to_s or grid.duration_s:g} s "
            f"of a song of {grid.duration_s:.2f} s.",
            f"Give --from and --to at least {MIN_FILM_S:g} s apart, inside the song.",
        )
    return first, end


def _fill_scenes(film: Draft, whole: tuple[Shot, ...], first: int, end: int) -> tuple[Scene, ...]:
    casts = cast_shots(whole, film.analysis, film.treatment, film.roles, film.seed)
    words = words_of_shots(whole, film.song.lyrics, film.analysis, film.brief.fps)
    takes = [
        _Take(shot, casts[shot.number - 1], words[shot.number - 1])
        for shot in keep_window(whole, first, end, film.brief.fps)
    ]
    befores = [None, *takes]
    return tuple(_scene(film, take, before) for take, before in zip(takes, befores, strict=False))


def _scene(film: Draft, take: _Take, before: _Take | None) -> Scene:
    shot, cast, words = take.shot, take.cast, take.words
    section, role = film.analysis.sections[shot.section], film.roles[shot.section]
    motif = next(motif for motif in film.treatment.motifs if motif.name == role.motif)
    sight = Sight(
        label=section.label,
        idea=motif.idea,
        words=words.hinted,
        energy=cast.energy,
        growth=role.growth,
        motion=cast.motion,
        palette=cast.palette,
        seed=cast.seed,
        opens_section=shot.opens_section,
    )
    start_s, end_s = shot.start_frame / film.brief.fps, shot.end_frame / film.brief.fps
    sure = beats_are_heard_in(film.analysis, start_s, end_s)
    moves_cover = _plays_cover(film, shot)
    room = room_for_title(_card_over_cover(film, before, end_s), film.brief.size, start_s) if moves_cover else {}
    return Scene(
        id=f"s{shot.number:03d}",
        start_frame=shot.start_frame,
        end_frame=shot.end_frame,
        section=shot.section,
        section_label=section.label,
        bar=shot.bar,
        motif=role.motif,
        family=cast.family,
        params=cast.params | room,
        growth=role.growth,
        energy=cast.energy,
        seed=cast.seed,
        palette=cast.palette,
        motion=cast.motion,
        transition=_transition(film, take, before),
        effects=scale_effects(
            film.look,
            section,
            beats=Beats.of(film.analysis, section, sure=sure),
            calmer=role.calmer,
            growth=role.growth,
        ),
        prompt=write_prompt(sight, film.world, film.look.style_words),
        negative_prompt=film.look.negative_words,
        still_backend=None if moves_cover else film.brief.still_backend,
        video_backend="parallax" if moves_cover else film.brief.video_backend,
        lyrics=words.sung,
        sung=film.sung.any_in(start_s, end_s),
        why=explain_shot(shot, section, role, moves_cover=moves_cover),
    )


def _transition(film: Draft, take: _Take, before: _Take | None) -> Transition:
    if before is None:
        return Transition()
    sections = film.analysis.sections
    return join_scenes(
        film.look,
        sections[before.shot.section],
        sections[take.shot.section],
        opens_section=take.shot.opens_section,
        same_family=take.cast.family == before.cast.family,
        nth=take.shot.place,
        shortest_frames=min(before.shot.n_frames, take.shot.n_frames),
        beat_s=bar_length_s(film.analysis) / film.analysis.beats_per_bar,
        fps=film.brief.fps,
        seed=take.cast.seed,
    )


def _card_over_cover(film: Draft, before: _Take | None, end_s: float) -> TitleCard | EndCard | None:
    """The card that a scene of the cover makes room for: both stand at the same place, which the title decides."""
    if before is None:
        return film.title
    is_beside = film.title is not None and _plays_cover(film, film.shots[0])
    return film.end_card if is_beside and film.end_card is not None and film.end_card.start_s < end_s else None


def _plays_cover(film: Draft, shot: Shot) -> bool:
    """Whether the cover itself is shown, moved in depth: in a calm opening, and once more where the song calms down."""
    if not _shows_cover(film.song, film.brief):
        return False
    is_due = shot.number == 1 or (shot.opens_section and shot.section == _calms_down_in(film.analysis))
    is_calm = drive_of(film.analysis.sections[shot.section]) < CALM_DRIVE
    return is_due and is_calm and shot.n_frames >= COVER_S * film.brief.fps


def _calms_down_in(analysis: SongAnalysis) -> int | None:
    labels = [section.label for section in analysis.sections]
    return next((labels.index(label) for label in ("breakdown", "outro") if label in labels), None)


def _short_covers(analysis: SongAnalysis) -> dict[int, float]:
    """Sections that open on the cover, and for how long; the last one, under the end card, is as long as it likes."""
    return {
        index: COVER_LASTS_S
        for index in (0, _calms_down_in(analysis))
        if index is not None
        and drive_of(analysis.sections[index]) < CALM_DRIVE
        and analysis.sections[index].label != "outro"
    }


def _shows_cover(song: Song, brief: Brief) -> bool:
    return song.cover is not None and brief.video_backend == "procedural" and brief.still_backend is None
