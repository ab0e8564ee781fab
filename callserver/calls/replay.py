"""A recorded AMI stream through the floor: the calls that it tells of.

In: AMI bytes as they came. Out: call records, or facts as they are told. Must not know: files, printing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from callserver.ami.events import AmiEvent
from callserver.calls.floor import Floor
from callserver.facts import Fact


def replay(events: Iterable[AmiEvent], floor: Floor) -> Iterator[Fact]:
    """Feed every event; the facts in the order in which they are told."""
    for event in events:
        yield from floor.feed(event)
