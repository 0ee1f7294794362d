"""Draws docs/faults.svg: under each fault the answers in time and the calls sent, ours and some peers'.

python docs/_generate/faults_picture.py
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

DOCS: Final = Path(__file__).resolve().parents[1]
PICTURE: Final = DOCS / "faults.svg"
OURS: Final = "backstay"
WIDTH, ROW, PLOT = 1000, 164, 104
STEP: Final = 2.0
"""Seconds of one point of the series."""


@dataclass(frozen=True)
class Story:
    """One row: its title, who is beside ours, and the seconds that are shaded where the series do not tell."""

    title: str
    peers: tuple[str, ...]
    fault: tuple[float, float] | None = None


ONE, TENACITY, HYX = "none (1 attempt)", "tenacity exp backoff 3", "hyx retry3+breaker"
STORIES: Final = {
    "a": Story("one attempt in ten fails", (ONE, TENACITY, "nopanic + adaptive_rate_limit (defaults: 429+503)")),
    "b": Story("an outage: nothing answers", (ONE, "stamina defaults (10/45s)", HYX)),
    "c": Story("a brownout: everything takes three times as long", (ONE, TENACITY, "nopanic retry3+budget+breaker")),
    "d": Story("a quota of 250 calls in ten seconds, and a burst", (ONE, TENACITY, HYX), (20, 25)),
    "e": Story("creates, and one answer in twenty is lost after the write", (ONE, TENACITY)),
    "f": Story("two answers in a hundred take twenty times as long", (ONE, "nopanic hedge (no budget)")),
}  # fmt: skip
NAMES: Final = {
    ONE: "one attempt", TENACITY: "tenacity", "stamina defaults (10/45s)": "stamina", HYX: "hyx",
    "nopanic retry3+budget+breaker": "nopanic", "nopanic hedge (no budget)": "nopanic, hedge",
    "nopanic + adaptive_rate_limit (defaults: 429+503)": "nopanic, adaptive limit",
}  # fmt: skip
LIGHT: Final = {
    "page": "#ffffff", "ink": "#1f2933", "dim": "#5f6c7b", "line": "#dde3e9", "fault": "#fdebd8",
    "0": "#0b5fb0", "1": "#7b8794", "2": "#d9480f", "3": "#2b8a3e",
}  # fmt: skip
DARK: Final = {
    "page": "#14181d", "ink": "#e6edf3", "dim": "#9aa7b4", "line": "#2d353e", "fault": "#3a2c1c",
    "0": "#6cb6ff", "1": "#8b98a5", "2": "#ff922b", "3": "#69db7c",
}  # fmt: skip


def load(name: str) -> Any:
    """What a run has printed."""
    return json.loads((DOCS / "_generate" / f"{name}.json").read_text("utf8"))


def colours(of: Mapping[str, str]) -> str:
    """One theme as rules."""
    lines = "".join(f".l{n}{{stroke:{of[n]}}}.t{n}{{fill:{of[n]}}}" for n in "0123")
    return (
        f"text{{fill:{of['ink']}}}.small{{fill:{of['dim']}}}.axis{{stroke:{of['line']}}}.fault{{fill:{of['fault']}}}"
        f".page{{fill:{of['page']}}}{lines}"
    )


def style(*, dark_only: bool = False) -> str:
    """Light, and dark where the reader's system is."""
    shapes = (
        'text{font:12px system-ui,"Segoe UI",Helvetica,Arial,sans-serif}.title{font-size:14px;font-weight:600}'
        ".small{font-size:11px}.t0{font-weight:700}.line{fill:none;stroke-width:1.5;stroke-linejoin:round}"
        ".l0{stroke-width:2.6}"
    )
    if dark_only:
        return shapes + colours(DARK)
    return f"{shapes}{colours(LIGHT)}@media (prefers-color-scheme:dark){{{colours(DARK)}}}"


def picture(*, dark_only: bool = False) -> str:
    """The whole drawing."""
    series, result = load("faults-series"), load("faults")
    height = 52 + ROW * len(STORIES)
    body = [
        text(52, 26, "Answers in time, % of what was asked", "title"),
        text(500, 26, "Calls sent, a second", "title"),
    ]
    for row, name in enumerate(STORIES):
        body += _row(name, 46 + ROW * row, series[name], result[name])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">\n'
        "<title>Under six faults: answers in time and calls sent, backstay and other libraries</title>\n"
        f"<style>{style(dark_only=dark_only)}</style>\n"
        f'<rect class="page" width="{WIDTH}" height="{height}"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "") -> str:
    """Words at a place."""
    extra = (f' class="{kind}"' if kind else "") + (f' text-anchor="{anchor}"' if anchor else "")
    return f'<text x="{x:.1f}" y="{y:.1f}"{extra}>{words}</text>'


