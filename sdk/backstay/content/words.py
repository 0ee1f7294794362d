"""The words of the content model; vendors' words are mapped to them and stay in `raw_finish`, `raw` or `extra`."""

from __future__ import annotations

from enum import StrEnum

from backstay.values import Word


class Role(StrEnum):
    """Who says a message; what the system says is `TextRequest.system`."""

    USER = "user"
    ASSISTANT = "assistant"


class Finish(Word):
    """Why a text ended."""

    STOP = "stop"
    LENGTH = "length"
    """Cut at `max_output_tokens`."""
    STOP_SEQUENCE = "stop_sequence"
    TOOL_USE = "tool_use"
    """The model waits for the results of `tool_calls`."""
    PAUSED = "paused"
    """The vendor's own tools paused: send the answer back as it is to go on."""
    REFUSED = "refused"
    """A safety system stopped it, mostly with HTTP 200."""
    CONTEXT_EXCEEDED = "context_exceeded"
    """Cut because the model's window is full."""
    INTERRUPTED = "interrupted"
    """A stream broke: this is what had arrived."""
    OTHER = "other"
    """A reason of the vendor's that has no common name."""
    UNKNOWN = "unknown"
    """A word that the vendor invented since."""


class Effort(StrEnum):
    """How much a model thinks; vendors round to the nearest that they have."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    MAX = "max"


class Quality(Word):
    """How good a picture is to be."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    AUTO = "auto"
    UNKNOWN = "unknown"


class Background(Word):
    """What is behind a picture's subject."""

    OPAQUE = "opaque"
    TRANSPARENT = "transparent"
    AUTO = "auto"
    UNKNOWN = "unknown"


class PictureFormat(Word):
    """A picture's file format."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    GIF = "gif"
    UNKNOWN = "unknown"


class SourceKind(Word):
    """What a source of research is."""

    WEB = "web"
    NEWS = "news"
    ACADEMIC = "academic"
    FORUM = "forum"
    POST = "post"
    VIDEO = "video"
    IMAGE = "image"
    FILING = "filing"
    UNKNOWN = "unknown"


class Recency(StrEnum):
    """How old sources may be."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Depth(StrEnum):
    """How thoroughly to look: QUICK answers in seconds, DEEP may take many minutes and runs as a job."""

    QUICK = "quick"
    STANDARD = "standard"
    DEEP = "deep"


class PostKind(Word):
    """What a post is made of."""

    IMAGE = "image"
    CAROUSEL = "carousel"
    REEL = "reel"
    VIDEO = "video"
    STORY = "story"
    UNKNOWN = "unknown"


class ContainerState(Word):
    """How far the vendor is with something that is to be published."""

    IN_PROGRESS = "in_progress"
    FINISHED = "finished"
    """It can be published."""
    PUBLISHED = "published"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


__all__ = [
    "Background", "ContainerState", "Depth", "Effort", "Finish", "PictureFormat", "PostKind", "Quality", "Recency",
    "Role", "SourceKind",
]  # fmt: skip
