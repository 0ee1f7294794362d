"""What the pages say can be done: their Python compiles, their imports exist, their links lead somewhere."""

from __future__ import annotations

import ast
import importlib
import re
import textwrap
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

TOP = Path(__file__).resolve().parents[2]
PAGES = sorted([*TOP.glob("*.md"), *(TOP / "docs").rglob("*.md")])
EXAMPLE = re.compile(r"^ *```python\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?![a-z]+:|#)([^)#\s]+)(?:#[^)]*)?\)")
OURS = ("backstay", "backstay_adapters")


def shown(path: Path) -> str:
    return str(path.relative_to(TOP))


EXAMPLES = [
    pytest.param(
        textwrap.dedent(match[1]), id=f"{shown(page)}:{page.read_text('utf8')[: match.start()].count(chr(10)) + 1}"
    )
    for page in PAGES
    for match in EXAMPLE.finditer(page.read_text("utf8"))
]


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_compiles_and_imports_what_exists(code: str) -> None:
    """A reader can paste it; `await` may stand at the top, as in a notebook."""
    tree = compile(code, "example", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    compile(code, "example", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    assert isinstance(tree, ast.Module)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in OURS:
            module = importlib.import_module(node.module)
            assert [a.name for a in node.names if not hasattr(module, a.name)] == []


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_a_link_to_a_file_leads_somewhere(page: Path) -> None:
    """The site checks its own pages; this one sees README and the others as well."""
    assert [to for to in LINK.findall(page.read_text("utf8")) if not (page.parent / to).exists()] == []


def test_every_dependency_has_its_reason() -> None:
    """A dependency that nobody can justify goes."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text("utf8"))["project"]
    rows = [*project["dependencies"], *(r for extra in project["optional-dependencies"].values() for r in extra)]
    names = {Requirement(row).name for row in rows} - {project["name"]}
    listed = set()
    for line in (TOP / "docs/decisions/0002-dependencies.md").read_text("utf8").splitlines():
        if line.startswith("|"):
            listed |= {name.strip() for name in line.split("|")[1].split(",")}
    assert names == listed - {"package", "---", "(none)"}
