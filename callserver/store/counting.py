"""Calls -> rows that can be counted: read and judged first, written after, so that writing is short.

In: which calls, what is set of queues. Out: rows of `counted`; which spans' sums are not theirs any more (`to_sum`).
Must not know: when to count, what the sums are made into. Counting a call twice changes nothing: rows are compared with
what is there, and only what differs is written and marked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from operator import itemgetter
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    Connection,
    Table,
    and_,
    bindparam,
    case,
    delete,
    false,
    func,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy import insert as plain_insert

from callserver.facts import CallId, Instant, PbxId, instant
from callserver.metrics import slots
from callserver.metrics.handlings import Handling, handlings
from callserver.metrics.visits import Visit, count, of_record
from callserver.people import UserId
from callserver.store import counted_floor, teams, text
from callserver.store.count_phones import Phones
from callserver.store.counted import call_counts, handling_counts, to_sum, visit_counts
from callserver.store.desk import call_tickets, tickets
from callserver.store.schema import calls
from callserver.store.teams import Team
from callserver.store.upsert import insert

Ref: TypeAlias = tuple[str, str]
"""A switch and a call of it."""
Row: TypeAlias = dict[str, Any]
Terms: TypeAlias = Callable[[str], tuple[int, int]]
"""A queue's target and its threshold of short abandons, in milliseconds."""

AGAIN_MS: Final = 7 * 24 * 3600 * 1000
"""Who calls again about the same matter within so long was not helped."""
_OF_CALLS: Final = (visit_counts, handling_counts, call_counts)


@dataclass(slots=True)
class Counted:
    """What some calls count for: rows by table. `calls`: all that were asked for, also those that are gone."""

    calls: tuple[Ref, ...]
    rows: dict[str, list[Row]] = field(default_factory=lambda: {table.name: [] for table in _OF_CALLS})


# --- reading ---------------------------------------------------------------------------------------------------------


def judge(connection: Connection, some: Sequence[Ref], terms: Terms) -> Counted:
    """What these calls count for, as they are on record now; of a call that is no more: nothing."""
    these = tuple(dict.fromkeys(some))
    return judge_records(connection, these, _records(connection, these), terms)


def judge_records(
    connection: Connection, some: Sequence[Ref], records: Iterable[Row], terms: Terms
) -> Counted:
    """The same of records that were read."""
    made = Counted(tuple(some))
    matters = _matters(connection, made.calls)
    known = teams.every(connection)
    for group in _near(record for record in records if not record.get("shift")):
        judging = _Judging(_phones(connection, group), known, terms)
        for record in group:
            key = (text.key(record["pbx"]), text.key(record["id"]))
            judging.judge(record, matters.get(key) or _NO_MATTER, made.rows)
    return made


_NEAR_MS: Final = 6 * 3600 * 1000


def _near(records: Iterable[Row]) -> list[list[Row]]:
    """Calls of about the same time together: whose phones are read at once is read for all of that time."""
    found: list[list[Row]] = []
    first: Instant | None = None
    for at, record in sorted(((_began(one), one) for one in records), key=itemgetter(0)):
        if first is None or at - first > _NEAR_MS:
            found.append([])
            first = at
        found[-1].append(record)
    return found


def _began(record: Row) -> Instant:
    return instant(record.get("started_at")) or 0


