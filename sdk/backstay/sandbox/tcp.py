"""Breaking a connection that somebody else's server holds: by its file descriptor, which the process shares."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_DESCRIPTORS: Final = ("/proc/self/fd", "/dev/fd")


def hang_up(peer_port: int) -> bool:
    """Reset this process's end of the connection that comes from a port of this machine; whether there was one."""
    for line in _connections():
        with line:
            if _peer(line) == peer_port:
                # What has not been read is thrown away, and the other side gets RST when the owner closes.
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                with contextlib.suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
                return True
    return False


def _connections() -> Iterator[socket.socket]:
    """Every socket of this process, as a copy that may be closed."""
    folder = next((path for path in map(Path, _DESCRIPTORS) if path.is_dir()), None)
    for entry in () if folder is None else list(folder.iterdir()):
        with contextlib.suppress(OSError, ValueError):
            copy = os.dup(int(entry.name))
            try:
                line = socket.socket(fileno=copy)
            except OSError:
                os.close(copy)
                continue
            yield line


def _peer(line: socket.socket) -> int | None:
    if line.family not in {socket.AF_INET, socket.AF_INET6}:
        return None
    try:
        address = line.getpeername()
    except OSError:
        return None
    return int(address[1])
