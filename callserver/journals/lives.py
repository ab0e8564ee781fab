"""When the switch began anew, as far as its journals show it.

In: queue_log entries and CEL events, each in its file's order. Out: the first new beginning after a call's
last line. Must not know: what the call was like.

A killed switch writes no ends (trace asterisk-restarted-killed). QUEUESTART says that it began anew; in CEL
a channel whose serial number begins anew does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from callserver.facts import Instant
from callserver.journals import cel, queue_log
from callserver.journals.grouping import Group

_UNIQUEID: Final = re.compile(r"(?:.*-)?(\d{9,11})\.(\d{1,10})")
_REORDERED: Final = 1000  # channels begin on many threads: serials of one life come a little out of order


@dataclass(frozen=True, slots=True)
class Beginning:
    """The switch began anew at `at`, before the line with this index."""

    index: int
    at: Instant


class Lives:
    """When the switch began anew, as far as the journals show it."""

    def __init__(self, entries: list[queue_log.Entry], events: list[cel.Event]) -> None:
        self._written = [
            Beginning(index, entry.at)
            for index, entry in enumerate(entries)
            if isinstance(entry, queue_log.Started)
        ]
        self._shown = list(_serial_restarts(events))

    def after(self, group: Group, last_at: Instant) -> Instant | None:
        """The first beginning after a call's last line: by the order of lines, across the two files by
        time.
        """
        later = [boot.at for boot in self._written if group.entries and boot.index > group.last_entry]
        later += [boot.at for boot in self._shown if group.events and boot.index > group.last_event]
        later += [boot.at for boot in (*self._written, *self._shown) if boot.at > last_at]
        return max(min(later), last_at) if later else None


def _serial_restarts(events: list[cel.Event]) -> Iterator[Beginning]:
    latest: tuple[int, int] | None = None
    for index, event in enumerate(events):
        found = _UNIQUEID.fullmatch(event.leg) if isinstance(event, cel.ChannelStarted) else None
        if found is None:
            continue
        second, serial = int(found[1]), int(found[2])
        if latest is not None and serial < latest[1]:
            anew = (
                second - latest[0] >= 2
                or (serial == 0 and second >= latest[0])
                or latest[1] - serial > _REORDERED
            )
            if not anew:
                continue
            yield Beginning(index, event.at)
        latest = (second, serial)
