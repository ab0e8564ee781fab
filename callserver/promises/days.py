"""What sort of day a date is in a country: an ordinary one, a holiday, or a free day on which people work.

In: a date and a country. Out: the sort. Must not know: policies, clocks. China moves working days: the Sunday before a
long holiday is worked, and a Tuesday after it is free; the `holidays` library knows them as far as they are published
(about a year ahead), and the plain holidays of the law for the years after that. It takes a quarter of a second to
load, so it is loaded when a holiday is asked for first, and not by every command that never asks.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Literal

Sort = Literal["ordinary", "holiday", "moved"]
"""moved: falls on a free day of the week, and is worked."""


@lru_cache(maxsize=1)
def countries() -> frozenset[str]:
    """ISO 3166-1 codes of the countries whose holidays are known."""
    import holidays

    return frozenset(holidays.list_supported_countries())


def sort_of(day: date, country: str) -> Sort:
    """The sort of a day; every day is ordinary where the country is empty or none that is known."""
    if not country or country not in countries():
        return "ordinary"
    free, worked = _year(country, day.year)
    if day in worked:
        return "moved"
    return "holiday" if day in free else "ordinary"


def names(country: str, year: int, language: str) -> dict[date, str]:
    """The days of a year that are not ordinary, the moved ones too: what each is called in a language (`zh-CN`), else
    in the country's own; nothing where a day has no name."""
    if not country or country not in countries():
        return {}
    import holidays

    free, worked = _year(country, year)
    tongue = {"zh-CN": "zh_CN", "en": "en_US"}.get(language)
    known = holidays.country_holidays(
        country, years=(year - 1, year, year + 1), expand=False, language=tongue
    )
    return {day: known.get(day) or "" for day in sorted(free | worked)}


@lru_cache(maxsize=64)
def _year(country: str, year: int) -> tuple[frozenset[date], frozenset[date]]:
    """Holidays and moved working days. The years beside it are asked too: some days belong to the next one's list."""
    import holidays

    known = holidays.country_holidays(country, years=(year - 1, year, year + 1), expand=False)
    worked: set[date] = getattr(known, "weekend_workdays", None) or set()
    return (
        frozenset(day for day in known if day.year == year),
        frozenset(day for day in worked if day.year == year),
    )
