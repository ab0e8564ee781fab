"""Entries of both journals -> what the switch says of each call.

In: queue_log entries and CEL events of one stretch of time, each in its file's order; either may be
missing. Out: one `Story` a call. Must not know: files, our own records.

Channels are one call when CEL gives them one linkedid, when a transfer or pick-up names them together, when
they met in a bridge, or when queue_log says that this member's leg answered that caller. A call that goes
on to a second queue, or to another agent, is still one.

A switch that is killed writes no ends (trace asterisk-restarted-killed). What was open is over with the
next sign of a new life: QUEUESTART in queue_log, or in CEL a channel whose serial number began anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from callserver.facts import LISTENING, CallId, Direction, Instant, LegId, Outcome, PbxId, Source
from callserver.journals import cel, queue_log
from callserver.journals.channels import NOBODY_DIALED, Channel, Channels, Stay
from callserver.journals.grouping import Group, groups_of
from callserver.journals.lives import Lives
from callserver.journals.rings import Members
from callserver.journals.story import Leg, Story, Transfer
from callserver.journals.visits import Visits

_BUSY: Final = 17
_DIALS: Final[Mapping[str, Outcome]] = {
    "NOANSWER": "no_answer",
    "CANCEL": "no_answer",
    "BUSY": "busy",
    "CONGESTION": "failed",
    "CHANUNAVAIL": "failed",
}
_OVERRULED: Final = (None, "timed_out", "left_by_key", "queue_empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What others know of the switch: phones of ours, lines outside, and which interface a member's name
    means.
    """

    phones: frozenset[str] = frozenset()
    trunks: tuple[str, ...] = ()
    members: Mapping[str, str] = field(default_factory=dict)

    def is_phone(self, interface: str, number: str | None = None) -> bool:
        """Whether a phone of ours is behind the interface: by settings, by membership, or named like its
        number.
        """
        if interface.startswith(self.trunks):
            return False
        if interface in self.phones or interface in self.members.values():
            return True
        return number is not None and interface.partition("/")[2] == number


def tell(
    entries: Iterable[queue_log.Entry], events: Iterable[cel.Event], pbx: PbxId, known: Known | None = None
) -> list[Story]:
    """The stories of all calls, by their beginning. Never raises on what a journal may hold."""
    lines = list(entries)
    steps: list[cel.Event] = [event for event in events if not isinstance(event, cel.Noted)]
    groups = groups_of(lines, steps)
    boots = Lives(lines, steps)
    shown = {group: Channels().feed(said.events) for group, said in groups.items()}
    what = _with_members(known or Known(), lines, shown.values())
    tellers = [_Teller(pbx, what, said, shown[group], boots) for group, said in groups.items()]
    busy = _Queues(teller.visits for teller in tellers)
    stories = (teller.story(busy) for teller in tellers)
    return sorted((story for story in stories if story is not None), key=_beginning)


def _beginning(story: Story) -> tuple[Instant, str]:
    return (story.started_at or story.last_at, story.id)


# --- which lines are one call
# ------------------------------------------------------------------------------------------


def _with_members(known: Known, entries: list[queue_log.Entry], calls: Iterable[Channels]) -> Known:
    """Learn which interface a member's name means from the calls that members answered."""
    devices = {
        leg: channel.interface
        for channels in calls
        for leg, channel in channels.known.items()
        if not channel.came_in  # somebody else took the call (trace queue-call-picked-up)
    }
    learned = {
        entry.member: devices[entry.leg]
        for entry in entries
        if isinstance(entry, queue_log.Connected) and entry.member and entry.leg in devices
    }
    return Known(phones=known.phones, trunks=known.trunks, members={**learned, **known.members})


# --- lives of the switch
# -----------------------------------------------------------------------------------------------


# --- one call
# ----------------------------------------------------------------------------------------------------------


