"""S3Host on its simulator, which checks every signature by a calculation of its own."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, TypeVar

import httpx
import pytest

from backstay import Runtime
from backstay.auth import Credentials
from backstay.content import HostedMedia, MediaHost
from backstay.errors import (
    BackstayError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    TokenExpiredError,
    TokenInvalidError,
    UnsupportedError,
)
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, SimTransport, serve
from backstay.testing import VirtualClock
from backstay.testing.clock import run
from backstay_adapters.s3 import S3Host
from backstay_adapters.s3.sandbox import BUCKET, KEY, S3Sandbox

T = TypeVar("T")
ID, SECRET = KEY.split(":")
JPEG = b"\xff\xd8 a picture"


class Shop:
    """A bucket, and hosts on it."""

    def __init__(self, **settings: Any) -> None:
        self.clock = VirtualClock(3)
        self.vendor = S3Sandbox(seed=3, **settings)
        self.transport = SimTransport(self.vendor, self.clock)

    def host(self, *, secret: str = SECRET, **facts: Any) -> S3Host:
        """In a process of its own."""
        runtime = Runtime.in_memory(clock=self.clock, listeners=())
        named = {"key_id": ID, "secret": secret} if "credentials" not in facts else {}
        return S3Host(BUCKET, **{**named, "runtime": runtime, "transport": self.transport, **facts})

    def run(self, work: Any) -> Any:
        """In virtual time."""
        return run(work, self.clock)

    def put(self, data: bytes = JPEG, key: str = "spring/1.jpg", **facts: Any) -> HostedMedia:
        """Keep a picture."""
        hosted: HostedMedia = self.run(self.host(**facts).put(data, "image/jpeg", key=key))
        return hosted

    @property
    def asked(self) -> list[str]:
        """The methods of all requests."""
        return [each.method for each in self.transport.requests]


@pytest.mark.parametrize(
    ("facts", "url"),
    [
        ({"region": "eu-central-1"}, f"https://{BUCKET}.s3.eu-central-1.amazonaws.com/spring/1.jpg"),
        ({"endpoint_url": "https://minio.example", "style": "path"}, f"https://minio.example/{BUCKET}/spring/1.jpg"),
        ({"endpoint_url": "http://minio.example:9000"}, f"http://{BUCKET}.minio.example:9000/spring/1.jpg"),
        ({"public_url": "https://cdn.example/"}, "https://cdn.example/spring/1.jpg"),
        ({"prefix": "media"}, f"https://{BUCKET}.s3.us-east-1.amazonaws.com/media/spring/1.jpg"),
    ],
    ids=["virtual", "path", "virtual with port", "public address", "prefix"],
)
def test_bytes_are_kept_at_an_address(facts: dict[str, Any], url: str) -> None:
    """With their type and checksum, in one request, whichever style the server has."""
    shop = Shop()
    hosted = shop.put(cache_control="public, max-age=60", **facts)
    (kept,) = shop.vendor.objects.values()
    assert isinstance(shop.host(), MediaHost)
    assert (hosted.url, hosted.key, hosted.size, hosted.expires_at) == (url, "spring/1.jpg", len(JPEG), None)
    assert (kept.data, kept.headers["content-type"]) == (JPEG, "image/jpeg")
    assert kept.headers["cache-control"] == "public, max-age=60"
    assert shop.asked == ["PUT"]


def test_the_same_bytes_again_change_nothing_and_others_are_refused() -> None:
    """The server itself refuses to write over something; then it is looked up what is there."""
    shop = Shop()
    first = shop.put()
    assert shop.put() == first
    with pytest.raises(ConflictError) as caught:
        shop.put(JPEG + b"!")
    assert (caught.value.field, caught.value.value) == ("key", "spring/1.jpg")
    assert shop.asked == ["PUT", "PUT", "HEAD", "PUT", "HEAD"]
    assert shop.vendor.objects["spring/1.jpg"].data == JPEG


def test_what_others_have_put_there_is_known_by_its_etag() -> None:
    """An object without our note."""
    shop = Shop()
    shop.put()
    kept = shop.vendor.objects["spring/1.jpg"]
    shop.vendor.objects["spring/1.jpg"] = type(kept)(kept.data, {"content-type": "image/jpeg"})
    shop.put()
    with pytest.raises(ConflictError):
        shop.put(JPEG + b"!")


def test_deleting_what_is_not_there_is_no_error() -> None:
    """And the key is free again."""
    shop = Shop()
    shop.put()
    for _ in range(2):
        shop.run(shop.host().delete("spring/1.jpg"))
    shop.put(JPEG + b"!")
    assert shop.vendor.objects["spring/1.jpg"].data == JPEG + b"!"


LOST = [
    (FaultKind.RESET_AFTER, {}), (FaultKind.RESET_BEFORE, {}), (FaultKind.TIMEOUT, {"after_commit": True}),
    (FaultKind.TIMEOUT, {"after_commit": False}), (FaultKind.HTTP_5XX, {"after_commit": True}),
    (FaultKind.HTTP_5XX, {"after_commit": False}), (FaultKind.HTML, {"status": 200, "after_commit": False}),
    (FaultKind.VENDOR_ERROR, {"error": "InternalError", "after_commit": True}), (FaultKind.CONNECT_REFUSED, {}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "facts"), LOST, ids=[f"{kind}-{facts.get('after_commit')}" for kind, facts in LOST])
@pytest.mark.parametrize("conditional", [True, False])
def test_a_lost_answer_is_settled_by_looking(kind: FaultKind, facts: dict[str, Any], conditional: bool) -> None:
    """A HEAD says whether the bytes are there; if not they are sent again. One object, whatever was lost."""
    shop = Shop(conditional=conditional)
    shop.vendor.faults = FaultPlan([FaultRule(kind, operation="put", times=1, **facts)])
    shop.put(conditional=conditional)
    assert shop.vendor.objects["spring/1.jpg"].data == JPEG
    if kind is not FaultKind.CONNECT_REFUSED:
        assert "HEAD" in shop.asked
    if facts.get("after_commit", kind is FaultKind.RESET_AFTER):
        assert shop.asked.count("PUT") == 1


def test_a_lost_answer_over_other_bytes_is_a_conflict() -> None:
    """Somebody else was there first: nothing is written over."""
    shop = Shop()
    shop.put(JPEG + b"!")
    shop.vendor.faults = FaultPlan([FaultRule(FaultKind.RESET_BEFORE, operation="put", times=1)])
    with pytest.raises(ConflictError):
        shop.put()


def test_a_lost_delete_is_settled_by_looking() -> None:
    """Gone is done."""
    shop = Shop()
    shop.put()
    shop.vendor.faults = FaultPlan([FaultRule(FaultKind.RESET_AFTER, operation="delete", times=1)])
    shop.run(shop.host().delete("spring/1.jpg"))
    assert shop.asked == ["PUT", "DELETE", "HEAD"]


def test_a_server_that_knows_no_conditional_writes_says_so() -> None:
    """And the cure is named."""
    shop = Shop(conditional=False)
    with pytest.raises(UnsupportedError, match="conditional=False"):
        shop.put()
    shop.put(conditional=False)
    with pytest.raises(ConflictError):
        shop.put(JPEG + b"!", conditional=False)


def test_a_key_that_may_not_list_cannot_tell_that_nothing_is_there() -> None:
    """403 for what is absent is no proof of anything: a typed error with its cure."""
    shop = Shop(listing=False)
    with pytest.raises(PermissionDeniedError, match="ListBucket"):
        shop.put(conditional=False)


@pytest.mark.parametrize(("links", "fetched"), [(timedelta(hours=2), 200), (None, 403)])
def test_links_are_signed_and_last_for_a_while(links: timedelta | None, fetched: int) -> None:
    """Whoever has the link can fetch, until it runs out; without one a private bucket refuses."""
    shop = Shop(public=False)

    async def main() -> tuple[HostedMedia, list[int]]:
        hosted = await shop.host(links=links).put(JPEG, "image/jpeg", key="spring/1.jpg")
        async with httpx.AsyncClient(transport=shop.transport) as client:
            first = await client.get(hosted.url)
            await shop.clock.sleep(3 * 3600.0)
            return hosted, [first.status_code, (await client.get(hosted.url)).status_code]

    hosted, statuses = shop.run(main())
    assert statuses == [fetched, 403]
    if links is not None:
        assert hosted.expires_at is not None
        assert hosted.expires_at.timestamp() == pytest.approx(shop.clock.wall() - 3600.0, abs=1.0)


@pytest.mark.parametrize("how", ["secret", "time", "bytes"])
def test_a_signature_that_does_not_fit_is_refused(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulator is no rubber stamp: another secret, another time, other bytes than were signed."""
    shop = Shop()
    if how == "secret":
        with pytest.raises(TokenInvalidError):
            shop.put(secret="wrong")
        return
    if how == "time":
        wrong = VirtualClock()
        wrong.advance(3600.0)
        runtime = Runtime.in_memory(clock=wrong, listeners=())
        late = S3Host(BUCKET, ID, SECRET, runtime=runtime, transport=shop.transport)
        with pytest.raises(InvalidRequestError, match="clock"):
            shop.run(late.put(JPEG, "image/jpeg", key="a.jpg"))
        return
    real = shop.transport.handle_async_request

    async def damaged(request: httpx.Request) -> httpx.Response:
        broken = httpx.Request(request.method, request.url, headers=request.headers, content=b"x" * len(JPEG))
        return await real(broken)

    monkeypatch.setattr(shop.transport, "handle_async_request", damaged)
    with pytest.raises(InvalidRequestError, match="did not arrive"):
        shop.put(max_attempts=1)


