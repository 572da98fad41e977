"""A page of figures as one plain html file: a table and a chart, nothing fetched from anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

BAR, GAP, NAME, WIDTH = 22, 8, 220, 760

STYLE = """
body { font: 16px/1.6 "Microsoft YaHei", "PingFang SC", "Noto Sans CJK SC", sans-serif; margin: 2rem auto;
  max-width: 60rem; padding: 0 1rem; color: #1a1a1a; }
h1 { font-size: 1.5rem; border-bottom: 3px solid #b5121b; padding-bottom: .4rem; }
table { border-collapse: collapse; width: 100%; }
caption, h2 { text-align: left; font-weight: bold; font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
th, td { border: 1px solid #999; padding: .3rem .6rem; text-align: left; }
td.value { text-align: right; font-variant-numeric: tabular-nums; }
rect { fill: #b5121b; } text { font-size: 14px; fill: #1a1a1a; }
footer { color: #555; font-size: .85rem; margin-top: 1.5rem; }
@page { size: A4; margin: 2cm; } thead { display: table-header-group; }
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table of figures, as text that people read."""

    name: str
    value: str
    unit: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart: its length is its value, its ``shown`` text stands behind it."""

    name: str
    value: int
    shown: str


def figures_page(
    title: str, lines: Sequence[Line], chart_title: str, bars: Sequence[Bar], note: str, lang: str = "zh-CN"
) -> str:
    """The page as html text.

    Args:
        bars: the longest first; none leaves the chart out.
        note: how far the figures know, for the foot.
    """
    rows = "\n".join(
        f"<tr><th scope=row>{escape(each.name)}</th><td class=value>{escape(each.value)}</td>"
        f"<td>{escape(each.unit)}</td><td>{escape(each.code)}</td></tr>"
        for each in lines
    )
    drawn = f"<h2>{escape(chart_title)}</h2>\n{chart(chart_title, bars)}" if bars else ""
    return (
        f'<!doctype html>\n<html lang="{escape(lang)}"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>\n<h1>{escape(title)}</h1>\n"
        f"<table><tbody>\n{rows}\n</tbody></table>\n{drawn}\n<footer>{escape(note)}</footer></body></html>\n"
    )


def chart(title: str, bars: Sequence[Bar]) -> str:
    """Horizontal bars as inline SVG, with each value in writing."""
    longest = max(max(each.value for each in bars), 1)
    room = WIDTH - NAME - 160
    drawn = []
    for number, each in enumerate(bars):
        top = number * (BAR + GAP)
        length = max(room * each.value // longest, 0)
        drawn.append(
            f'<text x="{NAME - 8}" y="{top + BAR - 6}" text-anchor="end">{escape(each.name)}</text>'
            f'<rect x="{NAME}" y="{top}" width="{length}" height="{BAR}"/>'
            f'<text x="{NAME + length + 6}" y="{top + BAR - 6}">{escape(each.shown)}</text>'
        )
    height = len(bars) * (BAR + GAP)
    return (
        f'<svg role="img" aria-label="{escape(title)}" viewBox="0 0 {WIDTH} {height}" width="100%">'
        f"{''.join(drawn)}</svg>"
    )
