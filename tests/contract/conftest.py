"""Which backends the contract suite runs over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from suno_video.backends.fake import FakeImage, FakeVideo
from suno_video.backends.fakeservice import FakeService, PaidFakeVideo
from suno_video.backends.registry import backend_class, backend_names
from suno_video.core.errors import BackendUnavailableError
from tests.contract.services import LOOPBACK


class FakeFiles(FakeVideo):
    """Gives files, as slow backends do."""

    def __init__(self) -> None:
        super().__init__(name="fake-files", footage="file")


SHIPPED = {"fake": FakeVideo, "fake-files": FakeFiles, "fake-image": FakeImage, "fake-paid": PaidFakeVideo}


def _class_of(name: str) -> type[Any]:
    return SHIPPED[name] if name in SHIPPED else backend_class(name)


def _is_free_and_ready(name: str) -> bool:
    """By default nothing is bought, and what is not installed here is left out. Make-believe money is no money."""
    if name in SHIPPED or name in LOOPBACK:
        return True
    try:
        cls = _class_of(name)
    except BackendUnavailableError:
        return False
    return bool(cls.readiness().ready) and not cls.capabilities.spends_money and not cls.capabilities.needs_network


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend_type" not in metafunc.fixturenames:
        return
    asked = metafunc.config.getoption("--backend")
    names = asked or [name for name in sorted({*backend_names(), *SHIPPED}) if _is_free_and_ready(name)]
    metafunc.parametrize("backend_type", [_class_of(name) for name in names], ids=names, scope="module")


@pytest.fixture(scope="module", autouse=True)
def service(backend_type: type[Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeService | None]:
    """The service that `fake-paid` buys from; None for the others."""
    if (start := LOOPBACK.get(backend_type.name)) is not None:
        with start(tmp_path_factory.mktemp("service")) as variables, pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            yield None
        return
    if not issubclass(backend_type, PaidFakeVideo):
        yield None
        return
    book = tmp_path_factory.mktemp("service") / "book.sqlite"
    with FakeService(book) as running, pytest.MonkeyPatch.context() as patch:
        for name, value in running.environment().items():
            patch.setenv(name, value)
        yield running


@pytest.fixture
def backend(backend_type: type[Any]) -> Iterator[Any]:
    made = backend_type()
    made.open()
    yield made
    made.close()
