"""Which lines of both journals are about one call.

In: queue_log entries and CEL events. Out: groups of them, each a call. Must not know: what the call was like.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from callserver.facts import LegId
from callserver.journals import cel, queue_log
from callserver.journals.kin import Kin

# A phone that dials to become a member, or to pause, gives its channel's id to those lines.
_NOT_OF_A_CALL: Final = (queue_log.Noted, queue_log.Membership, queue_log.Pause, queue_log.Started)


@dataclass(slots=True)
class Group:
    """What both journals say of one call."""

    entries: list[queue_log.Entry] = field(default_factory=list)
    events: list[cel.Event] = field(default_factory=list)
    last_entry: int = -1
    last_event: int = -1


def groups_of(entries: list[queue_log.Entry], events: list[cel.Event]) -> dict[str, Group]:
    """The groups, by the id that stands for each; entries and events keep their order."""
    kin = _kin(entries, events)
    groups: dict[str, Group] = defaultdict(Group)
    for index, event in enumerate(events):
        group = groups[kin.head(event.leg)]
        group.events.append(event)
        group.last_event = index
    for index, entry in enumerate(entries):
        if entry.call is not None and not isinstance(entry, _NOT_OF_A_CALL):
            group = groups[kin.head(entry.call)]
            group.entries.append(entry)
            group.last_entry = index
    return groups


def _kin(entries: list[queue_log.Entry], events: list[cel.Event]) -> Kin:
    kin = Kin()
    inside: dict[LegId, str] = {}
    for event in events:
        kin.join(event.linkedid, event.leg)
        for other in _named(event):
            kin.join(event.leg, other)
        if isinstance(event, cel.BridgeEntered) and event.bridge and not event.holding:
            inside[event.leg] = event.bridge
            kin.join(f"bridge {event.bridge}", event.leg)
    for entry in entries:
        if isinstance(entry, queue_log.Connected) and entry.call is not None and entry.leg is not None:
            kin.join(entry.call, entry.leg)
    return kin


def _named(event: cel.Event) -> tuple[LegId, ...]:
    """Other channels that the event says belong to the same call."""
    if isinstance(event, cel.AttendedTransferred):
        return event.others
    if isinstance(event, cel.Joined):
        return (event.other,)
    if isinstance(event, cel.BlindTransferred) and event.transferee is not None:
        return (event.transferee,)
    return ()
