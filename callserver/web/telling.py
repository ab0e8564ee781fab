"""What happens at the desk, told to the screens: a ticket that changed, a call that got its ticket, a draft of another
tab, calls that somebody owes.

In: what transactions of this process say after their commit (`Store.on_told`); the clock, for what comes due; who was
erased, wherever that was done. Out: events, values and members of pops for the hub. Must not know: clients, rights
beyond whose matter something is. What another node of a cluster does is heard there; screens here read it when they
next ask (docs/beside-the-call.md).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

import structlog

from callserver.errors import StoreError
from callserver.facts import CallId, Instant, iso
from callserver.numbers.tail import tail, tail_of_digits
from callserver.push.screen import Kind, Value
from callserver.push.values import MISSED_MS
from callserver.push.views import BESIDE, Audience, Scope, User
from callserver.store import forgotten, owing, policies
from callserver.store.call_tickets import OnTicket
from callserver.store.drafts import Saved
from callserver.store.engine import Connection, Store
from callserver.store.forgotten import Forgotten
from callserver.store.outbox import Event
from callserver.store.owing import Owing, Touched
from callserver.web.popping import ticket_told

log = structlog.get_logger(__name__)

LOOK_S: Final = 60.0  # between two looks at what comes due
SOON_S: Final = 0.25
"""What changes together is looked up again together."""
BULK: Final = 20
"""So many customers in one transaction are an import: calls of strangers are not looked up again for each."""
READERS = Scope("tickets:read")
LISTS = Scope(BESIDE)
_ENDING: Final = 9  # digits by which a number is the same, however it was dialled

_WHAT: Final[Mapping[str, str]] = {
    "callserver.ticket.opened": "opened",
    "callserver.ticket.changed": "changed",
    "callserver.ticket.status": "status",
    "callserver.ticket.entry": "entry",
}
_PROMISE: Final = "callserver.promise."
_DIALLING: Final = "callserver.dialling."
_CUSTOMER: Final = "callserver.customer."


class Screens(Protocol):
    """The hub, as far as the desk needs it."""

    def put(self, kind: Kind, key: str, value: Any, audience: Audience) -> None: ...
    def event(self, kind: str, body: Mapping[str, Any], audience: Audience) -> None: ...
    def pop_update(self, key_or_call: str, changed: Mapping[str, Any]) -> None: ...
    def refresh(self, call: CallId) -> None: ...
    def calls_where(self, concerns: Callable[[Mapping[str, Any]], bool]) -> list[CallId]: ...
    def forget(self, concerns: Callable[[Value], bool]) -> None: ...


class Telling:
    """`run` until `stop`."""

    def __init__(self, store: Store, screens: Screens, clock: Callable[[], Instant]) -> None:
        self._store = store
        self._screens = screens
        self._clock = clock
        self._owing: dict[str, tuple[int, dict[str, Any]]] = {}  # what was put: whose, and what
        self._stale = _Stale()
        self._owed_changed = False
        self._awake = asyncio.Event()
        self._at_once = asyncio.Event()  # somebody's phone is about to ring: what it is about goes before it
        self._stopping = False

    async def run(self) -> None:
        """Listen until stopped, and look once a minute at what comes due."""
        quiet = self._store.on_told(self.told)
        try:
            while not self._stopping:
                await self.catch_up()
                await self._rest()
        finally:
            quiet()

    def stop(self) -> None:
        """`run` returns soon."""
        self._stopping = True
        self._awake.set()
        self._at_once.set()

    def told(self, said: Sequence[Any]) -> None:
        """A transaction was committed."""
        for one in said:
            match one:
                case Event():
                    self._happened(one)
                case OnTicket(call, ticket):
                    self._screens.pop_update(
                        call, {"ticket": None if ticket is None else ticket_told(ticket)}
                    )
                case Saved():
                    self._saved(one)
                case Forgotten():
                    self._forget(one)
                case Touched():
                    self._owed_changed = True
                    self._at_once.set()
        self._stale.learn([one for one in said if isinstance(one, Event)])
        if self._stale.anything or self._owed_changed:
            self._awake.set()

    async def catch_up(self) -> None:
        """Look up again what may be wrong by now, and what comes due. `told` says what waits for it."""
        await self._forget_lately()
        self._refresh()
        await self._look()
        if self._owed_changed:
            self._owed_changed = False
            self._screens.event("owed", {}, LISTS)

    # --- at once -----------------------------------------------------------------------------------------------------

    def _happened(self, event: Event) -> None:
        kind, _, id = event.subject.partition(":")
        self._owed_changed |= event.type.startswith((_PROMISE, _DIALLING))
        if event.type in _WHAT and kind == "ticket":
            body = event.body
            entry = body.get("entry") or {}
            number = body.get("ticket") if entry else body.get("number")
            self._ticket(int(id), number, body.get("version"), _WHAT[event.type], entry.get("call"))

    def _ticket(self, id: int, number: Any, version: Any, what: str, call: Any = None) -> None:
        body = {"id": id, "number": number, "version": version, "what": what, "call": call}
        self._screens.event("ticket", body, READERS)

    def _saved(self, saved: Saved) -> None:
        body = {"subject": saved.subject, "counter": saved.counter, "at": iso(saved.at), "tab": saved.tab}
        self._screens.event("draft", body, User(saved.user))

    def _forget(self, gone: Forgotten) -> None:
        """What was missed goes; what was learned of calls that go on is looked up again."""
        self._screens.forget(lambda pop: is_of(pop, gone))
        self._stale.forget(gone)

    # --- a moment later ----------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        stale, self._stale = self._stale, _Stale()
        if stale.anything:
            for call in self._screens.calls_where(stale.concerns):
                self._screens.refresh(call)

    async def _forget_lately(self) -> None:
        """Whoever was erased by another process, too; a pop that was missed stays no longer than this looks back."""
        since = self._clock() - MISSED_MS
        try:
            for gone in await self._store.read(lambda connection: forgotten.lately(connection, since)):
                self._forget(gone)
        except StoreError as error:
            log.warning("nobody knows who was erased", why=str(error))

    async def _look(self) -> None:
        """Put what came due, take away what is settled or somebody else's now."""
        now = self._clock()
        try:
            found, scripts = await self._store.read(lambda connection: _owed(connection, now))
        except StoreError as error:
            log.warning("nobody knows what is owed", why=str(error))
            return
        shown = {
            str(one.promise.id): (int(one.user), promise_told(one, now, scripts[one.promise.kind]))
            for one in found
        }
        for key, (user, _) in self._owing.items():
            if key not in shown or shown[key][0] != user:
                self._screens.put("promise", key, None, User(user))
        for key, (user, value) in shown.items():
            if self._owing.get(key) != (user, value):
                self._screens.put("promise", key, value, User(user))
        self._owing = shown

    async def _rest(self) -> None:
        """Until something happens, and then a moment for what happens with it; less where it cannot wait."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await self._awake.wait()
            async with asyncio.timeout(SOON_S):
                await self._at_once.wait()
        self._awake.clear()
        self._at_once.clear()


def _owed(connection: Connection, now: Instant) -> tuple[tuple[Owing, ...], Mapping[str, Mapping[str, str]]]:
    """What everybody owes, and what to say in each kind of call."""
    return owing.owing(connection, now), {
        kind: policy.script for kind, policy in policies.every(connection).items()
    }


def promise_told(one: Owing, now: Instant, script: Mapping[str, str]) -> dict[str, Any]:
    """A call that somebody owes, as their screens have it. script: what to say, by language."""
    promise = one.promise
    return {
        "id": promise.id,
        "kind": promise.kind,
        "status": promise.status,
        "mode": promise.mode,
        "late": promise.due_at < now,
        "reserved": one.reserved,
        "call": one.call,
        "ticket": promise.ticket,
        "ticket_number": one.ticket_number,
        "customer": promise.customer,
        "customer_name": one.customer_name,
        "number": promise.number,
        "due_at": iso(promise.due_at),
        "deadline_at": iso(promise.deadline_at),
        "tries": promise.tries,
        "held": promise.held,
        "why": promise.why,
        "script": dict(script),
    }


def is_of(pop: Value, gone: Forgotten) -> bool:
    """Whether this pop shows somebody who is erased, by the customers of its number or by the number."""
    known = (pop.get("caller") or {}).get("customers", ())
    digits = tail_of_digits((pop.get("number") or {}).get("received") or "")[:_ENDING]
    return any(one["customer"]["id"] in gone.customers for one in known) or (
        len(digits) == _ENDING and digits in {tail(one)[:_ENDING] for one in gone.numbers}
    )


class _Stale:
    """Whom what was learned about a call may be wrong about by now."""

    def __init__(self) -> None:
        self._customers: set[int] = set()
        self._tickets: set[int] = set()
        self._numbers: set[str] = set()
        self._strangers = False
        self.anything = False

    def learn(self, events: Sequence[Event]) -> None:
        """What one transaction told."""
        about = [one for one in events if one.type.startswith(_CUSTOMER)]
        for one in events:
            body = one.body
            self._customers.update(
                id for name in ("customer", "into", "merged") for id in _ids(body.get(name))
            )
            if isinstance(caller := body.get("caller") or body.get("number"), str):
                self._numbers.add(caller)
            kind, _, id = one.subject.partition(":")
            if kind == "ticket":
                self._tickets.add(int(id))
        self._strangers |= 0 < len(about) <= BULK
        self.anything |= bool(events)

    def forget(self, gone: Forgotten) -> None:
        """Somebody is erased."""
        self._customers.update(gone.customers)
        self._numbers.update(gone.numbers)
        self.anything = True

    def concerns(self, learned: Mapping[str, Any]) -> bool:
        """Whether a call of which this was learned is one to look up again."""
        caller = learned.get("caller")
        if not isinstance(caller, Mapping):
            return False
        if caller["number"]["e164"] in self._numbers:
            return True
        customers = caller["customers"]
        if not customers and self._strangers:
            return True
        dealt = (caller["stranger"], *(one["dealings"] for one in customers))
        return any(one["customer"]["id"] in self._customers for one in customers) or any(
            ticket["id"] in self._tickets for one in dealt for ticket in one["tickets"]
        )


def _ids(value: Any) -> Iterator[int]:
    if isinstance(value, int):
        yield value
    elif isinstance(value, list | tuple):
        yield from (one for one in value if isinstance(one, int))
