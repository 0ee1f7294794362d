"""The frame of content vendors' simulators, on a toy: keys, refusals before and after the act, broken streams."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backstay.sandbox import Fault, FaultKind, FaultPlan, FaultRule, Reply, Request
from backstay.sandbox.content import GOOD, ContentSandbox, Refusal, early, streamed, whole

ASKED = Request("POST", "/v1/say", body=b'{"stream": false}')


class Busy(Refusal):
    """The toy's refusal."""

    def body(self, request_id: str) -> Any:
        return {"error": self.kind, "id": request_id}

    def about(self, request_id: str) -> dict[str, str]:
        return {"x-id": request_id}


class Toy(ContentSandbox):
    """Says "one two three four", and remembers that it did."""

    vendor = "toy"
    KEY = "k"

    def answer(self, request: Request, now: float, fault: Fault | None, request_id: str) -> Reply:
        broken = None if fault is None else Busy(429, "busy", "Too much", {"retry-after": "3"})
        early(fault, broken)
        self.remember(now, f"t{self.requests}", "a", "text", {})
        if json.loads(request.body)["stream"]:
            return streamed([(self.pace, b"x") for _ in range(4)], {"x-id": request_id}, b"!" if broken else None)
        return whole({"said": 4}, {"x-id": request_id}, broken)


def fault(*, after: bool) -> Fault:
    return Fault(FaultKind.VENDOR_ERROR, 0, after_commit=after)


def test_an_answer_has_its_id_and_is_remembered() -> None:
    """Ids come from the seed and the number of the request."""
    toy, same = Toy(seed=3), Toy(seed=3)
    reply = toy.handle(ASKED, 5.0)
    assert (reply.status, json.loads(reply.body)) == (200, {"said": 4})
    assert reply.headers["x-id"] == same.handle(ASKED, 5.0).headers["x-id"] != toy.handle(ASKED, 5.0).headers["x-id"]
    assert len(toy.world.objects()) == 2


@pytest.mark.parametrize(("after", "made"), [(False, 0), (True, 1)])
def test_a_refusal_comes_before_or_after_the_act(after: bool, made: int) -> None:
    """In the vendor's envelope, with its own headers and those of all answers."""
    toy = Toy()
    reply = toy.handle(ASKED, 5.0, fault(after=after))
    assert (reply.status, json.loads(reply.body)["error"]) == (429, "busy")
    assert (reply.headers["retry-after"], reply.headers["x-id"]) == ("3", json.loads(reply.body)["id"])
    assert len(toy.world.objects()) == made


def test_a_stream_breaks_off_in_its_middle() -> None:
    """Half of the pieces, then the error; without a fault all of them, at the pace."""
    toy = Toy(pace=0.5)
    asked = Request("POST", "/v1/say", body=b'{"stream": true}')
    assert toy.handle(asked, 5.0).chunks == ((0.5, b"x"),) * 4
    assert toy.handle(asked, 5.0, fault(after=True)).body == b"xx!"


def test_keys_age() -> None:
    """The vendor's own key is meant where none is named."""
    toy = Toy(keys=("k", "other"))
    assert set(toy.keys.values()) == {GOOD}
    toy.expire()
    toy.revoke("other")
    assert toy.keys == {"k": "expired", "other": "revoked"}
    assert Toy().keys == {"k": GOOD}


def test_a_reset_keeps_keys_and_begins_the_plan_anew() -> None:
    """World and numbers are as in the beginning."""
    plan = FaultPlan([FaultRule(FaultKind.HTTP_5XX, times=1)])
    toy = Toy(faults=plan)
    first = toy.handle(ASKED, 5.0)
    plan.decide(ASKED, 5.0)
    toy.revoke()
    toy.reset()
    assert (toy.keys, plan.struck, toy.world.objects()) == ({"k": "revoked"}, [0], [])
    assert toy.handle(ASKED, 5.0) == first
    assert Toy(faults="storm", seed=2).faults is not None
