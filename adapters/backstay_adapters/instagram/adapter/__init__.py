"""Instagram: the whole adapter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, Unpack

from backstay.auth import Credentials, Secret
from backstay.content.publish import Container, Post, PostInsights, PostMedia, PublishRequest, Quota
from backstay.content.words import ContainerState, PostKind
from backstay.content_adapter import PublisherAdapter, as_set, variable
from backstay.download import DownloadRules
from backstay.endpoint import address
from backstay.errors import BackstayError, BadResponseError, InvalidRequestError, NotFoundError
from backstay.operation import CallOptions
from backstay.taxonomy import Certainty
from backstay_adapters.instagram.adapter.capabilities import CAPABILITIES
from backstay_adapters.instagram.adapter.wire import Wire
from backstay_adapters.instagram.errors import TABLE
from backstay_adapters.instagram.profile import API_VERSION, host_of, instagram_profile, looks
from backstay_adapters.instagram.wire import read, write
from backstay_adapters.instagram.wire.checks import check, is_video

if TYPE_CHECKING:
    import httpx

    from backstay.content.capabilities import ContentCapabilities
    from backstay.profile import Profile
    from backstay.runtime import Runtime

_ACCOUNT: Final = re.compile(r"\d{1,20}", re.ASCII)
_VERSION: Final = re.compile(r"v\d{1,3}\.\d{1,2}", re.ASCII)
_ID: Final = re.compile(r"\d{1,30}", re.ASCII)
APP_LIMIT: Final = 4
"""The code that the vendor's protection against spam borrows."""
SHOWN_AS: Final = {
    PostKind.IMAGE: {PostKind.IMAGE, PostKind.UNKNOWN},
    PostKind.CAROUSEL: {PostKind.CAROUSEL, PostKind.UNKNOWN},
    PostKind.REEL: {PostKind.REEL, PostKind.VIDEO, PostKind.UNKNOWN},
}
"""What a post of a kind may look like in a list; rather one too many, for a look must overlook nothing."""
PAGE: Final = 25
MOST_PAGES: Final = 8
"""Pages of the media list that are read to find a post, newest first; half of a list proves nothing, so more raise."""


