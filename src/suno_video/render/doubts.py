"""Notices when one check refuses scene after scene: then it is not chance, and another seed is money for nothing.

Which of the two is wrong depends on the check. That a picture is black, of one colour or nothing but noise cannot be
taken for anything else: the backend is broken, and nothing more is asked of it in this run. What the others find is a
matter of degree, and with clips of the same model that passed before, the check is more likely wrong about this look
than the model is wrong about scene after scene: from there on it only warns.
"""

from __future__ import annotations

import threading

from suno_video.core.events import EventSink, Warned
from suno_video.render.quality import Flaw

IN_A_ROW = 3
"""Different scenes in succession that one check must refuse before it is no chance any more. With two seeds more for
each, that is seven pictures at most (3 + 3 + 1) where they are made one after the other."""
CERTAIN = frozenset({"black", "flat", "static"})
"""Checks that no look and no kind of scene can mislead."""


class Doubts:
    """What the checks refused in one pass, of each backend. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refused: dict[tuple[str, str], list[str]] = {}
        self._doubted: set[tuple[str, str]] = set()
        self._broken: dict[str, str] = {}

    def overlooks(self, backend: str, scene: str, flaw: Flaw, events: EventSink) -> bool:
        """Note that a check refuses something. Gives whether it is to be shown all the same; a warning says so."""
        with self._lock:
            words = self._note(backend, scene, flaw)
            doubted = (backend, flaw.check) in self._doubted
        if words:
            events(Warned(words))
        if doubted:
            events(Warned(f"{scene} is kept although {flaw.words} ({flaw.check})"))
        return doubted

    def passed(self, backend: str) -> None:
        """Note that something came out well: whatever was refused before it was no succession."""
        with self._lock:
            for row in (row for key, row in self._refused.items() if key[0] == backend):
                row.clear()

    def broken(self, backend: str) -> str | None:
        """Say why nothing more is to be asked of a backend; None while all is well."""
        with self._lock:
            return self._broken.get(backend)

    def _note(self, backend: str, scene: str, flaw: Flaw) -> str:
        """Count a refusal, and give what is to be said when it completes a row."""
        row = self._refused.setdefault((backend, flaw.check), [])
        if scene in row:
            return ""
        row.append(scene)
        if len(row) != IN_A_ROW or (backend, flaw.check) in self._doubted or backend in self._broken:
            return ""
        refused = f"{', '.join(row)} by {backend} came out badly in succession ({flaw.check}): {flaw.words}"
        if flaw.check in CERTAIN:
            self._broken[backend] = f"nothing more was asked of {backend} in this run: {refused}"
            return f"{refused}; nothing more is asked of it in this run"
        self._doubted.add((backend, flaw.check))
        return (
            f"{refused}. The check is more likely wrong than the model: from here on it only warns. "
            f'Leave it out with checks.skip = ["{flaw.check}"], then --upgrade asks again for what it refused'
        )
