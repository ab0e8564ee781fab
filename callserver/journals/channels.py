"""CEL events of one call -> its channels: who they were, who heard whom, who stayed in a queue, who
transferred.

In: the CEL events of one call, in the file's order. Out: channels, talks, stays in the Queue application,
transfers. Must not know: queue_log.

What Asterisk writes (traces local-member, atxfer-finished, three-way, exit-by-key): a member's leg runs
`AppQueue`, a dialed one `AppDial`, an originated one `AppDial2`; a Local channel's two halves carry sound
between bridges and are nobody themselves; a three-way conference is written as an ATTENDEDTRANSFER whose
transferer is in a bridge at that moment; a caller who leaves a queue by key has the key as extension at
APP_END.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from callserver.ami.events import interface
from callserver.facts import Instant, LegId
from callserver.journals import cel
from callserver.journals.hearing import Hearing
from callserver.journals.story import Talk, Transfer

_RESTING: Final = ("<ZOMBIE>", "<MASQ>")
_KEY: Final = re.compile(r"[0-9A-D*#]")
NOBODY_DIALED: Final = frozenset({"", "s", "h", "i", "t"})


@dataclass(slots=True)
class Channel:
    """One channel as CEL shows it. `by_itself`: it was the one that hung up. `began_it`: its linkedid is
    its own.
    """

    leg: LegId
    name: str
    linkedid: LegId
    number: str | None = None
    caller_name: str | None = None
    exten: str = ""
    app: str = ""
    started: Instant | None = None
    answered: Instant | None = None
    ended: Instant | None = None
    cause: int | None = None
    by_itself: bool = False
    dialstatus: str = ""
    began_it: bool = False
    came_in: bool = False
    withheld: bool = False
    dialed: str = ""
    last_at: Instant = 0

    @property
    def interface(self) -> str:
        return interface(self.name)

    @property
    def local(self) -> bool:
        return self.name.startswith("Local/")


@dataclass(slots=True)
class Stay:
    """One run of the Queue application on one channel. `limit_s`: its time-out argument."""

    leg: LegId
    queue: str
    begin: Instant
    exten: str
    end: Instant | None = None
    limit_s: float | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Meeting:
    """From `at` on two channels were in one bridge."""

    one: LegId
    other: LegId
    at: Instant


@dataclass(slots=True)
class Channels:
    """All channels of one call, fed in order."""

    known: dict[LegId, Channel] = field(default_factory=dict)
    stays: list[Stay] = field(default_factory=list)
    meetings: list[Meeting] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    moments: dict[LegId, list[Instant]] = field(default_factory=dict)
    last_at: Instant = 0
    _linked_ends: dict[LegId, Instant] = field(default_factory=dict)
    _hearing: Hearing = field(default_factory=Hearing)
    _staying: dict[LegId, Stay] = field(default_factory=dict)

    def feed(self, events: Iterable[cel.Event]) -> Channels:
        """All events of the call, in order."""
        for event in events:
            self._meet(event)
            step = _STEPS.get(type(event))
            if step is not None:
                step(self, event)
        self._settle()
        return self

    @property
    def over(self) -> bool:
        """Whether every channel is gone."""
        return bool(self.known) and all(channel.ended is not None for channel in self.known.values())

    @property
    def ended_at(self) -> Instant | None:
        return max((channel.ended or 0 for channel in self.known.values()), default=None)

    @property
    def talks(self) -> tuple[Talk, ...]:
        """Who heard whom."""
        return self._hearing.talks()

    def _meet(self, event: cel.Event) -> Channel:
        self.last_at = max(self.last_at, event.at)
        channel = self.known.get(event.leg)
        if channel is None:
            channel = Channel(event.leg, event.channel, event.linkedid)
            channel.number, channel.caller_name, channel.exten = event.number, event.name, event.exten
            self.known[event.leg] = channel
            self._hearing.meet(event.leg)
        channel.linkedid, channel.last_at = event.linkedid, event.at
        if not event.channel.endswith(_RESTING):
            channel.name = event.channel or channel.name
        if event.app.startswith("App"):
            channel.app = event.app
        if channel.came_in:
            _learn_caller(channel, event)
        return channel

    def _mark(self, event: cel.Event) -> None:
        self.moments.setdefault(event.leg, []).append(event.at)

    # --- beginnings and ends ---

    def _started(self, event: cel.ChannelStarted) -> None:
        channel = self.known[event.leg]
        channel.started = event.at
        channel.began_it = event.leg == event.linkedid
        channel.came_in = (
            event.leg == event.linkedid and event.exten not in NOBODY_DIALED and not channel.local
        )

    def _answered(self, event: cel.Answered) -> None:
        channel = self.known[event.leg]
        channel.answered = channel.answered or event.at

    def _hung_up(self, event: cel.HungUp) -> None:
        channel = self.known[event.leg]
        channel.cause = event.cause
        channel.by_itself = event.by == event.channel
        channel.dialstatus = event.dialstatus or channel.dialstatus
        self._gone(event)

    def _gone(self, event: cel.Event) -> None:
        self.known[event.leg].ended = self.known[event.leg].ended or event.at
        self._close_stay(event.leg, event.at)
        self._hearing.leave(event.leg, event.at)
        self._mark(event)

    def _linked_ended(self, event: cel.LinkedEnded) -> None:
        self._linked_ends[event.linkedid] = event.at

    def _settle(self) -> None:
        """A channel whose own end was not written is gone with the last of its linkedid; unless it was
        heard of later, for it may have changed to another linkedid unannounced (trace
        queue-call-picked-up).
        """
        for channel in self.known.values():
            at = self._linked_ends.get(channel.linkedid)
            if channel.ended is None and at is not None and channel.last_at <= at:
                channel.ended = at
                self._hearing.leave(channel.leg, at)

    # --- the Queue application ---

    def _app_started(self, event: cel.AppStarted) -> None:
        self._close_stay(event.leg, event.at)
        channel = self.known[event.leg]
        if event.app == "Dial" and not channel.dialed and event.exten not in NOBODY_DIALED:
            channel.dialed = event.exten
        if event.app == "Queue":
            queue, *rest = event.data.split(",")
            limit = rest[3] if len(rest) > 3 else ""
            stay = self._staying[event.leg] = Stay(event.leg, queue, event.at, event.exten)
            stay.limit_s = float(limit) if limit.isascii() and limit.isdigit() and len(limit) < 9 else None
            self.stays.append(stay)

    def _app_ended(self, event: cel.AppEnded) -> None:
        if event.app == "Queue":
            stay = self._staying.get(event.leg)
            if stay is not None and event.exten != stay.exten and _KEY.fullmatch(event.exten):
                stay.key = event.exten
            self._close_stay(event.leg, event.at)
            self._mark(event)

    def _close_stay(self, leg: LegId, at: Instant) -> None:
        stay = self._staying.pop(leg, None)
        if stay is not None:
            stay.end = at

    # --- bridges ---

    def _bridge_entered(self, event: cel.BridgeEntered) -> None:
        if event.holding or not event.bridge:
            return
        together = self._hearing.others_in(event.bridge, event.leg)
        self.meetings += [Meeting(event.leg, other, event.at) for other in together]
        self._mark(event)
        self._hearing.enter(event.leg, self.known[event.leg].name, event.bridge, event.at)

    def _bridge_left(self, event: cel.BridgeLeft) -> None:
        if self._hearing.bridge_of(event.leg) == event.bridge:
            self._hearing.leave(event.leg, event.at)
        self._mark(event)

    # --- transfers ---

    def _blind(self, event: cel.BlindTransferred) -> None:
        self._mark(event)
        self.transfers.append(Transfer(kind="blind", by=event.interface, to=event.to, at=event.at))

    def _attended(self, event: cel.AttendedTransferred) -> None:
        if event.bridge and self._hearing.bridge_of(event.leg) == event.bridge:
            return  # went to the transferee as well: a conference, not a transfer
        self._mark(event)
        self.transfers.append(
            Transfer(kind="attended", by=event.interface, to=self._target(event.target), at=event.at)
        )

    def _target(self, name: str) -> str:
        """Whom it went to: the device, behind a Local channel where one stands between, else what was dialed.

        Asterisk may not name the target (trace atxfer-finished-unfiltered); then it is who was dialed last.
        """
        if not name:
            dialed = [other for other in self.known.values() if other.app == "AppDial" and not other.ended]
            return dialed[-1].interface if dialed else ""
        if not name.startswith("Local/"):
            return interface(name)
        behind = (self.known[leg] for leg in self._hearing.behind(name))
        device = next((channel.interface for channel in behind if not channel.local), None)
        return device or name.removeprefix("Local/").partition("@")[0]


def _learn_caller(channel: Channel, event: cel.Event) -> None:
    """A trunk may tell the number a moment after the channel; and that it is to be hidden, a moment after
    showing it (trace withheld-number).
    """
    channel.withheld = channel.withheld or event.withheld
    if channel.withheld:
        channel.number = channel.caller_name = None
        return
    channel.number = channel.number or event.number
    channel.caller_name = channel.caller_name or event.name


_STEPS: Final[dict[type, Callable[[Channels, Any], None]]] = {
    cel.ChannelStarted: Channels._started,
    cel.Answered: Channels._answered,
    cel.HungUp: Channels._hung_up,
    cel.ChannelEnded: Channels._gone,
    cel.LinkedEnded: Channels._linked_ended,
    cel.BridgeEntered: Channels._bridge_entered,
    cel.BridgeLeft: Channels._bridge_left,
    cel.AppStarted: Channels._app_started,
    cel.AppEnded: Channels._app_ended,
    cel.BlindTransferred: Channels._blind,
    cel.AttendedTransferred: Channels._attended,
}
