"""What an agent leaves behind when a call is done: ticket, note, verdict, promises, the next step, in one transaction.

In: what was filled in, on which versions. Out: the ticket as it is now, and what was written. Must not know: HTTP,
screens, whose call it is (the web room asks). Nothing of it is done unless all of it can be; done twice with the same
digest (a double Enter, an answer that was lost) it is done once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select, update

from callserver.customers.record import CustomerId
from callserver.errors import BadValue, Conflict, Forbidden, NotFound
from callserver.facts import Actor, CallId, Instant
from callserver.people import UserId
from callserver.store import (
    audit,
    call_tickets,
    calls,
    dispositions,
    drafts,
    pledges,
    promises,
    shifts,
    text,
    tickets,
    timeline,
)
from callserver.store.beside import promise_owners, verdicts
from callserver.store.beside import recorded as table
from callserver.store.call_tickets import pbx_of
from callserver.store.locking import one_after_another
from callserver.store.timeline import NewEntry
from callserver.store.upsert import insert
from callserver.tickets.changing import Changes
from callserver.tickets.changing import Draft as TicketDraft
from callserver.tickets.landing import MOVED
from callserver.tickets.presets import Wanted
from callserver.tickets.promise import Promise
from callserver.tickets.record import Entry, PromiseId, Ticket, TicketId
from callserver.tickets.tables import EVERY_RIGHT, Right
from callserver.tickets.wording import lines

UNDO_MS = 10 * 60_000
"""So long what was recorded can be taken back as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Who records. `user`: None for a program; `rights`: on tickets; `now`: when."""

    actor: Actor
    now: Instant
    user: UserId | None = None
    rights: frozenset[Right] = EVERY_RIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The next step of the ticket."""

    to: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What was filled in.

    `ticket`: where the call belongs; None: the one that it is on, unless `new` opens one. `was`: the ticket that the
    screen showed the call on. `version`: of the ticket that was on the screen; what changes it needs one. `customer`:
    whose ticket it is after all (None: not said). `draft`: the counter of the draft that this was typed in, so that
    what another tab has saved since stays. `done`: the wrap-up ends with it.
    """

    digest: str
    ticket: TicketId | None = None
    new: TicketDraft | None = None
    was: TicketId | None = None
    version: int | None = None
    changes: Changes | None = None
    customer: CustomerId | None = None
    note: str = ""
    disposition: str | None = None
    step: Move | None = None
    promises: tuple[Wanted, ...] = ()
    draft: int | None = None
    done: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What is there now. `again`: it was all done before, by the same request."""

    ticket: Ticket
    entry: Entry | None
    promises: tuple[Promise, ...]
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What was taken back, a sentence each in `back`, and what stayed."""

    ticket: Ticket
    back: tuple[str, ...]
    stayed: tuple[str, ...]


def record(connection: Connection, call: CallId, what: Recording, by: Writer) -> Recorded:
    """Write it all down. The call may be going on still, or be over.

    Raises NotFound for a call, ticket, customer or product that is not there, BadValue, Outdated where the ticket was
    changed meanwhile, Conflict where the call was moved or the ticket closed meanwhile, Forbidden for a step without
    the right that it needs.
    """
    one_after_another(connection, f"record:{call}")
    if (before := _before(connection, call, what.digest)) is not None:
        return _again(connection, before)
    if calls.record_of(connection, pbx_of(call), call) is None:
        raise NotFound("there is no such call")
    _check(what)
    ticket, moved_from = _land(connection, call, what, by)
    ticket = _changed(connection, ticket, what, by)
    _fitting(connection, what, ticket)
    entry = _noted(connection, call, ticket, what, by)
    promised = tuple(_promised(connection, ticket, one, by) for one in what.promises)
    if what.step is not None and what.step.to != "reopened":
        _step(connection, ticket.id, what.step, by)
    own_new(connection, ticket.id, by.user, by.now)
    _judge(connection, call, ticket, what, by)
    _keep(connection, call, what, by, ticket=ticket, entry=entry, promised=promised, moved_from=moved_from)
    _finish(connection, call, what, by, ticket)
    return Recorded(ticket=tickets.get(connection, ticket.id), entry=entry, promises=promised)


# --- once ------------------------------------------------------------------------------------------------------------


def _before(connection: Connection, call: CallId, digest: str) -> Any:
    return connection.execute(select(table).where(*_of(call), table.c.digest == digest)).one_or_none()


def _again(connection: Connection, row: Any) -> Recorded:
    ticket = TicketId(row.ticket_id)
    return Recorded(
        ticket=tickets.get(connection, ticket),
        entry=None if row.entry is None else timeline.get(connection, ticket, row.entry),
        promises=tuple(promises.get(connection, PromiseId(one)) for one in text.load(row.promises)),
        again=True,
    )


def _of(call: CallId) -> tuple[Any, ...]:
    return (table.c.pbx == text.key(pbx_of(call)), table.c.call_id == text.key(call))


# --- the ticket ------------------------------------------------------------------------------------------------------


def _check(what: Recording) -> None:
    if what.new is not None and (what.ticket is not None or what.changes is not None):
        raise BadValue("new", "either a new ticket with all its values, or one that there is")
    touches = what.changes is not None or what.customer is not None or what.step is not None
    if touches and what.new is None and what.version is None:
        raise BadValue("version", "say which version of the ticket you have seen")


def _land(
    connection: Connection, call: CallId, what: Recording, by: Writer
) -> tuple[Ticket, TicketId | None]:
    """The ticket that it is written on, with the call on it; where the call was before, if that was elsewhere."""
    link = call_tickets.explain(connection, call)
    on = None if link is None else link.ticket
    if what.was is not None and on is not None and on not in (what.was, what.ticket):
        number = tickets.get(connection, on).number
        raise Conflict(f"the call was put on ticket {number} meanwhile")
    if what.new is not None:
        ticket = tickets.open_ticket(connection, what.new, by.actor, by.now)
    elif (wanted := what.ticket or on) is None:
        raise Conflict("the call is on no ticket yet: say which, or open a new one")
    else:
        ticket = tickets.get(connection, wanted)
    if on == ticket.id:
        return ticket, None
    if on is not None or not call_tickets.put(connection, call, ticket.id, MOVED, by.now):
        call_tickets.move_call(connection, call, ticket.id, by.actor, by.now)
    return ticket, on


def _changed(connection: Connection, ticket: Ticket, what: Recording, by: Writer) -> Ticket:
    """Reopened first, since what is over takes no changes; whose it is before what it is about."""
    expected = None if what.new is not None else what.version
    if what.step is not None and what.step.to == "reopened":
        ticket, expected = _step(connection, ticket.id, what.step, by, expected), None
    elif what.step is not None or what.customer is not None or what.changes is not None:
        ticket, expected = tickets.held(connection, ticket.id, expected), None
    if what.customer is not None:
        ticket = tickets.give_customer(connection, ticket.id, what.customer, "", by.actor, by.now)
    if what.changes is not None:
        ticket = tickets.change(connection, ticket.id, expected, what.changes, by.actor, by.now)
    return ticket


def _step(
    connection: Connection, ticket: TicketId, step: Move, by: Writer, expected: int | None = None
) -> Ticket:
    return tickets.move(
        connection, ticket, step.to, step.why, by.actor, by.now, expected=expected, rights=by.rights
    )


# --- what is written -------------------------------------------------------------------------------------------------


def _fitting(connection: Connection, what: Recording, ticket: Ticket) -> None:
    if what.disposition is None:
        return
    found = dispositions.find(connection, what.disposition)
    if found is None or found.retired:
        raise BadValue("disposition", "is none that can be given")
    if not found.fits(ticket.kind):
        raise BadValue("disposition", f"does not fit a ticket of the kind {ticket.kind}")
    if found.note and not lines(what.note):
        raise BadValue("note", f"{found.title['en']!r} needs a note")


def _noted(connection: Connection, call: CallId, ticket: Ticket, what: Recording, by: Writer) -> Entry | None:
    """One entry for note and verdict, with the call that it was written in."""
    words = timeline.checked(what.note) if lines(what.note) else ""
    if not words and what.disposition is None:
        return None
    body: dict[str, Any] = {"text": words}
    if what.disposition is not None:
        body["disposition"] = what.disposition
    entry = NewEntry(kind="note", body=body, pbx=pbx_of(call), call=call)
    return timeline.add(connection, ticket.id, entry, by.actor, by.now)


def _promised(connection: Connection, ticket: Ticket, wanted: Wanted, by: Writer) -> Promise:
    now_is = tickets.get(connection, ticket.id)
    if not now_is.open:
        raise Conflict(f"ticket {now_is.number} is {now_is.status}: reopen it, and then promise")
    if wanted.number is None and now_is.caller is None:
        raise BadValue("promises", "say which number to call: the ticket has no caller")
    new = pledges.by_policy(
        connection,
        wanted.kind,
        ticket.id,
        by.now,
        named_at=wanted.named_at,
        number=wanted.number,
        why=wanted.why,
    )
    return promises.owe(connection, new, by.now, by.actor)


def own_new(connection: Connection, ticket: TicketId, user: UserId | None, now: Instant) -> None:
    """What this moment made a ticket owe is for whoever did it to keep first, also what a step promised by itself."""
    if user is None:
        return
    for one in promises.open_of_ticket(connection, ticket):
        if one.created_at == now:
            row = {"promise_id": one.id, "ticket_id": ticket, "user_id": user}
            connection.execute(insert(connection, promise_owners).values(row).on_conflict_do_nothing())


def _judge(connection: Connection, call: CallId, ticket: Ticket, what: Recording, by: Writer) -> None:
    if what.disposition is None:
        return
    where = {"pbx": text.key(pbx_of(call)), "call_id": text.key(call)}
    said = {
        "ticket_id": ticket.id,
        "disposition": what.disposition,
        "user_id": by.user,
        "actor": text.key(by.actor.name),
        "at": by.now,
    }
    new = insert(connection, verdicts).values(**where, **said)
    connection.execute(new.on_conflict_do_update(index_elements=["pbx", "call_id"], set_=said))


def _keep(
    connection: Connection,
    call: CallId,
    what: Recording,
    by: Writer,
    *,
    ticket: Ticket,
    entry: Entry | None,
    promised: Sequence[Promise],
    moved_from: TicketId | None,
) -> None:
    row = {
        "pbx": text.key(pbx_of(call)),
        "call_id": text.key(call),
        "digest": what.digest,
        "ticket_id": ticket.id,
        "user_id": by.user,
        "at": by.now,
        "entry": None if entry is None else entry.seq,
        "promises": text.dump([one.id for one in promised]),
        "moved_from": moved_from,
    }
    connection.execute(table.insert().values(row))


def _finish(connection: Connection, call: CallId, what: Recording, by: Writer, ticket: Ticket) -> None:
    """The draft goes, and with it the wrap-up; the audit has who recorded."""
    detail = {"ticket": ticket.id, "disposition": what.disposition}
    audit.note(connection, by.actor, "call.record", f"call:{call}", detail, by.now)
    if by.user is None:
        return
    drafts.drop(connection, by.user, f"call:{call}", by.now, upto=what.draft)
    if what.done:
        shifts.recorded(connection, by.user, call)


# --- taking it back --------------------------------------------------------------------------------------------------


def undo(connection: Connection, call: CallId, by: Writer) -> Undone:
    """Take back what this person recorded last on the call, within UNDO_MS: what can be.

    A timeline never changes, so the note is corrected by a new entry. Promises are withdrawn, the call goes back to the
    ticket that it was on, the verdict goes. Changed fields, the customer and the status stay: other things may have
    followed from them. Raises NotFound where there is nothing to take back, Forbidden for what somebody else recorded,
    Conflict where it is too late.
    """
    one_after_another(connection, f"record:{call}")
    newest = select(table).where(*_of(call), table.c.undone_at.is_(None)).order_by(table.c.at.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    if row is None:
        raise NotFound("nothing was recorded on this call")
    if row.user_id != by.user:
        raise Forbidden("somebody else recorded this; write a correction on the ticket's timeline")
    if by.now - row.at > UNDO_MS:
        raise Conflict(f"after {UNDO_MS // 60_000} minutes only a correction on the timeline is left")
    ticket = TicketId(row.ticket_id)
    back = [*_correct(connection, ticket, row, by), *_withdraw(connection, row, by)]
    back += [*_unjudge(connection, call, row), *_back(connection, call, row, by)]
    here = (*_of(call), table.c.digest == row.digest)
    # What is recorded again after this is a new thing, even if it is the same.
    gone = {"undone_at": by.now, "digest": f"{row.digest}:undone:{by.now}"}
    connection.execute(update(table).where(*here).values(**gone))
    audit.note(connection, by.actor, "call.record_undone", f"call:{call}", {"ticket": ticket}, by.now)
    stayed = ("changed fields, the customer and the status of the ticket",)
    return Undone(ticket=tickets.get(connection, ticket), back=tuple(back), stayed=stayed)


def _correct(connection: Connection, ticket: TicketId, row: Any, by: Writer) -> list[str]:
    if row.entry is None:
        return []
    timeline.correct(connection, ticket, row.entry, "taken back by whoever recorded it", by.actor, by.now)
    return ["the note, by a correction"]


def _withdraw(connection: Connection, row: Any, by: Writer) -> list[str]:
    """Those that are still owed."""
    owed = [promises.get(connection, PromiseId(one)) for one in text.load(row.promises)]
    still = [one for one in owed if one.open]
    for one in still:
        promises.settle(connection, one.id, "withdrawn", "taken back", by.now, by.actor)
    return [f"{len(still)} promised call(s)"] if still else []


def _unjudge(connection: Connection, call: CallId, row: Any) -> list[str]:
    """Only the verdict that this record gave: one of before, perhaps somebody else's, was not part of it."""
    here = (
        verdicts.c.pbx == text.key(pbx_of(call)),
        verdicts.c.call_id == text.key(call),
        verdicts.c.at == row.at,
        verdicts.c.user_id.is_not_distinct_from(row.user_id),
    )
    return ["the verdict"] if connection.execute(delete(verdicts).where(*here)).rowcount else []


def _back(connection: Connection, call: CallId, row: Any, by: Writer) -> list[str]:
    """Only if nobody has moved the call since."""
    link = call_tickets.explain(connection, call)
    if row.moved_from is None or link is None or link.ticket != row.ticket_id:
        return []
    call_tickets.move_call(connection, call, TicketId(row.moved_from), by.actor, by.now)
    return ["the call's ticket"]
