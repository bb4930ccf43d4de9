"""Clips that are smaller than the film are enlarged by a model, once, before they are conformed."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from suno_video.assemble.enlarge import ENLARGING, enlarge_clip, is_too_small
from suno_video.backends.base import FileFootage
from suno_video.core.errors import ConfigError, EncoderError
from suno_video.core.events import EventSink, Notice, Warned
from suno_video.core.frames import FrameSize
from suno_video.media.atomic import make_folder
from suno_video.media.upscaler import TooLittleMemory, Upscaler
from suno_video.project.enlarged import EnlargedStore
from suno_video.project.fingerprint import file_sha256, fingerprint
from suno_video.project.takes import Take


class Enlarging:
    """What is enlarged with one model for one film, and where it lies.

    Args:
        folder: Holds the copies; made when the first one is.
        weights: Safetensors file of the model.
        foresees: Take every copy for granted, whether it is there or not: to say what a render would do.
    """

    def __init__(self, folder: Path, weights: Path, film: FrameSize, *, foresees: bool = False) -> None:
        self._store, self._weights, self._film, self._foresees = EnlargedStore(folder), weights, film, foresees

    @cached_property
    def _how(self) -> str:
        try:
            return fingerprint("enlarged", ENLARGING, self._weights, self._film)
        except OSError as exc:
            raise ConfigError(
                f"The model {self._weights} cannot be read: {exc.strerror}.", "Set finish.upscale_model to its file."
            ) from exc

    def footage(self, take: Take, footage: FileFootage) -> FileFootage:
        """Give the enlarged copy of a clip, where it is smaller than the film and its copy is there; else the clip.

        Raises:
            ConfigError: The model's file is not there.
        """
        if not is_too_small(footage.size, self._film):
            return footage
        name = self._name(take)
        copy = self._store.find(name)
        if copy is not None:
            return replace(footage, path=self._store.path_of(name), size=copy.size, enlarged=name)
        return replace(footage, enlarged=name) if self._foresees else footage

    def make(self, takes: Iterable[Take], events: EventSink) -> None:
        """Enlarge the clips whose copies are wanted and missing. Where memory does not suffice they stay as they are.

        Raises:
            ConfigError: The file is no such model, or the packages that it needs are missing or do not fit together.
            DiskError: The disk is full or failed.
        """
        wanted = [take for take in takes if self._is_wanted(take)]
        if not wanted:
            return
        make_folder(self._store.folder)
        with closing(Upscaler(self._weights)) as upscaler:
            for number, take in enumerate(wanted):
                try:
                    self._enlarge(take, upscaler, events)
                except TooLittleMemory:
                    scenes = ", ".join(each.receipt.scene for each in wanted[number:])
                    events(Warned(f"too little memory for {self._weights.name}: not enlarged, but scaled: {scenes}"))
                    return

    def _enlarge(self, take: Take, upscaler: Upscaler, events: EventSink) -> None:
        clip, name = _own_footage(take), self._name(take)
        try:
            size = enlarge_clip(clip, self._film, upscaler, self._store.path_of(name))
        except EncoderError as exc:
            events(Warned(f"the clip of {take.receipt.scene} is not enlarged, but scaled: {exc.message}"))
            return
        self._store.keep(name, take.receipt.sha256, size)
        events(Notice(f"the clip of {take.receipt.scene} was enlarged from {clip.size} to {size}"))

    def _is_wanted(self, take: Take) -> bool:
        return is_too_small(_own_footage(take).size, self._film) and self._store.find(self._name(take)) is None

    def _name(self, take: Take) -> str:
        return fingerprint(self._how, file_sha256(take.path))


def _own_footage(take: Take) -> FileFootage:
    """A clip at its own rate."""
    receipt = take.receipt
    size = FrameSize(width_px=receipt.width_px, height_px=receipt.height_px)
    return FileFootage(take.path, receipt.n_frames, receipt.fps, size, Decimal(receipt.cost_usd))
