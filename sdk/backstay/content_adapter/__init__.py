"""What adapters of content vendors share: capabilities, prices, refusals, cuts, JSON and its one repair, posts."""

from __future__ import annotations

from backstay.content_adapter.answers import Answers, opened
from backstay.content_adapter.base import ContentAdapter, tokens_at_most
from backstay.content_adapter.image import ImageAdapter, picture
from backstay.content_adapter.models import ListsModels
from backstay.content_adapter.network import Network
from backstay.content_adapter.publish import PublisherAdapter
from backstay.content_adapter.research import ResearchAdapter
from backstay.content_adapter.text import TextAdapter
from backstay.engine.call import note_request_id, note_usage
from backstay.engine.stream import Whole
from backstay.env import as_set, variable
from backstay.ledger import note_cost
from backstay.spec import check_extra, merge_extra

__all__ = [
    "Answers",
    "ContentAdapter",
    "ImageAdapter",
    "ListsModels",
    "Network",
    "PublisherAdapter",
    "ResearchAdapter",
    "TextAdapter",
    "Whole",
    "as_set",
    "check_extra",
    "merge_extra",
    "note_cost",
    "note_request_id",
    "note_usage",
    "opened",
    "picture",
    "tokens_at_most",
    "variable",
]
