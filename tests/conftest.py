"""What holds for every test: sockets reach loopback only (`--allow-hosts` in pyproject.toml); no name is looked up."""

from __future__ import annotations

import importlib.util
import os
import socket
from collections.abc import Callable, Iterator

import pytest

os.environ["COLUMNS"] = "160"  # tables of the command line are as wide everywhere; read when a console is made

LOOPBACK = {None, "127.0.0.1", "::1", "localhost"}


@pytest.fixture(scope="session", autouse=True)
def names_are_not_looked_up() -> Iterator[None]:
    """Any name but loopback's is unknown, as on a machine without a network: the same everywhere."""
    real = socket.getaddrinfo

    def loopback_only(host: str | bytes | None, *args: object, **kwargs: object) -> object:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in LOOPBACK:
            raise socket.gaierror(socket.EAI_NONAME, f"tests look up no names: {name!r}")
        return real(host, *args, **kwargs)  # type: ignore[arg-type]  # passed on as it came

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", loopback_only)
        yield


@pytest.fixture(scope="session", autouse=True)
def grpc_stays_on_this_machine() -> Iterator[None]:
    """gRPC has sockets of its own, which no guard of Python's sees: a channel to anywhere else cannot be made."""
    if importlib.util.find_spec("grpc") is None:
        yield
        return
    from grpc import _channel
    from grpc.aio import _channel as aio_channel

    from backstay.grpc import is_loopback

    with pytest.MonkeyPatch.context() as patch:
        for kind in (_channel.Channel, aio_channel.Channel):
            patch.setattr(kind, "__init__", _local(kind.__init__, is_loopback))
        yield


def _local(make: Callable[..., None], is_loopback: Callable[[str], bool]) -> Callable[..., None]:
    def made(channel: object, target: str, *args: object, **kwargs: object) -> None:
        if not is_loopback(target):
            message = f"tests reach loopback only: {target!r}"
            raise ConnectionRefusedError(message)
        make(channel, target, *args, **kwargs)

    return made


@pytest.fixture(scope="session", autouse=True)
def nothing_is_kept_at_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a default runtime keeps goes to a folder of this run; the home folder is a file that nobody can write to.

    So a test that would touch the user's disk fails instead.
    """
    folder = tmp_path_factory.mktemp("state")
    nowhere = folder / "home"
    nowhere.write_text("a home that holds nothing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BACKSTAY_STATE", str(folder / "backstay"))
        patch.delenv("XDG_STATE_HOME", raising=False)
        patch.setenv("HOME", str(nowhere))
        yield