def _phones(connection: Connection, some: Sequence[Row]) -> Phones:
    """All phones that may have answered one of these calls."""
    answered = {
        (str(record["pbx"]), phone)
        for record in some
        for phone in (
            *(one.interface for one in of_record(record)),
            *(one.interface for one in handlings(record)),
        )
        if phone is not None
    }
    last = max(instant(record.get("ended_at")) or _began(record) for record in some)
    return Phones(connection, answered, slots.Span(_began(some[0]), last + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matter:
    kind: str = ""
    ticket: int | None = None
    customer: int | None = None
    product: int | None = None


_NO_MATTER: Final = _Matter()


class _Judging:
    """Some calls at once: phones and teams were read once for all."""

    def __init__(self, phones: Phones, known: Sequence[Team], terms: Terms) -> None:
        self._phones = phones
        self._terms = terms
        self._teams = known

    def judge(self, record: Row, matter: _Matter, rows: dict[str, list[Row]]) -> None:
        key = {"pbx": text.key(record["pbx"]), "call_id": text.key(record["id"])}
        visits = of_record(record)
        for visit in visits:
            rows[visit_counts.name].append(key | self._visit(visit, matter))
        for one in handlings(record):
            if (row := self._handling(record, one, matter)) is not None:
                rows[handling_counts.name].append(key | row)
        if (began := instant(record.get("started_at"))) is not None:
            rows[call_counts.name].append(key | self._call(record, visits, began, matter))

    def _visit(self, visit: Visit, matter: _Matter) -> Row:
        sums = count(visit, *self._terms(visit.queue))
        answered_at = visit.entered_at + (visit.wait_ms or 0)
        return {
            "n": visit.n,
            **self._whose(visit.pbx, visit.queue, visit.interface, answered_at),
            "kind": matter.kind,
            "at": visit.entered_at,
            "outcome": visit.end,
            "wait_ms": visit.wait_ms,
            "in_target": bool(sums.answered_in_target),
            "short": bool(sums.short),
            "gap": visit.gap,
        }

    def _handling(self, record: Row, one: Handling, matter: _Matter) -> Row | None:
        pbx = PbxId(record["pbx"])
        whose = self._whose(pbx, one.queue, one.interface, one.talked_from)
        if one.direct and whose["agent"] == one.interface:
            return None  # nobody who works here sat there: the customer's own line, an outside number
        wrap_ms, ended_at = self._phones.wrapped(pbx, one.interface, CallId(record["id"]), one.ended_at)
        return {
            "n": one.n,
            **whose,
            "kind": matter.kind,
            "at": ended_at,
            "talk_ms": one.talk_ms,
            "hold_ms": one.hold_ms,
            "wrap_ms": wrap_ms,
            "transferred": one.transferred,
            "gap": one.gap,
        }

    def _call(self, record: Row, visits: Sequence[Visit], began: Instant, matter: _Matter) -> Row:
        first = visits[0] if visits else None
        taken = next((one for one in visits if one.interface), None)
        queue, interface = (taken.queue, taken.interface) if taken else ("", None)
        at = taken.entered_at + (taken.wait_ms or 0) if taken else began
        whose = self._whose(PbxId(record["pbx"]), queue, interface, at)
        return {
            **whose,
            "queue": text.key(first.queue) if first else "",
            "kind": matter.kind,
            "at": began,
            "direction": str(record.get("direction") or ""),
            "outcome": "" if record.get("open") else str(record.get("outcome") or ""),
            "customer_id": matter.customer,
            "product_id": matter.product,
            "ticket_id": matter.ticket,
            "known": _is_known(record, matter),
            "repeated": False,
            "gap": bool(record.get("gap")),
        }

    def _whose(self, pbx: PbxId, queue: str, interface: str | None, at: Instant) -> Row:
        """Who sat at a phone; the phone itself where nobody had signed in."""
        user = None if interface is None else self._phones.who(pbx, interface, at)
        agent = text.key(interface or "") if user is None else str(user)
        return {
            "queue": text.key(queue),
            "interface": text.optional_key(interface),
            "agent": agent,
            "team": "" if user is None else self._team(user, queue),
        }

    def _team(self, user: UserId, queue: str) -> str:
        """One of theirs: that which answers the queue, if one does."""
        theirs = [one for one in self._teams if user in one.members]
        answering = [one.name for one in theirs if queue in one.queues]
        return next(chain(answering, (one.name for one in theirs)), "")


def _is_known(record: Row, matter: _Matter) -> bool:
    """Whether it can be said that somebody called again about this: who called, and about what."""
    about = matter.ticket if matter.product is None else matter.product
    return record.get("direction") == "inbound" and matter.customer is not None and about is not None


def _records(connection: Connection, some: Sequence[Ref]) -> list[Row]:
    found: list[Row] = []
    for pbx, ids in _by_switch(some).items():
        wanted = select(calls.c.record).where(calls.c.pbx == pbx, calls.c.call_id.in_(ids))
        found += [text.load(body) for body in connection.execute(wanted).scalars()]
    return found


def _matters(connection: Connection, some: Sequence[Ref]) -> dict[Ref, _Matter]:
    found: dict[Ref, _Matter] = {}
    for pbx, ids in _by_switch(some).items():
        wanted = (
            select(
                call_tickets.c.call_id,
                tickets.c.id,
                tickets.c.kind,
                tickets.c.customer_id,
                tickets.c.product_id,
            )
            .join(tickets, tickets.c.id == call_tickets.c.ticket_id)
            .where(call_tickets.c.pbx == pbx, call_tickets.c.call_id.in_(ids))
        )
        for row in connection.execute(wanted):
            found[pbx, row.call_id] = _Matter(
                kind=row.kind, ticket=row.id, customer=row.customer_id, product=row.product_id
            )
    return found


def _by_switch(some: Iterable[Ref]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pbx, call in some:
        found.setdefault(text.key(pbx), []).append(text.key(call))
    return found


# --- writing ---------------------------------------------------------------------------------------------------------


def put(connection: Connection, counted: Counted, mark: Instant, day_of: Callable[[Instant], Instant]) -> int:
    """Write what differs from what is there, mark whose sums that changes; how many rows were written.

    mark: any number that grows, such as this moment. day_of: the beginning of an instant's day, in the site's zone.
    """
    changed, written = set[Instant](), 0
    customers: dict[int, list[Instant]] = {}
    for table in _OF_CALLS:
        old = _there(connection, table, counted.calls)
        new = {tuple(row[one.name] for one in table.primary_key): row for row in counted.rows[table.name]}
        if table is call_counts:
            _note_customers(customers, chain(old.values(), new.values()))
            for key, row in new.items():
                row["repeated"] = old.get(key, row)[
                    "repeated"
                ]  # judged below, beside the customer's other calls
        gone = [key for key, row in old.items() if new.get(key) != row]
        come = [row for key, row in new.items() if old.get(key) != row]
        if gone:
            connection.execute(delete(table).where(tuple_(*table.primary_key).in_(gone)))
        if come:
            connection.execute(plain_insert(table), come)
        changed.update(old[key]["at"] for key in gone)
        changed.update(row["at"] for row in come)
        written += len(come)
    changed |= _called_again(connection, customers)
    put_on_list(connection, changed, mark, day_of)
    return written


def put_on_list(
    connection: Connection, changed: Iterable[Instant], mark: Instant, day_of: Callable[[Instant], Instant]
) -> None:
    """The sums of these instants' quarter hours and days are to be made again, as far as they can be."""
    ats = set(changed)
    found = {("slot", slots.quarter(at)) for at in ats} | {("day", day_of(at)) for at in ats}
    since = counted_floor.of(connection) if found else 0
    found = {one for one in found if one[1] >= since}
    if found:
        new = insert(connection, to_sum)
        new = new.on_conflict_do_update(index_elements=["level", "at"], set_={"mark": to_sum.c.mark + 1})
        connection.execute(new, [{"level": level, "at": at, "mark": mark} for level, at in sorted(found)])


def _there(connection: Connection, table: Table, some: Sequence[Ref]) -> dict[tuple[Any, ...], Row]:
    found: dict[tuple[Any, ...], Row] = {}
    for pbx, ids in _by_switch(some).items():
        wanted = select(table).where(table.c.pbx == pbx, table.c.call_id.in_(ids))
        for row in connection.execute(wanted):
            found[tuple(row._mapping[one.name] for one in table.primary_key)] = dict(row._mapping)
    return found


def _note_customers(customers: dict[int, list[Instant]], rows: Iterable[Row]) -> None:
    for row in rows:
        if row["known"]:
            customers.setdefault(row["customer_id"], []).append(row["at"])


def _called_again(connection: Connection, customers: Mapping[int, Sequence[Instant]]) -> set[Instant]:
    """Whether each call of these customers around these instants was followed by one about the same."""
    changed, c = set[Instant](), call_counts.c
    for customer, ats in customers.items():
        around = {"customer": customer, "first": min(ats) - AGAIN_MS, "last": max(ats) + AGAIN_MS}
        rows = connection.execute(_AROUND, around).all()
        for row, repeated in zip(rows, _repeated(rows), strict=True):
            if row.at <= max(ats) and repeated != row.repeated:
                place = (c.pbx == row.pbx, c.call_id == row.call_id)
                connection.execute(update(call_counts).where(*place).values(repeated=repeated))
                changed.add(row.at)
    return changed


_AROUND = (
    select(call_counts)
    .where(
        call_counts.c.customer_id == bindparam("customer"),
        call_counts.c.known.is_(True),
        call_counts.c.at >= bindparam("first"),
        call_counts.c.at <= bindparam("last"),
    )
    .order_by(call_counts.c.at, call_counts.c.call_id)
)


def _repeated(rows: Sequence[Any]) -> list[bool]:
    """Of one customer's calls in order: whether another about the same ticket or product follows soon."""
    found = [False] * len(rows)
    for of in ("ticket_id", "product_id"):
        matters: dict[int, list[int]] = {}
        for place, row in enumerate(rows):
            if (matter := getattr(row, of)) is not None:
                matters.setdefault(matter, []).append(place)
        for places in matters.values():
            for one, following in pairwise(places):
                if rows[following].at - rows[one].at <= AGAIN_MS:
                    found[one] = True
    return found


def judge_again(
    connection: Connection, queue: str, target_ms: int, short_ms: int, span: slots.Span
) -> set[Instant]:
    """Other settings of a queue: who was in time and who was short, of the visits of a span; where that changed."""
    c = visit_counts.c
    in_target = and_(c.outcome == "answered", func.coalesce(c.wait_ms <= target_ms, false()))
    short = and_(c.outcome == "abandoned", func.coalesce(c.wait_ms < short_ms, false()))
    judged = {
        "in_target": case((in_target, true()), else_=false()),
        "short": case((short, true()), else_=false()),
    }
    differs = or_(*(c[name] != value for name, value in judged.items()))
    here = (c.queue == text.key(queue), c.at >= span.begin, c.at < span.end, differs)
    changing = update(visit_counts).where(*here).values(**judged).returning(c.at)
    return set(connection.execute(changing).scalars())


def extent(connection: Connection) -> slots.Span | None:
    """From the first visit that was counted to the last; None: there is none."""
    first, last = connection.execute(select(func.min(visit_counts.c.at), func.max(visit_counts.c.at))).one()
    return None if first is None else slots.Span(first, last + 1)
