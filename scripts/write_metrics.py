"""Writes docs/metrics.md from `callserver/metrics/definitions.py`: `python -m scripts.write_metrics`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from callserver.metrics.definitions import DEFINITIONS, Definition

TARGET = Path(__file__).parent.parent / "docs" / "metrics.md"
_HEAD = """# Numbers

Written from `callserver/metrics/definitions.py` by `python -m scripts.write_metrics`; a test keeps them the same. The
wall, the reports, the API and the exports show these and no others, each under its key, and `GET
/api/v1/reports/definitions` tells them. All are computed from our own call records, never from Asterisk's counters,
which begin anew with each restart, average exponentially and count time-outs as abandonments.

`T` is the queue's target, 20 seconds where nothing else is said. A visit is one stay of a call in one queue. Intervals
are half-open, in the site's time zone; a day on which the clocks change has 23 or 25 hours. A number that touches a
gap, a span in which the server could not see a switch, says so. Where there is nothing to count a number is empty,
never 0 or 100 %.

How reports are counted, and when again: [reports.md](reports.md).
"""


def page() -> str:
    """The whole page."""
    live = [one for one in DEFINITIONS.values() if one.live and not one.reported]
    reported = [one for one in DEFINITIONS.values() if one.reported]
    parts = [_HEAD, "## In reports", "", *_table(reported), "", "## At this moment only", "", *_table(live)]
    return "\n".join(parts) + "\n"


def _table(many: Iterable[Definition]) -> list[str]:
    head = ["| key | name | meaning | formula | unit |", "|---|---|---|---|---|"]
    return head + [
        f"| `{one.key}` | {one.title.en} ({one.title.zh}) | {one.meaning.en} | {one.formula.en} | {_unit(one)} |"
        for one in many
    ]


def _unit(one: Definition) -> str:
    """With the direction that is good news, and whether the wall shows it, too."""
    better = {"up": ", more is better", "down": ", less is better", "none": ""}[one.better]
    return f"{one.unit}{better}{', also live' if one.live and one.reported else ''}"


if __name__ == "__main__":
    TARGET.write_text(page(), "utf-8")
