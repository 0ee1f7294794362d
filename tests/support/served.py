"""A sandbox on loopback sockets, beside a test that runs a command line."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from backstay.sandbox import serve


@contextlib.contextmanager
def serving(sandboxes: Mapping[str, Any]) -> Iterator[str]:
    """The address of a sandbox of these simulators, until the block ends."""
    started, stop, found = threading.Event(), threading.Event(), list[str]()

    async def work() -> None:
        async with serve(dict(sandboxes)) as served:
            found.append(served.admin_url.removesuffix("/_sandbox/"))
            started.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    assert started.wait(10)
    try:
        yield found[0]
    finally:
        stop.set()
        thread.join()