class Instagram(PublisherAdapter):
    """Publishing for one professional Instagram account.

        async with Instagram("17841400000000000", token="...") as instagram:
            post = await instagram.publish_post(request, idempotency_key="spring/1")

    `flavour` says where the token is from: "facebook" (Facebook Login: a page's token) or "instagram" (Instagram
    Login). `media_rules` are what addresses of media must be like: the vendor fetches them, so they are public HTTPS.
    Token providers go into `credentials=Credentials(provider=..., name=...)`.
    """

    vendor = "instagram"
    CAPABILITIES: ClassVar[ContentCapabilities] = CAPABILITIES

    def __init__(
        self,
        account_id: str,
        token: str | Secret | None = None,
        *,
        credentials: Credentials | None = None,
        flavour: str = "facebook",
        api_version: str = API_VERSION,
        media_rules: DownloadRules | None = None,
        base_url: str | None = None,
        profile: Profile | str | None = None,
        runtime: Runtime | None = None,
        client: httpx.AsyncClient | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        **options: Unpack[CallOptions],
    ) -> None:
        from backstay.http import Http  # httpx is half of what importing this adapter would cost

        _check("account_id", account_id, _ACCOUNT, 'the number of GET /me?fields=user_id, such as "17841400000000000"')
        _check("api_version", api_version, _VERSION, f'for example "{API_VERSION}"')
        usual = host_of(flavour)
        host = address("base_url", base_url or usual)
        super().__init__(
            credentials=credentials or Credentials(token),
            account=account_id,
            host=host,
            profile=instagram_profile() if profile is None else profile,
            runtime=runtime,
            options=options,
        )
        self.flavour = flavour
        self.media_rules = media_rules or DownloadRules()
        self._wire = Wire(Http.of(self, host, client, transport), api_version, self.credentials)

    @classmethod
    def from_env(cls, **arguments: Any) -> Self:
        """Make one from INSTAGRAM_ACCESS_TOKEN and INSTAGRAM_ACCOUNT_ID; the other INSTAGRAM_* variables as set."""
        names = ("INSTAGRAM_ACCOUNT_ID", "INSTAGRAM_ACCESS_TOKEN")
        account_id, token = (variable(name, "pass it to Instagram(account_id, token)") for name in names)
        told = as_set(
            flavour="INSTAGRAM_FLAVOUR", api_version="INSTAGRAM_API_VERSION", base_url="INSTAGRAM_BASE_URL"
        )  # fmt: skip
        return cls(account_id, token, **{**told, **arguments})

    async def disconnect(self) -> None:
        """Close the pool, unless the client was the user's."""
        await self._wire.aclose()

    # The hooks of PublisherAdapter ------------------------------------------------------------------------------

    def check_post(self, request: PublishRequest) -> None:
        """See `wire.checks`."""
        check(request)

    def looks_at(self, request: PublishRequest) -> Iterator[float]:
        """See `profile.looks`."""
        return looks(video=any(is_video(media) for media in request.media))

    async def make_container(self, request: PublishRequest, media: PostMedia | None, children: Sequence[str]) -> str:
        """POST /{account}/media."""
        if media is None:
            params = write.carousel(request, children)
        elif request.kind is PostKind.CAROUSEL:
            params = write.item(media)
        else:
            params = write.single(request, media)
        return read.made_id(await self._wire.post(f"{self.account}/media", params))

    async def read_container(self, container_id: str) -> Container:
        """GET /{container}."""
        return read.container(await self._wire.get(_id("container_id", container_id), fields=read.CONTAINER_FIELDS))

    async def send_publish(self, container_id: str) -> str:
        """POST /{account}/media_publish.

        The vendor has refused what it carried out (4/2207051), so a refusal that would be followed by another send is
        not believed before it was looked up. Limits of calls are: they are applied before anything is done.
        """
        try:
            return read.made_id(await self._wire.post(f"{self.account}/media_publish", {"creation_id": container_id}))
        except BackstayError as error:
            doubtful = error.vendor_code == APP_LIMIT or error.type != "API_RATE_LIMIT"
            if error.certainty is Certainty.REFUSED and error.retryable and doubtful:
                error.certainty = Certainty.UNKNOWN
            raise

    def failure_of(self, container: Container) -> BackstayError:
        """By the number in the container's own text."""
        if container.state is ContainerState.EXPIRED:
            return NotFoundError(
                f"the container {container.id} ran out before it was published", vendor=self.vendor, retryable=True,
                rule="instagram.expired", hint="call again with the same key: it builds a new one",
            )  # fmt: skip
        told = {"id": container.id, "status_code": "ERROR", "status": container.reason}
        return TABLE.error(TABLE.decode(200, {}, told, "container"))

    async def read_recent(self, kind: PostKind, since: datetime) -> Sequence[Post]:
        """GET /{account}/media, newest first; stories have a list of their own."""
        edges = {PostKind.STORY: ("stories",), PostKind.UNKNOWN: ("media", "stories")}.get(kind, ("media",))
        found = [post for edge in edges for post in await self._listed(edge, since)]
        return [post for post in found if kind is PostKind.UNKNOWN or post.kind in SHOWN_AS.get(kind, {kind})]

    async def _listed(self, edge: str, since: datetime) -> list[Post]:
        found: list[Post] = []
        after: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            data = await self._wire.get(f"{self.account}/{edge}", fields=read.POST_FIELDS, limit=str(PAGE), **after)
            page, cursor = read.page(data)
            found += [post for post in page if post.published_at is None or post.published_at >= since]
            older = any(post.published_at is not None and post.published_at < since for post in page)
            if older or cursor is None:
                return found
            after = {"after": cursor}
        raise BadResponseError(
            f"more than {MOST_PAGES * PAGE} posts since {since:%Y-%m-%d}", vendor=self.vendor, retryable=False,
            certainty=Certainty.UNKNOWN, rule="instagram.pages", hint="give a later `since`",
        )  # fmt: skip

    async def read_post(self, post_id: str) -> Post:
        """GET /{media}."""
        return read.post(await self._wire.get(_id("post_id", post_id), fields=read.POST_FIELDS))

    async def read_quota(self) -> Quota:
        """GET /{account}/content_publishing_limit."""
        path = f"{self.account}/content_publishing_limit"
        return read.quota(await self._wire.get(path, fields="quota_usage,config"))

    async def read_insights(self, post_id: str) -> PostInsights:
        """GET /{media}/insights, with the metrics that this kind of post has."""
        kind = (await self.post(post_id)).kind
        metrics = {PostKind.REEL: read.REEL_METRICS, PostKind.STORY: read.STORY_METRICS}.get(kind, read.FEED_METRICS)
        return read.insights(post_id, await self._wire.get(f"{post_id}/insights", metric=metrics), kind)


def _check(field: str, value: object, wanted: re.Pattern[str], cure: str) -> None:
    if not isinstance(value, str) or not wanted.fullmatch(value):
        raise InvalidRequestError(
            f"{field} cannot be {value!r}", field=field, value=value, hint=f"give {cure}", vendor="instagram"
        )


def _id(field: str, value: str) -> str:
    _check(field, value, _ID, "the number that the vendor gave")
    return value


__all__ = ["Instagram"]
