"""What an error of a write of several steps says of the write: never that nothing happened when something did."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from backstay import Runtime
from backstay.ads import CampaignPatch, ConfiguredStatus, Level, Ref
from backstay.errors import BackstayError, ConnectionFailedError, NotFoundError
from backstay.taxonomy import Certainty
from backstay.testing.clock import VirtualClock, run
from tests.support.kiosk import Kiosk
from tests.support.letters import spec, tree


class Blind(Kiosk):
    """A kiosk that shows nothing once something was sent."""

    trouble: type[BackstayError] = ConnectionFailedError
    blind_after = 1

    async def _fetch(self, *args: Any) -> Any:
        if len(self.sent) >= self.blind_after:
            raise self.trouble("no way", certainty=Certainty.NOT_SENT, retryable=False)
        return await super()._fetch(*args)


async def create(ads: Blind) -> Any:
    return await ads.create_campaign(spec(), idempotency_key="k")


async def rename(ads: Blind) -> Any:
    ads.blind_after = 2
    made = await ads.create_campaign(spec(), idempotency_key="k")
    return await ads.update_campaign(made.value.ref, CampaignPatch(name="Other"))


async def pause(ads: Blind) -> Any:
    ads.blind_after = 2
    made = await ads.create_campaign(spec(), idempotency_key="k")
    return await ads.set_status(made.value.ref, ConfiguredStatus.PAUSED)


async def delete(ads: Blind) -> Any:
    ads.blind_after = 2
    made = await ads.create_campaign(spec(), idempotency_key="k")
    return await ads.set_status(made.value.ref, ConfiguredStatus.DELETED)


async def build(ads: Blind) -> Any:
    return await ads.create_tree(tree(), idempotency_key="k")


async def failed(work: Callable[[Blind], Awaitable[Any]]) -> BackstayError:
    ads = Blind(Runtime.in_memory(clock=VirtualClock(), listeners=()))
    with pytest.raises(ConnectionFailedError) as caught:
        await work(ads)
    assert ads.sent
    return caught.value


@pytest.mark.parametrize("work", [create, rename, pause, delete, build])
def test_a_write_that_could_not_be_read_back_has_happened_for_all_the_caller_knows(work: Any) -> None:
    """The read was never sent, but the write was carried out: its error must not say NOT_SENT or REFUSED."""
    error = run(failed(work), VirtualClock())
    assert error.certainty is Certainty.UNKNOWN
    assert error.operation


def test_a_write_that_came_to_nothing_says_so() -> None:
    """What failed before anything was sent keeps its own certainty, and names the operation."""
    ads = Kiosk(Runtime.in_memory(clock=VirtualClock(), listeners=()))
    nowhere = Ref(ads.platform, ads.account, Level.CAMPAIGN, "99")

    async def main() -> list[BackstayError]:
        errors = []
        for work in (
            ads.set_status(nowhere, ConfiguredStatus.PAUSED),
            ads.update_campaign(nowhere, CampaignPatch(name="Other")),
            ads.get_campaign(nowhere),
        ):
            with pytest.raises(NotFoundError) as caught:
                await work
            errors.append(caught.value)
        return errors

    errors = run(main(), VirtualClock())
    assert [error.certainty for error in errors] == [Certainty.REFUSED] * 3
    assert [error.operation for error in errors] == ["set_status", "update_campaign", "list_objects"]
    assert {error.vendor for error in errors} == {ads.vendor}
