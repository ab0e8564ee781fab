"""Who somebody was, taken out of rows: one function for each place in which it may stand.

In: a connection in whose transaction it is done, and what to look for. Out: rows without it. Must not know: in which
order, how far a former run came (privacy.py), calls (erasing_calls.py). What was done already does no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, or_, select, tuple_, update

from callserver import numbers
from callserver.customers import forgetting
from callserver.customers.forgetting import IsTheirs
from callserver.customers.record import Customer, CustomerId, customer_from_json, product_from_json
from callserver.facts import Actor, Instant
from callserver.store import attempts, customers, kinds, products, promises, timeline
from callserver.store.desk import (
    attachments,
    call_tickets,
    customer_numbers,
    history,
    merges,
    not_done,
    outbox,
    promise_open,
)
from callserver.store.desk import customers as customer_table
from callserver.store.desk import idempotency as answers
from callserver.store.desk import products as product_table
from callserver.store.desk import promises as promise_table
from callserver.store.desk import tickets as ticket_table
from callserver.store.desk import timeline as entries
from callserver.store.text import dump, load
from callserver.tickets.record import Ticket, TicketId, ticket_from_json, to_json

ERASED = {"erased": True}  # the body of what is left of an event or an answer
_STATISTIC = frozenset(
    {"choice", "choices", "boolean", "number"}
)  # fields of tickets that say nothing of a person


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who erases, and when."""

    actor: Actor
    now: Instant


# --- customers and products ------------------------------------------------------------------------------------------


def family(connection: Connection, customer: CustomerId) -> list[Customer]:
    """The customer, and everybody who was merged into them, by any number of steps."""
    wanted, found = [customer], list[CustomerId]()
    while wanted:
        found += wanted
        into = select(merges.c.from_id).where(merges.c.into_id.in_(wanted), merges.c.undone_at.is_(None))
        wanted = [one for one in connection.execute(into).scalars() if one not in found]
    records = connection.execute(select(customer_table.c.record).where(customer_table.c.id.in_(found)))
    return [customer_from_json(load(one)) for one in records.scalars()]


def former(connection: Connection, them: Sequence[CustomerId]) -> list[Customer]:
    """What the customers were before: former names and numbers are theirs, too."""
    kept = select(history.c.record).where(_history_of(customers.SUBJECT, them))
    return [customer_from_json(load(one)) for one in connection.execute(kept).scalars()]


def shared(connection: Connection, e164s: Iterable[str], them: Sequence[CustomerId]) -> set[str]:
    """Those of the numbers that somebody else has, too."""
    tails = {numbers.tail(one): one for one in e164s}
    others = select(customer_numbers.c.tail).where(
        customer_numbers.c.tail.in_(tails), customer_numbers.c.customer_id.not_in(them)
    )
    return {tails[tail] for tail in connection.execute(others).scalars()}


def forget_customer(connection: Connection, before: Customer, by: By) -> None:
    """The row, the numbers, the words, the history, and what a merge has remembered."""
    after = forgetting.customer(before, by.now)
    customers.rewrite(connection, before, after, by.actor, by.now)
    connection.execute(update(customer_table).where(customer_table.c.id == after.id).values(mark=None))
    connection.execute(delete(customer_numbers).where(customer_numbers.c.customer_id == after.id))
    merged = or_(merges.c.into_id == after.id, merges.c.from_id == after.id)
    connection.execute(update(merges).where(merged).values(moved="{}"))
    _rewrite_history(
        connection, customers.SUBJECT, [after.id], lambda version, _: dump(replace(after, version=version))
    )


def forget_products(connection: Connection, them: Sequence[CustomerId], by: By) -> list[int]:
    """Their products and those they once had; the ids."""
    known = products.of_customers(connection, them)
    for before in known:
        products.rewrite(connection, before, forgetting.product(before, by.now), by.actor, by.now)
    # Products alone have a customer there; asked for the subject, too, SQLite goes through all products' history.
    removed = select(history.c.subject_id).where(history.c.customer_id.in_(them)).distinct()
    ids = {int(one) for one in connection.execute(removed).scalars()} | {int(one.id) for one in known}
    mine = set(them)

    def forgotten(version: int, record: str) -> str:
        product = product_from_json(load(record))
        return (
            dump(replace(forgetting.product(product, by.now), version=version))
            if product.customer in mine
            else record
        )

    _rewrite_history(connection, products.SUBJECT, sorted(ids), forgotten)
    return sorted(ids)


def _history_of(subject: str, ids: Sequence[int]) -> Any:
    return (history.c.subject == subject) & history.c.subject_id.in_([str(one) for one in ids])


