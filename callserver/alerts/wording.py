"""An alert in a sentence, for mails and lists.

In: a number with its unit, where it was measured. Out: words in English or Chinese. Must not know: who reads them.
"""

from __future__ import annotations

from typing import Final

from callserver.alerts.rule import Subject
from callserver.alerts.watched import WATCHED
from callserver.metrics.definitions import Unit

_UNITS: Final[dict[Unit, tuple[str, str]]] = {
    "count": ("{0:g}", "{0:g}"),
    "seconds": ("{0:.0f} s", "{0:.0f} 秒"),
    "ratio": ("{0:.1%}", "{0:.1%}"),
    "score": ("{0:.1f}", "{0:.1f}"),
    "ppm": ("{0:g} ppm", "百万分之{0:g}"),
}


def number(metric: str, value: float | None, language: str) -> str:
    """A value with its unit; a dash where there is none."""
    watched = WATCHED.get(metric)
    if value is None:
        return "–"
    return f"{value:g}" if watched is None else _UNITS[watched.unit][_is_chinese(language)].format(value)


def metric(key: str, language: str) -> str:
    """What a number is called; its key where a newer version invented it."""
    watched = WATCHED.get(key)
    if watched is None:
        return key
    return watched.zh if _is_chinese(language) else watched.en


def where(subject: Subject, language: str, title: str = "") -> str:
    """A queue (by its `title`, where it has one), a switch or the site."""
    chinese = _is_chinese(language)
    if subject.about == "queue":
        name = title or subject.name
        return f"队列 {name}（{subject.pbx}）" if chinese else f"queue {name} ({subject.pbx})"
    if subject.about == "switch":
        return f"交换机 {subject.pbx}" if chinese else f"switch {subject.pbx}"
    return "全站" if chinese else "the whole site"


def _is_chinese(language: str) -> bool:
    return language.startswith("zh")
