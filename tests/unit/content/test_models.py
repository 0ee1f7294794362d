"""The models of the content side: words, requests, pictures, capabilities."""

from __future__ import annotations

import pickle
import struct
import zlib
from typing import Any

import pytest

from backstay.codec import decode, encode
from backstay.content import (
    ContentCapabilities,
    ContentCapability,
    Finish,
    GeneratedImage,
    ImageRequest,
    Message,
    Opaque,
    Picture,
    PostInsights,
    PostKind,
    PostMedia,
    PublishRequest,
    Quota,
    ResearchDelta,
    ResearchRequest,
    ResearchSoFar,
    Size,
    Source,
    Text,
    TextDelta,
    TextRequest,
    TextResult,
    TextSoFar,
    TokenUsage,
    Tool,
    ToolCall,
    ToolResult,
    sniff,
)
from backstay.content_adapter import picture
from backstay.errors import BadResponseError, InvalidRequestError, UnsupportedCapabilityError


def png(width: int, height: int) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\0" * 3 * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


JPEG = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\0" * 9 + b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", 5, 7) + b"\x03\x01"
)
WEBP = b"RIFF\0\0\0\0WEBP"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (png(3, 2), ("image/png", 3, 2)),
        (JPEG, ("image/jpeg", 7, 5)),
        (b"\xff\xd8\xff\xff\xc2\x00\x11\x08" + struct.pack(">HH", 1, 2) + b"\x03", ("image/jpeg", 2, 1)),
        (b"GIF89a" + struct.pack("<HH", 4, 3), ("image/gif", 4, 3)),
        (WEBP + b"VP8 " + b"\0" * 10 + struct.pack("<HH", 16, 9), ("image/webp", 16, 9)),
        (WEBP + b"VP8L" + b"\0" * 5 + struct.pack("<I", 15 | 8 << 14), ("image/webp", 16, 9)),
        (WEBP + b"VP8X" + b"\0" * 8 + b"\x0f\0\0" + b"\x08\0\0", ("image/webp", 16, 9)),
        (WEBP + b"ANIM", None),
        (png(3, 2)[:20], None),
        (JPEG[:12], None),
        (b"<html></html>", None),
        (b"", None),
    ],
)
def test_a_picture_says_what_it_is(data: bytes, found: tuple[str, int, int] | None) -> None:
    """Kind and size are read from the head; anything else, a cut head included, is no picture."""
    assert sniff(data) == found


def test_bytes_that_are_no_picture_are_a_bad_response() -> None:
    """An answer that claims to be a picture is looked at before it is handed out."""
    made = picture(png(3, 2), revised_prompt="p")
    assert (made.media_type, made.width, made.height, made.ai_generated) == ("image/png", 3, 2, True)
    assert len(made.sha256) == 64
    with pytest.raises(BadResponseError):
        picture(b'{"error": "nope"}')


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: TextRequest(messages=()), "messages"),
        (lambda: TextRequest.ask("x", max_output_tokens=0), "max_output_tokens"),
        (lambda: TextRequest.ask("x", temperature=3), "temperature"),
        (lambda: TextRequest.ask("x", max_tokens=5), "max_tokens"),
        (lambda: ImageRequest(prompt="x", aspect="4/5"), "aspect"),
        (lambda: ImageRequest(prompt="x", aspect="1:1", size=Size.of("16x16")), "aspect"),
        (lambda: ImageRequest(prompt="", n=1), "prompt"),
        (lambda: ImageRequest(prompt="x", n=0), "n"),
        (lambda: ResearchRequest(question=""), "question"),
        (lambda: PublishRequest(kind=PostKind.IMAGE, media=()), "media"),
    ],
)
def test_a_wrong_request_is_refused_by_its_field(make: Any, field: str) -> None:
    """Field and cure are named when the request is made, before anybody is asked."""
    with pytest.raises(InvalidRequestError) as caught:
        make()
    assert caught.value.field == field
    assert caught.value.hint


