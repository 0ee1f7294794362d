"""From our request to the body of the Images API; what a model lacks is refused here, before anything is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from backstay.content.image import ImageRequest
from backstay.content.parts import Picture
from backstay.content.pictures import Sniffed, sniff
from backstay.content.words import Background, PictureFormat, Quality
from backstay.errors import InvalidRequestError, TooMuchDataError
from backstay.spec import check_extra
from backstay_adapters.openai.models import Model, known
from backstay_adapters.openai.wire.sizes import size_of

Json = Any
File = tuple[str, bytes, str]

LONGEST_PROMPT: Final = 32_000
"""Characters."""
MOST_SOURCES: Final = 16
LARGEST_SOURCE: Final = 50_000_000
"""Bytes of a picture to start from."""
LARGEST_MASK: Final = 4_000_000
SOURCES: Final = ("image/png", "image/webp", "image/jpeg")
_SUFFIX: Final = {"image/png": "png", "image/webp": "webp", "image/jpeg": "jpg"}
_CLEAR: Final = ("png", "webp")
"""Formats that can be transparent."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What goes out: fields, and the files of an edit."""

    body: dict[str, Json]
    images: tuple[File, ...] = ()
    mask: File | None = None

    @property
    def edits(self) -> bool:
        """Whether it goes to the edits."""
        return bool(self.images) or "images" in self.body

    def boundary(self) -> str:
        """The boundary of its form, made from what is in it: the same edit has the same body, so it can be replayed."""
        told = hashlib.sha256(repr(sorted(self.body.items())).encode())
        for _, data, _ in (*self.images, *((self.mask,) if self.mask else ())):
            told.update(data)
        return f"backstay-{told.hexdigest()[:32]}"


def asked_of(request: ImageRequest, model: str) -> Asked:
    """The request on the wire, without the caller's own `extra`.

    Raises:
        InvalidRequestError: for what the API would refuse: field, value, cure.
        TooMuchDataError: the prompt or a picture is too long.
    """
    if len(request.prompt) > LONGEST_PROMPT:
        raise TooMuchDataError(
            "the prompt is too long", field="prompt", value=f"{len(request.prompt)} characters",
            hint=f"at most {LONGEST_PROMPT} characters",
        )  # fmt: skip
    facts = known(model)
    body: dict[str, Json] = {"model": model, "prompt": request.prompt, "n": request.n, **_output(request, facts)}
    size = size_of(request, facts)
    if size is not None:
        body["size"] = size
    if request.end_user is not None:
        body["safety_identifier"] = request.end_user
    check_extra(body, request.extra)
    _check_quality(body.get("quality", request.extra.get("quality")), facts, model)
    return _with_sources(request, body)


def _output(request: ImageRequest, facts: Model | None) -> dict[str, Json]:
    if request.format is PictureFormat.UNKNOWN or (facts is not None and request.format not in facts.formats):
        choices = facts.formats if facts is not None else ("png", "jpeg", "webp")
        raise InvalidRequestError(
            "the model has no such format", field="format", value=request.format.value,
            hint=f"one of {', '.join(choices)}",
        )  # fmt: skip
    found: dict[str, Json] = {"output_format": request.format.value}
    if request.background is not Background.AUTO:
        found["background"] = request.background.value
    if request.background is Background.TRANSPARENT and request.format not in _CLEAR:
        raise InvalidRequestError(
            f"a {request.format.value} cannot be transparent", field="format", value=request.format.value,
            hint=f"one of {', '.join(_CLEAR)}",
        )  # fmt: skip
    if request.quality is not Quality.AUTO:
        found["quality"] = request.quality.value
    return found


def _check_quality(quality: Json, facts: Model | None, model: str) -> None:
    if quality is not None and facts is not None and quality not in (*facts.qualities, "auto"):
        raise InvalidRequestError(
            f"{model} has no such quality", field="quality", value=quality, hint=f"one of {', '.join(facts.qualities)}"
        )


def _with_sources(request: ImageRequest, body: dict[str, Json]) -> Asked:
    if not request.sources:
        if request.mask is not None:
            raise InvalidRequestError(
                "a mask needs a picture to lie on", field="mask", value=None, hint="give the picture in sources="
            )
        return Asked(body)
    if len(request.sources) > MOST_SOURCES:
        raise InvalidRequestError(
            "too many pictures to start from", field="sources", value=len(request.sources),
            hint=f"at most {MOST_SOURCES}",
        )  # fmt: skip
    addresses = [picture.url for picture in request.sources if picture.url is not None]
    if addresses:
        return _by_address(request, body, addresses)
    images = tuple(_file("sources", number, picture) for number, picture in enumerate(request.sources))
    return Asked(body, images, None if request.mask is None else _mask(request.mask, request.sources[0]))


def _by_address(request: ImageRequest, body: dict[str, Json], addresses: Sequence[str]) -> Asked:
    if len(addresses) < len(request.sources) or request.mask is not None:
        raise InvalidRequestError(
            "addresses and bytes do not go into one request", field="sources",
            value=f"{len(addresses)} of {len(request.sources)} by address", hint="give the bytes of all of them",
        )  # fmt: skip
    return Asked({**body, "images": [{"image_url": address} for address in addresses]})


def _file(field: str, number: int, picture: Picture) -> File:
    data = picture.data or b""
    kind = _sniffed(field, data).media_type
    if kind not in SOURCES or len(data) >= LARGEST_SOURCE:
        raise InvalidRequestError(
            f"a picture to start from is {kind} of {len(data)} bytes", field=field, value=kind,
            hint=f"{', '.join(SOURCES)}, each below {LARGEST_SOURCE:,} bytes",
        )  # fmt: skip
    return (f"{field}-{number}.{_SUFFIX[kind]}", data, kind)


def _mask(mask: Picture, first: Picture) -> File:
    data = mask.data or b""
    found, below = _sniffed("mask", data), _sniffed("sources", first.data or b"")
    if found.media_type != "image/png" or len(data) >= LARGEST_MASK or found[1:] != below[1:]:
        raise InvalidRequestError(
            "the mask does not lie on the first picture", field="mask",
            value=f"{found.media_type} of {found.width}x{found.height}, {len(data)} bytes",
            hint=f"a PNG of {below.width}x{below.height} below {LARGEST_MASK:,} bytes",
        )  # fmt: skip
    return ("mask.png", data, "image/png")


def _sniffed(field: str, data: bytes) -> Sniffed:
    found = sniff(data)
    if found is None:
        raise InvalidRequestError(
            f"{len(data)} bytes that are no picture", field=field, value=None, hint="the bytes of a PNG, JPEG or WebP"
        )
    return found


__all__ = ["Asked", "asked_of"]
