"""What is on the floor now: channels, calls, who waits where; and the one way to say that something happened.

In: nothing by itself; the other modules of this room work on it. Out: facts, in order, each folded into the book the
moment it is told, so record and floor never disagree. Must not know: the meaning of events.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from callserver import facts
from callserver.calls.book import Book
from callserver.calls.record import Record, Visit
from callserver.calls.tables import CALL, LEG, VISIT, step
from callserver.facts import CallId, Fact, Instant, LegId, PbxId

_REMEMBERED = (
    5_000  # ids of channels and calls that are gone; an event older than a snapshot may still name them
)


@dataclass(slots=True)
class Chan:
    """A live channel. `offer`: the queue offer this leg rings for."""

    leg: LegId
    name: str
    interface: str
    call: LiveCall
    state: str = "down"
    bridge: str | None = None
    hang_up_wanted: bool = False  # the far end hung up (HangupRequest), before anything else ended it
    cause: int | None = None  # the Q.850 cause that came with it
    hang_up_asked: bool = False  # somebody here, or a stopping switch, asked for its end (SoftHangupRequest)
    exten: str = ""
    number: str | None = None

    @property
    def local(self) -> bool:
        """A half of a Local channel: plumbing, nobody's ear."""
        return self.name.startswith("Local/")

    @property
    def other_half(self) -> str | None:
        if not self.local or self.name[-2:] not in (";1", ";2"):
            return None
        return self.name[:-1] + ("2" if self.name[-1] == "1" else "1")


@dataclass(slots=True)
class LiveVisit:
    """The working side of a record's visit. `offers`: legs ringing for it -> interface."""

    visit: Visit
    state: str = "waiting"
    offers: dict[LegId, str] = field(default_factory=dict)
    taken_by: LegId | None = None  # the leg that came up for it
    gave_up_at: Instant | None = None  # QueueCallerAbandon was seen: not an exit by key, and its time
    gave_up: bool = False
    hung_up: bool = False  # ... and the caller's side had hung up before
    hold_s: float | None = None
    left_at: Instant | None = None


@dataclass(slots=True)
class LiveCall:
    """The working side of a record: its channels, its visits, the call's state."""

    record: Record
    state: str = "arriving"
    chans: dict[LegId, Chan] = field(default_factory=dict)
    visits: list[LiveVisit] = field(default_factory=list)
    talks: set[frozenset[LegId]] = field(default_factory=set)
    linkedids: set[str] = field(default_factory=set)
    direct: tuple[str, str | None] | None = None  # the last device dialed outside of queues, and the number
    caller_gone: bool = False  # the caller's side hung up by itself
    unseen: bool = False  # something of it ended in a gap

    @property
    def id(self) -> CallId:
        return self.record.id

    def number_of(self, visit: LiveVisit) -> int:
        return next(i for i, known in enumerate(self.visits) if known is visit)


@dataclass(slots=True)
class Sight:
    """Whether we see the switch now, and since when this run of it goes on."""

    blind: bool = True
    lost_at: Instant | None = None
    booted_at: Instant | None = None
    latest: Instant | None = None  # the newest event's time


