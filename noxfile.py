"""Every check of the project as a described session: `./dev nox -l` lists them.

Sessions without a Python of their own run in .venv, as `./dev` made it. The others build environments for themselves:
they are for other Pythons, for the lowest versions that we promise, and for the wheel as a user gets it.
"""

from __future__ import annotations

import os
import pathlib
import shutil
from concurrent.futures import ThreadPoolExecutor

import nox

PYTHONS = ["3.11", "3.12", "3.13"]
EVERYTHING = ["sdk", "adapters", "tests", "benchmarks", "noxfile.py"]
CONSUMER = pathlib.Path("tests/typing/adapters.py").resolve()
SMOKE = """
import importlib.metadata, backstay, backstay.adapters
print(backstay.__version__, backstay.__file__)
print({name: getattr(backstay.adapters, name) for name in backstay.adapters.__all__})
print({point.name: point.load() for point in importlib.metadata.entry_points(group="backstay.adapters")})
"""

nox.needs_version = ">=2025.5"
nox.options.sessions = ["lint", "types", "imports", "docs"]
nox.options.default_venv_backend = "venv"
os.environ["UV_PYTHON_DOWNLOADS"] = "never"
os.environ["PYRIGHT_PYTHON_GLOBAL_NODE"] = "0"  # the locked Node, not whatever the machine has
os.environ.pop("VIRTUAL_ENV", None)


@nox.session(python=False)
def lint(session: nox.Session) -> None:
    """Ruff, formatting, and dependencies that are unused or undeclared."""
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("deptry", "sdk", "adapters")


@nox.session(python=False)
def fix(session: nox.Session) -> None:
    """Format, and mend what ruff can mend by itself."""
    session.run("ruff", "check", "--fix", ".")
    session.run("ruff", "format", ".")


@nox.session(python=False)
def types(session: nox.Session) -> None:
    """Mypy (strict) and pyright, for each supported Python; the two side by side."""
    checkers = {"mypy": "--python-version", "pyright": "--pythonversion"}

    def check(name: str) -> None:
        for version in PYTHONS:
            session.run(name, checkers[name], version)

    with ThreadPoolExecutor() as pool:
        list(pool.map(check, checkers))  # as a list, so that what one of them finds is raised


@nox.session(python=False)
def imports(session: nox.Session) -> None:
    """The import contracts of pyproject.toml."""
    session.run("lint-imports", "--no-logo")


@nox.session(python=False)
def docs(session: nox.Session) -> None:
    """The documentation site, strictly: a link to nowhere is an error. Nothing is fetched."""
    session.run("zensical", "build", "--clean", "--strict")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Every test, on each supported Python, with the locked versions."""
    session.install("--require-hashes", "--only-binary", ":all:", "-r", "requirements.lock")
    session.install("--no-deps", "--no-build-isolation", "-e", ".")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session(python=PYTHONS)
def floors(session: nox.Session) -> None:
    """The unit tests with the lowest version of every runtime dependency that pyproject.toml allows."""
    lowest = pathlib.Path(session.create_tmp()) / f"lowest-{session.python}.txt"
    session.run(
        "uv", "--no-config", "pip", "compile", "pyproject.toml", "--quiet", "--extra=all", "--extra=testing",
        "--resolution=lowest-direct", f"--python-version={session.python}", "--only-binary=:all:",
        "--no-emit-index-url", "--no-header", f"--output-file={lowest}", external=True,
    )  # fmt: skip
    tools = ["hypothesis", "pytest-asyncio", "pytest-socket", "hatchling", "editables"]
    session.install("-r", str(lowest), *tools)
    session.install("--no-deps", "--no-build-isolation", "-e", ".")
    session.run("python", "-m", "pytest", "tests/unit", *session.posargs)


@nox.session(python=PYTHONS)
def wheel(session: nox.Session) -> None:
    """Build the wheel, install `backstay[all]` from it as a user does, and look around from outside the checkout."""
    dist = pathlib.Path(session.create_tmp()).resolve() / "dist"
    session.run("hatchling", "build", "-t", "wheel", "-d", str(dist), external=True)
    (built,) = sorted(dist.glob("*.whl"))
    session.install(f"backstay[all] @ {built.as_uri()}")
    session.chdir(dist)
    session.run("python", "-c", SMOKE)
    session.run("python", "-m", "pip", "check")
    session.run("backstay", "--help", silent=True)
    python = shutil.which("python", path=session.bin)
    session.run("mypy", "--strict", "--config-file=", f"--python-executable={python}", str(CONSUMER), external=True)


@nox.session
def browser(session: nox.Session) -> None:
    """The demo's post in the Chromium of this machine; `-- --write` takes the picture of its page."""
    folder = pathlib.Path(session.create_tmp()).resolve() / "demo"
    session.install("playwright")
    session.run("backstay", "demo", "--out", str(folder), silent=True, external=True)
    session.run("python", "docs/_generate/carousel_in_browser.py", str(folder / "post.html"), *session.posargs)


@nox.session(python=False)
def faults(session: nox.Session) -> None:
    """backstay under the faults of `benchmarks.faults`: the goals, the sweep of the load, the probes, real sockets."""
    ours = ("python", "-m", "benchmarks.faults", "--client", "backstay")
    session.run(*ours, "--seeds", "8", "--scenario", "a..g")
    for rate in ("1.2", "1.35"):
        session.run(*ours, "--seeds", "8", "--scenario", "c", "--rate", rate)
    session.run(*ours, "--probes")
    session.run("python", "-m", "benchmarks.faults", "--real", "--scenario", "bcd")
