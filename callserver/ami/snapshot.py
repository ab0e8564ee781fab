"""The replies to CoreStatus, QueueStatus, BridgeList and CoreShowChannels -> one `Snapshot`.

In: reply headers in wire order, and the events that came in between. Out: the switch as it is now. Must not
know: sockets, what anybody believed before. Nothing here raises on what a switch may send, except `recorded`,
whose file is ours.

The lists are read one after the other while calls go on, and Asterisk does not synchronise events with
replies. So the events heard meanwhile are laid over the lists: who was heard to leave is left out, who was
heard to come is named in `fresh`, because a list that was read before may lack it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from callserver.ami import events
from callserver.ami.events import (
    AmiEvent,
    Headers,
    LiveChannel,
    QueueMember,
    QueueParams,
    Snapshot,
    WaitingCaller,
)
from callserver.ami.wire import Reader, Reply
from callserver.facts import Instant

_QUARTER = 15 * 60 * 1000  # every zone's distance to UTC is a multiple of this
Waiting: TypeAlias = tuple[str, str]  # queue, uniqueid


@dataclass(frozen=True, slots=True, kw_only=True)
class Uptime:
    """The switch ran for `seconds` (whole ones) at the moment `at`, as FullyBooted says right after login."""

    seconds: int
    at: Instant


def boot_time(startup: Instant | None, uptime: Uptime | None) -> Instant | None:
    """When this run of the switch began, UTC, whole seconds; the same answer at every login of the same run.

    `startup` is CoreStatus' date and time read as if it were UTC, though it is the switch's local time. The
    uptime is true in UTC but cut to seconds, so that it moves by one from login to login: it only finds the
    zone's distance. Without an uptime the local time is returned as it is: good enough to see that the switch
    is the same run.
    """
    if uptime is None:
        return startup
    about = uptime.at - uptime.seconds * 1000
    if startup is None:
        return about // 1000 * 1000
    return startup - round((startup - about) / _QUARTER) * _QUARTER


def _startup(headers: Headers) -> Instant | None:
    try:
        moment = datetime.fromisoformat(f"{headers['CoreStartupDate']}T{headers['CoreStartupTime']}+00:00")
    except (KeyError, ValueError):
        return None
    return int(moment.timestamp()) * 1000


def age(duration: str | None) -> int | None:
    """`Duration: 26:01:07` (hours may pass 99) in seconds, None where it is none."""
    parts = (duration or "").split(":")
    numbers = [events.whole(part) for part in parts]
    if len(parts) != 3 or None in numbers:
        return None
    hours, minutes, rest = (number or 0 for number in numbers)
    return hours * 3600 + minutes * 60 + rest


def _live(h: Headers) -> LiveChannel:
    return LiveChannel(
        channel=events.Channel(h),
        bridge=events.text(h.get("BridgeId")),
        age_s=age(h.get("Duration")),
        application=h.get("Application", ""),
        application_data=h.get("ApplicationData", ""),
    )


def _waiting(h: Headers) -> WaitingCaller:
    return WaitingCaller(
        queue=h.get("Queue", ""),
        position=events.whole(h.get("Position")),
        uniqueid=h.get("Uniqueid", ""),
        wait_s=events.whole(h.get("Wait")),
    )


def _params(h: Headers) -> QueueParams:
    return QueueParams(
        queue=h.get("Queue", ""),
        strategy=h.get("Strategy", ""),
        max_len=events.whole(h.get("Max")) or None,  # 0: no limit
        service_level_s=events.whole(h.get("ServiceLevel")),
    )


@dataclass(slots=True)
class Assembly:
    """Collects what a snapshot is made of, message by message; `finish` may be called once everything has
    come.
    """

    channels: dict[str, LiveChannel] = field(default_factory=dict)
    queues: dict[str, QueueParams] = field(default_factory=dict)
    members: dict[tuple[str, str], QueueMember] = field(default_factory=dict)
    waiting: dict[Waiting, WaitingCaller] = field(default_factory=dict)
    holding: set[str] = field(default_factory=set)
    startup: Instant | None = None
    at: Instant | None = None
    _heard: list[AmiEvent] = field(default_factory=list)

    def reply(self, headers: Headers) -> None:
        """One response or list item; what belongs to no snapshot is left alone."""
        match headers.get("Event"):
            case "CoreShowChannel":
                live = _live(headers)
                self.channels[live.channel.uniqueid] = live
            case "QueueParams":
                queue = _params(headers)
                self.queues[queue.queue] = queue
            case "QueueMember":
                member = events.listed_member(headers)
                self.members[member.queue, member.interface] = member
            case "QueueEntry":
                caller = _waiting(headers)
                self.waiting[caller.queue, caller.uniqueid] = caller
            case "BridgeListItem" if headers.get("BridgeTechnology") == "holding_bridge":
                self.holding.add(headers.get("BridgeUniqueid", ""))
            case None:
                self._response(headers)

    def _response(self, headers: Headers) -> None:
        if "CoreStartupTime" in headers:
            self.startup = _startup(headers)
        elif headers.get("Ping") == "Pong":  # carries the switch's own time, whatever timestampevents says
            self.at = events.instant(headers.get("Timestamp"))

    def event(self, event: AmiEvent) -> None:
        """Something happened while the lists were read."""
        self._heard.append(event)

    def finish(self, *, at: Instant | None = None, uptime: Uptime | None = None) -> Snapshot:
        """The snapshot; `at` counts only where no Ping reply told the switch's time."""
        fresh = self._overlay()
        return Snapshot(
            at=self.at if self.at is not None else at,
            booted_at=boot_time(self.startup, uptime),
            channels=tuple(self.channels.values()),
            queues=tuple(self.queues.values()),
            members=tuple(self.members.values()),
            waiting=tuple(self.waiting.values()),
            holding_bridges=frozenset(self.holding),
            fresh=frozenset(fresh),
        )

    def _overlay(self) -> set[str]:
        fresh: set[str] = set()
        for event in self._heard:
            match event:
                case events.Newchannel(channel=channel):
                    fresh.add(channel.uniqueid)
                case events.Hangup(channel=channel):
                    fresh.discard(channel.uniqueid)
                    self.channels.pop(channel.uniqueid, None)
                case events.QueueCallerJoin(channel=channel):
                    fresh.add(channel.uniqueid)
                case events.QueueCallerLeave(channel=channel, queue=queue):
                    self.waiting.pop((queue, channel.uniqueid), None)
                case events.BridgeEnter(channel=channel, bridge=bridge):
                    self._bridged(channel.uniqueid, bridge)
                case events.BridgeLeave(channel=channel):
                    self._bridged(channel.uniqueid, None)
                case events.QueueMember() as member:
                    self._member(member)
        return fresh

    def _bridged(self, uniqueid: str, bridge: str | None) -> None:
        live = self.channels.get(uniqueid)
        if live is not None:
            self.channels[uniqueid] = replace(live, bridge=bridge)

    def _member(self, member: QueueMember) -> None:
        if member.change == "removed":
            self.members.pop((member.queue, member.interface), None)
        else:
            self.members[member.queue, member.interface] = replace(member, change="listed")


