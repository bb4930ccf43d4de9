"""Colour tables: read, refused, and laid over frames."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from suno_video.assemble.cube import Grading, parse_cube, read_lut, shipped_lut, shipped_luts
from suno_video.core.errors import BadEditError, NoSuchInputError
from suno_video.core.frames import planes
from suno_video.direct.looks import load_looks

IDENTITY = "LUT_3D_SIZE 2\n" + "".join(f"{r} {g} {b}\n" for b in (0, 1) for g in (0, 1) for r in (0, 1))


def colours(seed: int = 1) -> np.ndarray:
    frame = np.random.default_rng(seed).integers(60, 190, (36 * 3 // 2, 64), dtype=np.uint8)
    # Large patches: colour is looked up at half resolution.
    for plane in planes(frame):
        plane[:] = np.kron(plane[::6, ::8], np.ones((6, 8), dtype=np.uint8))[: plane.shape[0], : plane.shape[1]]
    return frame


def test_a_table_that_changes_nothing_changes_nothing():
    frame = colours()
    Grading(parse_cube(IDENTITY, "same")).apply(frame)
    assert np.abs(frame.astype(int) - colours()).max() <= 1


def test_a_table_is_laid_over_frames_as_its_colours_say():
    swapped = "LUT_3D_SIZE 2\n" + "".join(f"{b} {g} {r}\n" for b in (0, 1) for g in (0, 1) for r in (0, 1))
    frame = np.full((36 * 3 // 2, 64), 128, dtype=np.uint8)
    luma, u, v = planes(frame)
    luma[:], u[:], v[:] = 90, 110, 150  # reddish
    Grading(parse_cube(swapped, "swap")).apply(frame)
    assert u.mean() > 140
    assert v.mean() < 120


def test_one_curve_for_each_colour_is_read_and_greys_follow_it_exactly():
    darker = '# made by hand\nTITLE "half"\nLUT_1D_SIZE 2\nDOMAIN_MIN 0 0 0\nDOMAIN_MAX 1 1 1\n0 0 0\n0.5 0.5 0.5\n'
    frame = np.full((36 * 3 // 2, 64), 128, dtype=np.uint8)
    planes(frame)[0][:] = 216  # 200 above black
    Grading(parse_cube(darker, "half")).apply(frame)
    assert set(planes(frame)[0].ravel()) == {116}
    assert set(planes(frame)[1].ravel()) == {128}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "either LUT_1D_SIZE or LUT_3D_SIZE"),
        ("LUT_3D_SIZE 2\n0 0 0\n", "needs 8 colours, here are 1"),
        ("LUT_3D_SIZE 999999\n", "2 to 65 can be used"),
        ("LUT_3D_SIZE 2\n0 0\n", "line 2: a colour has three numbers, here are 2"),
        ("LUT_3D_SIZE 2\n0 0 nan\n", "line 2: a value is out of all bounds"),
        ("LUT_3D_SIZE 2\n0 0 1e99\n", "line 2: a value is out of all bounds"),
        ("LUT_3D_SIZE two\n", "line 1: 'two' are not numbers"),
        ("INCLUDE /etc/passwd\n", "line 1: '/etc/passwd' are not numbers"),
        (IDENTITY + "LUT_3D_SIZE 2\n", "line 10: 'LUT_3D_SIZE' does not belong here"),
        ("DOMAIN_MIN 1 1 1\nDOMAIN_MAX 0 0 0\n" + IDENTITY, "DOMAIN_MAX must be above DOMAIN_MIN"),
    ],
)
def test_a_bad_table_is_refused_with_line_and_reason(text, reason):
    with pytest.raises(BadEditError) as refused:
        parse_cube(text, "bad")
    assert reason in refused.value.reasons[0]


def test_a_file_that_is_none_or_no_text_is_refused(tmp_path):
    with pytest.raises(NoSuchInputError, match="cannot be read"):
        read_lut(tmp_path / "nowhere.cube")
    with pytest.raises(NoSuchInputError):
        read_lut(tmp_path)
    (tmp_path / "a.cube").write_bytes(b"\xff\xfe\x00LUT")
    with pytest.raises(BadEditError, match="not UTF-8"):
        read_lut(tmp_path / "a.cube")


def test_our_tables_are_what_the_script_makes_and_looks_name_no_others():
    path = Path(__file__).resolve().parents[2] / "scripts" / "make_luts.py"
    spec = importlib.util.spec_from_file_location("make_luts", path)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert set(shipped_luts()) == set(script.LUTS)
    for name in shipped_luts():
        assert shipped_lut(name) is not None
        assert (script.TARGET / f"{name}.cube").read_text(encoding="utf-8") == script.cube(name)
    assert {look.lut for look in load_looks().values()} - {None} == set(shipped_luts())
