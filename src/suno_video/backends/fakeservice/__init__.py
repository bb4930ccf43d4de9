"""A make-believe paid service on this machine, and the backend that buys from it.

It ships for the authors of paid backends: its purchase book tells what was paid for, whatever the buyer remembers.

    with FakeService(tmp_path / "book.sqlite") as service:
        service.set_mischief(Mischief(tricks=(Trick(what="dropped-after", calls=(1,)),)))
        backend = PaidFakeVideo(service.url, service.token)
        ...
        assert service.book.bought_twice() == []
"""

from suno_video.backends.fakeservice.backend import PaidFakeVideo
from suno_video.backends.fakeservice.book import Book, Purchase, TurnedAway
from suno_video.backends.fakeservice.mischief import Mischief, Trick
from suno_video.backends.fakeservice.server import FakeService
from suno_video.backends.fakeservice.wire import ClipWish, Tariff

__all__ = ["Book", "ClipWish", "FakeService", "Mischief", "PaidFakeVideo", "Purchase", "Tariff", "Trick", "TurnedAway"]
