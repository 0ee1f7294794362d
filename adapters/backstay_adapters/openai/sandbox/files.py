"""Where the simulated vendor keeps pictures that it gives by address: for an hour, as the real one did."""

from __future__ import annotations

from typing import Any, Final

from backstay.clock import utc
from backstay.sandbox.draws import bits
from backstay.sandbox.wire import Reply, Request

HOUR: Final = 3_600.0
"""Seconds for which an address works."""
_EXPIRED: Final = b"<?xml version='1.0'?><Error><Code>AuthenticationFailed</Code><Message>Expired</Message></Error>"


class Files:
    """The kept pictures."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._kept: dict[str, tuple[bytes, float]] = {}

    def keep(self, picture: bytes, request: Request, now: float, *, dead: bool = False) -> dict[str, Any]:
        """A picture by its address; a dead one does not work any more."""
        name = f"img-{bits(self._seed, 'file', len(self._kept)):016x}.png"
        self._kept[name] = (picture, now if dead else now + HOUR)
        host = request.headers.get("host", "api.openai.com")
        scheme = "http" if host.startswith(("127.", "localhost", "[")) else "https"
        where = f"{scheme}://{host}{request.headers.get('x-forwarded-prefix', '')}/files/{name}"
        until = f"{utc(now + HOUR):%Y-%m-%dT%H:%M:%SZ}"
        signed = f"{where}?se={until}&sp=r&sig={bits(self._seed, name):016x}"
        return {"url": signed, "revised_prompt": "A picture as it was asked for."}

    def answer(self, name: str, now: float) -> Reply:
        """The picture, while its address works."""
        picture, until = self._kept.get(name, (b"", 0.0))
        if now >= until:
            return Reply(403, {"content-type": "application/xml"}, _EXPIRED)
        return Reply(200, {"content-type": "image/png"}, picture)


__all__ = ["Files"]
