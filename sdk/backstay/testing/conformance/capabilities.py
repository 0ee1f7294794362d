"""C5: a capability that is on works, one that is off is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, Final

import pytest

from backstay.ads import (
    AdPlatform,
    Campaign,
    Capability,
    ConfiguredStatus,
    DateRange,
    Level,
    MediaKind,
    MediaUpload,
    MetricsQuery,
)
from backstay.errors import UnsupportedError
from backstay.testing.bench import Bench
from backstay.testing.conformance.common import KEY
from backstay.testing.samples import PIXEL

Ask = Callable[[AdPlatform, Campaign], Awaitable[Any]]

_QUERY: Final = MetricsQuery(level=Level.CAMPAIGN, days=DateRange(date(2025, 12, 1), date(2025, 12, 2)))
_IMAGE: Final = MediaUpload(kind=MediaKind.IMAGE, name="c5.png", data=PIXEL, media_type="image/png")
_VIDEO: Final = MediaUpload(kind=MediaKind.VIDEO, name="c5.mp4", data=b"c5", media_type="video/mp4")

USES: Final[dict[Capability, Ask]] = {
    Capability.ARCHIVE: lambda ads, made: ads.set_status(made.ref, ConfiguredStatus.ARCHIVED),
    Capability.DELETE: lambda ads, made: ads.set_status(made.ref, ConfiguredStatus.DELETED),
    Capability.BALANCE: lambda ads, _: ads.get_balance(),
    Capability.REPORT_JOB: lambda ads, _: ads.start_report(_QUERY),
    Capability.IMAGE_UPLOAD: lambda ads, _: ads.upload_image(_IMAGE, idempotency_key="c5"),
    Capability.VIDEO_UPLOAD: lambda ads, _: ads.upload_video(_VIDEO, idempotency_key="c5"),
}
"""What needs a capability, for each that a method of the protocol needs."""


class CapabilityCases:
    """What a platform can do is known before the call."""

    @pytest.mark.parametrize("capability", list(USES), ids=lambda each: each.value)
    def test_c05_what_is_on_works_and_what_is_off_is_refused_unsent(self, bench: Bench, capability: Capability) -> None:
        """C5: on, it is answered; off, it raises locally and nothing leaves."""
        ads = bench.adapter()

        async def main() -> None:
            made = await ads.create_campaign(bench.campaign(), idempotency_key=KEY)
            before = bench.sent
            if capability in ads.capabilities:
                assert await USES[capability](ads, made.value) is not None
                return
            with pytest.raises(UnsupportedError) as caught:
                await USES[capability](ads, made.value)
            assert caught.value.hint
            assert bench.sent == before

        bench.run(main())

    def test_c05_every_capability_that_is_off_has_a_reason_or_a_meaning(self, bench: Bench) -> None:
        """C5: the table names all of them, on or off."""
        table = {name: (on, text) for name, on, text in bench.adapter().capabilities.table()}
        assert set(table) == {each.value for each in Capability}
        assert all(text for _, text in table.values())