async def test_a_session_token_that_has_run_out_is_fetched_anew() -> None:
    """From the provider, once."""
    asked: list[int] = []

    async def provider() -> str:
        asked.append(1)
        return f"TEMP{min(len(asked), 2)}:word:session"

    vendor = S3Sandbox(keys=("TEMP1:word:session", "TEMP2:word:session"))
    vendor.expire("TEMP1:word:session")
    async with serve({"s3": vendor}) as served:
        host = S3Host(
            BUCKET, credentials=Credentials(provider=provider, name="role"), endpoint_url=served.urls["s3"],
            style="path", runtime=Runtime.in_memory(listeners=()),
        )  # fmt: skip
        async with host:
            await host.put(JPEG, "image/jpeg", key="a.jpg")
            vendor.expire("TEMP2:word:session")
            with pytest.raises(TokenExpiredError):
                await host.put(JPEG, "image/jpeg", key="b.jpg")
    assert len(asked) == 3


async def test_on_a_real_socket_the_same() -> None:
    """Over our pool: the signature fits what is really sent."""
    vendor = S3Sandbox()
    async with serve({"s3": vendor}) as served:
        host = S3Host(
            BUCKET, ID, SECRET, endpoint_url=served.urls["s3"], style="path", runtime=Runtime.in_memory(listeners=())
        )
        async with host:
            await asyncio.gather(*(host.put(JPEG, "image/jpeg", key=f"{number}.jpg") for number in range(3)))
            await host.delete("0.jpg")
    assert sorted(vendor.objects) == ["1.jpg", "2.jpg"]