def test_requests_and_results_are_values() -> None:
    """Equal when their content is, hashable, picklable, and readable from a cache's text."""
    result = TextResult(
        text="a", parts=(Text(text="a"), ToolCall(id="1", name="t", input={"a": [1]}), Opaque(kind="k", raw={"x": 1})),
        usage=TokenUsage(input_tokens=1, pieces={"web_search": 1}), data={"a": [1]}, finish=Finish.STOP,
    )  # fmt: skip
    tool = Tool(name="t", input_schema={"type": "object"})
    request = TextRequest.ask("x", tools=(tool,), json_schema={"type": "object"}, extra={"a": {"b": 1}})
    for value in (result, request, tool, PostInsights(post_id="1", metrics={"likes": 3})):  # type: ignore[dict-item]  # read
        assert pickle.loads(pickle.dumps(value)) == value
        assert decode(encode(value)) == value
        assert hash(value) == hash(value.model_copy())


def test_what_an_answer_holds_cannot_be_changed() -> None:
    """Answers are shared by cache and callers."""
    usage = TokenUsage(pieces={"web_search": 1})
    with pytest.raises(TypeError):
        usage.pieces["web_search"] = 2  # type: ignore[index]  # that is the point


def test_usage_adds_up() -> None:
    """Counts and pieces are summed; thinking stays unknown where nobody told it."""
    one = TokenUsage(input_tokens=1, output_tokens=2, pieces={"a": 1})
    two = TokenUsage(cache_read_tokens=3, cache_write_tokens=4, thinking_tokens=5, pieces={"a": 1, "b": 2})
    total = one + two
    assert (total.total_tokens, total.thinking_tokens, dict(total.pieces)) == (10, 5, {"a": 2, "b": 2})
    assert (one + one).thinking_tokens is None


@pytest.mark.parametrize(
    ("word", "finish"), [("stop", Finish.STOP), ("brand_new", Finish.UNKNOWN), (None, Finish.UNKNOWN)]
)
def test_a_word_that_nobody_knows_is_unknown(word: str | None, finish: Finish) -> None:
    """A vendor's new word is no crash."""
    assert Finish.of(word) is finish


def test_messages_take_text_as_it_is() -> None:
    """A turn is made of parts; bare text becomes one, and only words count as words."""
    turn = Message.user("look: ", Picture(url="https://example.com/a.png"), "nice?")
    assert turn.text == "look: nice?"
    said = Message.user(ToolResult(call_id="1", content="four words and more"))
    assert TextRequest(messages=(said,), system="ab").size == 2 + len("four words and more")


def test_a_stream_that_breaks_keeps_its_pieces() -> None:
    """Words, whole parts and usage so far, marked as interrupted."""
    kept = TextSoFar()
    for piece in (TextDelta(text="a"), TextDelta(thinking="hm"), TextDelta(text="b", usage=TokenUsage(input_tokens=3))):
        kept.add(piece)
    kept.add(TextDelta(part=ToolCall(id="1", name="t")))
    partial = kept.partial()
    assert (partial.text, partial.finish, partial.usage.input_tokens) == ("ab", Finish.INTERRUPTED, 3)
    assert [type(part) for part in partial.parts] == [Text, ToolCall]
    found = ResearchSoFar()
    found.add(ResearchDelta(text="a", sources=(Source(url="u"),)))
    found.add(ResearchDelta(text="b"))
    assert (found.partial().answer, len(found.partial().sources)) == ("ab", 1)


def test_capabilities_refuse_by_the_field() -> None:
    """What is off is refused with the field, its value and the reason; the table tells both sides."""
    flags = ContentCapabilities.of(
        "toy", ContentCapability.TEXT, reasons={ContentCapability.IMAGE: "take another"}
    )  # fmt: skip
    flags.require(ContentCapability.TEXT, "generate")
    with pytest.raises(UnsupportedCapabilityError) as caught:
        flags.require(ContentCapability.IMAGE, "draw", field="sources", value=3)
    error = caught.value
    assert (error.field, error.value, error.hint, error.vendor) == ("sources", 3, "take another", "toy")
    more = flags.with_changes(add=[ContentCapability.IMAGE], remove=[ContentCapability.TEXT])
    assert list(more) == [ContentCapability.IMAGE]
    assert [(name, on) for name, on, _ in flags.table()] == [("text", True), ("image", False)]


def test_small_things() -> None:
    """Sizes read and write themselves; a quota knows what is left, or that nobody does."""
    assert str(Size.of("1024x1536")) == "1024x1536"
    assert (Quota(used=20, total=25).left, Quota(used=30, total=25).left, Quota(used=1).left) == (5, 0, None)
    assert "data" not in repr(GeneratedImage(data=b"x", media_type="image/png", width=1, height=1))
    assert PostMedia(url="https://example.com/a.jpg").media_type == "image/jpeg"