class _Queues:
    """Who waited where and when: whether a queue that refused somebody can have been full."""

    def __init__(self, calls: Iterable[Visits]) -> None:
        self._visits: dict[str, list[tuple[Instant, Instant | None]]] = defaultdict(list)
        for visits in calls:
            for visit in visits.told:
                if visit.entered_at is not None:
                    self._visits[visit.queue].append((visit.entered_at, visit.left_at))

    def anyone_in(self, queue: str, at: Instant) -> bool:
        return any(begin <= at and (end is None or end >= at) for begin, end in self._visits[queue])


class _Teller:
    """Puts one call's story together."""

    def __init__(self, pbx: PbxId, known: Known, said: Group, channels: Channels, boots: Lives) -> None:
        self._pbx, self._known, self._said, self._channels = pbx, known, said, channels
        self.visits = Visits(said.entries, channels, Members(known.members))
        self._told = self.visits.told
        self._last_at = max(channels.last_at, self.visits.last_at)
        self._first = _first(channels)
        self._finished = channels.over if channels.known else self._queues_done()
        self._boot = None if self._finished else boots.after(said, self._last_at)

    def story(self, queues: _Queues) -> Story | None:
        """The story; None where the lines are about no call at all."""
        legs = self._legs()
        if not legs:
            return None
        refused = self._refused(queues)
        talks = self._channels.talks
        caller = self._caller()
        outcome = self._outcome(refused)
        return Story(
            id=CallId(f"{self._pbx}:{self._named_after(legs[0].leg)}"),
            pbx=self._pbx,
            direction=self._direction(),
            outcome=outcome,
            over=self._finished or self._boot is not None,
            cut=self._boot is not None,
            last_at=self._last_at,
            caller_number=caller[0],
            caller_name=caller[1],
            dialed=self._dialed(),
            started_at=self._started(),
            answered_at=self._answered_at() if outcome == "answered" else None,
            ended_at=self._boot if self._boot is not None else self._ended(),
            visits=self._told,
            talks=talks,
            transfers=self._transfers(),
            legs=legs,
            refused=refused,
            dial_result=self._dial_result(),
            callback=self.visits.callback,
            sources=self._sources(),
        )

    def _sources(self) -> tuple[Source, ...]:
        both: tuple[tuple[Source, bool], ...] = (
            ("queue_log", bool(self._said.entries)),
            ("cel", bool(self._said.events)),
        )
        return tuple(source for source, there in both if there)

    # --- legs, beginning and end ---

    def _legs(self) -> tuple[Leg, ...]:
        if self._channels.known:
            return tuple(_leg(channel) for channel in self._channels.known.values())
        calling = {entry.call: "" for entry in self._said.entries if entry.call is not None}
        taking = {
            visit.agent_leg: visit.agent.interface for visit in self._told if visit.agent_leg and visit.agent
        }
        return tuple(
            Leg(leg=leg, interface=interface, caller=leg in calling, over=self._finished)
            for leg, interface in {**calling, **taking}.items()
        )

    def _named_after(self, leg: LegId) -> LegId:
        """The first channel of all; the linkedid still names it when its own lines are before our stretch."""
        if self._first is not None and not self._first.began_it:
            return self._first.linkedid
        return leg

    def _started(self) -> Instant | None:
        """When the call began; None where its beginning is before our stretch of the journals."""
        if self._first is not None:
            return self._first.started if self._first.began_it else None
        begun = [entry.at for entry in self._said.entries if isinstance(entry, queue_log.Entered)]
        return begun[0] if begun and begun[0] == self._said.entries[0].at else None

    def _queues_done(self) -> bool:
        """Without CEL: every visit has ended, and that is all there is to know."""
        return all(
            visit.end is not None and (visit.end != "answered" or visit.completed_by is not None)
            for visit in self._told
        )

    def _ended(self) -> Instant | None:
        if not self._finished:
            return None
        if self._channels.known:
            return self._channels.ended_at
        last = self._told[-1] if self._told else None
        surely_over = last is not None and (
            last.end == "abandoned" or last.completed_by in ("caller", "agent")
        )
        return self._last_at if surely_over else None

    # --- who ---

    def _caller(self) -> tuple[str | None, str | None]:
        if self._first is not None:
            return self._first.number, self._first.caller_name
        entered = (entry for entry in self._said.entries if isinstance(entry, queue_log.Entered))
        return next((entry.caller for entry in entered), None), None

    def _direction(self) -> Direction:
        first = self._first
        if first is None or (first.came_in and not self._known.is_phone(first.interface, first.number)):
            return "inbound"
        if not self._told:
            called = (channel for channel in self._channels.known.values() if channel is not first)
            dialed = next(
                (channel for channel in called if channel.app == "AppDial" and not channel.local), None
            )
            by_us = not first.came_in and not self._known.is_phone(first.interface, first.number)
            if dialed is not None and self._known.is_phone(dialed.interface, dialed.number) and not by_us:
                return "internal"
        return "outbound"

    def _dialed(self) -> str | None:
        if self._first is None:
            return None
        exten = self._first.exten
        return self._first.dialed or None if exten in NOBODY_DIALED else exten

    # --- how it went ---

    def _refused(self, queues: _Queues) -> Outcome | None:
        """Whether a queue would not take the caller. Asterisk does not write why; with nobody in it, it was
        not full.
        """
        if self.visits.refused is not None:
            return self.visits.refused
        return next((_why_refused(stay, queues) for stay in reversed(self.visits.refusals)), None)

    def _transfers(self) -> tuple[Transfer, ...]:
        return tuple(self._channels.transfers if self._channels.known else self.visits.transfers)

    def _answered_at(self) -> Instant | None:
        taken = [
            visit.left_at for visit in self._told if visit.end == "answered" and visit.left_at is not None
        ]
        heard = [talk.begun for talk in self._channels.talks]
        told = self._first.answered if self._first is not None else None  # by a recording
        return min((*taken, *heard), default=told)

    def _dial_result(self) -> Outcome | None:
        first = self._first
        if first is None:
            return None
        if first.dialstatus in _DIALS and not self._told:
            return _DIALS[first.dialstatus]
        if first.app == "AppDial2" and first.answered is None and first.ended is not None:
            return "busy" if first.cause == _BUSY else "failed" if first.by_itself else "no_answer"
        return None

    def _outcome(self, refused: Outcome | None) -> Outcome:
        """The same rules, in the same order, as a call seen live (docs/reconcile.md)."""
        ends = [visit.end for visit in self._told if visit.end is not None]
        if "answered" in ends or self._channels.talks:
            return "answered"
        if self.visits.callback is not None:
            return "callback"
        last = ends[-1] if ends else None
        if refused is not None and last in _OVERRULED:
            return refused
        if last is not None:
            return last
        if not self._finished or self._first is None:
            return "unknown"
        if self._reached():
            return "answered"
        return self._outcome_without_queue(self._first)

    def _reached(self) -> bool:
        """Whether somebody outside whom we called picked up, and heard a recording."""
        first = self._first
        if first is None or first.came_in or first.answered is None or first.leg.startswith(LISTENING):
            return False
        return self._dial_result() is None and not self._known.is_phone(first.interface, first.number)

    def _outcome_without_queue(self, first: Channel) -> Outcome:
        result = self._dial_result()
        if result is None:
            return "abandoned" if first.by_itself else "failed"
        given_up = first.by_itself and self._direction() == "inbound" and result == "no_answer"
        return "abandoned" if given_up else result


def _first(channels: Channels) -> Channel | None:
    return next(iter(channels.known.values()), None)


def _leg(channel: Channel) -> Leg:
    return Leg(
        leg=channel.leg,
        channel=channel.name,
        interface=channel.interface,
        number=channel.number,
        caller=channel.came_in,
        started_at=channel.started,
        answered_at=channel.answered,
        ended_at=channel.ended,
        cause=channel.cause,
        over=channel.ended is not None,
    )


def _why_refused(stay: Stay, queues: _Queues) -> Outcome:
    return "unknown" if queues.anyone_in(stay.queue, stay.begin) else "queue_empty"