def test_a_bucket_that_is_not_there_is_told() -> None:
    """For writing and for deleting."""
    shop = Shop(bucket="another-bucket")
    for work in (shop.host(style="path").put(JPEG, "image/jpeg", key="a.jpg"), shop.host(style="path").delete("a.jpg")):
        with pytest.raises(NotFoundError, match="bucket"):
            shop.run(work)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"bucket": "No_Bucket"}, "bucket"), ({"bucket": "x"}, "bucket"), ({"style": "dns"}, "style"),
        ({"endpoint_url": "minio"}, "endpoint_url"), ({"prefix": "../up"}, "prefix"), ({"prefix": "a b"}, "prefix"),
        ({"links": timedelta(minutes=5)}, "links"), ({"links": timedelta(days=8)}, "links"), ({"key_id": ""}, "key_id"),
        ({"secret": None}, "key_id"),
    ],
)  # fmt: skip
def test_a_host_that_cannot_be_is_refused(facts: dict[str, Any], field: str) -> None:
    """The field is named."""
    with pytest.raises(InvalidRequestError) as caught:
        S3Host(**{"bucket": BUCKET, "key_id": ID, "secret": SECRET, **facts})
    assert caught.value.field == field


def test_a_secret_shows_nowhere() -> None:
    """Not in the adapter, not in an error."""
    shop = Shop()
    host = shop.host(secret="not-the-right-word")
    with pytest.raises(BackstayError) as caught:
        shop.run(host.put(JPEG, "image/jpeg", key="a.jpg"))
    assert "not-the-right-word" not in f"{host!r} {caught.value!r} {caught.value.to_response()}"


def test_it_is_made_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing variable is named."""
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    monkeypatch.setenv("S3_BUCKET", BUCKET)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ID)
    with pytest.raises(InvalidRequestError, match="AWS_SECRET_ACCESS_KEY"):
        S3Host.from_env()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("S3_STYLE", "path")
    made = S3Host.from_env(endpoint_url="https://minio.example", runtime=Runtime.in_memory(listeners=()))
    assert made.host == f"https://minio.example/{BUCKET}"
