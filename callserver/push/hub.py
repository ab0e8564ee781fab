"""Everybody who watches, and the one place from which they are told.

In: facts of switches the moment they are understood; values and events that others make (shifts, promises, notices,
tickets); clients that come, speak and go. Out: numbered messages on their transports. Must not know: HTTP, sessions,
SQL; who may see what is said by each client's `View`.

Nothing here waits for a client, and nothing that a client does costs another one anything but its own share of the
loop. Pops leave while their facts are still being written down: what a crash in between takes back, a resync brings
again (docs/why.md).
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

import structlog

from callserver import facts
from callserver.facts import CallId, Fact, Instant, PbxId, iso
from callserver.push import wire
from callserver.push.agents import Member, Sitter
from callserver.push.client import KEPT_S, Client, Transport
from callserver.push.details import Details, LookUp
from callserver.push.directory import Directory
from callserver.push.screen import Delta, Kind, Screen, Value
from callserver.push.views import Audience, Parties, Seat, User, View, seat_key

log = structlog.get_logger(__name__)

HEARTBEAT_S: Final = 15
PATIENCE_S: Final = 0.05
"""How long a pop waits for what is known of its caller."""
_BESIDE_DIRECTORY: Final[tuple[Kind, ...]] = ("call", "pop", "shift", "promise", "notice", "switch")
MOST_OF_ONE: Final = 20
"""Streams that one owner may have open."""


class Gauges(Protocol):
    """What is measured."""

    def acknowledged(self, seconds: float) -> None: ...
    def written(self, seconds: float) -> None: ...
    def cut(self, why: str) -> None: ...
    def resumed(self, found: bool) -> None: ...
    def clients(self, open: int, kept: int, outbox: int) -> None: ...


class TooMany(Exception):
    """This owner has enough streams open."""


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
        self._directory = Directory(self.screen, self._send)
        self._clients: dict[str, Client] = {}  # by stream; also those that are gone and may come back
        self._of_user: dict[int, set[Client]] = {}
        self._in_seat: dict[str, set[Client]] = {}
        self._watchers: set[Client] = set()  # who may see calls or pops of others
        self._holders: dict[str, set[Client]] = {}  # call -> clients that were told of it
        self._held: dict[
            str, tuple[asyncio.TimerHandle, float | None]
        ] = {}  # pops that wait for their details
        self._seats: dict[int, str] = {}
        self._present: list[Callable[[int, bool], None]] = []
        self._tasks: list[asyncio.Task[None]] = []

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
        for client in list(self._clients.values()):
            client.close(wire.GOING, "the server is stopping")

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(1)
            self.tick()

    def tick(self) -> None:
        """A second has passed."""
        now = self._monotonic()
        self._dispatch(self.screen.tick(self._clock()))
        for client in list(self._clients.values()):
            if client.left_at is not None and now - client.left_at > KEPT_S:
                self._forget(client)
            elif client.stalled(now):
                self._cut(client, "stalled")
        if self._gauges is not None:
            here = [client for client in self._clients.values() if client.transport is not None]
            waiting = sum(client.waiting for client in here)
            self._gauges.clients(len(here), len(self._clients) - len(here), waiting)

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
        """A value of a collection that is not made from facts: shift, promise, notice. None: gone."""
        self._dispatch(self.screen.put(kind, key, value, audience))

    def event(self, kind: str, body: Mapping[str, Any], audience: Audience) -> None:
        """A message that stays in no collection: `ticket`, `draft`. One person's comes at once, others' in a moment."""
        if not isinstance(audience, User | Seat):
            self._directory.happened(kind, body, audience)
            return
        text = wire.body({"type": kind, **body})
        for client in [one for one in self._clients.values() if one.view.sees(audience, kind)]:
            self._send(client, text)

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

    # --- people ------------------------------------------------------------------------------------------------------

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
        before = self._seats.pop(user, None)
        if before is not None and before not in self._seats.values():
            of, _, seat = before.partition("/")
            self._dispatch(self.screen.sit(PbxId(of), seat, None))
        if interface is not None:
            self._seats[user] = seat_key(pbx, interface)
            sitter = Sitter(user=user, login=login, name=name)
            self._dispatch(self.screen.sit(pbx, interface, sitter, state_interface=state_interface))
        for client in list(self._of_user.get(user, ())):
            self.renew(client, client.view)

    def watching(self, user: int) -> int:
        """How many screens this person has open."""
        return sum(1 for client in self._of_user.get(user, ()) if client.transport is not None)

    def on_presence(self, tell: Callable[[int, bool], None]) -> None:
        """Be told when a person's first screen opens and their last one closes."""
        self._present.append(tell)

    # --- clients -----------------------------------------------------------------------------------------------------

    def join(
        self,
        view: View,
        owner: str,
        transport: Transport,
        close: Callable[[int, str], None],
        *,
        user: Mapping[str, Any] | None = None,
        place: tuple[str, int] | None = None,
    ) -> Client:
        """Somebody opened the stream: hello, then what they missed or a fresh snapshot.

        owner: whose streams these are, to find an earlier one and to count them. user: what hello says of the person.
        place: (stream, number) of an earlier connection. Raises TooMany.
        """
        view = self._seated(view)
        if self.crowded(owner):
            raise TooMany(f"{owner} has {MOST_OF_ONE} streams open")
        kept = self._kept(place, owner, view)
        client = kept or Client(secrets.token_urlsafe(12), owner, view, None, close)
        client.transport, client.close, client.left_at = transport, close, None
        client.user = user
        client.heard_at, client.stuck_since = self._monotonic(), None
        client.hello(self._hello(client, resumed=kept is not None))
        if kept is not None and place is not None:
            client.again(place[1])
        else:
            self._add(client)
        self._presence(client, 1)
        return client

    def crowded(self, owner: str) -> bool:
        """Whether this owner has as many streams open as anybody may."""
        mine = [one for one in self._clients.values() if one.owner == owner and one.transport is not None]
        return len(mine) >= MOST_OF_ONE

    def _kept(self, place: tuple[str, int] | None, owner: str, view: View) -> Client | None:
        """The stream that goes on, if it is theirs, they see the same and nothing was lost."""
        if place is None:
            return None
        known = self._clients.get(place[0])
        good = (
            known is not None and known.owner == owner and known.view == view and known.goes_on_from(place[1])
        )
        if self._gauges is not None:
            self._gauges.resumed(good)
        if known is not None and known.owner == owner and known.transport is not None:
            known.close(wire.GOING, "this stream goes on elsewhere")
            self.leave(known)
        if known is not None and known.owner == owner and not good:
            self._forget(known)
        return known if good else None

    def _hello(self, client: Client, *, resumed: bool) -> dict[str, Any]:
        return {
            "type": "hello",
            "v": wire.VERSION,
            "stream": client.stream,
            "server_time": iso(self._clock()),
            "node": self.node,
            "user": client.user,
            "heartbeat_s": HEARTBEAT_S,
            "resumed": resumed,
        }

    def leave(self, client: Client) -> None:
        """Its connection is gone. What happens meanwhile is kept for a while."""
        if client.transport is None or client.stream not in self._clients:
            return
        client.transport, client.left_at = None, self._monotonic()
        client.unseen.clear()
        self._presence(client, 0)

    def renew(self, client: Client, view: View) -> None:
        """It may see something else from now on: a fresh snapshot, at once."""
        self._remove(client)
        client.view = self._seated(view)
        self._add(client)

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
            return self._taken_up(client, (word.stream, word.seq))
        return client

    def _taken_up(self, client: Client, place: tuple[str, int]) -> Client:
        """The earlier stream goes on at this connection; where it cannot, the snapshot that was sent is as good."""
        kept = None if place[0] == client.stream else self._kept(place, client.owner, client.view)
        if kept is None:
            return client
        kept.transport, kept.close, kept.left_at = client.transport, client.close, None
        kept.budget, kept.heard_at, kept.stuck_since = client.budget, client.heard_at, None
        client.transport = None
        self._remove(client)
        kept.hello(self._hello(kept, resumed=True))
        kept.again(place[1])
        return kept

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

    def bare(self, view: View) -> View:
        """A view as whoever knows rights made it, without the seat."""
        return replace(view, seat=None)

    def _seated(self, view: View) -> View:
        """Where they sit is what the hub knows, not what a request says."""
        return replace(view, seat=self._seats.get(view.user) if view.user is not None else None)

    def _add(self, client: Client) -> None:
        view = client.view
        self._clients[client.stream] = client
        if view.user is not None:
            self._of_user.setdefault(view.user, set()).add(client)
        if view.seat is not None:
            self._in_seat.setdefault(view.seat, set()).add(client)
        if view.callers or view.pops:
            self._watchers.add(client)
        client.snapshot(self._directory.add(client) | self.screen.snapshot(view.sees, _BESIDE_DIRECTORY))
        for call in client.calls:
            self._holders.setdefault(call, set()).add(client)

    def _remove(self, client: Client) -> None:
        self._clients.pop(client.stream, None)
        self._directory.remove(client)
        self._watchers.discard(client)
        for index, key in ((self._of_user, client.view.user), (self._in_seat, client.view.seat)):
            _discard(index, key, client)
        for call in client.calls:
            _discard(self._holders, call, client)

    def _forget(self, client: Client) -> None:
        """Nobody comes back to this stream."""
        self.leave(client)
        self._remove(client)

    def _cut(self, client: Client, why: str) -> None:
        transport = client.transport
        log.warning("a reader of the stream was cut off", owner=client.owner, why=why, waiting=client.waiting)
        if self._gauges is not None:
            self._gauges.cut(why)
        self._forget(client)
        if transport is not None:
            transport.abort()

    def _presence(self, client: Client, others: int) -> None:
        """others: how many open screens make it no news."""
        user = client.view.user
        if user is None or self.watching(user) != others:
            return
        for tell in self._present:
            try:
                tell(user, others == 1)
            except Exception:
                log.exception("presence cannot be told", user=user)

    # --- telling -----------------------------------------------------------------------------------------------------

    def _send(self, client: Client, text: bytes, arrived: float | None = None) -> None:
        client.send(text, arrived)
        if client.waiting > client.outbox:
            self._cut(client, "behind")

    def _dispatch(self, deltas: Iterable[Delta], arrived: float | None = None) -> None:
        for delta in deltas:
            if delta.type in ("agent", "queue"):
                self._tell_directory(delta)
            elif delta.type == "call":
                self._tell_call(delta)
            elif delta.type in ("pop", "pop.update", "pop.closed"):
                self._tell_pop(delta, arrived)
            else:
                self._tell_all(delta)

    def _tell_directory(self, delta: Delta) -> None:
        self._directory.changed(delta.type, delta.key)  # type: ignore[arg-type]
        own = self._in_seat.get(delta.key) if delta.type == "agent" else None
        if own:
            text = wire.body(delta.message())
            for client in list(own):
                self._send(client, text)

    def _tell_all(self, delta: Delta) -> None:
        text = wire.body(delta.message())
        listening = self._clients.values()
        if isinstance(delta.audience, User):
            listening = self._of_user.get(delta.audience.id, set())  # type: ignore[assignment]
        for client in [client for client in listening if client.view.sees(delta.audience, delta.type)]:
            self._send(client, text)

    def _tell_call(self, delta: Delta) -> None:
        """Who had part in it and has no longer is told that it is gone, as far as they are concerned."""
        text = wire.body(delta.message())
        seeing = set() if delta.value is None else self._concerned(delta.audience, "call")
        had = self._holders.get(delta.key, set())
        for client in seeing:
            self._holders.setdefault(delta.key, set()).add(client)
            client.calls.add(delta.key)
            self._send(client, text)
        lost = [client for client in had if client not in seeing]
        gone = text if delta.value is None else wire.body({"type": "call", "key": delta.key, "value": None})
        for client in lost:
            _discard(self._holders, delta.key, client)
            client.calls.discard(delta.key)
            self._send(client, gone)
        if delta.value is None:
            self._details.over(CallId(delta.key))

    def _concerned(self, audience: Audience, kind: str) -> set[Client]:
        if not isinstance(audience, Parties):
            return set()
        seated = {client for seat in audience.seats for client in self._in_seat.get(seat, ())}
        return seated | {client for client in self._watchers if client.view.sees(audience, kind)}

    # --- pops --------------------------------------------------------------------------------------------------------

    def _prefetch(self, fact: Fact) -> None:
        if isinstance(fact, facts.CallQueued | facts.CallDescribed):
            call = self.screen.call(fact.call)
            if call is not None and (isinstance(fact, facts.CallQueued) or self._details.known(call.id)):
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
            if self._details.awaited(call) and self._concerned(delta.audience, "pop"):
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
        for client in self._concerned(audience, "pop"):
            self._send(client, text, arrived)
        if arrived is not None and self._gauges is not None:
            self._gauges.written(self._monotonic() - arrived)

    def _found(self, call: CallId, details: dict[str, Any] | None) -> None:
        """The look-up is back, with or without an answer."""
        if details is not None:
            self._dispatch(self.screen.learn(call, details))
        for key in [key for key in self._held if key.endswith(f"|{call}")]:
            self._release(key)


def _discard(index: dict[Any, set[Client]], key: object, client: Client) -> None:
    known = index.get(key)
    if known is not None:
        known.discard(client)
        if not known:
            del index[key]
