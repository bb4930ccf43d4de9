"""Which takes are made again because a review found them wanting, and how: while something is left to try."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from suno_video.project.takes import Take
from suno_video.render.attempts import Fulfilled, Missed, Outcome
from suno_video.render.orders import Wish
from suno_video.render.review import ReviewDesk


class Retakes:
    """Makes takes again.

    Args:
        desk: None where nobody looks: then nothing is ever made again.
        find: Gives the best take there is for a wish.
        attempt: Makes a wish, with the reason why its backend could not be opened.
        check_stop: Raises when the run is to end.
    """

    def __init__(
        self,
        desk: ReviewDesk | None,
        find: Callable[[Wish], Take | None],
        attempt: Callable[[Wish, str | None], Outcome],
        check_stop: Callable[[], None],
    ) -> None:
        self._desk, self._find, self._attempt, self._check_stop = desk, find, attempt, check_stop
        self.followed: frozenset[str] = frozenset()
        """Scenes whose clip another one goes on from: made again at once, or never."""

    def look_at(self, wish: Wish) -> None:
        """Have every take of a wish looked at that was not."""
        if self._desk is not None:
            self._desk.look_at_all(wish)

    def unfinished(self, found: Sequence[Fulfilled]) -> list[Fulfilled]:
        """What earlier runs made and nobody looked at, or found wanting and did not make again."""
        desk = self._desk
        return [each for each in found if desk is not None and desk.is_open(each.wish)]

    def wanting(self, outcomes: Sequence[Outcome]) -> list[Fulfilled]:
        """Those that are to be made again; not what another clip went on from already."""
        desk = self._desk
        return [
            outcome
            for outcome in outcomes
            if isinstance(outcome, Fulfilled)
            and desk is not None
            and outcome.wish.scene not in self.followed
            and desk.retake_for(outcome.wish) is not None
        ]

    def improve(self, outcome: Fulfilled, trouble: str | None) -> Fulfilled:
        """Make a take again while it is found wanting and something is left to try. Gives the best there is then."""
        desk, wish = self._desk, outcome.wish
        while desk is not None and (retake := desk.retake_for(wish)) is not None:
            self._check_stop()
            made = self._attempt(retake, trouble)
            if isinstance(made, Missed):
                desk.give_up(wish, made)
                break
            desk.look_at(retake, made.take)
        best = self._find(wish)
        return outcome if best is None or best == outcome.take else Fulfilled(wish, best, reused=False)
