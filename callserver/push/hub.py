"""Everybody who watches, and the one place from which they are told.

In: facts of switches the moment they are understood; values and events that others make (shifts, promises, notices,
tickets); what clients say. Out: numbered messages to the `clients` that they concern. Must not know: HTTP, sessions,
SQL; who is there, and who may see what is said by each client's `View`.

Nothing here waits for a client, and nothing that a client does costs another one anything but its own share of the
loop. Pops leave while their facts are still being written down: what a crash in between takes back, a resync brings
again (docs/why.md).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

import structlog

from callserver import facts
from callserver.facts import CallId, Fact, Instant, PbxId
from callserver.push import wire
from callserver.push.agents import Member, Sitter
from callserver.push.client import Client
from callserver.push.clients import Clients, Gauges, TooMany
from callserver.push.details import Details, LookUp
from callserver.push.directory import GATHERED
from callserver.push.screen import Delta, Kind, Screen, Value
from callserver.push.views import Audience, Parties, Seat, User

log = structlog.get_logger(__name__)

PATIENCE_S: Final = 0.05
"""How long a pop waits for what is known of its caller."""


async def _nobody_known(_: object) -> None:
    return None


class Hub:
    """One process's live screens. `start` and `stop` it in a running loop; telling it things needs neither."""

    def __init__(
        self,
        node: str,
        *,
        titles: Mapping[str, str] | None = None,
        details: LookUp = _nobody_known,
        gauges: Gauges | None = None,
        clock: Callable[[], Instant] = lambda: time.time_ns() // 1_000_000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.node = node
        self.screen = Screen(titles)
        self._gauges = gauges
        self._clock = clock
        self._monotonic = monotonic
        self._details = Details(details, self._found)
        self.clients = Clients(node, self.screen, gauges, clock, monotonic)
        self._directory = self.clients.directory
        self._held: dict[str, tuple[asyncio.TimerHandle, float | None]] = {}  # pops that wait for details
        self._tasks: list[asyncio.Task[None]] = []
        self._agents_told: list[Callable[[str, Value | None], None]] = []

    # --- life --------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to tell what is gathered, and to look after clients."""
        self._tasks = [
            asyncio.create_task(self._directory.run(), name="stream: directory"),
            asyncio.create_task(self._look_after(), name="stream: clients"),
        ]

    async def stop(self) -> None:
        """Send everybody away."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for handle, _ in self._held.values():
            handle.cancel()
        await self._details.close()
        self.clients.dismiss("the server is stopping")

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(1)
            self.tick()

    def tick(self) -> None:
        """A second has passed."""
        self._dispatch(self.screen.tick(self._clock()))
        self.clients.sweep()

    # --- what happens ------------------------------------------------------------------------------------------------

    def begin(
        self,
        pbx: PbxId,
        records: Iterable[dict[str, Any]] = (),
        members: Iterable[Member] = (),
        *,
        blind_since: Instant | None = None,
    ) -> None:
        """This process follows a switch from now on; what the store remembers of it."""
        self._dispatch(self.screen.begin(pbx, records, members, blind_since=blind_since))
        for call in list(self.screen.calls()):
            if call.pbx == pbx:
                self._details.ask(call)

    def feed(self, pbx: PbxId, told: Iterable[Fact], arrived: float | None = None) -> None:
        """What was understood just now. arrived: when the event came, monotonic. Never raises: whatever is wrong with
        the screens, the call goes on and is written down.
        """
        try:
            told = list(told)
            deltas = self.screen.feed(pbx, told)
            for fact in told:
                self._prefetch(fact)
            self._dispatch(deltas, arrived)
        except Exception:
            log.exception(
                "the screens cannot show this", pbx=pbx, facts=[type(fact).__name__ for fact in told]
            )

    def put(self, kind: Kind, key: str, value: Value | None, audience: Audience) -> None:
        """A value of a collection that is not made from facts: shift, promise, notice, tally. None: gone."""
        self._dispatch(self.screen.put(kind, key, value, audience))

    def retitled(self, queues: Collection[str]) -> None:
        """People call these queues another name now (`titles` says which)."""
        self._dispatch(self.screen.retitled(queues))

    def has_queues(self, pbx: PbxId, queues: Collection[str]) -> None:
        """The switch has these queues now, whether or not anybody is in them."""
        self._dispatch(self.screen.has_queues(pbx, queues))

    def event(self, kind: str, body: Mapping[str, Any], audience: Audience) -> None:
        """A message that stays in no collection: `ticket`, `draft`. One person's comes at once, others' in a moment."""
        if not isinstance(audience, User | Seat):
            self._directory.happened(kind, body, audience)
            return
        text = wire.body({"type": kind, **body})
        for client in self.clients.seeing(audience, kind):
            self.clients.send(client, text)

    def pop_update(self, key_or_call: str, changed: Mapping[str, Any]) -> None:
        """Members of a call's pops that others know (`ticket`, `transfer` with its note ...), for those that are shown
        and those to come. By the pop's key or the call's id.
        """
        call = CallId(key_or_call.rpartition("|")[2])
        self._dispatch(self.screen.learn(call, changed))

    def refresh(self, call: CallId) -> None:
        """What is known of this caller has changed: look it up again."""
        self._details.again(call)

    def calls_where(self, concerns: Callable[[Mapping[str, Any]], bool]) -> list[CallId]:
        """The calls going on of which what was learned (`caller`, `ticket` ...) concerns somebody."""
        return [call.id for call in self.screen.calls() if call.learned and concerns(call.learned)]

    def dismiss(self, key: str) -> None:
        """A missed call was seen."""
        self._dispatch(self.screen.dismiss(key))

    def forget(self, concerns: Callable[[Value], bool]) -> None:
        """Missed calls whose pop `concerns` somebody who is erased go at once."""
        self._dispatch(self.screen.forget(concerns))

    # --- people ------------------------------------------------------------------------------------------------------

    def gathering(self, gather: Callable[[], None]) -> None:
        """Have this called just before what is gathered is told, at most four times a second."""
        self._directory.gathering(gather)

    def stir(self) -> None:
        """Something that is gathered may have changed: look soon."""
        self._directory.stir()

    def on_agents(self, tell: Callable[[str, Value | None], None]) -> None:
        """Be told of each agent that changes, by key and value (None: they are nowhere any more), at once."""
        self._agents_told.append(tell)

    def seat(
        self,
        user: int,
        pbx: PbxId,
        interface: str | None,
        *,
        login: str | None = None,
        name: str | None = None,
        state_interface: str | None = None,
    ) -> None:
        """This person sits there now; None: they have no seat. Their screens are told anew."""
        left = self.clients.sit(user, pbx, interface)
        if left is not None:
            of, _, seat = left.partition("/")
            self._dispatch(self.screen.sit(PbxId(of), seat, None))
        if interface is not None:
            sitter = Sitter(user=user, login=login, name=name)
            self._dispatch(self.screen.sit(pbx, interface, sitter, state_interface=state_interface))
        for client in self.clients.of_user(user):
            self.clients.renew(client, client.view)

    # --- what clients say --------------------------------------------------------------------------------------------

    def heard(self, client: Client, text: str | bytes) -> Client:
        """A client's words; gives back who is at its connection now, another one where it takes up an earlier stream.

        Raises wire.Unreadable, and TooMany where it says too much.
        """
        if not client.spend(self._monotonic()):
            raise TooMany(f"more than {wire.RATE:.0f} messages a second")
        word = wire.read(text)
        if isinstance(word, wire.Ack):
            self._acknowledged(client, word.seq)
        elif isinstance(word, wire.Ping):
            client.write(b"{" + wire.body({"type": "pong", "at": word.at}))
        elif isinstance(word, wire.Dismiss):
            self._dismissed(client, word.key)
        elif isinstance(word, wire.Resume):
            return self.clients.resume(client, (word.stream, word.seq))
        return client

    def _acknowledged(self, client: Client, seq: int) -> None:
        if seq > client.seq:
            raise wire.Unreadable(f"{seq} was never sent")
        now = self._monotonic()
        for arrived in client.acknowledge(seq):
            if self._gauges is not None:
                self._gauges.acknowledged(now - arrived)

    def _dismissed(self, client: Client, key: str) -> None:
        audience = self.screen.audience("pop", key)
        if isinstance(audience, Parties) and client.view.seat in audience.seats:
            self.dismiss(key)

    # --- telling -----------------------------------------------------------------------------------------------------

    def _dispatch(self, deltas: Iterable[Delta], arrived: float | None = None) -> None:
        for delta in deltas:
            if delta.type in GATHERED:
                self._tell_directory(delta)
            elif delta.type == "call":
                self._tell_call(delta)
            elif delta.type in ("pop", "pop.update", "pop.closed"):
                self._tell_pop(delta, arrived)
            else:
                self._tell_all(delta)

    def _tell_directory(self, delta: Delta) -> None:
        self._directory.changed(delta.type, delta.key)  # type: ignore[arg-type]
        if delta.type == "agent":
            for tell in self._agents_told:
                tell(delta.key, delta.value)
        own = self.clients.in_seat(delta.key) if delta.type == "agent" else None
        if own:
            text = wire.body(delta.message())
            for client in own:
                self.clients.send(client, text)

    def _tell_all(self, delta: Delta) -> None:
        text = wire.body(delta.message())
        for client in self.clients.seeing(delta.audience, delta.type):
            self.clients.send(client, text)

    def _tell_call(self, delta: Delta) -> None:
        """Who had part in it and has no longer is told that it is gone, as far as they are concerned."""
        text = wire.body(delta.message())
        seeing = set() if delta.value is None else self.clients.concerned(delta.audience, "call")
        had = self.clients.holders(delta.key)
        for client in seeing:
            self.clients.hold(delta.key, client)
            self.clients.send(client, text)
        lost = [client for client in had if client not in seeing]
        gone = text if delta.value is None else wire.body({"type": "call", "key": delta.key, "value": None})
        for client in lost:
            self.clients.release(delta.key, client)
            self.clients.send(client, gone)
        if delta.value is None:
            self._details.over(CallId(delta.key))

    # --- pops --------------------------------------------------------------------------------------------------------

    def _prefetch(self, fact: Fact) -> None:
        """Whoever calls us is looked up once the call is there: from the queue to a phone it is two milliseconds."""
        if isinstance(fact, facts.CallStarted | facts.CallQueued | facts.CallDescribed):
            call = self.screen.call(fact.call)
            if call is not None and (_comes_in(fact) or self._details.known(call.id)):
                self._details.ask(call)

    def _tell_pop(self, delta: Delta, arrived: float | None) -> None:
        """A new pop waits a moment for its details, and with it everything that changes it meanwhile."""
        call = CallId(delta.key.rpartition("|")[2])
        if delta.key in self._held:
            if delta.type == "pop.closed":
                self._withdraw(delta)
            return
        if delta.type == "pop":
            live = self.screen.call(call)
            if live is not None:
                self._details.ask(live)
            if self._details.awaited(call) and self.clients.concerned(delta.audience, "pop"):
                handle = asyncio.get_running_loop().call_later(PATIENCE_S, self._release, delta.key)
                self._held[delta.key] = (handle, arrived)
                return
        self._write_pop(delta.message(), delta.audience, arrived if delta.type == "pop" else None)

    def _withdraw(self, closed: Delta) -> None:
        """Withdrawn before anybody saw it: nothing to tell, but that it was missed."""
        if closed.why == "abandoned":
            self._release(closed.key)
        else:
            self._held.pop(closed.key)[0].cancel()

    def _release(self, key: str) -> None:
        """Now, with what is known."""
        handle, arrived = self._held.pop(key)
        handle.cancel()
        value, audience = self.screen.value("pop", key), self.screen.audience("pop", key)
        if value is not None and audience is not None:
            self._write_pop({"type": "pop", "key": key, "value": value}, audience, arrived)

    def _write_pop(self, message: Mapping[str, Any], audience: Audience, arrived: float | None) -> None:
        text = wire.body(message)
        for client in self.clients.concerned(audience, "pop"):
            self.clients.send(client, text, arrived)
        if arrived is not None and self._gauges is not None:
            self._gauges.written(self._monotonic() - arrived)

    def _found(self, call: CallId, details: dict[str, Any] | None) -> None:
        """The look-up is back, with or without an answer."""
        if details is not None:
            self._dispatch(self.screen.learn(call, details))
        for key in [key for key in self._held if key.endswith(f"|{call}")]:
            self._release(key)


def _comes_in(fact: Fact) -> bool:
    """Whether this tells of a caller who will want somebody."""
    if isinstance(fact, facts.CallStarted):
        return fact.direction == "inbound"
    return isinstance(fact, facts.CallQueued)
