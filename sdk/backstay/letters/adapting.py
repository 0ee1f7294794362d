"""An adapter's part in dead letters: which of its calls are writes, and how one of them is made again."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from backstay.errors import ConflictError, InvalidRequestError
from backstay.letters.frame import Asked, replaying, tried
from backstay.operation import OPTIONS, Operation, intent, writes
from backstay.policies.effect import Effect
from backstay.writes.reconcile import Seen

if TYPE_CHECKING:
    from backstay.runtime import Runtime

Body = Callable[..., Awaitable[Any]]


class LeavesLetters:
    """Mixed into the base of all adapters."""

    vendor: ClassVar[str]
    account: str
    runtime: Runtime

    def __init_subclass__(cls, **facts: Any) -> None:
        """An override of an intent is an intent: a vendor's own way of one write is one write all the same."""
        super().__init_subclass__(**facts)
        for name, own in list(vars(cls).items()):
            above = getattr(super(cls, cls), name, None)
            effect = getattr(above, "__backstay_intent__", None)
            if isinstance(effect, Effect) and inspect.iscoroutinefunction(own) and not writes(own):
                setattr(cls, name, intent(effect)(own))

    async def run_intent(self, effect: Effect, body: Body, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run a write of several steps as one; see `backstay.operation.intent`."""
        given = {name: value for name, value in kwargs.items() if name not in OPTIONS}
        name = body.__name__
        asked = Asked(self.vendor, self.account, name, name, effect, body, args[1:], given, sends=False)
        return await tried(self.runtime, asked, lambda: body(*args, **kwargs))

    async def redo(self, method: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Make a write again that has left a dead letter; see `backstay.letters.replay`.

        Raises:
            InvalidRequestError: there is no such write here.
        """
        function = getattr(type(self), method, None)
        if function is None or not writes(function):
            raise InvalidRequestError(
                f"{type(self).__name__} has no write {method!r}", field="method", value=method,
                hint="the letter is of another version: make the call anew, then discard it",
            )  # fmt: skip
        return await function(self, *args, **kwargs)

    async def _watched(
        self, operation: Operation, body: Body, args: tuple[Any, ...], kwargs: dict[str, Any],
        work: Callable[[], Awaitable[Any]],
    ) -> Any:  # fmt: skip
        """Make one write. What only generates does not come here: it leaves nothing that could be made good later."""
        name, effect = operation.name, operation.effect
        asked = Asked(self.vendor, self.account, name, body.__name__, effect, body, args[1:], kwargs)
        return await tried(self.runtime, asked, work)


async def made_already(
    operation: Operation, look: Callable[..., Awaitable[Seen]] | None, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> bool:
    """In a replay: whether the change is there by now. Outside of one nobody looks before the first send.

    Raises:
        ConflictError: somebody else has changed the object since the call failed.
    """
    if look is None or replaying() is None:
        return False
    seen = await look(*args[1:], **kwargs)
    if seen is Seen.OTHER:
        raise ConflictError(
            f"{operation.name}: since the call failed the object has changed", operation=operation.name,
            rule="letters.overtaken", hint="read the object, then make the change anew or discard the letter",
        )  # fmt: skip
    return seen is Seen.WANTED


__all__ = ["LeavesLetters", "made_already"]
