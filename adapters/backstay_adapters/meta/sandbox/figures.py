"""The frame's numbers in the words of insights: every metric a text, what is zero absent where Meta leaves it out."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from backstay.sandbox.delivery import ADDABLE, COUNTS, Numbers

BREAKDOWNS: Final = {
    "age": {"18-24": 0.15, "25-34": 0.35, "35-44": 0.3, "45-54": 0.12, "55-64": 0.05, "65+": 0.03},
    "gender": {"female": 0.52, "male": 0.45, "unknown": 0.03},
    "country": {"US": 0.7, "GB": 0.3},
    "publisher_platform": {"facebook": 0.6, "instagram": 0.35, "audience_network": 0.05},
    "device_platform": {"desktop": 0.2, "mobile": 0.8},
}
"""The breakdowns that the simulator knows, with each value's share."""

WINDOWS: Final = (
    "1d_click", "7d_click", "28d_click", "1d_view", "7d_view", "28d_view", "1d_ev", "default", "dda", "skan_click",
    "skan_view", "skan_click_second_postback",
)  # fmt: skip
_SHARES: Final = {"1d_click": "0.6", "7d_click": "0.9", "28d_click": "1", "1d_view": "0.1", "1d_ev": "0.05"}
"""What a window has of all; windows that are dead (7d_view, 28d_view since 2026-01-12) have nothing."""

NAMES: Final = (
    "account_id", "account_name", "account_currency", "campaign_id", "campaign_name", "adset_id", "adset_name",
    "ad_id", "ad_name", "objective", "optimization_goal", "buying_type", "date_start", "date_stop",
    "attribution_setting", "created_time", "updated_time",
)  # fmt: skip
_PURCHASES: Final = ("purchase", "omni_purchase", "offsite_conversion.fb_pixel_purchase")
_RATES: Final[dict[str, tuple[str, str, int]]] = {
    "cpm": ("spend", "impressions", 1000),
    "cpc": ("spend", "all_clicks", 1),
    "ctr": ("all_clicks", "impressions", 100),
    "frequency": ("impressions", "reach", 1),
    "inline_link_click_ctr": ("clicks", "impressions", 100),
    "cost_per_inline_link_click": ("spend", "clicks", 1),
    "unique_ctr": ("clicks", "reach", 100),
}
_PLAIN: Final = {
    "impressions": "impressions", "clicks": "all_clicks", "reach": "reach", "inline_link_clicks": "clicks",
    "unique_clicks": "clicks", "unique_inline_link_clicks": "clicks",
}  # fmt: skip
_LISTS: Final[dict[str, Callable[[Numbers], dict[str, Decimal]]]] = {
    "actions": lambda sums: {
        **dict.fromkeys(_PURCHASES, sums["conversion"]),
        "link_click": sums["clicks"], "landing_page_view": sums["clicks"] // 2,
        "post_engagement": sums["clicks"] + sums["video_play_actions"], "video_view": sums["video_play_actions"],
    },
    "action_values": lambda sums: dict.fromkeys(_PURCHASES, sums["total_purchase_value"]),
    "cost_per_action_type": lambda sums: {
        name: sums["spend"] / value
        for name, value in {"link_click": sums["clicks"], "purchase": sums["conversion"]}.items()
        if value
    },
    "purchase_roas": lambda sums: {
        "omni_purchase": sums["total_purchase_value"] / sums["spend"] if sums["spend"] else Decimal(0)
    },
    "outbound_clicks": lambda sums: {"outbound_click": sums["clicks"]},
    "video_play_actions": lambda sums: {"video_view": sums["video_play_actions"]},
    "video_thruplay_watched_actions": lambda sums: {"video_view": sums["video_play_actions"] // 4},
    "conversions": lambda _: {},
}  # fmt: skip
_MONEY: Final = frozenset({"action_values", "cost_per_action_type", "purchase_roas"})
KNOWN: Final = frozenset({*NAMES, "spend", *_PLAIN, *_RATES, *_LISTS})


def figure(sums: Numbers, name: str, windows: tuple[str, ...]) -> Any:
    """One metric as the vendor writes it; None when there is nothing to write."""
    every: Numbers = {**sums, "all_clicks": 2 * sums["clicks"]}  # no share: days must add up to their range
    if name == "spend":
        return format(sums["spend"].quantize(Decimal("0.01")).normalize(), "f")
    if name in _PLAIN:
        return str(int(every[_PLAIN[name]]))
    if name in _RATES:
        over, under, times = _RATES[name]
        return None if not every[under] else f"{every[over] * times / every[under]:.6f}"
    step = Decimal("0.01") if name in _MONEY else Decimal(1)
    return _entries(_LISTS[name](sums), windows, step)


def _entries(values: dict[str, Decimal], windows: tuple[str, ...], step: Decimal) -> list[dict[str, str]] | None:
    found = []
    for action, value in values.items():
        if value:
            shares = {window: _text(value * Decimal(_SHARES[window]), step) for window in windows if window in _SHARES}
            found.append({"action_type": action, "value": _text(value, step), **shares})
    return found or None


def _text(value: Decimal, step: Decimal) -> str:
    return format(value.quantize(step, rounding=ROUND_DOWN).normalize(), "f")


def split(sums: Numbers, breakdowns: tuple[str, ...], unit: Decimal) -> list[tuple[dict[str, str], Numbers]]:
    """The numbers per value of the breakdowns; the parts add up to the whole."""
    if not breakdowns:
        return [({}, sums)]
    parts: list[tuple[dict[str, str], float]] = [({}, 1.0)]
    for name in breakdowns:
        parts = [
            ({**words, name: value}, share * part) for words, share in parts for value, part in BREAKDOWNS[name].items()
        ]
    left = dict(sums)
    found = []
    for number, (words, share) in enumerate(parts, 1):
        mine = left if number == len(parts) else {name: _share(sums, name, share, unit) for name in ADDABLE}
        left = {name: left[name] - mine[name] for name in ADDABLE}
        found.append((words, dict(mine)))
    return found


def _share(sums: Numbers, name: str, share: float, unit: Decimal) -> Decimal:
    step = Decimal(1) if name in COUNTS else unit
    return (sums[name] * Decimal(str(share))).quantize(step, rounding=ROUND_DOWN)
