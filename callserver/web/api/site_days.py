"""The API of the house's own days: closed or worked, whatever the country's calendar says.

In: days. Out: days, and beside them the calendar of the site's country. Must not know: how they are kept, who is called
when.
"""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from callserver.errors import BadValue, NotFound
from callserver.promises.days import names, sort_of
from callserver.store import site_days, turns
from callserver.store.engine import Connection
from callserver.store.site_days import DayKind, SiteDay
from callserver.web.api.operation import Asked, Done, Operations
from callserver.web.api.shapes import Day, Moment, moment

api = Operations(
    "site-days", "The house's own days: closed although others work, worked although others are free."
)

DayName = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$", examples=["2027-02-14"])]
_LET_GO = ("outside_hours",)


class DayShown(Struct, frozen=True, kw_only=True):
    """A day of the house."""

    day: Day
    kind: DayKind
    title: str
    actor: str
    at: Moment


class CalendarDay(Struct, frozen=True, kw_only=True):
    """A day that the country's calendar knows: `holiday`, or `moved`: on a weekend, and worked."""

    day: Day
    sort: Annotated[str, Meta(examples=["holiday"])]
    title: str


class Days(Struct, frozen=True, kw_only=True):
    """Days of the house, and the calendar of its country in the year that was asked for."""

    days: list[DayShown]
    country: str
    year: int
    calendar: list[CalendarDay]


class DaysQuery(Struct, frozen=True, kw_only=True):
    year: Annotated[int, Meta(ge=2000, le=2100, description="Of the calendar; null: this year.")] | None = (
        None
    )


class DaysGiven(Struct, frozen=True, kw_only=True):
    """Days from the first to the last, both counted, all of one kind."""

    begin_on: DayName
    end_on: DayName
    kind: DayKind
    title: Annotated[str, Meta(max_length=200)] = ""


class DaysPut(Struct, frozen=True, kw_only=True):
    """What was written."""

    days: list[DayShown]


@api("GET", "/site-days", scope="tickets:read")
async def list_site_days(asked: Asked, query: DaysQuery) -> Done[Days]:
    """The house's own days, which go before the calendar wherever a policy asks it."""
    country = asked.site.plan.country.upper()
    year = query.year or datetime.fromtimestamp(asked.now / 1000, asked.site.zone).year
    mine = await asked.site.store.read(site_days.every)
    language = asked.person.language if asked.person else "en"
    known = await asyncio.to_thread(
        _calendar, country, year, language
    )  # a quarter of a second, the first time
    return Done(Days(days=[_shown(one) for one in mine], country=country, year=year, calendar=known))


@api("POST", "/site-days", scope="queues:manage", status=201)
def put_site_days(connection: Connection, asked: Asked, body: DaysGiven) -> Done[DaysPut]:
    """Say that these days are closed, or worked; what was said of them before is gone.

    A closed day is a holiday for every policy that asks the calendar, a worked one has the hours of a Monday. What is
    owed keeps its due time; whether it may be dialled is asked each time.
    """
    days = site_days.span(_day(body.begin_on, "begin_on"), _day(body.end_on, "end_on"))
    made = site_days.put(connection, days, body.kind, body.title, asked.actor, asked.now)
    turns.stir(connection, _LET_GO, asked.now)
    return Done(DaysPut(days=[_shown(one) for one in made]), location="/site-days")


@api("DELETE", "/site-days/{day}", scope="queues:manage", status=204, guarded=False)
def remove_site_day(connection: Connection, asked: Asked, day: DayName) -> Done[None]:
    """Go back to what the calendar says of a day."""
    try:
        which = date.fromisoformat(day)
    except ValueError:
        raise NotFound("nothing was said of this day") from None
    site_days.remove(connection, which, asked.actor, asked.now)
    turns.stir(connection, _LET_GO, asked.now)
    return Done(None)


def _calendar(country: str, year: int, language: str) -> list[CalendarDay]:
    return [
        CalendarDay(day=day.isoformat(), sort=sort_of(day, country), title=title)
        for day, title in names(country, year, language).items()
    ]


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadValue(field, "is no day, such as 2027-02-14") from None


def _shown(one: SiteDay) -> DayShown:
    return DayShown(
        day=one.day.isoformat(), kind=one.kind, title=one.title, actor=one.actor, at=moment(one.at) or ""
    )
