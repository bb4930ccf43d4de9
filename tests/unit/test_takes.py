"""Takes are kept for ever, found by what they fulfil, and marked by people."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from suno_video.project.takes import Take, TakeMarks, TakeReceipt, TakeStore, take_seed


def receipt(**changes: object) -> TakeReceipt:
    values: dict[str, object] = {
        "scene": "s007",
        "kind": "clip",
        "fingerprint": "ab" * 32,
        "file": "",
        "sha256": "",
        "backend": "fake",
        "cost_usd": Decimal("0.40"),
        "n_frames": 81,
        "fps": 16.0,
        "width_px": 832,
        "height_px": 480,
        "prompt": "a street",
        "seed": 7,
        "seconds": 12.5,
        **changes,
    }
    return TakeReceipt.model_validate(values)


@pytest.fixture
def store(tmp_path: Path) -> TakeStore:
    (tmp_path / "clips").mkdir()
    return TakeStore(tmp_path / "clips")


def keep(store: TakeStore, tmp_path: Path, content: bytes = b"a clip", **changes: object) -> Take:
    made = tmp_path / "made.mp4"
    made.write_bytes(content)
    return store.keep(made, receipt(**changes))


def test_a_take_is_found_by_its_wish_and_says_what_it_cost(store: TakeStore, tmp_path: Path) -> None:
    kept = keep(store, tmp_path)
    found = store.find("s007", "ab" * 32)
    assert found == kept
    assert found is not None
    assert found.receipt.cost_usd == Decimal("0.40")
    assert found.path.read_bytes() == b"a clip"
    assert not (tmp_path / "made.mp4").exists()


def test_another_wish_of_the_same_beginning_is_not_it(store: TakeStore, tmp_path: Path) -> None:
    keep(store, tmp_path)
    assert store.find("s007", "ab" * 6 + "cd" * 26) is None


def test_a_damaged_take_is_none(store: TakeStore, tmp_path: Path) -> None:
    kept = keep(store, tmp_path)
    kept.path.write_bytes(b"a cl")
    assert store.find("s007", "ab" * 32) is None
    assert store.all() == []


def test_a_file_without_receipt_is_none(store: TakeStore) -> None:
    store.path_of("s007", "ab" * 32, ".mp4").write_bytes(b"half a clip")
    assert store.find("s007", "ab" * 32) is None


def test_a_receipt_that_names_a_file_elsewhere_is_not_followed(store: TakeStore, tmp_path: Path) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(b"a clip")
    kept = keep(store, tmp_path)
    stolen = kept.receipt.model_copy(update={"file": "../secret.mp4"})
    kept.path.unlink()
    kept.path.with_suffix(".json").write_text(stolen.to_json())
    assert store.find("s007", "ab" * 32) is None


def test_redoing_a_scene_asks_for_the_next_take_and_skips_rejected_ones() -> None:
    marks = TakeMarks().redo("s001")
    assert marks.of("s001").current == 1
    assert marks.of("s001").rejected == ()
    marks = marks.reject("s001")
    assert (marks.of("s001").current, marks.of("s001").rejected) == (2, (1,))
    assert marks.of("s002").current == 0


def test_a_kept_take_is_kept_until_it_is_rejected() -> None:
    marks = TakeMarks().keep("s001", "ab" * 32)
    assert marks.of("s001").kept
    assert marks.of("s001").kept_print == "ab" * 32
    assert not marks.reject("s001").of("s001").kept


def test_marks_survive_the_disk() -> None:
    marks = TakeMarks().keep("s001").reject("s002").redo("s003")
    assert TakeMarks.from_json(marks.to_json()) == marks


def test_the_first_take_has_the_seed_of_the_storyboard_and_others_have_their_own() -> None:
    assert take_seed(42, 0) == 42
    assert len({take_seed(42, n) for n in range(100)}) == 100
    assert all(0 <= take_seed(2**31 - 1, n) < 2**31 for n in range(100))
