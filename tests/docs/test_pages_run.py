"""Every Python block of README.md and docs/ is executed, and prints what the page says that it prints.

The blocks of a page share their names and run from top to bottom. `await` may stand at the top of a block, as in a
notebook: such blocks share one loop in virtual time, on the newest `VirtualClock` that the page has made. Lines that
begin with `#> ` are what the block prints. A comment in front of a block says where it runs otherwise:

    <!-- runs: sockets -->   on a real event loop with loopback sockets
    <!-- runs: pytest -->    as a test file of its own; its tests must pass
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any, Final

import pytest

from backstay.testing import VirtualClock, VirtualLoop

TOP: Final = Path(__file__).resolve().parents[2]
PAGES: Final = sorted([TOP / "README.md", *(TOP / "docs").rglob("*.md")])
BLOCK: Final = re.compile(r"(?:^<!-- runs: (\w+) -->\n+)?^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SAID: Final = re.compile(r"^\s*#> ?(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One example."""

    page: Path
    line: int
    where: str
    code: str

    def compiled(self) -> CodeType:
        """With the page's own line numbers, so that a traceback points into the page."""
        tree = ast.parse("\n" * (self.line - 1) + self.code, str(self.page))
        code = compile(tree, str(self.page), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        assert isinstance(code, CodeType)
        return code


def blocks(page: Path, text: str) -> Iterator[Block]:
    """The examples of a page, in their order."""
    for match in BLOCK.finditer(text):
        yield Block(page, text.count("\n", 0, match.start(2)) + 1, match[1] or "here", match[2])


class Names(dict[str, Any]):
    """The names of a page; a clock that gets a name becomes the clock of the page's loop."""

    def __init__(self) -> None:
        super().__init__(__name__="page")
        self.clock = VirtualClock()
        self._loop: VirtualLoop | None = None

    def loop(self) -> VirtualLoop:
        """A loop on the page's clock."""
        self._loop = VirtualLoop(self.clock)
        return self._loop

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, value)
        if isinstance(value, VirtualClock):
            self.clock = value
            if self._loop is not None:
                self._loop.clock = value


class Reader:
    """Somebody who types a page's examples into one notebook."""

    def __init__(self, folder: Path) -> None:
        self.names = Names()
        self.folder = folder
        self._runner = asyncio.Runner(loop_factory=self.names.loop)

    def read(self, block: Block) -> str:
        """Run a block; what it printed."""
        if block.where == "pytest":
            self._as_tests(block)
            return ""
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            self._run(block)
        return printed.getvalue()

    def _run(self, block: Block) -> None:
        code = block.compiled()
        if not code.co_flags & inspect.CO_COROUTINE:
            exec(code, self.names)
            return
        work = eval(code, self.names)
        if block.where == "sockets":
            asyncio.run(work)
            return
        self._runner.run(work)

    def _as_tests(self, block: Block) -> None:
        file = self.folder / f"test_line_{block.line}.py"
        file.write_text(block.code, "utf8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(self.folder)]
        ran = subprocess.run(
            [*command, "-o", "asyncio_mode=auto", file.name],
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout + ran.stderr

    def close(self) -> None:
        """Close the loop."""
        self._runner.close()


WITH_EXAMPLES: Final = [page for page in PAGES if BLOCK.search(page.read_text("utf8"))]


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: str(page.relative_to(TOP)))
def test_the_examples_of_a_page_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From top to bottom, and each prints what the page says; paths begin at the top of the repository."""
    monkeypatch.chdir(TOP)
    reader = Reader(tmp_path)
    try:
        for block in blocks(page, page.read_text("utf8")):
            printed = reader.read(block)
            said = SAID.findall(block.code)
            if said:
                assert [line.rstrip() for line in printed.splitlines()] == said, f"{page.name}:{block.line}"
    finally:
        reader.close()


def test_there_are_examples() -> None:
    """A search that found nothing would prove nothing."""
    assert TOP / "README.md" in WITH_EXAMPLES
    assert len(WITH_EXAMPLES) >= 6


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import asyncio\nawait asyncio.sleep(3600)\n1 / 0\n", ZeroDivisionError),
        ("assert False\n", AssertionError),
    ],
)
def test_an_example_that_fails_fails_the_page(code: str, error: type[Exception], tmp_path: Path) -> None:
    """With and without a loop."""
    page = tmp_path / "page.md"
    reader = Reader(tmp_path)
    [block] = blocks(page, f"# Title\n\n```python\n{code}```\n")
    try:
        with pytest.raises(error) as caught:
            reader.read(block)
    finally:
        reader.close()
    assert caught.traceback[-1].lineno == block.line + code.count("\n") - 2


def test_an_example_of_a_test_that_fails_fails_the_page(tmp_path: Path) -> None:
    """The tests in a page are run, not only read."""
    text = "<!-- runs: pytest -->\n\n```python\ndef test_it():\n    assert 1 == 2\n```\n"
    [block] = blocks(tmp_path / "page.md", text)
    with pytest.raises(AssertionError, match="1 failed"):
        Reader(tmp_path).read(block)
