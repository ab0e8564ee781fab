"""An alert in a sentence, for mails and lists.

In: a number with its unit, where it was measured. Out: words in English or Chinese. Must not know: who reads them.
"""

from __future__ import annotations

from typing import assert_never

from callserver.alerts.rule import Subject
from callserver.alerts.watched import WATCHED
from callserver.metrics.definitions import Unit

_SECONDS, _HOUR = 90, 3_600  # so long one says "75 s"; so many seconds has an hour


def number(metric: str, value: float | None, language: str) -> str:
    """A value with its unit, as the screens say it (agent_ui/static/page-alert-strip.js); a dash where there is none.

    Counts and seconds are whole; shares and millionths have one decimal at most.
    """
    if value is None:
        return "–"
    watched = WATCHED.get(metric)
    return _said(None if watched is None else watched.unit, value, _is_chinese(language))


def _said(unit: Unit | None, value: float, chinese: bool) -> str:
    match unit:
        case "count":
            return f"{value:.0f}"
        case "seconds":
            return _span(round(value), chinese)
        case "ratio":
            return f"{_short(value * 100)}%"
        case "ppm":
            return f"百万分之{_short(value)}" if chinese else f"{_short(value)} ppm"
        case "score" | None:
            return _short(value)
    assert_never(unit)


def _span(seconds: int, chinese: bool) -> str:
    """75 s; 5 min 5 s; 2 h 10 min: what is not there is not said."""
    if abs(seconds) < _SECONDS:
        return f"{seconds} 秒" if chinese else f"{seconds} s"
    if seconds < _HOUR:
        parts = ((seconds // 60, "分钟", "min"), (seconds % 60, "秒", "s"))
    else:
        parts = ((seconds // _HOUR, "小时", "h"), (seconds % _HOUR // 60, "分钟", "min"))
    return " ".join(f"{count} {zh if chinese else en}" for count, zh, en in parts if count)


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


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
