"""What has been kept long enough goes, kind by kind, in batches.

In: how long each kind is kept. Out: how much went, or how much would go. Must not know: settings, nights. Each batch is
one short transaction, so whoever writes meanwhile does not wait long; a run that is killed has done what it has done,
and the next one does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import partial

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select

from callserver.facts import MACHINE, Instant
from callserver.store import (
    at_work,
    attempts,
    audit,
    audit_chain,
    beside,
    dead_letters,
    desk,
    erasing,
    schema,
    timeline,
)
from callserver.store.at_work import command_under_way
from callserver.store.engine import Store
from callserver.store.erasing import By
from callserver.store.going import BATCH, Kind, by
from callserver.store.going_floor import OF_THE_FLOOR
from callserver.store.upsert import insert
from callserver.tickets.record import TicketId

DAY_MS = 86_400_000
_TICKETS = 50  # with their timelines and files


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Days that each kind is kept; 0: for ever. The names are those of the settings, without `_days`."""

    facts: int = 180
    calls: int = 1095
    texts: int = 1095
    tickets: int = 3650
    audit: int = 1095
    outbox: int = 14
    dead: int = 180
    jobs: int = 30
    answers: int = 1
    imports: int = 90
    drafts: int = 30
    counts: int = 1095
    spans: int = 1095
    alerts: int = 365
    messages: int = 90


def terms(days: Mapping[str, int]) -> Terms:
    """Terms by the names of the settings, which end in `_days`."""
    return Terms(**{name.removesuffix("_days"): many for name, many in days.items()})


async def sweep(store: Store, kept: Terms, now: Instant) -> dict[str, int]:
    """Take away all that is too old; how much of each kind. What went is noted in the audit, ids are not."""
    gone = {}
    for name, before in _ends(kept, now):
        if count := await _swept(store, KINDS[name], before, now):
            gone[name] = count
    if gone:
        await store.write(
            lambda connection: audit.note(connection, MACHINE, "retention", "retention", gone, now)
        )
    return gone


async def would_go(store: Store, kept: Terms, now: Instant) -> dict[str, int]:
    """How much of each kind `sweep` would take away now; it looks at every row, so it may take its time."""
    return {
        name: await store.report(partial(_counted, KINDS[name], before)) for name, before in _ends(kept, now)
    }


def _counted(kind: Kind, before: Instant, connection: Connection) -> int:
    return kind.old(connection, before)


async def _swept(store: Store, kind: Kind, before: Instant, now: Instant) -> int:
    total = 0
    while count := await store.write(lambda connection: kind.drop(connection, before, now)):
        total += count
    return total


def _ends(kept: Terms, now: Instant) -> list[tuple[str, Instant]]:
    """Each kind that is not kept for ever, and the instant before which it is too old."""
    days = {one.name: getattr(kept, one.name) for one in fields(kept)}
    return [(name, now - many * DAY_MS) for name, many in days.items() if many]


# --- by a condition --------------------------------------------------------------------------------------------------


def _old_call(before: Instant) -> ColumnElement[bool]:
    """Every switch by itself: the index begins with it."""
    calls, switches = schema.calls.c, select(schema.switches.c.pbx)
    return and_(calls.pbx.in_(switches), calls.started_at < before, calls.open.is_(False))


def _done_job(before: Instant) -> ColumnElement[bool]:
    return schema.jobs.c.done_at < before


def _dead_job(before: Instant) -> ColumnElement[bool]:
    return schema.jobs.c.dead_at < before


def _ended_import(before: Instant) -> ColumnElement[bool]:
    return desk.imports.c.finished_at < before


# --- facts -----------------------------------------------------------------------------------------------------------


def _old_facts(connection: Connection, before: Instant) -> int:
    old = select(func.count()).select_from(schema.facts).where(schema.facts.c.at < before)
    return int(connection.execute(old).scalar_one())


def _drop_facts(connection: Connection, before: Instant, now: Instant) -> int:
    """From the first number of each switch up to the first that is young; no index knows their instants."""
    facts, gone = schema.facts.c, 0
    for pbx in connection.execute(select(schema.switches.c.pbx)).scalars().all():
        first = select(facts.seq, facts.at).where(facts.pbx == pbx).order_by(facts.seq).limit(BATCH)
        rows = connection.execute(first).all()
        young = next((row.seq for row in rows if row.at is not None and row.at >= before), None)
        dated = (row.seq for row in rows if row.at is not None and (young is None or row.seq < young))
        last = max(dated, default=0)
        old = and_(facts.pbx == pbx, facts.seq <= last)
        gone += connection.execute(delete(schema.facts).where(old)).rowcount
    return gone


# --- tickets ---------------------------------------------------------------------------------------------------------


def _over(before: Instant) -> ColumnElement[bool]:
    """Not touched since: that has an index, and whoever closes a ticket touches it."""
    return and_(desk.tickets.c.touched_at < before, desk.tickets.c.open.is_(False))


def _some(connection: Connection, condition: ColumnElement[bool]) -> list[TicketId]:
    wanted = select(desk.tickets.c.id).where(condition).order_by(desk.tickets.c.touched_at, desk.tickets.c.id)
    return [TicketId(one) for one in connection.execute(wanted.limit(_TICKETS).with_for_update()).scalars()]


