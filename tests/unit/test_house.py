"""The rules of the house that no linter knows: where things are, how big they are, what never gets into a file."""

from __future__ import annotations

import ast
import re
import socket
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pytest_socket import SocketConnectBlockedError

import backstay.adapters

TOP = Path(__file__).resolve().parents[2]
VENDORS = sorted(p for p in (TOP / "adapters/backstay_adapters").iterdir() if p.is_dir() and p.name != "__pycache__")
SOURCES = sorted([*(TOP / "sdk").rglob("*.py"), *(TOP / "adapters").rglob("*.py")])
TESTS = sorted((TOP / "tests").rglob("test_*.py"))
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text("utf8"))["project"]
ENTRY_POINTS: dict[str, str] = PROJECT["entry-points"]["backstay.adapters"]

LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 70

# Written in halves, so that this file does not hold what it looks for.
SECRETS = re.compile(
    r"(?<![A-Za-z0-9+/])EA" r"A[A-Za-z0-9]{40,}|sk" r"-(ant-|proj-)?[A-Za-z0-9_-]{30,}|pp" r"lx-[A-Za-z0-9]{30,}"
    r"|AI" r"za[0-9A-Za-z_-]{35}|ya" r"29\.[0-9A-Za-z_-]{20,}|-----BEGIN [A-Z ]*PRIVATE" r" KEY"
)  # fmt: skip
PLACES = re.compile(r"(?<![\w.~-])/(?:wor" r"k|far" r"m|roo" r"t|hom" r"e/\w+|Use" r"rs/\w+)/[\w.]")


@cache
def syntax(path: Path) -> ast.Module:
    """A source file's syntax tree."""
    return ast.parse(path.read_text("utf8"), str(path))


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [n for n in ast.walk(syntax(path)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def shown(path: Path) -> str:
    return str(path.relative_to(TOP))


@cache
def committed() -> list[Path]:
    """Files that are in the repository, or would be with `git add`; all but the environments where there is no git."""
    asked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=TOP, capture_output=True, text=True, check=False
    )
    if asked.returncode:
        return [p for p in TOP.rglob("*") if p.is_file() and not {".venv", ".nox", "site"} & set(p.parts)]
    return [p for name in asked.stdout.split("\0") if name and (p := TOP / name).is_file()]


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf8", "replace")


@pytest.mark.parametrize("folder", ["sdk", "adapters", "adapters/backstay_adapters"])
def test_source_roots_and_the_namespace_are_no_packages(folder: str) -> None:
    """An `__init__.py` there would hide other people's adapters, or make a second copy of everything."""
    assert not (TOP / folder / "__init__.py").exists()


def test_source_roots_hold_packages_only() -> None:
    """A module right under a source root would be installed at the top of site-packages."""
    assert [shown(p) for root in ("sdk", "adapters") for p in (TOP / root).glob("*.py")] == []


def test_there_is_a_vendor() -> None:
    """The tests below say something only while there is at least one vendor."""
    assert VENDORS


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda p: p.name)
def test_a_vendor_is_a_typed_package_with_an_extra_and_an_entry_point(vendor: Path) -> None:
    """Folder = extra = entry point = vendor id."""
    assert (vendor / "py.typed").is_file()
    assert (vendor / "__init__.py").is_file()
    assert vendor.name in PROJECT["optional-dependencies"]
    assert ENTRY_POINTS[vendor.name].startswith(f"backstay_adapters.{vendor.name}:")


def test_each_entry_point_has_its_folder() -> None:
    """No entry point outlives its vendor."""
    assert sorted(ENTRY_POINTS) == [v.name for v in VENDORS]


def names_for_type_checkers(path: Path) -> dict[str, str]:
    """The re-exports of a lazy door's TYPE_CHECKING block: name to module."""
    found: dict[str, str] = {}
    for block in syntax(path).body:
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING":
            imports = [n for n in block.body if isinstance(n, ast.ImportFrom)]
            found |= {a.asname: n.module or "" for n in imports for a in n.names if a.asname}
    return found


def names_for_python(path: Path) -> dict[str, str]:
    """The table of a lazy door: name to module."""
    for node in syntax(path).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "_MODULES":
            table = ast.literal_eval(node.value)
            assert isinstance(table, dict)
            return table
    pytest.fail(f"{shown(path)} has no table _MODULES")


@pytest.mark.parametrize("door", ["sdk/backstay/__init__.py", "sdk/backstay/adapters.py"])
def test_type_checkers_and_python_see_the_same_names(door: str) -> None:
    """A name in one list only would type-check and fail, or work and not complete."""
    assert names_for_type_checkers(TOP / door) == names_for_python(TOP / door)


def test_the_door_and_the_entry_points_name_the_same_adapters() -> None:
    """What can be imported by hand can be found by name."""
    door = {f"{module}:{name}" for name, module in names_for_python(TOP / "sdk/backstay/adapters.py").items()}
    assert door == set(ENTRY_POINTS.values())


@pytest.mark.parametrize("module", [backstay, backstay.adapters], ids=lambda m: m.__name__)
def test_every_public_name_can_be_had(module: object) -> None:
    """The lazy tables point at things that exist."""
    for name in module.__all__:  # type: ignore[attr-defined]  # both doors have one
        assert getattr(module, name) is not None


def test_an_unknown_adapter_is_refused_with_the_names_that_exist() -> None:
    """The refusal names the adapter that was asked for and the ones there are."""
    with pytest.raises(AttributeError, match=r"'MySpaceAds'; there are: .*TikTokAds"):
        _ = backstay.adapters.MySpaceAds  # type: ignore[attr-defined]  # that is the point