class Scene:
    """One switch's floor as data."""

    def __init__(self, pbx: PbxId) -> None:
        self.pbx = pbx
        self.book = Book()
        self.calls: dict[CallId, LiveCall] = {}
        self.chans: dict[LegId, Chan] = {}
        self.by_name: dict[str, Chan] = {}
        self.linked: dict[str, LiveCall] = {}
        self.bridges: dict[str, dict[LegId, Chan]] = {}
        self.call_of: dict[LegId, LiveCall] = {}  # every leg of open calls and of those just over
        self.gone: OrderedDict[str, None] = OrderedDict()
        self.over: OrderedDict[CallId, LiveCall] = OrderedDict()
        self.sight = Sight()
        self.surprises = 0
        self.tells_queue_status = (
            False  # QUEUESTATUS was seen, so the filter lets it through: no word is a word
        )
        self.stopping = False  # the switch said that it shuts down
        self._told: list[Fact] = []

    # --- telling -----------------------------------------------------------------------------------------------------

    def tell(self, fact: Fact) -> None:
        """Say that something happened."""
        self.book.apply(fact)
        self._told.append(fact)

    def told(self) -> list[Fact]:
        """What was said since the last time; takes it away."""
        told, self._told = self._told, []
        return told

    # --- machines ----------------------------------------------------------------------------------------------------

    def move_call(self, call: LiveCall, name: str) -> None:
        call.state = self._step(CALL, call.state, name)

    def move_visit(self, visit: LiveVisit, name: str) -> None:
        visit.state = self._step(VISIT, visit.state, name)

    def move_leg(self, chan: Chan, name: str) -> None:
        chan.state = self._step(LEG, chan.state, name)

    def _step(self, table: Any, state: str, name: str) -> str:
        after = step(table, state, name)
        if after is None:
            self.surprises += 1
            return state
        return after

    # --- calls -------------------------------------------------------------------------------------------------------

    def visits(self) -> Iterable[tuple[LiveCall, LiveVisit]]:
        return [(call, visit) for call in self.calls.values() for visit in call.visits]

    def chan_in(self, call: LiveCall, interface: str) -> Chan | None:
        return next((chan for chan in call.chans.values() if chan.interface == interface), None)

    def remember_gone(self, key: str) -> None:
        self.gone[key] = None
        while len(self.gone) > _REMEMBERED:
            self.gone.popitem(last=False)

    def add_call(self, call: LiveCall, linkedid: str) -> None:
        self.calls[call.id] = call
        self.link(call, linkedid)

    def link(self, call: LiveCall, linkedid: str) -> None:
        """Channels with this Linkedid belong to this call."""
        self.linked[linkedid] = call
        call.linkedids.add(linkedid)

    def add_chan(self, chan: Chan) -> None:
        self.chans[chan.leg] = chan
        self.by_name[chan.name] = chan
        chan.call.chans[chan.leg] = chan
        self.call_of[chan.leg] = chan.call

    def drop_chan(self, chan: Chan) -> None:
        self.chans.pop(chan.leg, None)
        if self.by_name.get(chan.name) is chan:
            del self.by_name[chan.name]
        chan.call.chans.pop(chan.leg, None)
        self.remember_gone(chan.leg)

    def close(self, call: LiveCall) -> None:
        """The call is over; it stays at hand for facts that come late (AgentComplete after the last hang-up)."""
        self.calls.pop(call.id, None)
        self.over[call.id] = call
        for linkedid in call.linkedids:
            self.linked.pop(linkedid, None)

    def forget_over(self, keep: int) -> None:
        """Let go of all but the newest `keep` ended calls, except those with changes not yet taken."""
        while len(self.over) > keep:
            call, live = self.over.popitem(last=False)
            self.book.forget(call)
            for leg in live.record.legs:
                self.call_of.pop(leg, None)

    def merge(self, keep: LiveCall, absorbed: LiveCall, at: Instant | None) -> None:
        """Two calls turned out to be one."""
        self.tell(facts.CallsMerged(pbx=self.pbx, at=at, call=keep.id, absorbed=absorbed.id))
        for chan in absorbed.chans.values():
            chan.call = keep
        keep.chans |= absorbed.chans
        keep.visits += absorbed.visits
        keep.talks |= absorbed.talks
        keep.unseen = keep.unseen or absorbed.unseen
        if absorbed.state == "talking" and keep.state == "arriving":
            self.move_call(keep, "talk")
        self.calls.pop(absorbed.id, None)
        for linkedid in absorbed.linkedids:
            self.link(keep, linkedid)
        for leg in keep.record.legs:
            self.call_of[leg] = keep

    # --- bridges -----------------------------------------------------------------------------------------------------

    def put_in(self, chan: Chan, bridge: str | None) -> None:
        """The channel is in this bridge now; None: in none."""
        if chan.bridge is not None:
            others = self.bridges.get(chan.bridge, {})
            others.pop(chan.leg, None)
            if not others:
                self.bridges.pop(chan.bridge, None)
        chan.bridge = bridge
        if bridge is not None:
            self.bridges.setdefault(bridge, {})[chan.leg] = chan
