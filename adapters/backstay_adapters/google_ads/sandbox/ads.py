"""Ads inside ad groups: their texts, their review, and AdService, which changes their content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.world import State
from backstay_adapters.google_ads.sandbox import checks
from backstay_adapters.google_ads.sandbox.failure import Problem, Refusal
from backstay_adapters.google_ads.sandbox.kinds import KINDS
from backstay_adapters.google_ads.sandbox.masks import masked
from backstay_adapters.google_ads.sandbox.protos import Message, put
from backstay_adapters.google_ads.sandbox.txn import Draft

if TYPE_CHECKING:
    from backstay_adapters.google_ads.sandbox.txn import Op

DENY: Final = "[deny]"
"""In a text: the ad fails its review."""
POLICY: Final = "[policy]"
"""In a text: the ad is refused at once."""

NAMED: Final = ("display_upload_ad", "image_ad", "shopping_comparison_listing_ad", "video_ad")
"""Kinds of ads that can have a name (the vendor's own words); a responsive search ad is not among them."""

SEARCH: Final = "responsive_search_ad"
_LISTS: Final = (("headlines", 3, 15, 30), ("descriptions", 2, 4, 90))
"""Of a responsive search ad: least, most, and the longest text."""


def create(op: Op, pb: Message) -> Draft:
    """A new ad in its ad group: ENABLED, unless one says otherwise."""
    group = op.resolve(KINDS["ad_group"], pb.ad_group, "ad_group")
    if group.state is State.REMOVED:
        text = "The operation is not allowed for removed resources."
        word = "OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE"
        raise op.refuse("operation_access_denied_error", word, text, "ad_group", trigger=group.name)
    pb.ad_group = group.name
    state = checks.state(op, pb, created=True)
    _content(op, pb.ad)
    parent = group.kind.id_of(group.name)
    if state is State.ACTIVE:
        _room(op, parent, None)
    pb.ad.id = int(op.txn.ctx.sim.new_id())
    pb.ad.resource_name = KINDS["ad"].name_of(op.txn.customer.id, str(pb.ad.id))
    kind = pb.ad.WhichOneof("ad_data")
    known = pb.ad.DESCRIPTOR.fields_by_name["type_"].enum_type.values_by_name
    if kind.upper() in known:
        put(pb.ad, "type_", kind.upper())
    name = op.kind.name_of(op.txn.customer.id, f"{parent}~{pb.ad.id}")
    return Draft(op.kind, name, pb, state, parent, extra=_review(op, pb.ad))


def update(op: Op, old: Draft, pb: Message) -> Draft:
    """Its status; the content is changed through AdService."""
    state = checks.state(op, pb, created=False)
    if state is State.ACTIVE and old.state is not State.ACTIVE:
        _room(op, old.parent, old)
    draft = Draft(op.kind, old.name, pb, state, old.parent, old.key, old.thing)
    op.txn.update(draft, state=None if state is old.state else state)
    return draft


def remove(op: Op, old: Draft) -> None:
    """An ad may always go."""


def update_content(op: Op, given: Message) -> Draft:
    """AdService: the ad itself; it goes through the review again."""
    if not given.resource_name:
        raise op.refuse("request_error", "RESOURCE_NAME_MISSING", "The resource name is missing.", "resource_name")
    ads = op.txn.all(KINDS["ad_group_ad"])
    old = next((each for each in ads if each.pb.ad.resource_name == given.resource_name), None)
    if old is None or old.state is State.REMOVED:
        text = "Resource was not found."
        raise op.refuse("mutate_error", "RESOURCE_NOT_FOUND", text, "resource_name", trigger=given.resource_name)
    changed = masked(op, old.pb.ad, given, op.operation.update_mask.paths)
    _content(op, changed)
    pb = type(old.pb)()
    pb.CopyFrom(old.pb)
    pb.ad.CopyFrom(changed)
    op.txn.update(Draft(old.kind, old.name, pb, old.state, old.parent, old.key, old.thing), **_review(op, changed))
    return Draft(op.kind, given.resource_name, changed, old.state)


def texts(ad: Message) -> Iterator[str]:
    """Every text of an ad, wherever it stands."""
    for field, value in ad.ListFields():
        for each in value if field.is_repeated else (value,):
            if field.message_type is not None:
                yield from texts(each)
            elif isinstance(each, str):
                yield each


def _content(op: Op, ad: Message) -> None:
    kind = ad.WhichOneof("ad_data")
    if kind is None:
        raise op.required("ad", "ad_data")
    if ad.name and kind not in NAMED:
        text = "The field cannot be set."
        raise op.refuse("field_error", "VALUE_MUST_BE_UNSET", text, "ad", "name", trigger=ad.name)
    _urls(op, ad)
    if kind == SEARCH:
        _search(op, ad.responsive_search_ad)
    found = next((each for each in texts(ad) if POLICY in each), None)
    if found is not None:
        raise _finding(op, kind, found)


def _urls(op: Op, ad: Message) -> None:
    if not ad.final_urls:
        raise op.refuse(
            "field_error", "REQUIRED_NONEMPTY_LIST", "The required repeated field was empty.", "ad", "final_urls"
        )
    for index, url in enumerate(ad.final_urls):
        scheme, mark, rest = url.partition("://")
        if not mark or scheme not in {"http", "https"} or "." not in rest.split("/")[0]:
            text = "The final URL is not valid."
            raise op.refuse("url_field_error", "INVALID_FINAL_URL", text, "ad", ("final_urls", index), trigger=url)


def _search(op: Op, ad: Message) -> None:
    for field, least, most, longest in _LISTS:
        values = getattr(ad, field)
        if not least <= len(values) <= most:
            text = f"{field}: between {least} and {most} elements."
            raise op.refuse("ad_error", "INVALID_NUMBER_OF_ELEMENTS", text, "ad", SEARCH, field)
        for index, each in enumerate(values):
            where = ("ad", SEARCH, (field, index), "text")
            if not each.text:
                raise op.required(*where)
            if len(each.text) > longest:
                raise op.refuse("string_length_error", "TOO_LONG", "Too long.", *where, trigger=each.text)


def _finding(op: Op, kind: str, text: str) -> Refusal:
    path = (*op.prefix, op.action, "ad", kind)
    topics = [{"topic": "PROHIBITED", "type_": "PROHIBITED", "evidences": [{"text_list": {"texts": [text]}}]}]
    details = {"policy_finding_details": {"policy_topic_entries": topics}}
    message = "The resource has been disapproved since the policy summary includes policy topics of type PROHIBITED."
    return Refusal(Problem("policy_finding_error", "POLICY_FINDING", message, path, text, details))


def _review(op: Op, ad: Message) -> dict[str, Any]:
    denied = any(DENY in each for each in texts(ad))
    done = op.txn.ctx.now + op.txn.ctx.switches.review
    return {"_reviewed_at": None if denied else done, "_decided_at": done}


def _room(op: Op, parent: str | None, own: Draft | None) -> None:
    """An ad group has room for so many enabled responsive search ads."""
    most = op.txn.ctx.switches.enabled_ads
    others = [
        each
        for each in op.txn.all(KINDS["ad_group_ad"])
        if each.parent == parent and each.state is State.ACTIVE and (own is None or each.name != own.name)
    ]
    if sum(each.pb.ad.WhichOneof("ad_data") == SEARCH for each in others) >= most:
        details = {
            "resource_count_details": {
                "limit": most,
                "existing_count": len(others),
                "limit_type": "RESPONSIVE_SEARCH_ADS_PER_AD_GROUP",
            }
        }
        text = "The limit on the number of allowed resources in the parent resource."
        problem = Problem(
            "resource_count_limit_exceeded_error", "AD_GROUP_AD_LIMIT", text, (*op.prefix, op.action), None, details
        )
        raise Refusal(problem)
