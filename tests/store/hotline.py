"""Calls for the tests of landing: written down as the journal does it, landed as the worker does it.

Flows in: an open database. Flows out: what the tickets say of the calls. Must not know: the rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from callserver.customers import checking
from callserver.customers.record import Customer
from callserver.facts import CallId, Instant, iso
from callserver.numbers import Plan
from callserver.store import call_tickets, calls, customers, promises, tickets, timeline
from callserver.store.desk import tickets as ticket_table
from callserver.store.engine import Store
from callserver.store.landing import Landed, Told, land
from callserver.store.rows import Batch
from callserver.store.situations import Site
from callserver.tickets.promise import Promise
from callserver.tickets.record import Entry, Ticket, TicketId
from callserver.tickets.situation import Moment
from tests.store.conftest import own
from tests.store.of_tickets import ANNA, MINUTE, NOON
from tests.store.samples import PBX, call_id, record

WANG, LI, STRANGER = "13800138000", "13900139000", "13700137000"
PLAN = Plan()
SITE = Site(plan=PLAN, queues={"repair": "repair", "complaints": "complaint"})


@dataclass(slots=True)
class Hotline:
    """A day at the hotline: `now` goes on with every call."""

    store: Store
    now: Instant = NOON
    number: int = 0
    _journal: Any = field(default=None)

    # --- calls ---------------------------------------------------------------------------------------------------

    async def write(self, number: int, **values: Any) -> CallId:
        """The record of call `number` as it is now."""
        if self._journal is None:
            self._journal = await own(self.store)
        at = values.pop("at", self.now)
        body = record(
            number, at=at, **{"caller_number": WANG, "answered": False, "outcome": "unknown", **values}
        )
        await self._journal.append(Batch(records=[body]))
        return call_id(number)

    async def lands(self, call: CallId, moment: Moment = "ended", **more: Any) -> Landed:
        """As the worker does it."""
        told = Told(pbx=PBX, call=call, moment=moment, key=f"land:{call}:{moment}", **more)
        return await self.store.write(lambda c: land(c, told, SITE, self.now))

    async def answered(self, caller: str | None, **values: Any) -> CallId:
        """A customer calls and an agent has just answered: the call goes on."""
        call = await self._begun(caller, open=True, answered=True, outcome="answered", **values)
        await self.lands(call, "answered")
        return call

    async def talked(self, caller: str | None, **values: Any) -> CallId:
        """A customer calls, an agent answers, and they hang up."""
        values = {"queue_visits": [visit()], "answered_at": iso(self.now + MINUTE), **values}
        call = await self._begun(caller, open=False, answered=True, outcome="answered", **values)
        await self.lands(call)
        return call

    async def gave_up(self, caller: str | None, outcome: str = "abandoned", **values: Any) -> CallId:
        """A customer calls and nobody answers."""
        call = await self._begun(caller, open=False, outcome=outcome, **values)
        await self.lands(call)
        return call

    async def called(self, dialed: str, *, reached: bool, **values: Any) -> CallId:
        """We call somebody."""
        values = {"direction": "outbound", "dialed": dialed, "caller_number": "1001", **values}
        outcome = "answered" if reached else "no_answer"
        call = await self._begun("1001", open=False, answered=reached, outcome=outcome, **values)
        await self.lands(call)
        return call

    async def _begun(self, caller: str | None, **values: Any) -> CallId:
        self.number += 1
        self.now += MINUTE
        return await self.write(self.number, **{"caller_number": caller, **values})

    # --- people and tickets --------------------------------------------------------------------------------------

    async def customer(self, name: str, *numbers: str) -> Customer:
        draft = checking.customer({"name": name, "numbers": list(numbers)}, PLAN)
        return await self.store.write(lambda c: customers.create(c, draft, ANNA, self.now))

    async def imported(self, name: str, *numbers: str) -> Customer:
        """A customer as a list brings them: nobody looks for tickets of theirs."""
        draft = checking.customer({"name": name, "numbers": list(numbers)}, PLAN)

        def write(connection: Connection) -> Customer:
            customer = customers.drafted(draft, customers.reserve(connection, 1)[0], ANNA, self.now)
            customers.put(connection, [customer])
            return customer

        return await self.store.write(write)

    async def ticket_of(self, call: CallId) -> Ticket:
        """The ticket that the call is on."""
        link = await self.store.read(lambda c: call_tickets.explain(c, call))
        assert link is not None, f"{call} is on no ticket"
        return await self.store.read(lambda c: tickets.get(c, link.ticket))

    async def rule(self, call: CallId) -> str | None:
        link = await self.store.read(lambda c: call_tickets.explain(c, call))
        return None if link is None else link.rule

    async def every_ticket(self) -> list[Ticket]:
        wanted = select(ticket_table.c.id).order_by(ticket_table.c.id)
        ids = await self.store.read(lambda c: c.execute(wanted).scalars().all())
        return [await self.store.read(partial(tickets.get, ticket=one)) for one in ids]

    async def promises(self, ticket: TicketId) -> tuple[Promise, ...]:
        return await self.store.read(lambda c: promises.of_ticket(c, ticket))

    async def timeline(self, ticket: TicketId) -> list[Entry]:
        """First entry first."""
        page = await self.store.read(lambda c: timeline.page(c, ticket, 100))
        return list(reversed(page.entries))

    async def kinds(self, ticket: TicketId) -> list[str]:
        return [entry.kind for entry in await self.timeline(ticket)]

    async def record(self, call: CallId) -> dict[str, Any] | None:
        return await calls.record(self.store, PBX, call)


def visit(queue: str = "repair", agent: str | None = "王芳", end: str = "answered") -> dict[str, Any]:
    """A stay in a queue."""
    return {
        "queue": queue,
        "entered_at": iso(NOON),
        "left_at": iso(NOON + 9_000),
        "wait_s": 9.0,
        "talk_s": 30.0 if agent else None,
        "end": end,
        "agent": {"interface": "PJSIP/1001", "name": agent} if agent else None,
        "rings": [],
    }
