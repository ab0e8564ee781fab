"""Who is there: every client of the live screens, by stream, person, seat and call.

In: clients that come, leave, come back and see something else; the seats of people. Out: the clients that somebody's
news concern, a hello and a snapshot for who comes, what they missed for who comes back, who is there and who is not
any more. Must not know: facts, what is told and why.

A client that left stays for `KEPT_S`, and is told as if it was there, so that it can go on where it was.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from typing import Any, Final, Protocol

import structlog

from callserver.facts import Instant, PbxId, iso
from callserver.push import wire
from callserver.push.client import KEPT_S, Client, Transport
from callserver.push.directory import Directory
from callserver.push.screen import Kind, Screen
from callserver.push.views import Audience, Parties, User, View, seat_key

log = structlog.get_logger(__name__)

HEARTBEAT_S: Final = 15
MOST_OF_ONE: Final = 20
"""Streams that one owner may have open."""
_BESIDE_DIRECTORY: Final[tuple[Kind, ...]] = ("call", "pop", "shift", "promise", "notice", "switch", "alert")


class Gauges(Protocol):
    """What is measured."""

    def acknowledged(self, seconds: float) -> None: ...
    def written(self, seconds: float) -> None: ...
    def cut(self, why: str) -> None: ...
    def resumed(self, found: bool) -> None: ...
    def clients(self, open: int, kept: int, outbox: int) -> None: ...


class TooMany(Exception):
    """This owner has enough streams open."""


class Clients:
    """Those of one process. `directory` is told of them, too, and writes through `send` as everybody does."""

    def __init__(
        self,
        node: str,
        screen: Screen,
        gauges: Gauges | None,
        clock: Callable[[], Instant],
        monotonic: Callable[[], float],
    ) -> None:
        self.directory = Directory(screen, self.send)
        self._node = node
        self._screen = screen
        self._gauges = gauges
        self._clock = clock
        self._monotonic = monotonic
        self._by_stream: dict[str, Client] = {}  # also those that are gone and may come back
        self._of_user: dict[int, set[Client]] = {}
        self._in_seat: dict[str, set[Client]] = {}
        self._watchers: set[Client] = set()  # who may see calls or pops of others
        self._holders: dict[str, set[Client]] = {}  # call -> clients that were told of it
        self._seats: dict[int, str] = {}
        self._present: list[Callable[[int, bool], None]] = []

    # --- coming and going --------------------------------------------------------------------------------------------

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
        mine = [one for one in self._by_stream.values() if one.owner == owner and one.transport is not None]
        return len(mine) >= MOST_OF_ONE

    def _kept(self, place: tuple[str, int] | None, owner: str, view: View) -> Client | None:
        """The stream that goes on, if it is theirs, they see the same and nothing was lost."""
        if place is None:
            return None
        known = self._by_stream.get(place[0])
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
            "node": self._node,
            "user": client.user,
            "heartbeat_s": HEARTBEAT_S,
            "resumed": resumed,
        }

    def resume(self, client: Client, place: tuple[str, int]) -> Client:
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

    def leave(self, client: Client) -> None:
        """Its connection is gone. What happens meanwhile is kept for a while."""
        if client.transport is None or client.stream not in self._by_stream:
            return
        client.transport, client.left_at = None, self._monotonic()
        client.unseen.clear()
        self._presence(client, 0)

    def renew(self, client: Client, view: View) -> None:
        """It may see something else from now on: a fresh snapshot, at once."""
        self._remove(client)
        client.view = self._seated(view)
        self._add(client)

    def sweep(self) -> None:
        """Forget who does not come back, cut off who does not read, measure who is there. Every second."""
        now = self._monotonic()
        for client in self.everybody():
            if client.left_at is not None and now - client.left_at > KEPT_S:
                self._forget(client)
            elif client.stalled(now):
                self._cut(client, "stalled")
        if self._gauges is not None:
            here = [client for client in self._by_stream.values() if client.transport is not None]
            waiting = sum(client.waiting for client in here)
            self._gauges.clients(len(here), len(self._by_stream) - len(here), waiting)

    def dismiss(self, why: str) -> None:
        """Send everybody away."""
        for client in self.everybody():
            client.close(wire.GOING, why)

    def send(self, client: Client, text: bytes, arrived: float | None = None) -> None:
        """A numbered message; who is too far behind to take it is cut off. arrived: when its event came, monotonic."""
        client.send(text, arrived)
        if client.waiting > client.outbox:
            self._cut(client, "behind")

    def _add(self, client: Client) -> None:
        view = client.view
        self._by_stream[client.stream] = client
        if view.user is not None:
            self._of_user.setdefault(view.user, set()).add(client)
        if view.seat is not None:
            self._in_seat.setdefault(view.seat, set()).add(client)
        if view.callers or view.pops:
            self._watchers.add(client)
        client.snapshot(self.directory.add(client) | self._screen.snapshot(view.sees, _BESIDE_DIRECTORY))
        for call in client.calls:
            self._holders.setdefault(call, set()).add(client)

    def _remove(self, client: Client) -> None:
        self._by_stream.pop(client.stream, None)
        self.directory.remove(client)
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

    # --- people ------------------------------------------------------------------------------------------------------

    def sit(self, user: int, pbx: PbxId, interface: str | None) -> str | None:
        """This person sits there now; None: they have no seat. Gives the seat that is empty since then, if any.

        Their screens do not see it before they are renewed.
        """
        before = self._seats.pop(user, None)
        left = before if before not in self._seats.values() else None
        if interface is not None:
            self._seats[user] = seat_key(pbx, interface)
        return left

    def _seated(self, view: View) -> View:
        """Where they sit is what we know, not what a request says."""
        return replace(view, seat=self._seats.get(view.user) if view.user is not None else None)

    def watching(self, user: int) -> int:
        """How many screens this person has open."""
        return sum(1 for client in self._of_user.get(user, ()) if client.transport is not None)

    def on_presence(self, tell: Callable[[int, bool], None]) -> None:
        """Be told when a person's first screen opens and their last one closes."""
        self._present.append(tell)

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

    # --- whom it concerns --------------------------------------------------------------------------------------------

    def everybody(self) -> list[Client]:
        """All, also those that left and may come back."""
        return list(self._by_stream.values())

    def of_user(self, user: int) -> list[Client]:
        """One person's."""
        return list(self._of_user.get(user, ()))

    def in_seat(self, seat: str) -> list[Client]:
        """Those of whoever sits there."""
        return list(self._in_seat.get(seat, ()))

    def seeing(self, audience: Audience, kind: str) -> list[Client]:
        """Whoever may see this."""
        among = self.of_user(audience.id) if isinstance(audience, User) else self.everybody()
        return [client for client in among if client.view.sees(audience, kind)]

    def concerned(self, audience: Audience, kind: str) -> set[Client]:
        """Whose call or pop it is, and who may see others'."""
        if not isinstance(audience, Parties):
            return set()
        seated = {client for seat in audience.seats for client in self._in_seat.get(seat, ())}
        return seated | {client for client in self._watchers if client.view.sees(audience, kind)}

    def holders(self, call: str) -> Set[Client]:
        """Who was told of this call, and not that it is gone."""
        return self._holders.get(call, frozenset())

    def hold(self, call: str, client: Client) -> None:
        """It was told of this call."""
        self._holders.setdefault(call, set()).add(client)
        client.calls.add(call)

    def release(self, call: str, client: Client) -> None:
        """It was told that this call is gone."""
        _discard(self._holders, call, client)
        client.calls.discard(call)


def _discard(index: dict[Any, set[Client]], key: object, client: Client) -> None:
    known = index.get(key)
    if known is not None:
        known.discard(client)
        if not known:
            del index[key]
