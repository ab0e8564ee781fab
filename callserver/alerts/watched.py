"""The numbers that a rule can watch, each with its words and its unit: those of `metrics.definitions` that are live.

In: the definitions. Out: `WATCHED`. Must not know: who measures them. docs/alerts.md shows the table, made from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from callserver.metrics.definitions import DEFINITIONS, Definition, Unit

About = Literal["queue", "switch", "site"]
"""What a number is of."""
Side = Literal["above", "below"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One number. `bad`: the side on which it is bad, which a new rule begins with."""

    key: str
    about: About
    unit: Unit
    bad: Side
    en: str
    zh: str


_ABOUT: Final[Mapping[str, About]] = {
    "link_down_s": "switch",
    "trunk_failures": "switch",
    "omission_ppm": "switch",
    "disk_free_ratio": "site",
    "promises_late": "site",
    "jobs_late": "site",
    "landings_waiting": "site",
    "landings_oldest_s": "site",
}
_NOT_MEASURED: Final = frozenset({"promises_due", "pop_latency_p50", "pop_latency_p95", "pop_latency_p99"})
"""Nobody gives these to the watch."""


def _watched(one: Definition) -> Watched:
    return Watched(
        key=one.key,
        about=_ABOUT.get(one.key, "queue"),
        unit=one.unit,
        bad="below" if one.better == "up" else "above",
        en=one.title.en,
        zh=one.title.zh,
    )


_BROKEN: Final = Watched(
    key="promises_broken", about="site", unit="count", bad="above", en="Promises broken", zh="超期未履约承诺"
)
WATCHED: Final[Mapping[str, Watched]] = {
    **{key: _watched(one) for key, one in DEFINITIONS.items() if one.live and key not in _NOT_MEASURED},
    "promises_broken": _BROKEN,
}