def assemble(
    replies: Iterable[Headers], *, at: Instant | None = None, uptime: Uptime | None = None
) -> Snapshot:
    """The snapshot that these replies tell of, nothing having happened meanwhile."""
    assembly = Assembly()
    for headers in replies:
        assembly.reply(headers)
    return assembly.finish(at=at, uptime=uptime)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A snapshot taken beside a trace: it belongs behind the trace's first `offset` bytes.

    `clean`: the trace stood still while it was taken.
    """

    offset: int
    offset_begin: int
    snapshot: Snapshot

    @property
    def clean(self) -> bool:
        return self.offset == self.offset_begin


def recorded(lines: Iterable[str], *, uptime: Uptime | None = None) -> Iterator[Recorded]:
    """The snapshots of a `NAME.snapshots` file (JSON lines, see tests/traces/README.md). Raises ValueError on
    another.
    """
    for line in lines:
        if line.strip():
            yield _recorded(json.loads(line), uptime)


def _recorded(row: dict[str, object], uptime: Uptime | None) -> Recorded:
    try:
        offset, at, raw = row["offset"], row["at"], row["raw"]
        begin = row.get("offset_begin", offset)
        if not (
            isinstance(offset, int)
            and isinstance(begin, int)
            and isinstance(at, int)
            and isinstance(raw, str)
        ):
            raise TypeError("offset, at and raw are a number, a number and a text")
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a recorded snapshot: {error}") from error
    replies = Reader().feed(raw.encode("utf-8", "surrogateescape"))
    snapshot = assemble((item.headers for item in replies if isinstance(item, Reply)), at=at, uptime=uptime)
    return Recorded(offset=offset, offset_begin=begin, snapshot=snapshot)
