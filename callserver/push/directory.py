"""What concerns many, told to everybody who may see it a few times a second: agents, queues, their numbers, tickets.

In: changes of agents, queues and tallies, events for more than one. Out: one message of all that gathered for each
group of clients with the same queues and rights. Must not know: calls, pops.

Why not at once: with 350 agents each change would be 350 writes, and a busy minute has hundreds of changes a second.
What changed twice in between is told as it is at last. Each message is made once for a whole group and written to 25
clients at a time, so that a pop never waits for more than one slice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, get_args

import orjson

from callserver.push import wire
from callserver.push.applying import COLLECTIONS
from callserver.push.client import Client
from callserver.push.screen import Screen
from callserver.push.views import Audience, View

EVERY_S: Final = 0.25
"""Between two messages."""
SOON_S: Final = 0.05
"""What comes after a silence waits so long for what comes with it."""
SLICE: Final = 25
Gathered: TypeAlias = Literal["agent", "queue", "tally"]
GATHERED: Final[tuple[Gathered, ...]] = get_args(Gathered)
Key: TypeAlias = tuple[Gathered, str]


@dataclass(slots=True)
class _Group:
    """Clients that see the same queues and have the same rights, and what of the directory they have."""

    view: View
    clients: dict[Client, None] = field(default_factory=dict)
    has: set[Key] = field(default_factory=set)
    text: dict[str, orjson.Fragment] | None = None  # what a snapshot says of it, as long as nothing changes


@dataclass(frozen=True, slots=True)
class _Event:
    body: bytes
    kind: str
    audience: Audience


class Directory:
    """What has changed since it was last told."""

    def __init__(self, screen: Screen, send: Callable[[Client, bytes], None]) -> None:
        self._screen = screen
        self._send = send
        self._groups: dict[View, _Group] = {}
        self._events: list[_Event] = []
        self._changed: dict[Key, None] = {}
        self._told = asyncio.Event()
        self._gatherers: list[Callable[[], None]] = []

    def add(self, client: Client) -> dict[str, Any]:
        """It is told from now on. What its snapshot says of agents and queues: the same text for the whole group, so
        that 350 who come back at once do not each cost milliseconds.
        """
        view = View(queues=client.view.queues, scopes=client.view.scopes)
        group = self._groups.get(view)
        if group is None:
            group = self._groups[view] = _Group(view)
        group.clients[client] = None
        if group.text is None:
            group.text = self._text(group)
        seat = client.view.seat
        if seat is None or ("agent", seat) in group.has:
            return dict(group.text)
        return dict(
            self._screen.snapshot(client.view.sees, GATHERED)
        )  # somebody who works in no queue of theirs

    def _text(self, group: _Group) -> dict[str, orjson.Fragment]:
        screen = self._screen.snapshot(group.view.sees, GATHERED)
        group.has |= {(kind, key) for kind in GATHERED for key in screen[COLLECTIONS[kind]]}
        return {name: orjson.Fragment(orjson.dumps(values)) for name, values in screen.items()}

    def remove(self, client: Client) -> None:
        view = View(queues=client.view.queues, scopes=client.view.scopes)
        group = self._groups.get(view)
        if group is not None:
            group.clients.pop(client, None)
            if not group.clients:
                del self._groups[view]

    def changed(self, kind: Gathered, key: str) -> None:
        self._changed[kind, key] = None
        for group in self._groups.values():
            group.text = None
        self._told.set()

    def happened(self, kind: str, body: Mapping[str, Any], audience: Audience) -> None:
        """An event for whoever may see it, in no collection."""
        self._events.append(_Event(wire.body({"type": kind, **body}), kind, audience))
        self._told.set()

    def gathering(self, gather: Callable[[], None]) -> None:
        """Have this called just before anything is told: for values that are not worth making more often."""
        self._gatherers.append(gather)

    def stir(self) -> None:
        """Look soon whether there is anything to tell."""
        self._told.set()

    async def run(self) -> None:
        """Tell until cancelled."""
        loop = asyncio.get_running_loop()
        last = loop.time() - EVERY_S
        while True:
            await self._told.wait()
            await asyncio.sleep(max(SOON_S, last + EVERY_S - loop.time()))
            last = loop.time()
            await self.flush()

    async def flush(self) -> None:
        """Tell everything that has changed by now."""
        for gather in self._gatherers:
            gather()
        changed, self._changed = self._changed, {}
        events, self._events = self._events, []
        self._told.clear()
        for group in list(self._groups.values()):
            message = self._message(group, changed, events)
            if message is not None:
                await self._broadcast(list(group.clients), message, changed)

    def _message(self, group: _Group, changed: Iterable[Key], events: Iterable[_Event]) -> bytes | None:
        bodies = [wire.body(said) for key in changed if (said := self._said(group, key)) is not None]
        bodies += [event.body for event in events if group.view.sees(event.audience, event.kind)]
        return wire.several(bodies) if bodies else None

    def _said(self, group: _Group, key: Key) -> dict[str, Any] | None:
        """The value as it is now; None for `value` where the group sees it no longer."""
        kind, name = key
        audience, value = self._screen.audience(kind, name), self._screen.value(kind, name)
        if audience is not None and value is not None and group.view.sees(audience, kind):
            group.has.add(key)
            return {"type": kind, "key": name, "value": value}
        if key not in group.has:
            return None
        group.has.discard(key)
        return {"type": kind, "key": name, "value": None}

    async def _broadcast(self, clients: list[Client], message: bytes, changed: dict[Key, None]) -> None:
        """A client's own agent was told at once; what is told here may be older by a slice, so it is told again."""
        for begin in range(0, len(clients), SLICE):
            for client in clients[begin : begin + SLICE]:
                self._send(client, message)
                seat = client.view.seat
                if seat is not None and ("agent", seat) in changed:
                    value = self._screen.value("agent", seat)
                    self._send(client, wire.body({"type": "agent", "key": seat, "value": value}))
            await asyncio.sleep(0)
