"""A simulated harbour, a clock, and an adapter on them."""

from __future__ import annotations

from typing import Any

import pytest

from backstay.errors import BackstayError
from backstay.letters import LetterOptions
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, SimTransport2
from backstay.testing import VirtualClock
from backstay.testing import run as virtually
from backstay_adapters.mcp import MCPTools, ToolAnswer
from backstay_adapters.mcp.sandbox import KEY, MODERN, MCPSandbox

URL = "http://user:hush@harbour.example/mcp?key=hush"
WIND = ("wind", {"place": "Kiel"})
FLAG = ("hoist_flag", {"mast": "main", "flag": "P"})
BERTH = ("book_berth", {"boat": "Nina", "nights": 2})


class Bench:
    """One world; each `tools` is a new process's, with a session of its own."""

    def __init__(
        self, *rules: FaultRule, era: str = MODERN, letters: LetterOptions | None = None, **adapter: Any
    ) -> None:
        self.clock = VirtualClock()
        self.sandbox = MCPSandbox(seed=1, era=era, faults=FaultPlan(rules))
        self.transport = SimTransport2(self.sandbox, self.clock)
        self.given = adapter
        self._letters = letters or LetterOptions()
        self.runtime = self._runtime()
        self._made: list[MCPTools] = []

    @property
    def tools(self) -> MCPTools:
        """An adapter of its own for each loop."""
        self.runtime = self._runtime()
        made = MCPTools(URL, **{"token": KEY, "runtime": self.runtime, "transport": self.transport, **self.given})
        self._made.append(made)
        return made

    def _runtime(self) -> Runtime:
        return Runtime.in_memory(clock=self.clock, listeners=(), letters=self._letters)

    def run(self, work: Any) -> Any:
        """Run in virtual time, and close what was made."""

        async def main() -> Any:
            try:
                return await work
            finally:
                while self._made:
                    await self._made.pop().aclose()

        return virtually(main(), self.clock)

    def call(self, name: str, arguments: dict[str, Any], **options: Any) -> ToolAnswer:
        """One tool called, in a process of its own."""
        tools = self.tools

        async def main() -> ToolAnswer:
            async with tools:
                return await tools.call_tool(name, arguments, **options)

        found: ToolAnswer = self.run(main())
        return found

    def fail(self, name: str, arguments: dict[str, Any], **options: Any) -> BackstayError:
        """The error of such a call."""
        with pytest.raises(BackstayError) as caught:
            self.call(name, arguments, **options)
        return caught.value

    @property
    def sent(self) -> list[str]:
        """The tools' calls that have left, and nothing else."""
        asked = [self.sandbox.operation(each) for each in self.transport.requests]
        return [each.removeprefix("tools/call/") for each in asked if each.startswith("tools/call/")]


def broken(kind: FaultKind, operation: str = "tools/call/*", **facts: Any) -> FaultRule:
    """Something goes wrong with the tools' calls."""
    return FaultRule(kind, operation=operation, **facts)


def said(name: str, **facts: Any) -> FaultRule:
    """A fault of the simulator's by its own name."""
    return broken(FaultKind.VENDOR_ERROR, error=name, **facts)
