"""What a type checker must see of decorated functions; checked by mypy and pyright, never run."""

from __future__ import annotations

import asyncio
from typing import assert_type

from backstay import Effect, api_retry, external_api_retry, resilient, retry_with_backoff


@resilient("external_api", max_retries=3)
async def ask(topic: str, *, depth: int = 1) -> list[str]:
    return [topic] * depth


@external_api_retry
def tell(x: int, y: str = "") -> bytes:
    return y.encode() * x


@api_retry(max_attempts=2, on=(ValueError, TimeoutError))
async def numbers(*values: int) -> int:
    return sum(values)


class Service:
    @external_api_retry
    async def find(self, name: str) -> int | None:
        return len(name)

    @resilient(effect=Effect.CREATE, look=lambda self, name: None, key=lambda self, name: name)
    async def create(self, name: str) -> int:
        return len(name)

    @classmethod
    @resilient()
    def make(cls) -> Service:
        return cls()


async def types_are_kept(service: Service) -> None:
    """Return values, arguments and their names, of async and blocking functions, and of methods."""
    assert_type(await ask("a", depth=2), list[str])
    assert_type(tell(1, y="b"), bytes)
    assert_type(await numbers(1, 2), int)
    assert_type(await service.find("a"), int | None)
    assert_type(await service.create(name="a"), int)
    assert_type(Service.make(), Service)


async def mistakes_are_found(service: Service) -> None:
    """Planted: each of these must be an error, or the ignore itself is one."""
    await ask(1)  # type: ignore[arg-type]  # planted: a text is wanted
    await ask("a", deep=2)  # type: ignore[call-arg]  # planted: no such keyword
    tell("1")  # type: ignore[arg-type]  # planted: a number is wanted
    await service.find()  # type: ignore[call-arg]  # planted: an argument is missing
    resilient(retries=3)  # type: ignore[call-arg]  # planted: no such option
    resilient(max_attempts="3")  # type: ignore[arg-type]  # planted: a number is wanted
    resilient(on=42)  # type: ignore[arg-type]  # planted: neither types nor a predicate


async def calls_keep_their_types() -> None:
    """`retry_with_backoff` hands the function's arguments on, with their types."""
    assert_type(await retry_with_backoff(numbers, 1, 2, max_retries=3, timeout=30, context="sum"), int)
    assert_type(await retry_with_backoff(func=lambda: asyncio.sleep(0, "a")), str)
    await retry_with_backoff(numbers, "1")  # type: ignore[arg-type]  # planted: a number is wanted
