"""A call put on its ticket, exactly once, with everything that follows: one transaction.

In: which call, and why we look. Out: what was decided; the link, the ticket, the promise, the timeline's entry, the
event for the world outside. Must not know: how decisions are made (tickets.landing), who runs this and when.

Doing it twice is harmless: the link's primary key is the call, the entry's key is the call's, the event's too. What the
caller of a call is and may be on is read behind a lock on their number, so two calls of one number never open two
missed-call tickets, not even on two nodes.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, assert_never

from sqlalchemy import Connection, select

from callserver.customers.record import Customer
from callserver.errors import BadValue
from callserver.facts import Actor, CallId, Instant, PbxId, instant
from callserver.numbers import Read, tail
from callserver.store import call_tickets, calls, jobs, outbox, pledges, promises, tickets, timeline
from callserver.store.desk import ticket_open
from callserver.store.desk import tickets as ticket_table
from callserver.store.jobs import NewJob
from callserver.store.locking import one_after_another
from callserver.store.outbox import Event
from callserver.store.situations import Looking, Site, customers_of, other_side, situation
from callserver.store.timeline import NewEntry
from callserver.tickets.changing import Draft
from callserver.tickets.landing import NOBODY, WITHHELD, decide
from callserver.tickets.number import said
from callserver.tickets.promise import TERMS, NewPromise, Settled
from callserver.tickets.record import PromiseId, TicketId
from callserver.tickets.situation import Decision, Join, Later, Moment, Nothing, Open, Situation, Stay
from callserver.tickets.story import story

LAND = "land"
SETTLE_MS = 10 * 60_000
"""After an end that nobody saw, for the switch's journals to be read and to say how it was."""
THEIRS = "the number is this customer's alone"
BY_ITSELF = Actor(name="callserver", through="call")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A call that looks for its ticket. `key` is the job's; `why`: what the journals knew better."""

    pbx: PbxId
    call: CallId
    moment: Moment
    key: str
    absorbed: CallId | None = None
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """What was decided, by which row, when; `ticket`: the one that the call is on now."""

    call: CallId
    row: str
    at: Instant
    ticket: TicketId | None = None
    opened: bool = False


def land(connection: Connection, told: Told, site: Site, now: Instant | None = None) -> Landed:
    """Put a call on its ticket, or leave it where it is; write down what is to be written about it now.

    Time is the database's clock, the one that all nodes share; `now` is for tests. Raises Refusal where a person or
    another node was quicker: then look again.
    """
    clock, record = calls.record_now(connection, told.pbx, told.call)
    now = clock if now is None else now
    if record is None:  # part of another call, which has jobs of its own, or erased
        _hand_on(connection, told)
        return Landed(call=told.call, row="gone", at=now)
    number = other_side(record, site.plan)
    one_after_another(connection, f"land:{tail(number.e164) if number.e164 else told.call}")
    looking = Looking(pbx=told.pbx, call=told.call, moment=told.moment, record=record, absorbed=told.absorbed)
    found = situation(connection, looking, site, now)
    return _Landing(connection, told, record, number, found, now).carry_out(decide(found))


def _hand_on(connection: Connection, told: Told) -> None:
    """A call that absorbed another was absorbed itself: the ticket waits under its name for the call that did."""
    link = call_tickets.explain(connection, told.absorbed) if told.absorbed is not None else None
    if link is not None:
        call_tickets.take_off(connection, link.call)
        call_tickets.put(connection, told.call, link.ticket, link.rule, link.at)


