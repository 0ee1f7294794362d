"""The frame of the local simulators: worlds, faults, and two shells.

    simulator = TikTokSandbox(seed=7, faults=storm(seed=7))                    # from the vendor's folder
    transport = SimTransport(simulator, clock)                                 # in process, for httpx
    async with serve({"tiktok": simulator}) as served: ...                     # on a loopback socket

A simulator is pure: a handler of `(request, now)`. What really happened is in `simulator.world`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backstay.sandbox.faultfile import PLANS as PLANS
    from backstay.sandbox.faultfile import calm as calm
    from backstay.sandbox.faultfile import dump_faults as dump_faults
    from backstay.sandbox.faultfile import load_faults as load_faults
    from backstay.sandbox.faultfile import parse_faults as parse_faults
    from backstay.sandbox.faultfile import storm as storm
    from backstay.sandbox.faults import Fault as Fault
    from backstay.sandbox.faults import FaultKind as FaultKind
    from backstay.sandbox.faults import FaultPlan as FaultPlan
    from backstay.sandbox.faults import FaultRule as FaultRule
    from backstay.sandbox.rpc import RpcReply as RpcReply
    from backstay.sandbox.rpc import RpcRequest as RpcRequest
    from backstay.sandbox.rpc import RpcSimulator as RpcSimulator
    from backstay.sandbox.rpc_channel import RpcChannel as RpcChannel
    from backstay.sandbox.rpc_server import ServedRpc as ServedRpc
    from backstay.sandbox.rpc_server import serve_rpc as serve_rpc
    from backstay.sandbox.server import Served as Served
    from backstay.sandbox.server import serve as serve
    from backstay.sandbox.simulator import Simulator as Simulator
    from backstay.sandbox.transport import SimTransport as SimTransport
    from backstay.sandbox.transport2 import SimTransport2 as SimTransport2
    from backstay.sandbox.wire import Reply as Reply
    from backstay.sandbox.wire import Request as Request
    from backstay.sandbox.world import Effect as Effect
    from backstay.sandbox.world import State as State
    from backstay.sandbox.world import Thing as Thing
    from backstay.sandbox.world import World as World

_HOMES = {
    "faultfile": ("PLANS", "calm", "dump_faults", "load_faults", "parse_faults", "storm"),
    "faults": ("Fault", "FaultKind", "FaultPlan", "FaultRule"),
    "rpc": ("RpcReply", "RpcRequest", "RpcSimulator"),
    "rpc_channel": ("RpcChannel",),
    "rpc_server": ("ServedRpc", "serve_rpc"),
    "server": ("Served", "serve"),
    "simulator": ("Simulator",),
    "transport": ("SimTransport",),
    "transport2": ("SimTransport2",),
    "wire": ("Reply", "Request"),
    "world": ("Effect", "State", "Thing", "World"),
}
_WHERE = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Load what is asked for: the shells need httpx and aiohttp, the rest needs nothing."""
    if name not in _WHERE:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)


__all__ = [
    "PLANS", "Effect", "Fault", "FaultKind", "FaultPlan", "FaultRule", "Reply", "Request", "RpcChannel", "RpcReply",
    "RpcRequest", "RpcSimulator", "Served", "ServedRpc", "SimTransport", "SimTransport2", "Simulator", "State", "Thing",
    "World", "calm", "dump_faults", "load_faults", "parse_faults", "serve", "serve_rpc", "storm",
]  # fmt: skip