def _row(name: str, top: float, series: Mapping[str, Any], result: Mapping[str, Any]) -> list[str]:
    story = STORIES[name]
    clients = [OURS, *story.peers]
    good = [series[client]["goodput"] for client in clients]
    sent = [series[client]["sent"] for client in clients]
    fault = series[OURS].get("fault", story.fault)
    drawn = [text(52, top + 10, f'<tspan class="t0">({name})</tspan> {story.title}')]
    drawn += Panel(52, 450, top + 22, 100.0).drawn(good, fault)
    drawn += Panel(500, 790, top + 22, _nice(max(map(max, sent)))).drawn(sent, fault)
    for number, client in enumerate(clients):
        y = top + 30 + 28 * number
        drawn.append(text(812, y, NAMES.get(client, client), f"t{number}"))
        drawn.append(text(812, y + 12, _told(name, result[client]), "small"))
    return drawn


def _told(name: str, found: Mapping[str, Any]) -> str:
    """The numbers that matter most, for one client: means of all seeds."""
    recover = found.get("recover_s", 0.0)
    back = "never back" if math.isinf(recover) else f"back after {recover:.1f} s"
    match name:
        case "a":
            return f"{found['goodput']:.1f} % in time, p99 {_seconds(found['p99'])}"
        case "b":
            return f"{back}, {found['out_calls_x']:.2f} x the calls"
        case "c":
            return f"{found['goodput']:.0f} % in time, {back}"
        case "d":
            return f"{found['success']:.0f} % answered, {found['n429']:,.0f} refusals"
        case "e":
            return f"{found['duplicates']:.0f} made twice, {found['orphans']:.0f} lost"
        case _:
            return f"p99 {_seconds(found['p99'])}, {found['calls_per_req']:.2f} calls each"


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms" if milliseconds < 10_000 else f"{milliseconds / 1000:.0f} s"


@dataclass(frozen=True)
class Panel:
    """A rectangle in which lines are drawn, from nothing to `most`."""

    left: float
    right: float
    top: float
    most: float

    def drawn(self, lines: Sequence[Sequence[float]], fault: tuple[float, float] | None) -> list[str]:
        """The shade, the axes and the lines; the first line is on top."""
        span = STEP * max(map(len, lines))
        every = 20 if span < 100 else 30
        drawn = [] if fault is None else [self._shade(fault, span)]
        for value in (0.0, self.most / 2, self.most):
            drawn.append(f'<path class="axis" d="M{self.left} {self._y(value):.1f}H{self.right}"/>')
            drawn.append(text(self.left - 6, self._y(value) + 4, f"{value:g}", "small", "end"))
        drawn += [
            text(
                self._x(seconds, span),
                self.top + PLOT + 14,
                f"{seconds} s",
                "small",
                "end" if seconds == span else "middle",
            )
            for seconds in range(every, int(span) + 1, every)
        ]
        for number, values in reversed(list(enumerate(lines))):
            points = [f"{self._x(STEP * (n + 0.5), span):.1f} {self._y(value):.1f}" for n, value in enumerate(values)]
            drawn.append(f'<path class="line l{number}" d="M{"L".join(points)}"/>')
        return drawn

    def _shade(self, fault: tuple[float, float], span: float) -> str:
        start, end = self._x(fault[0], span), self._x(fault[1], span)
        return f'<rect class="fault" x="{start:.1f}" y="{self.top}" width="{end - start:.1f}" height="{PLOT}"/>'

    def _x(self, seconds: float, span: float) -> float:
        return self.left + (self.right - self.left) * seconds / span

    def _y(self, value: float) -> float:
        return self.top + PLOT * (1 - min(value, self.most) / self.most)


def _nice(value: float) -> float:
    """A round number above."""
    step = 10 ** math.floor(math.log10(value))
    return float(next(step * factor for factor in (1, 2, 4, 6, 8, 10) if step * factor >= value))


if __name__ == "__main__":
    PICTURE.write_text(picture(), "utf8")
    print(PICTURE)
