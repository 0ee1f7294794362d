"""A simulator of four lines: POST makes an object, GET counts them."""

from __future__ import annotations

from backstay.sandbox import Fault, FaultPlan, FaultRule, Reply, Request, World
from backstay.sandbox.wire import json_reply


class Toy:
    """The smallest vendor."""

    vendor = "toy"

    def __init__(self, *rules: FaultRule, seed: int = 0) -> None:
        self.world = World(seed)
        self.faults: FaultPlan | None = FaultPlan(rules, seed) if rules else None

    def operation(self, request: Request) -> str:
        """The path."""
        return request.path.strip("/")

    def handle(self, request: Request, now: float, fault: Fault | None = None) -> Reply:
        """Make or count."""
        if fault is not None and not fault.after_commit:
            return json_reply({"words": fault.kind})
        if request.method == "POST":
            self.world.create(now, id=str(self.world.next_number()), account="1", level="thing")
        body = {"count": len(self.world.objects()), "padding": "x" * 100}
        return json_reply({"words": fault.kind} if fault else body, x_now=str(now))

    def reset(self) -> None:
        """Forget."""
        self.world.clear()
