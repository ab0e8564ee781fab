"""Everything that is held about one customer, to be handed out to them: piece by piece, however much it is.

In: a customer. Out: named pieces in the order of a folder; pieces of the same name belong behind each other. Must not
know: files, ZIP. Whoever else is in it: names of staff; not other customers, also where they share a number. Calls are
those on the customer's tickets, and those from or to numbers that nobody else has.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from callserver.customers import readable
from callserver.customers.forgetting import IsTheirs
from callserver.customers.record import CustomerId, to_json
from callserver.facts import CallId, PbxId, iso
from callserver.numbers import Plan
from callserver.store import (
    attachments,
    attempts,
    audit,
    calls,
    customers,
    erasing,
    erasing_calls,
    history,
    numbered_calls,
    products,
    timeline,
)
from callserver.store import promises as promise_rows
from callserver.store import tickets as ticket_rows
from callserver.store.desk import tickets as ticket_table
from callserver.store.engine import Store
from callserver.store.text import dump
from callserver.tickets.record import Ticket, TicketId
from callserver.tickets.telling import entry_told, promise_told, ticket_told

_PAGE = 500
_CALLS = 5_000  # looked at in one go
_CALLERS = 50_000
_VERSIONS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some bytes of the file `name`, a path with `/`."""

    name: str
    content: bytes


async def everything(store: Store, customer: CustomerId, plan: Plan) -> AsyncIterator[Piece]:
    """All of it, the overview last. Raises NotFound."""
    whole = await store.report(partial(_whole, customer=customer))
    for name, body in whole.items():
        yield Piece(name=f"{name}.json", content=dump(body).encode())
    ids = [CustomerId(one["id"]) for one in whole["customer"]]
    subjects = [customers.subject(one) for one in ids]
    subjects += [products.subject(one["id"]) for one in whole["products"]]
    numbers, seen = list[str](), set[str]()
    async for ticket in _tickets(store, ids):
        numbers.append(ticket.number)
        subjects.append(f"ticket:{ticket.id}")
        async for piece in _ticket(store, ticket, seen):
            yield piece
    async for piece in _calls(store, whole["customer"], plan, seen):
        yield piece
    for subject in subjects:
        async for line in audit.lines(store, subject=subject):
            yield Piece(name="who-saw-it.jsonl", content=_line(_shown(line.to_json())))
    yield Piece(name="index.html", content=readable.overview(whole, numbers).encode())


def held(connection: Connection, customer: CustomerId) -> dict[str, int]:
    """How much there is, by kind: of the customer and everybody merged into them. Raises NotFound."""
    customers.get(connection, customer)
    return erasing.counted(connection, [one.id for one in erasing.family(connection, customer)])


def _whole(connection: Connection, customer: CustomerId) -> dict[str, list[dict[str, Any]]]:
    customers.get(connection, customer)
    them = erasing.family(connection, customer)
    owned = products.of_customers(connection, [one.id for one in them])
    things = [(customers.SUBJECT, int(one.id)) for one in them]
    things += [(products.SUBJECT, int(one.id)) for one in owned]
    return {
        "customer": [_shown(to_json(one)) for one in them],
        "products": [_shown(to_json(one)) for one in owned],
        "earlier": [
            _version(subject, id, version)
            for subject, id in things
            for version in history.page(connection, subject, id, limit=_VERSIONS)
        ],
    }


def _version(subject: str, id: int, version: history.Version) -> dict[str, Any]:
    changed = {"until": iso(version.at), "changed_by": version.actor, "through": version.through}
    return {subject: id, "version": version.version, **changed, "record": _shown(version.record)}


# --- tickets ---------------------------------------------------------------------------------------------------------


async def _tickets(store: Store, ids: Sequence[CustomerId]) -> AsyncIterator[Ticket]:
    last = TicketId(0)
    while page := await store.report(partial(_some_tickets, ids=ids, after=last)):
        for ticket in page:
            yield ticket
        last = page[-1].id


