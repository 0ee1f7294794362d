"""Cassettes: recorded exchanges, replayed without a network. HTTP by vcrpy, gRPC by our own recorder; one file a case.

    cassettes/tiktok/create_campaign.yaml
    cassettes/google_ads/create_campaign.json

A cassette says where and when it was recorded. Requests match by method, path, query and body, never by host, so one
recorded on the sandbox replays for the vendor's address. What is written is scrubbed: headers by allow-list, bodies
and queries of everything that looks like a credential. A cassette recorded on our own sandbox proves that we agree
with ourselves, no more.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from backstay.clock import SystemClock, utc
from backstay.redact import HEADERS, HIDDEN, scrub
from backstay.testing.scrubbing import SECRET_NAMES, scrubbed

Source = Literal["sandbox", "live"]

MATCH_ON: Final = ("method", "path", "query", "backstay_body")


class CassetteMissing(FileNotFoundError):  # noqa: N818 - names what is missing
    """There is no such cassette, and recording was not asked for."""


@contextlib.contextmanager
def cassette(path: Path, *, record: Source | None = None) -> Iterator[Any]:
    """Replay a cassette, or record it anew when `record` says from where; what spoke gRPC is in a `.json` beside it.

    Raises:
        CassetteMissing: nothing to replay; the message names the command that records it.
    """
    calls = path.with_suffix(".json")
    if record is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        for file in (path, calls):
            file.unlink(missing_ok=True)
    elif not (path.exists() or calls.exists()):
        message = f"no cassette {path.name}; record it with `pytest --backstay-record=sandbox`"
        raise CassetteMissing(message)
    with contextlib.ExitStack() as stack:
        tapes = []
        if calls.exists() or (record is not None and importlib.util.find_spec("grpc") is not None):
            from backstay.testing.rpc_cassettes import rpc_cassette  # grpc is for those who speak it

            tapes.append(stack.enter_context(rpc_cassette(calls, record=record)))
        if path.exists() or record is not None:
            tapes.append(stack.enter_context(_http_cassette(path, record)))
        yield tapes[-1]


@contextlib.contextmanager
def _http_cassette(path: Path, record: Source | None) -> Iterator[Any]:
    import vcr  # a test dependency

    recorder = vcr.VCR(
        match_on=MATCH_ON,
        record_mode=vcr.mode.NONE if record is None else vcr.mode.ALL,
        before_record_request=_scrubbed_request,
        before_record_response=_scrubbed_response,
        decode_compressed_response=True,
    )
    recorder.register_matcher("backstay_body", _same_body)
    recorder.register_serializer("backstay", _Serializer(record))
    with recorder.use_cassette(str(path), serializer="backstay") as tape:
        yield tape
    if record is None and not tape.all_played:
        message = f"{path.name}: {len(tape) - tape.play_count} recorded exchanges were not asked for"
        raise AssertionError(message)


class _Serializer:
    """vcrpy's YAML with a head that says where it comes from."""

    def __init__(self, source: Source | None) -> None:
        self._source = source

    def serialize(self, tape: dict[str, Any]) -> str:
        import yaml  # comes with vcrpy

        head = {
            "recorded_from": self._source,
            "recorded_at": utc(SystemClock().wall()).isoformat(timespec="seconds"),
        }
        return yaml.safe_dump({**head, **_plain(tape)}, sort_keys=False, allow_unicode=True, width=120)

    def deserialize(self, text: str) -> dict[str, Any]:
        import yaml

        loaded: dict[str, Any] = yaml.safe_load(text)
        return loaded


def _plain(value: Any) -> Any:
    """Bodies as text where they are text, so that a person can read a cassette and a diff."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        with contextlib.suppress(UnicodeDecodeError):
            return value.decode()
    return value


def _scrubbed_request(request: Any) -> Any:
    request.headers = {
        name: value for name, value in request.headers.items() if name.lower() in HEADERS - {"user-agent"}
    }
    request.uri = _scrubbed_uri(request.uri)
    if request.body:
        request.body = _scrubbed_body(request.body)
    return request


def _scrubbed_response(response: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in response["headers"].items() if name.lower() in HEADERS - {"date", "server"}}
    body = {**response["body"], "string": _scrubbed_body(response["body"]["string"])}
    return {**response, "headers": kept, "body": body}


def _scrubbed_uri(uri: str) -> str:
    """Host and port go, since they are the sandbox's or the vendor's; secret parameters are hidden."""
    parts = urlsplit(uri)
    query = [(name, HIDDEN if name in SECRET_NAMES else scrub(value)) for name, value in parse_qsl(parts.query)]
    return urlunsplit(("https", "vendor", parts.path, urlencode(query), ""))


def _scrubbed_body(body: bytes | str) -> bytes:
    raw = body if isinstance(body, bytes) else body.encode()
    try:
        parsed = json.loads(raw)
    except (ValueError, UnicodeDecodeError):
        with contextlib.suppress(UnicodeDecodeError):
            return scrub(raw.decode()).encode()
        return raw
    return json.dumps(scrubbed(parsed), ensure_ascii=False, separators=(",", ":")).encode()


def _same_body(one: Any, other: Any) -> None:
    """JSON by value, everything else byte for byte; both sides scrubbed alike."""
    left, right = (_scrubbed_body(request.body or b"") for request in (one, other))
    if left != right and _parsed(left) != _parsed(right):
        message = f"bodies differ: {left[:200]!r} and {right[:200]!r}"
        raise AssertionError(message)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, UnicodeDecodeError):
        return body
