"""The pytest plugin: fixtures for virtual time, events and cassettes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from backstay.events import Event
    from backstay.runtime import Runtime
    from backstay.testing.clock import VirtualClock

T = TypeVar("T")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that records cassettes."""
    group = parser.getgroup("backstay")
    group.addoption(
        "--backstay-record",
        choices=["sandbox", "live"],
        default=None,
        help="record cassettes anew, from the embedded sandbox or from the live vendor (needs credentials)",
    )
    parser.addini("backstay_cassettes", "folder of the cassettes", default="cassettes")


@pytest.fixture
def backstay_clock() -> VirtualClock:
    """A virtual clock, seeded with 0."""
    from backstay.testing.clock import VirtualClock  # a plugin must not cost anything when it is not used

    return VirtualClock()


@pytest.fixture
def backstay_run(backstay_clock: VirtualClock) -> Callable[[Coroutine[Any, Any, T]], T]:
    """Run a coroutine in virtual time on `backstay_clock`."""
    from backstay.testing.clock import run

    def running(work: Coroutine[Any, Any, T]) -> T:
        return run(work, backstay_clock)

    return running


@pytest.fixture
def backstay_events() -> Callable[[Runtime], AbstractContextManager[list[Event]]]:
    """A context manager that collects the events of the runtime it is given, as a list."""
    from backstay.testing.events import capture_events

    return capture_events


@pytest.fixture
def backstay_record(request: pytest.FixtureRequest) -> str | None:
    """From where cassettes are recorded in this run: "sandbox", "live", or None to replay."""
    chosen: str | None = request.config.getoption("--backstay-record")
    return chosen


@pytest.fixture
def backstay_cassette(
    request: pytest.FixtureRequest, backstay_record: Any
) -> Callable[[str], AbstractContextManager[Any]]:
    """Open a cassette by its name, such as "tiktok/create_campaign"."""
    from backstay.testing.cassettes import cassette

    folder = Path(request.config.rootpath, str(request.config.getini("backstay_cassettes")))

    def opened(name: str) -> AbstractContextManager[Any]:
        return cassette(folder / f"{name}.yaml", record=backstay_record)

    return opened