def _rewrite_history(
    connection: Connection, subject: str, ids: Sequence[int], forgotten: Callable[[int, str], str]
) -> None:
    kept = connection.execute(select(history).where(_history_of(subject, ids))).all()
    if kept:
        one = (history.c.subject == subject) & (history.c.subject_id == bindparam("_id"))
        connection.execute(
            update(history)
            .where(one, history.c.version == bindparam("_version"))
            .values(record=bindparam("_record")),
            [
                {
                    "_id": row.subject_id,
                    "_version": row.version,
                    "_record": forgotten(row.version, row.record),
                }
                for row in kept
            ],
        )


# --- tickets ---------------------------------------------------------------------------------------------------------


def forget_tickets(connection: Connection, ids: Sequence[TicketId], by: By) -> list[int]:
    """Subjects, fields, texts, files, and numbers of these tickets; what they owe is withdrawn. Ids of promises."""
    owed = select(promise_table.c.id).where(promise_table.c.ticket_id.in_(ids))
    found = list(connection.execute(owed).scalars())
    for ticket in ids:
        _forget_ticket(connection, ticket, by)
    connection.execute(
        update(promise_table).where(promise_table.c.id.in_(found)).values(**_UNNUMBERED, why="")
    )
    attempts.forget(connection, found)
    nothing = {"name": "", "size": 0, "sha256": "", "content": b""}
    connection.execute(update(attachments).where(attachments.c.ticket_id.in_(ids)).values(**nothing))
    with timeline.unsealed(connection, ids):
        forget_entries(connection, entries.c.ticket_id.in_(ids), forgetting.entry)
        connection.execute(update(entries).where(entries.c.ticket_id.in_(ids)).values(tail=None))
    return found


def _forget_ticket(connection: Connection, id: TicketId, by: By) -> None:
    """Its row is held first, as by everybody who settles promises."""
    wanted = select(ticket_table.c.record).where(ticket_table.c.id == id).with_for_update()
    before = ticket_from_json(load(connection.execute(wanted).scalar_one()))
    for one in promises.open_of_ticket(connection, id):
        promises.settle(connection, one.id, "withdrawn", "erased", by.now, by.actor)
    after = replace(
        before,
        version=before.version + 1,
        subject="",
        closing="",
        caller=None,
        fields=_fields(connection, before),
    )
    changed = {"version": after.version, "tail": None, "record": dump(to_json(after))}
    connection.execute(update(ticket_table).where(ticket_table.c.id == id).values(**changed))


def forget_numbers(connection: Connection, ids: Sequence[TicketId], is_theirs: IsTheirs) -> None:
    """From tickets that are somebody else's only the number that they began with, and where their timelines name it."""
    wanted = select(ticket_table.c.record).where(ticket_table.c.id.in_(ids)).with_for_update()
    for before in [ticket_from_json(load(one)) for one in connection.execute(wanted).scalars()]:
        if before.caller is not None and is_theirs(before.caller):
            after = replace(before, version=before.version + 1, caller=None)
            changed = {"version": after.version, "record": dump(to_json(after))}
            connection.execute(update(ticket_table).where(ticket_table.c.id == before.id).values(**changed))
    with timeline.unsealed(connection, ids):
        forget_entries(
            connection,
            entries.c.ticket_id.in_(ids),
            lambda _, body: forgetting.without_number(body, is_theirs),
        )


def forget_owed(connection: Connection, tails: Sequence[str]) -> dict[int, TicketId]:
    """On tickets that are somebody else's: that it was these numbers (numbers.tail) that were to be called. Which
    promises, with their tickets.
    """
    place = (promise_table.c.id, promise_table.c.ticket_id)
    numbered = promise_table.c.tail.is_not(None) & promise_table.c.tail.in_(tails)
    owed = select(*place).where(promise_open, numbered)
    settled = select(*place).where(promise_table.c.settled_at.is_not(None), numbered)
    found = {id: TicketId(ticket) for wanted in (owed, settled) for id, ticket in connection.execute(wanted)}
    connection.execute(update(promise_table).where(promise_table.c.id.in_(found)).values(**_UNNUMBERED))
    attempts.forget(connection, list(found))
    return found


_UNNUMBERED: Final = {"number": None, "tail": None}


def _fields(connection: Connection, ticket: Ticket) -> dict[str, Any]:
    """What was chosen, not what was written."""
    kind = kinds.find(connection, ticket.kind)
    known = {one.name for one in kind.fields if one.type in _STATISTIC} if kind else set()
    return {name: value for name, value in ticket.fields.items() if name in known}


