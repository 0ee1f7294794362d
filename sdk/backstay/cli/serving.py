"""`backstay sandbox`: the simulators on loopback ports until somebody stops them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from backstay.cli.sandboxes import find_sandboxes, make_sandboxes
from backstay.sandbox import Served, Simulator, serve

if TYPE_CHECKING:
    from backstay.sandbox import ServedRpc


def serve_until_stopped(
    *,
    host: str,
    port: int,
    faults: str,
    seed: int,
    tier: str,
    announce: Callable[[dict[str, Any]], None],
    vendors: Iterable[str] = (),
    grpc_port: int = 0,
) -> None:
    """Serve; returns when the process is interrupted.

    Raises:
        InvalidRequestError: a bad fault plan, an address that is not loopback, an unknown vendor or tier.
    """
    modules = find_sandboxes(vendors)
    simulators = make_sandboxes(modules, faults, seed, tier)

    async def serving() -> None:
        async with serve(simulators, host, port) as served, serve_rpcs(simulators, served, grpc_port) as rpcs:
            announce(facts(modules, served, faults, rpcs))
            await asyncio.Event().wait()

    asyncio.run(serving())


@asynccontextmanager
async def serve_rpcs(
    simulators: Mapping[str, Simulator], served: Served, port: int = 0
) -> AsyncIterator[dict[str, ServedRpc]]:
    """Ports of their own for the vendors that speak gRPC, the first of them at `port`; their time is the server's."""
    async with AsyncExitStack() as stack:
        found: dict[str, ServedRpc] = {}
        for name, each in simulators.items():
            if not hasattr(each, "call"):
                continue
            from backstay.sandbox import serve_rpc

            own: Any = each
            shell = serve_rpc(own, served.host, 0 if found else port, tls=True, now=served.shell.now)
            found[name] = await stack.enter_async_context(shell)
            served.shell.rpcs[name] = found[name].target
        yield found


def facts(
    modules: Mapping[str, Any], served: Served, faults: str, rpcs: Mapping[str, ServedRpc] | None = None
) -> dict[str, Any]:
    """What a caller must know: addresses, accounts and tokens."""
    vendors: dict[str, dict[str, Any]] = {}
    for name, module in modules.items():
        vendors[name] = {"url": served.urls[name], "accounts": list(module.ACCOUNTS), "token": module.TOKEN}
        rpc = (rpcs or {}).get(name)
        if rpc is not None:
            vendors[name] |= {"url": rpc.target, "tls": rpc.tls_target, "roots": str(rpc.roots)}
    return {"urls": dict(served.urls), "admin": served.admin_url, "faults": faults, "vendors": vendors}
