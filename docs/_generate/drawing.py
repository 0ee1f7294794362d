"""What the pictures of services are drawn with: the standard library alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

INK, GREY, LINE = "#1f2933", "#7b8794", "#d9dee3"
BLUE, BAND, ORANGE = "#1864ab", "#a5c8ea", "#d9480f"
Point = tuple[float, float]


@dataclass(frozen=True)
class Panel:
    """A rectangle on the page, and the numbers that its edges stand for."""

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> Point:
        """A place on the page."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return self.left + across * self.width, self.top + (1 - up) * self.height


def path(points: Iterable[Point], style: str, *, closed: bool = False) -> str:
    """A line through points."""
    d = " ".join(f"{'M' if n == 0 else 'L'}{x:.1f} {y:.1f}" for n, (x, y) in enumerate(points))
    return f'<path d="{d}{" Z" if closed else ""}" {style}/>'


def dot(place: Point, style: str, radius: float = 5.5) -> str:
    """A mark."""
    return f'<circle cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="{radius}" {style}/>'


def text(
    x: float, y: float, words: str, *, size: int = 12, fill: str = INK, anchor: str = "start", bold: bool = False
) -> str:
    """Words at a place."""
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}"{weight}>{words}</text>'
    )


def grid(panel: Panel, xs: Sequence[float], ys: Sequence[float], label: Callable[[float], str]) -> list[str]:
    """Thin lines with their numbers; the line at zero is darker."""
    drawn = []
    for y in ys:
        (x1, y1), (x2, _) = panel.at(panel.x[0], y), panel.at(panel.x[1], y)
        colour = GREY if y == 0 else LINE
        drawn.append(path([(x1, y1), (x2, y1)], f'stroke="{colour}" stroke-width="1" fill="none"'))
        drawn.append(text(x1 - 8, y1 + 4, label(y), size=11, fill=GREY, anchor="end"))
    for x in xs:
        place, bottom = panel.at(x, panel.y[0])
        drawn.append(text(place, bottom + 16, f"{x:g}", size=11, fill=GREY, anchor="middle"))
    return drawn


def band(panel: Panel, rows: Sequence[tuple[float, float, float]], style: str) -> str:
    """The space between two lines, clipped to the panel."""
    clip = [(x, max(panel.y[0], low), min(panel.y[1], high)) for x, low, high in rows]
    edge = [panel.at(x, high) for x, _, high in clip] + [panel.at(x, low) for x, low, _ in reversed(clip)]
    return path(edge, style, closed=True)


def page(width: int, height: int, title: str, body: Iterable[str]) -> str:
    """A whole picture on white, with a title for those who do not see it."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'font-family="system-ui, Helvetica, Arial, sans-serif">\n'
        f"<title>{title}</title>\n"
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
    )
    return head + "\n".join(body) + "\n</svg>\n"
