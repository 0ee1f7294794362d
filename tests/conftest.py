"""What holds for every test: sockets reach loopback only (`--allow-hosts` in pyproject.toml); no name is looked up."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

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
