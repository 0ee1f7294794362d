"""Changes in Meta's words: a POST to the node with the changed fields only, absolute."""

from __future__ import annotations

from typing import Any, Final

from backstay.ad_adapter import Request, Step, same
from backstay.ads import ConfiguredStatus, Level, Ref, SettableStatus
from backstay.ads.patch import Patch
from backstay.errors import NotFoundError
from backstay.operation import Operation
from backstay_adapters.meta.adapter.creates import MetaCreates
from backstay_adapters.meta.errors.limits import AD_SET_BUDGET
from backstay_adapters.meta.wire import words, write
from backstay_adapters.meta.wire.kinds import KINDS

BUDGETS: Final = frozenset({"daily_budget", "lifetime_budget"})


class MetaChanges(MetaCreates):
    """What is changed."""

    async def _draft_change(self, before: Any, patch: Patch) -> tuple[Step, ...]:
        """Without what is so already: setting an ad set's budget to what it is may count as one of its changes."""
        body = write.change(before, patch, await self.currency())  # type: ignore[arg-type]  # one of the three patches
        shown = self._raw(before, body)
        new = {name: value for name, value in body.items() if shown[name] is None or not same(shown[name], value)}
        if not new:
            return ()
        return (Step(self._build(KINDS[before.ref.level].node, before.ref.id, "api_update", new), new),)

    async def _draft_status(self, before: Any, status: SettableStatus) -> Step:
        kind, word = KINDS[before.ref.level], words.spoken(words.CONFIGURED_OUT, status, "status")
        if status is ConfiguredStatus.DELETED:
            return Step(self._build(kind.node, before.ref.id, "api_delete"), {"status": word})
        return Step(self._build(kind.node, before.ref.id, "api_update", {"status": word}), {"status": word})

    async def _send_change(self, ref: Ref, request: Request) -> None:
        del ref
        try:
            await self._send(request)
        except NotFoundError:
            if request["method"] != "DELETE":  # what is not there any more has been deleted
                raise

    async def _check(self, request: Request) -> None:
        """All the vendor's checks without carrying it out; a deletion has none."""
        if request["method"] != "POST":
            return
        # Nothing is made, so there is nothing to read back.
        asked = {name: value for name, value in request["params"].items() if name != "fields"}
        options = [*(asked.get("execution_options") or ()), "validate_only"]
        params = {**asked, "execution_options": list(dict.fromkeys(options))}
        await self._send({**request, "params": params})

    def narrowed(self, operation: Operation, args: tuple[Any, ...]) -> tuple[str, str] | None:
        """Budgets of ad sets have a limit of their own: four changes an hour and ad set."""
        if operation.name != "update" or args[0].level is not Level.AD_GROUP:
            return None
        return (AD_SET_BUDGET, args[0].id) if BUDGETS & set(args[1].wanted) else None
