"""The encoded sound stays for the next run, unless it is not to: also while a film is written again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from suno_video.backends.fakeservice import FakeService
from suno_video.core.brief import Brief
from suno_video.core.frames import FrameSize
from suno_video.pipeline import FilmOptions, render_film
from suno_video.pipeline.memory import MemoryOptions
from suno_video.project.purchases import Caps


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FilmOptions]:
    with FakeService(tmp_path / "book.sqlite") as service:
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)
        brief = Brief(look="cosmos", size=FrameSize(width_px=128, height_px=72), video_backend="fake-paid")
        caps = Caps(run_usd=Decimal(9))
        yield FilmOptions(brief=brief, quality="draft", ledger=tmp_path / "ledger.db", caps=caps)


@pytest.mark.parametrize("keep", [True, False])
def test_the_sound_is_left_for_the_next_run_only_when_it_is_to_be(
    make_song: Callable[..., Path], options: FilmOptions, keep: bool
) -> None:
    song = make_song("song.wav", 8.0)
    result = render_film(song, replace(options, memory=MemoryOptions(keep_sound=keep)))
    assert result.stand_ins == {}
    assert len(list((result.project / "segments").glob("song-*.aac"))) == keep
    assert result.film.is_file()
