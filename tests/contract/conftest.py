"""Which backends the contract suite runs over."""

from __future__ import annotations

from typing import Any

import pytest

from suno_video.backends.fake import FakeImage, FakeVideo
from suno_video.backends.registry import backend_class, backend_names
from suno_video.core.errors import BackendUnavailableError

SHIPPED = {"fake": FakeVideo, "fake-image": FakeImage}


def _class_of(name: str) -> type[Any]:
    return SHIPPED[name] if name in SHIPPED else backend_class(name)


def _is_free_and_ready(name: str) -> bool:
    """By default nothing is bought, and what is not installed here is left out."""
    try:
        cls = _class_of(name)
    except BackendUnavailableError:
        return False
    return bool(cls.readiness().ready) and not cls.capabilities.spends_money and not cls.capabilities.needs_network


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend_type" not in metafunc.fixturenames:
        return
    asked = metafunc.config.getoption("--backend")
    names = asked or [name for name in [*backend_names(), *SHIPPED] if _is_free_and_ready(name)]
    metafunc.parametrize("backend_type", [_class_of(name) for name in names], ids=names, scope="module")
