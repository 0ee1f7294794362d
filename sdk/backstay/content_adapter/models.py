"""What adapters share whose vendor lists its models. A vendor's adapter gives `read_models`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Unpack

from backstay.content_adapter.base import ContentAdapter
from backstay.operation import CallOptions, operation
from backstay.policies.effect import Effect

if TYPE_CHECKING:
    from backstay.content.models import ModelList

FRESH: Final = 3_600.0
"""Seconds that the list of models counts as fresh: it changes a few times a month."""
STALE: Final = 86_400.0


class ListsModels(ContentAdapter):
    """A vendor whose models can be listed."""

    async def read_models(self) -> ModelList:
        """Ask the vendor which models there are."""
        raise NotImplementedError

    @operation(Effect.READ, ttl=FRESH, max_stale=STALE, group="models", tags=("models",))
    async def list_models(self, **_: Unpack[CallOptions]) -> ModelList:
        """The vendor's models with their state and the day they end; cached for an hour, stale for a day."""
        return await self.read_models()


__all__ = ["ListsModels"]