def _old_tickets(connection: Connection, before: Instant) -> int:
    return int(
        connection.execute(select(func.count()).select_from(desk.tickets).where(_over(before))).scalar_one()
    )


def _drop_tickets(connection: Connection, before: Instant, now: Instant) -> int:
    """With everything on them. Calls on them stay for as long as calls do."""
    if not (ids := _some(connection, _over(before))):
        return 0
    attempts.drop(connection, ids)
    with timeline.unsealed(connection, ids):
        for table in (desk.timeline, desk.attachments, desk.promises, desk.call_tickets, *beside.OF_TICKETS):
            connection.execute(delete(table).where(table.c.ticket_id.in_(ids)))
    return connection.execute(delete(desk.tickets).where(desk.tickets.c.id.in_(ids))).rowcount


def _worded(connection: Connection, before: Instant) -> ColumnElement[bool]:
    """Over, and not among those that lost their texts in a former night."""
    marked = select(desk.retention_marks.c.until).where(desk.retention_marks.c.kind == "texts")
    until = connection.execute(marked).scalar()
    return _over(before) if until is None else and_(_over(before), desk.tickets.c.touched_at >= until)


def _old_texts(connection: Connection, before: Instant) -> int:
    wanted = select(func.count()).select_from(desk.tickets).where(_worded(connection, before))
    return int(connection.execute(wanted).scalar_one())


def _drop_texts(connection: Connection, before: Instant, now: Instant) -> int:
    """What was said, and from which number, goes; what happened, and to which customer, stays."""
    ids = _some(connection, _worded(connection, before))
    if not ids:
        _mark_texts(connection, before)
        return 0
    last = select(func.max(desk.tickets.c.touched_at)).where(desk.tickets.c.id.in_(ids))
    until = connection.execute(last).scalar_one()
    same = and_(_over(until + 1), desk.tickets.c.touched_at == until)  # more of this very millisecond
    ids = sorted({*ids, *connection.execute(select(desk.tickets.c.id).where(same)).scalars()})
    erasing.forget_tickets(connection, ids, By(actor=MACHINE, now=now))
    _mark_texts(connection, until + 1)
    return len(ids)


def _mark_texts(connection: Connection, until: Instant) -> None:
    new = insert(connection, desk.retention_marks).values(kind="texts", until=until)
    connection.execute(new.on_conflict_do_update(index_elements=["kind"], set_={"until": until}))


# --- the rest --------------------------------------------------------------------------------------------------------


def _drop_audit(connection: Connection, before: Instant, now: Instant) -> int:
    """The chain is told where it begins from now on; what is before that goes."""
    if deleted := audit_chain.delete_trimmed(connection, BATCH):
        return deleted
    return (
        0
        if audit_chain.trim(connection, before, now) is None
        else audit_chain.delete_trimmed(connection, BATCH)
    )


def _old_outbox(column: ColumnElement[int]) -> Callable[[Connection, Instant], int]:
    def count(connection: Connection, before: Instant) -> int:
        old = select(func.count()).select_from(desk.outbox).where(column < before)
        return int(connection.execute(old).scalar_one())

    return count


def _old_dead(connection: Connection, before: Instant) -> int:
    letters = _old_outbox(desk.outbox.c.dead_at)(connection, before)
    return letters + by(schema.jobs, _dead_job).old(connection, before)


def _drop_sent(connection: Connection, before: Instant, now: Instant) -> int:
    return dead_letters.sweep(connection, before, done_days=0, dead_days=36_500)


def _drop_dead(connection: Connection, before: Instant, now: Instant) -> int:
    jobs = by(schema.jobs, _dead_job).drop(connection, before, now)
    return jobs + dead_letters.sweep(connection, before, done_days=36_500, dead_days=0)


def _old_answers(connection: Connection, before: Instant) -> int:
    return sum(one.old(connection, before) for one in _ANSWERS)


def _drop_answers(connection: Connection, before: Instant, now: Instant) -> int:
    """Requests to switches with them: they name numbers that were dialled, and are of no use when they are over."""
    return sum(one.drop(connection, before, now) for one in _ANSWERS)


_ANSWERS = (
    by(desk.idempotency, lambda before: desk.idempotency.c.at < before),
    by(at_work.commands, lambda before: and_(at_work.commands.c.asked_at < before, ~command_under_way)),
)
KINDS: dict[str, Kind] = {
    "facts": Kind(old=_old_facts, drop=_drop_facts),
    "calls": by(schema.calls, _old_call),
    "texts": Kind(old=_old_texts, drop=_drop_texts),
    "tickets": Kind(old=_old_tickets, drop=_drop_tickets),
    "audit": Kind(old=audit_chain.count_before, drop=_drop_audit),
    "outbox": Kind(old=_old_outbox(desk.outbox.c.done_at), drop=_drop_sent),
    "dead": Kind(old=_old_dead, drop=_drop_dead),
    "jobs": by(schema.jobs, _done_job),
    "answers": Kind(old=_old_answers, drop=_drop_answers),
    "imports": by(desk.imports, _ended_import),
    "drafts": by(beside.drafts, lambda before: beside.drafts.c.at < before),
    **OF_THE_FLOOR,
}
