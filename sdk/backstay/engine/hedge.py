"""Two requests for one read, and the first answer of the two.

When a request is later than nearly all others, a second one is sent; the one that is not needed any more is cancelled.
The first runs inline, in the caller's task: a call that is answered in time pays for one timer and no task.
"""

from __future__ import annotations

import asyncio
import contextvars
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from backstay.engine.call import Call
    from backstay.policies.hedge import Hedge


async def hedged(
    call: Call, hedge: Hedge, body: Callable[..., Awaitable[Any]], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """The body's answer, from the first or the second request; raises what the first raised when both fail."""
    clock = call.plan.clock
    delay, began = hedge.begin(), clock.monotonic()
    if not delay:
        value = await body(*args, **kwargs)
        hedge.ended(clock.monotonic() - began)
        return value
    second = _Second(call, hedge, lambda: body(*args, **kwargs))
    value = await _raced(second, delay)
    hedge.ended(clock.monotonic() - began, hedged=second.task is not None)
    return value


async def _raced(second: _Second, delay: float) -> Any:
    timer = second.loop.call_later(delay, second.send)
    try:
        return await second.ask()
    except asyncio.CancelledError:
        if not (second.won and second.take_back()):
            raise
        return second.answer
    except Exception:
        if not await second.succeeds():
            raise
        return second.answer
    finally:
        timer.cancel()
        second.stop()


class _Second:
    """The second request of one call; nothing until its time comes."""

    __slots__ = ("_asked", "_cancelling", "_context", "_first", "_permit", "answer", "ask", "call", "hedge", "loop",
                 "task", "won")  # fmt: skip

    def __init__(self, call: Call, hedge: Hedge, ask: Callable[[], Awaitable[Any]]) -> None:
        self.call = call
        self.hedge = hedge
        self.loop = asyncio.get_running_loop()
        self.task: asyncio.Task[Any] | None = None
        self.answer: Any = None
        self.won = False
        """Whether its answer is there and to be taken."""
        self.ask = ask
        self._context = contextvars.copy_context()
        self._first: asyncio.Task[Any] | None = asyncio.current_task()
        self._cancelling = self._first.cancelling() if self._first is not None else 0
        self._asked = False
        self._permit = 0

    def send(self) -> None:
        """The delay is over: send it, if all that guards the vendor lets it through at once."""
        plan = self.call.plan
        self._permit = plan.scope.admit_hedge(self.hedge, plan.clock.monotonic(), plan.cost, plan.clock.random)
        if self._permit:
            self.task = self.loop.create_task(self._run(), context=self._context)
            self.task.add_done_callback(self._done)

    def _run(self) -> Coroutine[Any, Any, Any]:
        async def run() -> Any:
            return await self.ask()

        return run()

    def _done(self, task: asyncio.Task[Any]) -> None:
        """Give the permit back; an answer ends the first request."""
        plan = self.call.plan
        plan.scope.done(self._permit, plan.clock.monotonic(), 0.0, None)
        if task.cancelled() or task.exception() is not None:
            return
        self.answer, self.won = task.result(), True
        self.call.hedged = True
        if self._first is not None:
            self._asked = True
            self._first.cancel()

    def take_back(self) -> bool:
        """Take our request to cancel back from the caller's task; whether nobody else has asked for it too."""
        self._asked = False
        return self._first is not None and self._first.uncancel() <= self._cancelling

    async def succeeds(self) -> bool:
        """The first request has failed: whether the second one brings an answer."""
        first, self._first = self._first, None  # it waits here, and is not to be cancelled
        if self.task is not None and not self.task.done():
            await asyncio.wait([self.task])
        self._first = first
        return self.won

    def stop(self) -> None:
        """End what nobody needs: a request that is still under way, or ours to cancel the first one."""
        if self.task is not None and not self.task.done():
            self.task.cancel()
        if self._asked:
            self.take_back()


__all__ = ["hedged"]