def _some_tickets(connection: Connection, ids: Sequence[CustomerId], after: TicketId) -> list[Ticket]:
    wanted = select(ticket_table.c.id).where(ticket_table.c.customer_id.in_(ids), ticket_table.c.id > after)
    found = connection.execute(wanted.order_by(ticket_table.c.id).limit(_PAGE)).scalars().all()
    return [ticket_rows.get(connection, TicketId(one)) for one in found]


async def _ticket(store: Store, ticket: Ticket, seen: set[str]) -> AsyncIterator[Piece]:
    body = await store.report(partial(_told, ticket=ticket))
    seen |= {str(one["id"]) for one in body["calls"]}
    folder = f"tickets/{ticket.number}"
    yield Piece(name=f"{folder}/ticket.json", content=dump(body).encode())
    yield Piece(name=f"{folder}/ticket.html", content=readable.ticket(body).encode())
    for file in await store.report(partial(attachments.of_ticket, ticket=ticket.id)):
        content = await store.report(partial(attachments.content, attachment=file.id))
        yield Piece(name=f"{folder}/files/{file.id}-{_safe(file.name)}", content=content)


def _told(connection: Connection, ticket: Ticket) -> dict[str, Any]:
    entries = list[dict[str, Any]]()
    before: int | None = None
    while True:
        page = timeline.page(connection, ticket.id, _PAGE, before)
        entries += [entry_told(one) for one in page.entries]
        if (before := page.end) is None:
            break
    on_it = erasing_calls.calls_of(connection, [ticket.id])
    records = [calls.record_of(connection, pbx, call) for pbx, call in on_it]
    return {
        "ticket": ticket_told(ticket),
        "timeline": entries[::-1],
        "promises": [promise_told(one) for one in promise_rows.of_ticket(connection, ticket.id)],
        "attempts": [attempts.told(one) for one in attempts.of_ticket(connection, ticket.id)],
        "calls": [one for one in records if one is not None],
    }


# --- calls that are on no ticket of theirs ---------------------------------------------------------------------------


async def _calls(
    store: Store, them: Sequence[dict[str, Any]], plan: Plan, seen: set[str]
) -> AsyncIterator[Piece]:
    """One a line."""
    ids = [CustomerId(one["id"]) for one in them]
    known = {number["e164"] for one in them for number in one["numbers"] if number["e164"]}
    own = known - await store.report(partial(erasing.shared, e164s=known, them=ids))
    is_theirs = erasing_calls.theirs(plan, own)
    async for pbx, call in _numbered(store, own, is_theirs):
        record = await calls.record(store, pbx, call)
        if record is not None and str(record["id"]) not in seen and _is_of(record, is_theirs):
            seen.add(str(record["id"]))
            yield Piece(name="calls.jsonl", content=_line(record))


async def _numbered(
    store: Store, own: Collection[str], is_theirs: IsTheirs
) -> AsyncIterator[tuple[PbxId, CallId]]:
    """Calls that may have one of the numbers at an end; the same one perhaps twice."""
    if not own:
        return
    wanted = numbered_calls.needles(own)
    caller: str | None = ""
    while caller is not None:
        window = partial(
            numbered_calls.forms, after=caller, limit=_CALLERS, wanted=wanted, is_theirs=is_theirs
        )
        forms, caller = await store.report(window)
        for open in (False, True):
            for one in await store.report(partial(numbered_calls.called, them=forms, open=open)):
                yield one
    place: tuple[str, str] | None = None
    while True:
        found, place = await store.report(
            partial(numbered_calls.handled, after=place, limit=_CALLS, wanted=wanted)
        )
        for one in found:
            yield one
        if place is None:
            return


def _is_of(record: dict[str, Any], is_theirs: IsTheirs) -> bool:
    ends = (record.get("caller_number"), record.get("dialed"))
    return any(is_theirs(one) for one in ends if one)


def _shown(body: dict[str, Any]) -> dict[str, Any]:
    """Instants as ISO 8601."""
    return {
        key: iso(value) if isinstance(value, int) and (key == "at" or key.endswith("_at")) else value
        for key, value in body.items()
    }


def _line(body: Any) -> bytes:
    return dump(body).encode() + b"\n"


def _safe(name: str) -> str:
    """A name that no system takes for a path."""
    return re.sub(r"[^\w.-]+", "_", name).lstrip(".")[:100] or "file"
