"""Whose number it was, taken out of calls: records, facts, and what timelines tell of them.

In: a connection in whose transaction it is done, and what to look for. Out: calls that have their times, queues, agents
and outcome as before. Must not know: how somebody is erased elsewhere (erasing.py). May be done again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, select, tuple_, update

from callserver.customers import forgetting
from callserver.customers.forgetting import IsTheirs
from callserver.facts import CallId, PbxId
from callserver.numbers import Plan
from callserver.store import erasing, schema, timeline
from callserver.store.desk import call_tickets
from callserver.store.desk import timeline as entries
from callserver.store.text import dump, load, optional_key
from callserver.tickets.record import TicketId


def theirs(plan: Plan, e164s: Collection[str]) -> IsTheirs:
    """Whether a text is one of these numbers, however it was received."""

    @lru_cache(maxsize=100_000)
    def is_theirs(text: str) -> bool:
        return plan.read(text).e164 in e164s

    return is_theirs


def calls_of(connection: Connection, ids: Sequence[TicketId]) -> list[tuple[PbxId, CallId]]:
    """Which calls are on these tickets."""
    wanted = select(call_tickets.c.pbx, call_tickets.c.call_id).where(call_tickets.c.ticket_id.in_(ids))
    return [(PbxId(row.pbx), CallId(row.call_id)) for row in connection.execute(wanted)]


def forget_call(
    connection: Connection, pbx: PbxId, call: CallId, is_theirs: IsTheirs, *, own: bool
) -> bool | None:
    """The record, the facts, and what timelines tell of the call. `own`: its other end is theirs, whatever the number.

    False: the call is going on, nothing was done (whoever follows it would write it all again). None: there was nothing
    to do.
    """
    here = (schema.calls.c.pbx == pbx) & (schema.calls.c.call_id == call)
    found = connection.execute(select(schema.calls.c.record, schema.calls.c.open).where(here)).first()
    before = {} if found is None else load(found.record)
    outside = {before.get("caller_number" if before.get("direction") == "inbound" else "dialed")}
    outside.add((before.get("callback") or {}).get("number"))  # where they wanted to be called back

    def gone(text: str) -> bool:
        return (own and text in outside) or is_theirs(text)

    after = forgetting.without_number(before, gone)
    if after == before and not own:
        return None
    if found is not None and found.open:
        return False
    named = own or (before.get("caller_number") is not None and after["caller_number"] is None)
    changed = {
        "record": dump(_nameless(after) if named else after),
        "caller_number": optional_key(after.get("caller_number")),
        "dialed": optional_key(after.get("dialed")),
    }
    if found is not None:
        connection.execute(update(schema.calls).where(here).values(**changed))
    _forget_facts(connection, pbx, call, gone, named=named)
    _forget_told(connection, pbx, call, gone)
    return True


def _forget_facts(connection: Connection, pbx: PbxId, call: str, gone: IsTheirs, *, named: bool) -> None:
    """Those of the call, and of the calls that it absorbed."""
    wanted, done = [call], set[str]()
    facts = schema.facts
    while wanted:
        done.add(name := wanted.pop())
        rows = connection.execute(
            select(facts.c.seq, facts.c.body).where(facts.c.pbx == pbx, facts.c.call_id == name)
        ).all()
        changed = []
        for row in rows:
            before = load(row.body)
            after = _left(before, gone)
            after = _nameless(after) if named else after
            if after != before:
                changed.append({"_pbx": pbx, "_seq": row.seq, "_body": dump(after)})
            if (absorbed := optional_key(before.get("absorbed"))) and absorbed not in done:
                wanted.append(absorbed)
        if changed:
            one = (facts.c.pbx == bindparam("_pbx")) & (facts.c.seq == bindparam("_seq"))
            connection.execute(update(facts).where(one).values(body=bindparam("_body")), changed)


def _nameless(body: dict[str, Any]) -> dict[str, Any]:
    """A caller's name comes from the switch, in its own spelling."""
    inner = {
        name: _nameless(value) for name, value in body.items() if name == "record" and isinstance(value, dict)
    }
    return body | inner | ({"caller_name": None} if "caller_name" in body else {})


def _forget_told(connection: Connection, pbx: PbxId, call: CallId, gone: IsTheirs) -> None:
    if tickets := told_on(connection, pbx, call):
        here = (entries.c.pbx == pbx) & (entries.c.call_id == call)
        with timeline.unsealed(connection, tickets):
            erasing.forget_entries(connection, here, lambda _, body: _left(body, gone))


def _left(body: Any, gone: IsTheirs) -> Any:
    return forgetting.without_reasons(forgetting.without_number(body, gone))


def told_on(connection: Connection, pbx: PbxId, call: CallId) -> list[TicketId]:
    """Whose timelines tell of the call."""
    here = (entries.c.pbx == pbx) & (entries.c.call_id == call)
    wanted = select(entries.c.ticket_id).where(here).distinct()
    return [TicketId(one) for one in connection.execute(wanted).scalars()]


def forget_reasons(connection: Connection, subjects: Collection[str]) -> None:
    """What comparisons with the switch's journals said about these calls ("call:..."): in jobs, and where it is kept.

    Few rows hold such words: a comparison tells only what differed.
    """
    jobs, kept = schema.jobs.c, schema.reconciliations
    for row in connection.execute(select(jobs.id, jobs.body).where(schema.tells_numbers(jobs.body))).all():
        body = load(row.body)
        if f"call:{body.get('call')}" in subjects:
            cleaned = dump(forgetting.without_reasons(body))
            connection.execute(update(schema.jobs).where(jobs.id == row.id).values(body=cleaned))
    place = (kept.c.pbx, kept.c.begin_at, kept.c.end_at, kept.c.at)
    for found in connection.execute(
        select(*place, kept.c.details).where(schema.tells_numbers(kept.c.details))
    ).all():
        details = load(found.details)
        details["differences"] = [
            forgetting.without_reasons(one) if f"call:{one.get('call')}" in subjects else one
            for one in details.get("differences", ())
        ]
        here = tuple_(*place) == tuple_(*found[:4])
        connection.execute(update(kept).where(here).values(details=dump(details)))
