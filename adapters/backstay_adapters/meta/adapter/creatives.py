"""Creatives as objects of their own: for several ads that show the same. An ad makes its own otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Unpack

from backstay.ad_adapter import Request
from backstay.ads import Created, Creative
from backstay.answer import stamp
from backstay.engine.write import Written
from backstay.errors import InvalidRequestError
from backstay.operation import CallOptions, NeverSpends, operation
from backstay.policies.effect import Effect
from backstay.writes.marker import token
from backstay_adapters.meta.adapter.reads import rows_of
from backstay_adapters.meta.adapter.reports import MetaReports
from backstay_adapters.meta.wire import write
from backstay_adapters.meta.wire.creative import creative as parse
from backstay_adapters.meta.wire.creative import creative_out
from backstay_adapters.meta.wire.kinds import AD
from backstay_adapters.meta.wire.read import required

FIELDS: Final = ",".join(AD.fields["creative"])


class MetaCreatives(MetaReports):
    """The account's creatives. They spend nothing, and their content cannot be changed."""

    async def get_creative(self, id: str, **options: Unpack[CallOptions]) -> Creative:  # noqa: A002 - the field's own name
        """One creative as the vendor has it; raises NotFoundError."""
        return parse(await self._creative(id, **options))

    @operation(Effect.READ, deciding=True, group="objects", name="get_creative")
    async def _creative(self, id: str, **_: Unpack[CallOptions]) -> dict[str, Any]:  # noqa: A002 - as above
        found = await self._send(self._build("AdCreative", id, "api_get", {"fields": FIELDS}))
        return dict(found) if isinstance(found, dict) else {}

    async def create_creative(
        self, creative: Creative, *, name: str, idempotency_key: str, **options: Unpack[CallOptions]
    ) -> Created[Creative]:
        """Make a creative, once for each key; give its `id` to ads: `Creative(kind=..., id=...)`.

        It is found again by a label, because the vendor may change the names of creatives.
        """
        if creative.id is not None:
            raise InvalidRequestError(
                "the creative has an id, so it is there", field="creative.id", value=creative.id, vendor=self.vendor,
                hint="leave the id out to have a new one made",
            )  # fmt: skip
        label = write.label_of(token(self.vendor, self.account, "create_creative", idempotency_key))
        body = {**creative_out(creative, name), "adlabels": [{"name": label}], "fields": FIELDS}
        request = self._build("AdAccount", self.account, "create_ad_creative", body)
        payload = {"creative": creative, "name": name}
        written = await self._create_creative(payload, request, label, idempotency_key=idempotency_key, **options)
        shown = written.shown if written.shown is not None else await self._creative(written.value)
        made: Created[Creative] = Created(value=parse(shown), how=written.how)
        return stamp(made, self._now())

    @operation(
        Effect.CREATE, look="_look_creative", payload=("payload",), group="create", limits=("ad_create",),
        name="create_creative", spend=NeverSpends("a creative is shown by ads only, which are judged themselves"),
    )  # fmt: skip
    async def _create_creative(
        self, payload: Any, request: Request, label: str, *, idempotency_key: str, **_: Unpack[CallOptions]
    ) -> Written[str]:
        del payload, label, idempotency_key  # the payload makes the hash, the label is in the request
        id_, shown = await self._send_create_once(request)
        return Written(id_, shown=shown if isinstance(shown, dict) and shown.keys() > {"id"} else None)

    async def _look_creative(
        self, payload: Any, request: Request, label: str, *, idempotency_key: str
    ) -> Sequence[str]:  # fmt: skip
        del payload, request, idempotency_key
        return await self._labelled_creatives(label)

    @operation(Effect.READ, deciding=True, group="objects", name="find_creative")
    async def _labelled_creatives(self, label: str, **_: Unpack[CallOptions]) -> Sequence[str]:
        ids = await self._labels(label)
        if not ids:
            return ()
        params = {"ad_label_ids": ids, "operator": "ANY", "fields": "id"}
        data = await self._send(self._build("AdAccount", self.account, "get_ad_creatives_by_labels", params))
        return sorted((required(row, "id") for row in rows_of(data)), key=lambda id_: (len(id_), id_))
