"""Bar charts as SVG, written by hand: no library, readable on light and on dark ground."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, LEFT, RIGHT = 760, 170, 80
TOP, BAR, GAP = 58, 14, 12
STYLE = """
    text { font: 12px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600; font-size: 14px }
    .value { font-size: 11px; fill: #59636e }
    .bar0 { fill: #1f6feb } .bar1 { fill: #8c959f } .bar2 { fill: #bf8700 }
    @media (prefers-color-scheme: dark) {
        text { fill: #e6edf3 } .value { fill: #9198a1 }
        .bar0 { fill: #58a6ff } .bar1 { fill: #6e7681 } .bar2 { fill: #d29922 }
    }
"""

# By group, by the name of a bar.
Groups = Mapping[str, Mapping[str, float]]


def bars(title: str, names: Sequence[str], groups: Groups) -> str:
    """An SVG document: for each group a bar of each name that it has, all on one scale. At most three names."""
    largest = max(value for group in groups.values() for value in group.values())
    parts, y = [text(0, 16, title, "title"), *legend(names)], TOP
    for name, group in groups.items():
        parts.append(text(LEFT - 10, y + len(group) * BAR / 2 + 4, name, anchor="end"))
        for bar, value in group.items():
            length = value / largest * (WIDTH - LEFT - RIGHT)
            parts.append(rectangle(LEFT, y, length, names.index(bar)))
            parts.append(text(LEFT + length + 6, y + BAR - 4, f"{value:,.0f}", "value"))
            y += BAR
        y += GAP
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" role="img" aria-label="{escape(title)}">'
    return "\n".join([head, f"<style>{STYLE}</style>", *parts, "</svg>", ""])


def legend(names: Sequence[str]) -> list[str]:
    parts = []
    for place, name in enumerate(names):
        x = LEFT + place * 150
        parts += [rectangle(x, 30, BAR, place), text(x + BAR + 6, 41, name)]
    return parts


def rectangle(x: float, y: float, width: float, colour: int) -> str:
    return f'<rect class="bar{colour}" x="{x:.0f}" y="{y:.0f}" width="{width:.1f}" height="{BAR - 2}" rx="2"/>'


def text(x: float, y: float, said: str, kind: str = "", anchor: str = "start") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{escape(said)}</text>'