def adopt(connection: Connection, customer: Customer, actor: Actor, now: Instant) -> tuple[TicketId, ...]:
    """Give a customer the open tickets of their numbers that have nobody yet; a number that others share gives none.

    For whoever creates a customer, adds a number or merges two. Returns the tickets that were given.
    """
    own = [
        backwards
        for backwards in sorted({tail(number.e164) for number in customer.numbers if number.e164})
        if customers_of(connection, backwards) == (customer.id,)
    ]
    wanted = (
        select(ticket_table.c.id)
        .where(ticket_open, ticket_table.c.tail.in_(own), ticket_table.c.customer_id.is_(None))
        .order_by(ticket_table.c.id)
    )
    found = [TicketId(one) for one in connection.execute(wanted).scalars()] if own else []
    for ticket in found:
        tickets.give_customer(connection, ticket, customer.id, THEIRS, actor, now)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Landing:
    """One landing under way."""

    connection: Connection
    told: Told
    record: dict[str, Any]
    number: Read
    found: Situation
    now: Instant

    def carry_out(self, decision: Decision) -> Landed:
        match decision:
            case Nothing():
                ticket = None
            case Later():
                self._look_again()
                return Landed(call=self.told.call, row=decision.row, at=self.now)
            case Stay() | Join():
                ticket = decision.ticket
                self._belongs(decision)
            case Open():
                ticket = self._open(decision)
            case _:
                assert_never(decision)
        self._merge(ticket)
        self._write_down(ticket, decision.row)
        opened = isinstance(decision, Open)
        return Landed(call=self.told.call, row=decision.row, at=self.now, ticket=ticket, opened=opened)

    # --- the decision ------------------------------------------------------------------------------------------------

    def _look_again(self) -> None:
        key = f"{LAND}:{self.told.call}:unsettled"
        body = {"pbx": self.told.pbx, "call": self.told.call, "moment": "unsettled"}
        later = NewJob(kind=LAND, key=key, body=body, run_at=self.now + SETTLE_MS)
        jobs.put_down(self.connection, [later])

    def _belongs(self, decision: Stay | Join) -> None:
        if isinstance(decision, Join):
            call_tickets.put(self.connection, self.told.call, decision.ticket, decision.row, self.now)
            tickets.touch(self.connection, decision.ticket, self.now)
            self._give(decision.ticket)
            self._settle(decision.keep, "the call was made", "kept")
        elif decision.withdraw or decision.owe:
            call_tickets.rule_again(self.connection, self.told.call, decision.row)
        for promise in decision.withdraw:
            self._settle(promise, "called in first", "withdrawn")
        if decision.owe:
            self._owe(decision.ticket)

    def _give(self, ticket: TicketId) -> None:
        """A ticket of a stranger whose number has become a customer's since."""
        nobodys = any(one.id == ticket and one.customer is None for one in self.found.tickets)
        if nobodys and self.found.customer is not None:
            customer = self.found.customer
            tickets.give_customer(self.connection, ticket, customer, THEIRS, BY_ITSELF, self.now)

    def _settle(self, promise: PromiseId | None, why: str, how: Settled) -> None:
        if promise is not None:
            promises.settle(self.connection, promise, how, why, self.now, BY_ITSELF)

    def _open(self, decision: Open) -> TicketId:
        draft = Draft(kind=decision.kind, customer=decision.customer, caller=self.number.e164)
        opened = tickets.open_ticket(self.connection, draft, BY_ITSELF, self.now, rule=decision.row)
        call_tickets.put(self.connection, self.told.call, opened.id, decision.row, self.now)
        if decision.owe:
            self._owe(opened.id)
        return opened.id

    def _owe(self, ticket: TicketId) -> None:
        """Counted from the call's end; heard of too late for that, from now."""
        ended = instant(self.record.get("ended_at")) or self.now
        since = ended if 0 <= self.now - ended <= TERMS["callback"].due else self.now
        missed = pledges.by_policy(
            self.connection,
            "callback",
            ticket,
            since,
            number=self.number.e164,
            why="nobody answered the call",
        )
        theirs = replace(missed, queue=missed.queue or _waited_in(self.record))
        held = self.record.get("callback")
        promises.owe(
            self.connection, _place_kept(theirs, held, since) if held else theirs, self.now, BY_ITSELF
        )

    # --- what is written down ----------------------------------------------------------------------------------------

    def _merge(self, ticket: TicketId | None) -> None:
        """The absorbed call has no ticket of its own any more; if it had another one, both timelines tell."""
        if self.told.absorbed is None:
            return
        link = call_tickets.explain(self.connection, self.told.absorbed)
        if link is None:
            return
        call_tickets.take_off(self.connection, link.call)
        if ticket is None or ticket == link.ticket:
            return
        before, after = (tickets.get(self.connection, one) for one in (link.ticket, ticket))
        part = {"part_of": self.told.call}
        call_tickets.tell_both(
            self.connection, link.call, before, after, part, BY_ITSELF, self.now, self.told.key
        )

    def _write_down(self, ticket: TicketId | None, row: str) -> None:
        if self.record.get("open", False) or self.record.get("shift"):
            return
        if ticket is not None:
            self._enter(ticket)
            if row == NOBODY:
                self._close(ticket)
        self._tell(ticket)

    def _enter(self, ticket: TicketId) -> None:
        """The one entry of the call; what the journals knew better later is an entry of its own."""
        told, body = self.told, story(self.record)
        key = call_tickets.entry_key(told.pbx, told.call)
        if self._add(ticket, NewEntry(kind="call", body=body), key) or told.moment != "corrected":
            return
        self._add(ticket, NewEntry(kind="call_corrected", body={"what": list(told.why), **body}), told.key)

    def _add(self, ticket: TicketId, entry: NewEntry, key: str) -> bool:
        ended = instant(self.record.get("ended_at")) or self.now
        full = NewEntry(
            kind=entry.kind,
            body=entry.body,
            at=ended if entry.kind == "call" else self.now,
            pbx=self.told.pbx,
            call=self.told.call,
            caller=self.number.e164,
        )
        return timeline.add(self.connection, ticket, full, BY_ITSELF, self.now, key) is not None

    def _close(self, ticket: TicketId) -> None:
        """An administrator may have made a field needed for closing: then a person has to."""
        if tickets.get(self.connection, ticket).open:
            with suppress(BadValue):
                tickets.move(self.connection, ticket, "closed", WITHHELD, BY_ITSELF, self.now)

    def _tell(self, ticket: TicketId | None) -> None:
        """The end of a call, told once: with the ticket that it is on by then."""
        told = self.told
        body = {
            "id": told.call,
            "pbx": told.pbx,
            "caller_number": self.record.get("caller_number"),
            "dialed": self.record.get("dialed"),
            "number": self.number.e164,
            "ticket": None if ticket is None else said(ticket),
            **story(self.record),
        }
        subject = f"call:{told.call}" if ticket is None else f"ticket:{ticket}"
        outbox.tell(
            self.connection,
            Event(
                type="callserver.call.ended",
                key=call_tickets.entry_key(told.pbx, told.call),
                subject=subject,
                at=self.now,
                body=body,
            ),
        )


def _waited_in(record: dict[str, Any]) -> str | None:
    """The last queue in which the caller waited: whoever answers it calls back."""
    visits = record.get("queue_visits") or ()
    return visits[-1].get("queue") if visits else None


def _place_kept(missed: NewPromise, held: dict[str, Any], since: Instant) -> NewPromise:
    """The same for somebody who gave their place in a queue (virtual hold): due when that place is at the head."""
    return replace(
        missed,
        mode="customer_first",
        due_at=since,
        queue=held.get("queue"),
        place_at=instant(held.get("joined_at")) or since,
        why="gave their place in the queue for a call",
    )
