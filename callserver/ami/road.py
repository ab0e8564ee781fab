"""What travels on the road of one Asterisk: the items that the link delivers, in the order of the wire.

In: nothing. Out: four frozen items. Must not know: how they came about, who takes them.

`Connected (Heard* Restored)* Heard* Lost` and again from the beginning. Between Connected and the first
Restored the picture is not whole: what is heard then is true, what is missing may have been missed. All
instants are on the switch's clock, as its events and journals are; `arrived` is our own monotonic one and
serves to measure how long things take.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from callserver.ami.events import AmiEvent, Snapshot
from callserver.facts import Instant


@dataclass(frozen=True, slots=True)
class Connected:
    """Logged in; `version` is that of the AMI protocol, as the banner says, empty without one."""

    at: Instant
    version: str


@dataclass(frozen=True, slots=True)
class Heard:
    """One event; it has a time even where the switch gives none."""

    event: AmiEvent
    arrived: float


@dataclass(frozen=True, slots=True)
class Restored:
    """The switch as it is at exactly this place of the stream. Comes again whenever a new look was asked for."""

    snapshot: Snapshot
    at: Instant


@dataclass(frozen=True, slots=True)
class Lost:
    """The link is gone. From `at` on we saw nothing for sure; None: this link has never seen the whole
    switch.

    A link that was lost again before it was restored says the same `at` again: the blind span is one.
    """

    at: Instant | None
    reason: str


RoadItem: TypeAlias = Connected | Heard | Restored | Lost