def test_the_core_loads_no_third_party_module() -> None:
    """`import backstay`, its doors, errors, policies and engine cost nothing that is not Python's own."""
    core = "backstay backstay.adapters backstay.errors backstay.operation backstay.engine.loop backstay.policies.retry"
    code = f"""
import sys; before = set(sys.modules)
import {", ".join(core.split())}
loaded = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(sorted(loaded - set(sys.stdlib_module_names)))"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "['backstay']"


POLICIES = sorted((TOP / "sdk/backstay/policies").glob("*.py"))


@pytest.mark.parametrize("path", POLICIES, ids=shown)
def test_policies_are_pure(path: Path) -> None:
    """No await, and none of the modules that wait, log, draw or tell the time."""
    nodes = list(ast.walk(syntax(path)))
    assert [n.lineno for n in nodes if isinstance(n, ast.Await | ast.AsyncFunctionDef)] == []
    imported = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    imported |= {n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)}
    assert imported & {"asyncio", "logging", "os", "random", "secrets", "threading", "time", "uuid"} == set()


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_files_and_functions_stay_small(path: Path) -> None:
    """What does not fit on a few screens is split."""
    assert len(path.read_text("utf8").splitlines()) <= LINES_OF_A_FILE
    long = {f.name: f.end_lineno - f.lineno + 1 for f in functions(path) if f.end_lineno is not None}
    assert {name: lines for name, lines in long.items() if lines > LINES_OF_A_FUNCTION} == {}


@pytest.mark.parametrize("path", TESTS, ids=shown)
def test_every_test_says_what_it_proves(path: Path) -> None:
    """A test function's docstring states the behaviour."""
    assert [f.name for f in functions(path) if f.name.startswith("test_") and not ast.get_docstring(f)] == []


def lock_entries() -> list[Requirement]:
    text = (TOP / "requirements.lock").read_text("utf8").replace("\\\n", " ")
    lines = [line.split("--hash")[0].strip() for line in text.splitlines() if line and not line.startswith("#")]
    return [Requirement(line) for line in lines]


def test_the_version_is_the_same_everywhere() -> None:
    """The package says the version that the wheel has."""
    assert backstay.__version__ == PROJECT["version"]


def test_the_lock_names_no_registry() -> None:
    """The same file works behind any mirror: hashes, and neither addresses nor options."""
    text = (TOP / "requirements.lock").read_text("utf8")
    assert "://" not in text
    assert [line for line in text.splitlines() if line.startswith("-")] == []


def test_the_lock_pins_and_hashes_everything() -> None:
    """Each entry is one exact version with at least one hash."""
    text = (TOP / "requirements.lock").read_text("utf8")
    blocks = re.split(r"\n(?=\S)", text.partition("\n")[2])
    assert [b for b in blocks if "==" not in b or "--hash=sha256:" not in b] == []


def declared() -> list[Requirement]:
    extras = [r for rows in PROJECT["optional-dependencies"].values() for r in rows]
    return [r for r in map(Requirement, [*PROJECT["dependencies"], *extras]) if r.name != PROJECT["name"]]


def test_the_lock_fits_the_project() -> None:
    """A dependency that was added or raised without `./dev lock` is found here."""
    locked = {canonicalize_name(r.name): str(r.specifier).removeprefix("==") for r in lock_entries()}
    wrong = [str(r) for r in declared() if not r.specifier.contains(locked.get(canonicalize_name(r.name), "0"), True)]
    assert wrong == [], "run ./dev lock"


def test_every_dependency_has_a_floor() -> None:
    """A dependency without a lowest version promises every version that ever was."""
    assert [str(r) for r in declared() if not any(s.operator == ">=" for s in r.specifier)] == []


def test_no_file_holds_a_secret() -> None:
    """Nothing that looks like a real key, in no file that could be committed."""
    assert [shown(p) for p in committed() if SECRETS.search(text_of(p))] == []


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    """Absolute paths of one machine are wrong on every other."""
    assert [shown(p) for p in committed() if p.suffix != ".lock" and PLACES.search(text_of(p))] == []


def test_no_name_is_looked_up_in_a_test() -> None:
    """The guard of conftest.py stands."""
    with pytest.raises(socket.gaierror, match="tests look up no names"):
        socket.getaddrinfo("example.com", 443)


def test_no_socket_leaves_the_machine_in_a_test() -> None:
    """The guard of pytest-socket stands; the address is one reserved for documentation."""
    with (
        socket.socket() as outside,
        pytest.raises((UserWarning, SocketConnectBlockedError), match="A test tried to use"),
    ):
        outside.connect(("192.0.2.1", 443))


async def test_no_grpc_channel_leaves_the_machine_in_a_test() -> None:
    """The guard of conftest.py stands, for both kinds of channels."""
    grpc = pytest.importorskip("grpc")
    for make in (grpc.insecure_channel, grpc.aio.insecure_channel):
        with pytest.raises(ConnectionRefusedError, match="loopback only"):
            make("192.0.2.1:443")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("EA" + "A" + "x" * 40, True),
        ("EA" + "A" + "x" * 39, False),
        ("access_token=EA" + "A" + "x" * 40, True),
        ("a picture in base64: iVBORw0KGgo/EA" + "A" + "x" * 40, False),
        ("sk" + "-ant-" + "y" * 30, True),
        ("sk-a-lot", False),
    ],
)
def test_the_search_for_secrets_finds_secrets(text: str, found: bool) -> None:
    """A pattern that matched nothing would prove nothing."""
    assert bool(SECRETS.search(text)) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/wor" + "k/main/x", True),
        ("see /roo" + "t/.pyenv", True),
        ("https://example.com/wor" + "k/1", False),
        ("a/home/b", False),
    ],
)
def test_the_search_for_places_finds_places(text: str, found: bool) -> None:
    """As above, for paths."""
    assert bool(PLACES.search(text)) is found
