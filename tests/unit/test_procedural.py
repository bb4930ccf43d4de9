"""What every scene family of the embedded renderer promises, checked on small pictures."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from suno_video.assemble.calming import look
from suno_video.assemble.flashes import FlashCounter
from suno_video.backends.base import ClipRequest, FailureKind, FrameStream, Job, MakeFailed
from suno_video.backends.procedural import FAMILIES, ProceduralBackend
from suno_video.backends.procedural.dance import Dance
from suno_video.backends.procedural.picture import into_palette
from suno_video.backends.procedural.stream import set_the_stage
from suno_video.core.analysis import N_BANDS
from suno_video.core.brief import Grade
from suno_video.core.color import linear_palette
from suno_video.core.frames import FrameSize, planes
from suno_video.core.music import MusicCurves
from suno_video.core.storyboard import Motion

FPS, N_FRAMES = 30, 36
SMALL = FrameSize(width_px=96, height_px=54)
SUNSET = ("#12062b", "#4b1180", "#c22bb0", "#ff7a59", "#ffe9c4")
LAGOON = ("#04141f", "#0b4f6c", "#1ea896", "#7fd4c1", "#f4fff0")
STEEL = ("#05070a", "#1d2a38", "#5f7d94", "#b8cbd6", "#ffffff")
every_family = pytest.mark.parametrize(
    "family",
    # All tests of a family by one worker, so that its painter is compiled once.
    [pytest.param(family, marks=pytest.mark.xdist_group(family)) for family in sorted(FAMILIES)],
)


def dance_music(n_frames: int = N_FRAMES, loudness: float = 1.0) -> MusicCurves:
    """Music at 120 beats a minute in four-four time, or with `loudness` 0 silence without a beat grid."""
    time_s = 4.0 + np.arange(n_frames) / FPS
    beats = time_s * 2.0 if loudness else np.zeros(n_frames)
    beat, downbeat = np.exp(-4 * (beats % 1)), np.exp(-4 * ((beats / 4) % 1))
    bands = np.exp(-np.arange(N_BANDS) / 20)[None, :] * (0.4 + 0.6 * beat[:, None])

    def level(values: np.ndarray | float) -> np.ndarray:
        return np.broadcast_to(np.asarray(values) * loudness, (n_frames,)).astype(np.float32)

    return MusicCurves(
        time_s=time_s,
        loudness=level(0.6 + 0.3 * beat),
        bass=level(0.3 + 0.7 * beat),
        mid=level(0.6),
        treble=level(0.5),
        onset=level(beat),
        beat=level(beat),
        downbeat=level(downbeat),
        beat_phase=(beats % 1).astype(np.float32),
        bar_phase=((beats / 4) % 1).astype(np.float32),
        beats=beats,
        section_progress=np.linspace(0, 1, n_frames, dtype=np.float32),
        energy=level(0.8),
        kick=level(beat),
        snare=level(np.exp(-4 * ((beats / 2 + 0.5) % 1))),
        hat=level(np.exp(-8 * ((beats * 2) % 1))),
        voice=level(0.0),
        tension=level(0.0),
        drop=level(0.0),
        spectrum=(bands * loudness).astype(np.float32),
    )


def clip(family: str, **changes: object) -> ClipRequest:
    request = ClipRequest(
        scene="s001", prompt="", negative_prompt="", seed=11, size=FrameSize(width_px=128, height_px=72), fps=FPS,
        n_frames=N_FRAMES, family=family, params={}, palette=SUNSET, grade=Grade(), motion=Motion(), growth=0.4,
        energy=0.8, music=dance_music(),
    )  # fmt: skip
    return replace(request, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def backend() -> ProceduralBackend:
    backend = ProceduralBackend()
    backend.open()
    return backend


@pytest.fixture
def paint(backend: ProceduralBackend, tmp_path: Path):
    """Paint frames start..stop of a request, as one array of shape (n, height * 3 // 2, width)."""

    def painted(request: ClipRequest, start: int = 0, stop: int | None = None) -> np.ndarray:
        stream = backend.make(request, Job(tmp_path))
        frames = [frame.copy() for frame in stream.frames(start, stop)]
        stream.close()
        return np.array(frames)

    return painted


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Mean difference of luma, in levels of 0..255."""
    height = one.shape[-2] * 2 // 3
    return float(np.abs(one[..., :height, :].astype(float) - other[..., :height, :]).mean())


@every_family
def test_a_clip_has_the_frames_it_was_asked_for_within_broadcast_range(paint, family):
    frames = paint(clip(family))
    assert frames.shape == (N_FRAMES, 108, 128)
    assert frames.dtype == np.uint8
    luma, chroma = frames[:, :72], frames[:, 72:]
    assert luma.min() >= 16 and luma.max() <= 235
    assert chroma.min() >= 16 and chroma.max() <= 240


@every_family
def test_the_same_request_gives_the_same_bytes_and_a_late_start_gives_the_tail(paint, family):
    request = clip(family, n_frames=8)
    whole = paint(request)
    assert np.array_equal(whole, paint(request))
    assert np.array_equal(whole[5:7], paint(request, 5, 7))


@every_family
def test_pictures_are_neither_black_nor_white_with_music_or_without(paint, family):
    for music in (dance_music(), dance_music(loudness=0.0)):
        luma = paint(clip(family, music=music))[::7, :72].astype(float)
        means = luma.mean(axis=(1, 2))
        assert means.min() > 20, "nearly black"
        assert means.max() < 200, "nearly white"
        assert luma.std(axis=(1, 2)).min() > 4, "nothing to see"


@every_family
def test_smooth_parts_are_dithered_so_that_they_show_no_bands(paint, family):
    """Wherever a block of 8x8 is nearly even, grain of a third of a level or more lies over its steps of one level."""
    luma = paint(clip(family), 9, 10)[0, :72].astype(float)
    blocks = luma.reshape(9, 8, 16, 8).transpose(0, 2, 1, 3).reshape(-1, 64)
    spread, level = blocks.std(axis=1), blocks.mean(axis=1)
    smooth = (spread < 4) & (level > 30) & (level < 200)
    assert spread[smooth].min(initial=1.0) > 0.33


def steady_music(n_frames: int = 6, **sounding: float) -> MusicCurves:
    """Loud music without beats, in which only what is given sounds."""
    music, none = dance_music(n_frames), np.zeros(n_frames, np.float32)
    heard = {name: np.full(n_frames, level, np.float32) for name, level in sounding.items()}
    quiet = dict.fromkeys(("onset", "beat", "downbeat", "kick", "snare", "hat", "voice", "tension", "drop"), none)
    return replace(music, **(quiet | heard))


@every_family
def test_drums_voices_and_turns_move_those_that_say_so(paint, family):
    told = {"kick", "snare", "hat", "voice", "tension", "drop"} & set(FAMILIES[family].driven_by)
    without = paint(clip(family, n_frames=6, music=steady_music()), 5, 6)
    for name in sorted(told):
        assert difference(without, paint(clip(family, n_frames=6, music=steady_music(**{name: 1.0})), 5, 6)) > 0.05, (
            name
        )


@every_family
def test_the_picture_moves_and_moves_less_in_silence(paint, family):
    no_grain = Grade(grain=0.0)
    loud = paint(clip(family, grade=no_grain))
    silent = paint(clip(family, grade=no_grain, music=dance_music(loudness=0.0)))
    assert difference(loud[0], loud[30]) > 2.0
    assert difference(silent[0], silent[30]) > 0.4, "silence must stay alive"
    assert difference(silent[0], silent[30]) < difference(loud[0], loud[30])


@every_family
def test_loud_music_looks_other_than_silence(paint, family):
    loud, silent = paint(clip(family), 15, 16), paint(clip(family, music=dance_music(loudness=0.0)), 15, 16)
    assert difference(loud, silent) > 3.0


@every_family
def test_music_does_not_make_the_picture_strobe(paint, family):
    means = paint(clip(family))[:, :72].mean(axis=(1, 2))
    assert np.abs(np.diff(means)).max() < 16


def flashes(levels: np.ndarray) -> float:
    """Count the pairs of opposing changes of relative luminance by a tenth or more (WCAG 2.3.1)."""
    low = high = levels[0]
    way = n_turns = 0
    for level in levels:
        low, high = min(low, level), max(high, level)
        if way <= 0 and level - low >= 0.1:
            way, high, n_turns = 1, level, n_turns + 1
        elif way >= 0 and high - level >= 0.1:
            way, low, n_turns = -1, level, n_turns + 1
    return n_turns / 2


def driving_music(n_frames: int) -> MusicCurves:
    """Drums at 174 beats a minute, a voice throughout, a build that ends in a drop after a third."""
    music, beats = dance_music(n_frames), np.arange(n_frames) / FPS * 174 / 60
    hit = {name: np.exp(-4 * (phase % 1)).astype(np.float32) for name, phase in (
        ("beat", beats), ("kick", beats), ("bass", beats), ("onset", 2 * beats), ("hat", 2 * beats),
        ("snare", beats / 2 + 0.5), ("downbeat", beats / 4),
    )}  # fmt: skip
    turn, full = n_frames // 3, np.ones(n_frames, np.float32)
    drop, tension = np.zeros((2, n_frames), np.float32)
    tension[:turn] = np.linspace(0, 1, turn)
    drop[turn:] = np.exp(-np.arange(n_frames - turn) / 120)
    return replace(music, **hit, beats=beats, voice=full, energy=full, loudness=full, drop=drop, tension=tension)


@every_family
def test_drums_build_and_drop_keep_the_flash_limit(paint, family):
    """On the painted frames, before anything is softened: the broadcast rule with music that drives hard."""
    counter = FlashCounter(FPS)
    for frame in paint(clip(family, n_frames=40, seed=5, size=SMALL, music=driving_music(40))):
        seen = look(frame)
        counter.take(seen.light, seen.red)
    reading = counter.reading()
    assert reading.is_safe, reading


@pytest.mark.slow
@every_family
@pytest.mark.parametrize("palette", [SUNSET, LAGOON, STEEL], ids=["sunset", "lagoon", "steel"])
def test_the_gallery_keeps_the_flash_limit_and_is_never_black_or_white_for_half_a_second(paint, family, palette):
    n_frames = 4 * FPS
    for seed, growth in ((1, 0.3), (23, 1.0)):
        request = clip(
            family, n_frames=n_frames, seed=seed, growth=growth, palette=palette, music=driving_music(n_frames)
        )
        counter, means = FlashCounter(FPS), []
        for frame in paint(request):
            seen = look(frame)
            counter.take(seen.light, seen.red)
            means.append(float(frame[:72].mean()))
        assert counter.reading().is_safe, counter.reading()
        half = np.lib.stride_tricks.sliding_window_view(np.array(means), FPS // 2)
        assert half.max(axis=1).min() > 20, "black for half a second"
        assert half.min(axis=1).max() < 215, "white for half a second"


@every_family
def test_no_light_is_endless_or_no_number_whatever_sounds(backend, family):
    for level in (0.0, 1.0):
        every = dict.fromkeys(("bass", "mid", "treble", "kick", "snare", "hat", "voice", "tension", "drop"), level)
        request = clip(family, n_frames=3, size=SMALL, growth=level, music=steady_music(3, **every))
        scene, path = set_the_stage(request)
        dance = Dance(request.music, FPS, lurch=0.5)
        for frame in range(3):
            step = dance.at(frame)
            scene.advance(step)
            scene.paint(step, path.at(step))
            assert np.isfinite(scene.canvas.light).all()
            assert np.isfinite(scene.canvas.sharp).all()
            scene.develop(frame)


@pytest.mark.parametrize("seed", [1, 2, 5])
def test_gates_that_fly_past_do_not_flash_over_a_quarter_of_the_picture(paint, seed):
    music = replace(dance_music(), energy=np.ones(N_FRAMES, np.float32))
    fast = clip(
        "tunnel", seed=seed, params={"speed": 1.0}, motion=Motion(amount=1, on_beat=1), growth=1.0, music=music,
        palette=STEEL, grade=Grade(contrast=1.3, exposure=1.05),
    )  # fmt: skip
    light = np.clip((paint(fast)[:, :72].astype(np.float32) - 16) / 219, 0, 1) ** 2.2
    blocks = light.reshape(N_FRAMES, 9, 8, 16, 8).mean(axis=(2, 4)).reshape(N_FRAMES, -1)

    assert np.mean([flashes(block) > 3 * N_FRAMES / FPS for block in blocks.T]) < 0.25


@every_family
def test_seed_and_growth_change_the_picture(paint, family):
    reference = paint(clip(family), 0, 3)[2]
    assert difference(reference, paint(clip(family, seed=12), 0, 3)[2]) > 3.0
    assert difference(reference, paint(clip(family, growth=1.0), 0, 3)[2]) > 1.0


@every_family
def test_the_palette_colours_the_picture(paint, family):
    red_minus_green = {}
    for palette in (SUNSET, LAGOON):
        frame = paint(clip(family, palette=palette), 0, 2)[1]
        _, _, v = planes(np.ascontiguousarray(frame))
        red_minus_green[palette] = float(v.mean())
    assert red_minus_green[SUNSET] > 128 > red_minus_green[LAGOON]


@every_family
def test_the_camera_and_every_parameter_change_the_picture(paint, family):
    def last(**changes: object) -> np.ndarray:
        return paint(clip(family, n_frames=12, music=dance_music(12), **changes), 11, 12)

    still = last(motion=Motion(move="hold", amount=0.0, on_beat=0.0))
    assert difference(still, last(motion=Motion(move="push_in", amount=1.0, on_beat=0.0))) > 0.8
    for name, info in FAMILIES[family].params.items():
        low, high = last(params={name: info.low}), last(params={name: info.high})
        assert difference(low, high) > 0.7, name


def test_two_threads_paint_the_same_bytes_as_one(paint):
    requests = [clip(family, n_frames=4) for family in ("nebula", "ribbons", "paint", "crystal")]
    alone = [paint(request) for request in requests]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(paint, requests))
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one, other)


@every_family
@pytest.mark.parametrize("size", [(72, 128), (96, 96), (46, 34), (200, 34)], ids=str)
def test_any_shape_of_picture_is_filled(paint, family, size):
    frame = paint(clip(family, size=FrameSize(width_px=size[0], height_px=size[1])), 0, 2)[1]
    assert frame.shape == (size[1] * 3 // 2, size[0])
    assert frame[: size[1]].std() > 3


@pytest.mark.parametrize("family", [name for name, info in FAMILIES.items() if info.uses_cover])
def test_a_cover_is_shown_and_a_broken_one_is_done_without(paint, tmp_path, family):
    cover, broken = tmp_path / "cover.png", tmp_path / "broken.png"
    Image.new("RGB", (90, 60), "#10c020").save(cover)
    broken.write_bytes(b"not a picture")
    without = paint(clip(family), 0, 1)
    assert difference(without, paint(clip(family, cover=cover), 0, 1)) > 1.0
    assert np.array_equal(without, paint(clip(family, cover=broken), 0, 1))


def test_a_cover_takes_the_colours_of_a_shot_and_keeps_its_own_where_they_are_the_same():
    palette = linear_palette(SUNSET)
    light = np.linspace(0.05, 0.95, 64)
    own = np.stack([np.interp(light, np.linspace(0, 1, 5), palette[:, c]) for c in range(3)], -1)
    own = np.ascontiguousarray(np.broadcast_to(own, (64, 64, 3)), np.float32)
    assert into_palette(own, palette) is own

    green = np.zeros((64, 64, 3), np.float32) + np.array([0.05, 0.5, 0.05], np.float32)
    red, left_green, _ = into_palette(green, palette)[0, 0]
    assert red > left_green


def test_a_closed_stream_has_no_frames(backend, tmp_path):
    stream = backend.make(clip("silk"), Job(tmp_path))
    assert isinstance(stream, FrameStream)
    stream.close()
    stream.close()
    assert list(stream.frames()) == []


def test_an_unknown_family_is_bad_input(backend, tmp_path):
    with pytest.raises(MakeFailed, match="no scene family 'fireworks'") as failed:
        backend.make(clip("fireworks"), Job(tmp_path))
    assert failed.value.kind == FailureKind.BAD_INPUT


def test_too_little_music_is_bad_input(backend, tmp_path):
    with pytest.raises(MakeFailed, match="music for 3 frames") as failed:
        backend.make(clip("silk", music=dance_music(3)), Job(tmp_path))
    assert failed.value.kind == FailureKind.BAD_INPUT


def test_parameters_are_kept_in_range_and_unknown_ones_ignored():
    settings = FAMILIES["nebula"].settings({"scale": 7.0, "nonsense": 1.0})
    assert settings["scale"] == 1.0
    assert settings["stars"] == FAMILIES["nebula"].params["stars"].default
    assert "nonsense" not in settings


def test_there_are_twenty_families_and_each_listens_to_three_things():
    assert len(ProceduralBackend.families()) >= 20
    heard = set(dance_music().at(0).__dataclass_fields__)
    for name, info in ProceduralBackend.families().items():
        assert info.name == name
        assert len(info.driven_by) >= 3
        assert set(info.driven_by) <= heard


def test_facts_about_the_backend_load_nothing_heavy():
    code = (
        "import sys; from suno_video.backends.procedural import ProceduralBackend as B; "
        "B.info(); B.families(); r = B.readiness(); "
        "heavy = {'numba', 'cv2', 'PIL'} & set(sys.modules); "
        "sys.exit(f'{heavy} {r}' if heavy or not r.ready else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_numba_readiness_says_how_to_install_it(monkeypatch):
    from suno_video.backends.procedural import backend as module

    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "numba" else object())
    readiness = ProceduralBackend.readiness()
    assert not readiness.ready
    assert "pip install numba" in readiness.detail


def test_kernels_are_kept_elsewhere_when_the_cache_is_there_but_may_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from suno_video.backends.procedural import jit

    def refuse(dir: Path) -> None:
        raise PermissionError(13, "Permission denied", str(dir))

    assert jit._writable(tmp_path / "new") == tmp_path / "new"
    monkeypatch.setattr(jit.tempfile, "TemporaryFile", refuse)
    elsewhere = jit._writable(tmp_path / "new")
    assert elsewhere != tmp_path / "new"
    assert elsewhere.is_dir()
