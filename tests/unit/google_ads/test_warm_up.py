"""Imports and connections never block the loop: a fresh interpreter warms up while its loop is watched."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from benchmarks.adapters.canned import child

PROGRAM = """
import asyncio, json, sys, threading

seen, watching = [], False
KINDS = {"import", "open", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "time.sleep"}

def hook(kind, args):  # what blocks, and on the loop's own thread
    if watching and kind in KINDS and threading.current_thread() is threading.main_thread():
        seen.append([kind, str(args[0])])

sys.addaudithook(hook)
from backstay.adapters import GoogleAds
from backstay.runtime import Runtime
before = sorted(name for name in sys.modules if name.partition(".")[0] in {"google", "grpc"})

async def main():
    global watching
    runtime = Runtime.in_memory(listeners=())
    ads = GoogleAds("1234567890", "token", runtime=runtime, endpoint="http://127.0.0.1:9", max_attempts=1)
    loop, turns, late = asyncio.get_running_loop(), 0, 0.0
    async def beat():
        nonlocal turns, late
        last = loop.time()
        while watching:
            await asyncio.sleep(0.001)
            now = loop.time()
            turns, late, last = turns + 1, max(late, now - last), now
    await asyncio.to_thread(int)  # asyncio's own first thread imports a little
    watching = True
    task, began, modules = asyncio.create_task(beat()), loop.time(), len(sys.modules)
    await asyncio.sleep(0)
    await ads.warm_up()
    took, loaded, warm = loop.time() - began, len(sys.modules) - modules, set(sys.modules)
    try:
        await ads.get_account()
    except Exception as error:
        kind = type(error).__name__
    watching = False
    await task
    await ads.aclose()
    print(json.dumps({"before": before, "took": took, "late": late, "turns": turns, "loaded": loaded, "kind": kind,
                      "blocked": seen, "first_call": sorted(set(sys.modules) - warm)}))

asyncio.run(main())
"""


ANSWERED = """
import asyncio, sys
from backstay import Runtime
from backstay.adapters import GoogleAds

async def main():
    ads = GoogleAds("1000000001", "token", runtime=Runtime.in_memory(listeners=()), endpoint=sys.argv[1])
    await ads.warm_up()
    warm = set(sys.modules)
    account, campaigns = await ads.get_account(), await ads.list_campaigns()
    print(account.currency, len(campaigns) > 0, sorted(set(sys.modules) - warm))
    await ads.aclose()

asyncio.run(main())
"""


def watched() -> dict[str, Any]:
    """What a fresh interpreter saw."""
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_warming_up_leaves_the_loop_free() -> None:
    """A thousand modules are imported in a thread: the loop goes on turning, and nothing blocking runs on it.

    The loop is late by what the interpreter's lock costs. Were the imports made on it, it would be late by all of them.
    """
    found = watched()
    assert found["before"] == [], "making an adapter imports nothing of the vendor's"
    assert found["loaded"] > 1_000
    assert found["blocked"] == []
    assert found["turns"] > 20
    assert found["late"] < found["took"] / 2
    assert found["first_call"] == [], "the first call after warm_up imports nothing"
    assert found["kind"] == "ConnectionFailedError"


def test_the_first_calls_that_are_answered_import_nothing_either() -> None:
    """What answers are made of is built while the adapter warms up, too."""
    with child("benchmarks.adapters.canned_google", lambda port: f"http://127.0.0.1:{port}") as url:
        ran = subprocess.run(
            [sys.executable, "-c", ANSWERED, url], check=False, capture_output=True, text=True, timeout=60
        )
    assert ran.stdout.strip() == "USD True []", ran.stderr


def test_importing_the_library_loads_nothing_of_google() -> None:
    """`import backstay` and the adapter's own import leave google and grpc alone."""
    program = (
        "import sys, backstay\nfrom backstay.adapters import GoogleAds\n"
        "print(GoogleAds.__name__, sorted({n.partition('.')[0] for n in sys.modules} & {'google', 'grpc', 'proto'}))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "GoogleAds []"