def forget_entries(connection: Connection, which: Any, forgotten: Callable[[str, Any], Any]) -> int:
    """The tickets have to be unsealed."""
    wanted = select(entries.c.ticket_id, entries.c.seq, entries.c.kind, entries.c.body).where(which)
    changed = [
        {"_ticket": row.ticket_id, "_seq": row.seq, "_body": body}
        for row in connection.execute(wanted)
        if (body := dump(forgotten(row.kind, load(row.body)))) != row.body
    ]
    if changed:
        one = (entries.c.ticket_id == bindparam("_ticket")) & (entries.c.seq == bindparam("_seq"))
        connection.execute(update(entries).where(one).values(body=bindparam("_body")), changed)
    return len(changed)


# --- what was told, what was answered --------------------------------------------------------------------------------


def forget_events(
    connection: Connection, some: Sequence[str], gone: Collection[str], is_theirs: IsTheirs
) -> None:
    """Of the events about some subjects the bodies, where the subject is among those that are `gone`, else only their
    numbers. An event that was not sent yet is sent without what it said.
    """
    told = (outbox.c.id, outbox.c.subject, outbox.c.body)
    unsent = select(*told).where(not_done, outbox.c.subject.in_(some))
    sent = select(*told).where(outbox.c.done_at.is_not(None), outbox.c.subject.in_(some))
    changed = [
        {"_id": row.id, "_body": body}
        for wanted in (unsent, sent)
        for row in connection.execute(wanted)
        if (body := _told(row.body, is_theirs, gone=row.subject in gone, calls=gone)) != row.body
    ]
    if changed:
        one = outbox.c.id == bindparam("_id")
        connection.execute(update(outbox).where(one).values(body=bindparam("_body"), error=None), changed)


def _told(body: str, is_theirs: IsTheirs, *, gone: bool, calls: Collection[str] = ()) -> str:
    """`calls`: those that others may be told of, on tickets that are not theirs ("call:...")."""
    if gone:
        return dump(ERASED)
    left = forgetting.without_number(load(body), is_theirs)
    entry = left.get("entry") if isinstance(left, dict) else None
    about = isinstance(entry, dict) and f"call:{entry.get('call')}" in calls
    return dump(forgetting.without_reasons(left) if about else left)


def forget_answers(
    connection: Connection,
    after: tuple[str, str],
    limit: int,
    told: frozenset[str],
    them: Collection[int],
    is_theirs: IsTheirs,
    subjects: frozenset[str] = frozenset(),
) -> tuple[str, str] | None:
    """The same for answers that are kept to be given again.

    `told`: numbers of tickets; `them`: ids of customers; `subjects`: tickets as events call them, for answers that have
    a ticket's id only.
    """
    place = (answers.c.actor, answers.c.key)
    wanted = (
        select(*place, answers.c.answer).where(tuple_(*place) > tuple_(*after)).order_by(*place).limit(limit)
    )
    rows = connection.execute(wanted).all()
    changed = [
        {"_actor": row.actor, "_key": row.key, "_answer": answer}
        for row in rows
        if (answer := _told(row.answer, is_theirs, gone=_about(load(row.answer), told, them, subjects)))
        != row.answer
    ]
    if changed:
        one = (answers.c.actor == bindparam("_actor")) & (answers.c.key == bindparam("_key"))
        connection.execute(update(answers).where(one).values(answer=bindparam("_answer")), changed)
    return (rows[-1].actor, rows[-1].key) if len(rows) == limit else None


def _about(value: Any, texts: frozenset[str], them: Collection[int], subjects: frozenset[str]) -> bool:
    if isinstance(value, dict) and (
        value.get("customer") in them
        or ("numbers" in value and value.get("id") in them)
        or f"ticket:{value.get('ticket')}" in subjects
    ):
        return True
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return forgetting.mentions(value, texts) or any(_about(one, texts, them, subjects) for one in inner)


def counted(connection: Connection, them: Sequence[CustomerId]) -> dict[str, int]:
    """How many rows there are about these customers, by kind."""
    ticket = select(ticket_table.c.id).where(ticket_table.c.customer_id.in_(them))
    kinds_of_rows = {
        "customers": customer_table.c.id.in_(them),
        "numbers": customer_numbers.c.customer_id.in_(them),
        "earlier_versions": _history_of(customers.SUBJECT, them),
        "products": product_table.c.customer_id.in_(them),
        "tickets": ticket_table.c.customer_id.in_(them),
        "entries": entries.c.ticket_id.in_(ticket),
        "files": attachments.c.ticket_id.in_(ticket),
        "promises": promise_table.c.ticket_id.in_(ticket),
        "calls": call_tickets.c.ticket_id.in_(ticket),
    }
    return {
        name: int(connection.execute(select(func.count()).where(condition)).scalar_one())
        for name, condition in kinds_of_rows.items()
    }
