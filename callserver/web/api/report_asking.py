"""What somebody asks of the numbers, read from a query, cut to what they may see; and what keys are called.

In: dates, names, who asks. Out: what the store is asked; titles. Must not know: how numbers are made. Whoever sees some
queues only gets their numbers and no others: what was in no queue, a switch's omission, and a queue that they may not
see do not even change a total.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Annotated

from msgspec import Meta, Struct, field

from callserver.errors import BadValue
from callserver.facts import Instant
from callserver.metrics import slots
from callserver.metrics.definitions import DEFINITIONS
from callserver.metrics.slots import By
from callserver.store import counted_floor, reporting, teams, users
from callserver.store.engine import Connection
from callserver.store.reporting import Split
from callserver.web.api import seeing
from callserver.web.api.operation import Asked
from callserver.web.api.problems import wrong_query
from callserver.web.api.shapes import Day

Title = Callable[[str], str]
Names = Annotated[str, Meta(max_length=2000, description="Some, with commas between.")]


class ReportQuery(Struct, frozen=True, kw_only=True):
    first: Annotated[Day, Meta(description="The first day, by the site's calendar.")] = field(name="from")
    last: Annotated[Day, Meta(description="The last day; it counts itself.")] = field(name="to")
    by: Annotated[By, Meta(description="How the time is cut; an interval is a quarter of an hour.")] = "day"
    split: Annotated[Split, Meta(description="A row for each of these; without it, one for all.")] | None = (
        None
    )
    queue: Annotated[Names, Meta(description="Of these queues only.")] | None = None
    team: Annotated[Names, Meta(description="Of the queues of these teams only.")] | None = None
    agent: Annotated[Names, Meta(description="Of these only: ids of users, or phones.")] | None = None
    kind: Annotated[Names, Meta(description="Of calls on tickets of these kinds only.")] | None = None
    site: Annotated[Names, Meta(description="Of these Asterisks only.")] | None = None
    outcome: Annotated[Names, Meta(description="Of what ended so only.")] | None = None
    compare: Annotated[bool, Meta(description="With the totals of the period before.")] = False


_BY_DAY = tuple(
    key for key, one in DEFINITIONS.items() if one.reported and key not in ("occupancy", "omission_ppm")
)
_PROMISES = tuple(
    key for key in _BY_DAY if key.startswith("promise") or key in ("ratings", "csat", "dissatisfied_ppm")
)
_TICKETS = ("first_visit_fix", "repeat_repair", "ticket_age_median", "ticket_age_p95")
_CALLS = tuple(key for key in _BY_DAY if key not in (*_PROMISES, *_TICKETS))
_FILTERS: tuple[Split, ...] = ("agent", "kind", "outcome", "site")
_COLUMNS: Mapping[Split | None, tuple[str, ...]] = {
    None: tuple(key for key, one in DEFINITIONS.items() if one.reported),
    "queue": _BY_DAY,
    "agent": tuple(key for key, one in DEFINITIONS.items() if key in _CALLS or key == "occupancy"),
    "team": _CALLS,
    "kind": _BY_DAY,
    "site": _CALLS,
    "outcome": _CALLS,
    "promise": _PROMISES,
}


@contextmanager
def asked_too_much() -> Iterator[None]:
    """What the store refuses is wrong in the query. Raises Refused 400."""
    try:
        yield
    except BadValue as error:
        raise wrong_query(error.field, error.why) from None


def columns(wanted: reporting.Asked) -> list[str]:
    """The metrics that mean something when numbers are cut and split so.

    Time at work is no queue's and no kind's; a switch's omission is of all its calls.
    """
    unknown = set() if wanted.timed else {"occupancy"}
    if wanted.queues is not None or wanted.only:
        unknown.add("omission_ppm")
    filtered = [_COLUMNS[name] for name in _FILTERS if name in wanted.only]
    return [
        key
        for key in _COLUMNS[wanted.split]
        if key not in unknown and all(key in told or key == "occupancy" for told in filtered)
    ]


def wanted(connection: Connection, asked: Asked, query: ReportQuery) -> reporting.Asked:
    """What the store is asked. Raises BadValue; a queue or team that one may not see is as one that is not there."""
    made = reporting.Asked(
        first=_day("from", query.first),
        last=_day("to", query.last),
        by=query.by,
        split=query.split,
        queues=_queues(connection, asked, query),
        only={name: frozenset(said) for name in _FILTERS if (said := _listed(getattr(query, name)))},
        people=_people(connection, asked, query),
        zone=asked.site.zone,
        present=asked.site.queues.present,
    )
    reporting.check(made)
    if made.by_slot or made.from_rows:
        must_be_counted(connection, asked, made.span.begin)
    return made


def must_be_counted(connection: Connection, asked: Asked, begin: Instant) -> None:
    """Raises BadValue where single calls of that time were kept long enough, and are counted one by one no longer."""
    since = counted_floor.of(connection)
    if begin < since:
        day = slots.date_of(since, asked.site.zone)
        raise BadValue(
            "from", f"of before {day} only the sums of days are kept: ask by day, for one thing at once"
        )


def sees_all(asked: Asked) -> bool:
    """Whether every queue may be seen, and what is in none."""
    return asked.person is None or asked.person.role not in ("agent", "supervisor")


def own_queues(asked: Asked) -> set[str]:
    """The queues that whoever asks answers for, by their names of today and of before."""
    person = asked.person
    assert person is not None
    named = {*person.watches, *(one.queue for one in person.queues)}
    return {name for one in named if seeing.queue(asked, one) for name in names(asked, one)}


def names(asked: Asked, queue: str) -> set[str]:
    """A queue's name of today and those that the switch knew it by before."""
    said = asked.site.queues.get(queue)
    return {queue, *(said.formerly if said is not None else ())}


def _day(field: str, said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise BadValue(field, "a day, such as 2026-11-22") from None


def _queues(connection: Connection, asked: Asked, query: ReportQuery) -> frozenset[str] | None:
    seen = None if sees_all(asked) else own_queues(asked)
    if query.queue is None and query.team is None:
        return None if seen is None else frozenset(seen)
    chosen = {name for one in _listed(query.queue) for name in names(asked, one)}
    for team in teams.every(connection) if query.team is not None else ():
        if team.name in _listed(query.team):
            chosen |= {name for one in team.queues for name in names(asked, one)}
    return frozenset(chosen if seen is None else chosen & seen)


def _people(connection: Connection, asked: Asked, query: ReportQuery) -> frozenset[str] | None:
    """Whose time at work may be told: of chosen queues nobody's; to a supervisor that of their own teams' people."""
    if query.queue is not None:
        return frozenset()
    person = asked.person
    if not sees_all(asked) and (person is None or person.role != "supervisor"):
        return frozenset()
    mine = None if sees_all(asked) or person is None else person.teams
    if query.team is None and mine is None:
        return None
    chosen = mine if query.team is None else _listed(query.team)
    theirs = (team for team in teams.every(connection) if team.name in (chosen or ()))
    return frozenset(
        str(user) for team in theirs if mine is None or team.name in mine for user in team.members
    )


def _listed(given: str | None) -> list[str]:
    return [one.strip() for one in (given or "").split(",") if one.strip()]


def titles(connection: Connection, asked: Asked, split: Split | None) -> Title:
    """What keys are called: queues by their titles, agents by their names; a key that has none is its own."""
    if split == "queue":
        book = asked.site.queues
        return lambda key: (book[key].title or key) if key in book else key
    if split == "agent":
        known = {str(one.person.id): one.person.name for one in users.every(connection)}
        return lambda key: known.get(key, key)
    return lambda key: key
