"""Which backends the contract suite runs over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from suno_video.backends.base import BackendSetup
from suno_video.backends.catalog import ModelCard
from suno_video.backends.fake import FakeImage, FakeVideo
from suno_video.backends.fakeservice import FakeService, PaidFakeVideo
from suno_video.backends.mlx_video import MlxVideoBackend
from suno_video.backends.patience import Patience
from suno_video.backends.registry import backend_class, backend_names
from suno_video.backends.replicate import ReplicateBackend
from suno_video.backends.shader import ShaderBackend
from suno_video.core.errors import BackendUnavailableError
from tests.contract.services import LOOPBACK
from tests.replicate.server import TOKEN, replicate_double
from tests.unit.mlx_video_cards import stand_in_card


class FakeFiles(FakeVideo):
    """Gives files, as slow backends do."""

    def __init__(self) -> None:
        super().__init__(name="fake-files", footage="file")


class LoopbackReplicate(ReplicateBackend):
    """Buys with its default card for clips from a double of the service on this machine."""

    def __init__(self) -> None:
        services = {
            "replicate_url": os.environ["REPLICATE_BASE_URL"],
            "replicate_token": os.environ["REPLICATE_API_TOKEN"],
        }
        super().__init__(setup=BackendSetup(services=services), patience=Patience(answer_s=10, first_pause_s=0.01))


class StandInMlxVideo(MlxVideoBackend):
    """Runs a small program in the place of a model."""

    def __init__(self, card: ModelCard | None = None, setup: BackendSetup | None = None) -> None:
        super().__init__(card or stand_in_card(), setup)


# Backends that are tried here with a double of what they need.
SHIPPED: dict[str, type[Any]] = {
    "fake": FakeVideo,
    "fake-files": FakeFiles,
    "fake-image": FakeImage,
    "fake-paid": PaidFakeVideo,
    "replicate": LoopbackReplicate,
}
# The same, and run when they are asked for by name (`--backend mlx-video`): a process for each clip takes its time.
BY_NAME: dict[str, type[Any]] = {"mlx-video": StandInMlxVideo, "shader": ShaderBackend}


def _class_of(name: str) -> type[Any]:
    known = SHIPPED | BY_NAME
    return known[name] if name in known else backend_class(name)


def _is_free_and_ready(name: str) -> bool:
    """By default nothing is bought, and what is not installed here is left out. Make-believe money is no money."""
    if name in SHIPPED or name in LOOPBACK:
        return True
    if name in BY_NAME:
        return False
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


def _paid_service(backend_type: type[Any], book: Path) -> tuple[FakeService, dict[str, str]] | None:
    """Give the service that a backend buys from, and the variables that lead there."""
    if issubclass(backend_type, LoopbackReplicate):
        double = replicate_double(book)
        return double, {"REPLICATE_BASE_URL": double.url, "REPLICATE_API_TOKEN": TOKEN}
    if issubclass(backend_type, PaidFakeVideo):
        fake = FakeService(book)
        return fake, fake.environment()
    return None


@pytest.fixture(scope="module", autouse=True)
def service(backend_type: type[Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeService | None]:
    """The service on this machine that the backend buys from; None for those that buy nothing."""
    folder = tmp_path_factory.mktemp("service")
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        paid = _paid_service(backend_type, folder / "book.sqlite")
        start = LOOPBACK.get(getattr(backend_type, "name", ""))
        variables = paid[1] if paid is not None else {}
        running = stack.enter_context(paid[0]) if paid is not None else None
        if start is not None:
            variables = stack.enter_context(start(folder))
        for name, value in variables.items():
            patch.setenv(name, value)
        yield running


@pytest.fixture
def backend(backend_type: type[Any]) -> Iterator[Any]:
    made = backend_type()
    made.open()
    yield made
    made.close()
