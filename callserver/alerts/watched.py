"""The numbers that a rule can watch, each with its words and its unit.

In: nothing. Out: `WATCHED`. Must not know: who measures them. docs/alerts.md shows the table, made from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

About = Literal["queue", "switch", "site"]
"""What a number is of."""
Unit = Literal["count", "seconds", "ratio", "ppm"]
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


_ALL: Final = (
    Watched(key="waiting", about="queue", unit="count", bad="above", en="Callers waiting", zh="排队人数"),
    Watched(
        key="longest_wait_s", about="queue", unit="seconds", bad="above", en="Longest wait", zh="最长等待"
    ),
    Watched(key="ready", about="queue", unit="count", bad="below", en="Agents ready", zh="空闲座席"),
    Watched(
        key="nobody_ready_with_callers",
        about="queue",
        unit="count",
        bad="above",
        en="Callers waiting while nobody is ready",
        zh="无空闲座席时的排队人数",
    ),
    Watched(
        key="link_down_s",
        about="switch",
        unit="seconds",
        bad="above",
        en="Time without a view of the switch",
        zh="与交换机失联时长",
    ),
    Watched(
        key="trunk_failures",
        about="switch",
        unit="count",
        bad="above",
        en="Calls that a trunk did not take, last 5 minutes",
        zh="近5分钟中继呼叫失败数",
    ),
    Watched(
        key="omission_ppm",
        about="switch",
        unit="ppm",
        bad="above",
        en="Calls omitted, by the last comparison",
        zh="漏记率（最近一次核对）",
    ),
    Watched(
        key="disk_free_ratio",
        about="site",
        unit="ratio",
        bad="below",
        en="Free disk space",
        zh="磁盘剩余空间",
    ),
    Watched(
        key="promises_late",
        about="site",
        unit="count",
        bad="above",
        en="Promised calls past their due time",
        zh="已逾期的承诺回电",
    ),
    Watched(
        key="promises_broken",
        about="site",
        unit="count",
        bad="above",
        en="Promised calls past their deadline, not kept",
        zh="超过最后期限仍未履约的承诺",
    ),
    Watched(
        key="jobs_late_s",
        about="site",
        unit="seconds",
        bad="above",
        en="Age of the oldest work that should be done",
        zh="积压后台任务的最长延迟",
    ),
)
WATCHED: Final[Mapping[str, Watched]] = {one.key: one for one in _ALL}
