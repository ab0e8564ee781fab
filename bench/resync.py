"""How long the floor takes to look at a switch with a thousand live calls, and at what has changed.

In: a synthetic snapshot in the shapes of recorded ones. Out: CPU milliseconds, beside merely parsing the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache

from bench.ami import PBX
from bench.figures import Figure, Scale, in_turns, slower
from bench.stream import MORNING, TRACES, holed, ids
from callserver.ami import snapshot, wire
from callserver.ami.events import Snapshot
from callserver.calls.floor import Floor

CALLS = 1_000
AGENTS = 350
AT = round(MORNING * 1000)
_TALKING_OF_TEN = 7  # the others ring
_BLANK = b"\r\n\r\n"
_BRIDGE = b"Event: BridgeListItem\r"
_OF_A_CALL = (b"Event: CoreShowChannel\r", b"Event: QueueEntry\r", _BRIDGE)
_MEMBER = b"Event: QueueMember\r"


@cache
def _recorded() -> tuple[bytes, ...]:
    """What a switch with one call said, at each moment of that call."""
    rows = (TRACES / "answered-caller-ends.snapshots").read_text("utf-8").splitlines()
    return tuple(str(json.loads(row)["raw"]).encode() for row in rows)


def _listed(kinds: tuple[bytes, ...], said: bytes) -> bytes:
    """The items of these kinds in what the switch said."""
    return b"".join(item + _BLANK for item in said.split(_BLANK) if item.startswith(kinds))


def answers(calls: int, first: int = 0) -> bytes:
    """What CoreShowChannels, QueueStatus and BridgeList bring of the calls number `first` and following."""
    with_call = [said for said in _recorded() if _OF_A_CALL[0] in said]
    holes: set[bytes] = set()
    ringing, talking = (
        holed(next(_listed(_OF_A_CALL, said) for said in with_call if (_BRIDGE in said) == bridged), holes)
        for bridged in (False, True)
    )
    member = _listed((_MEMBER,), with_call[0])
    listed = [_at_phone(member, agent) for agent in range(AGENTS)]
    for number in range(first, first + calls):
        shape = talking if number % 10 < _TALKING_OF_TEN else ringing
        listed.append(_at_phone(shape % ids(holes, number, MORNING), number % AGENTS))
    return b"".join(listed)


def _at_phone(items: bytes, agent: int) -> bytes:
    return items.replace(b"PJSIP/1001", b"PJSIP/%d" % (2000 + agent))


def seen(said: bytes) -> Snapshot:
    """The answers, parsed."""
    replies = (item.headers for item in wire.read([said]) if isinstance(item, wire.Reply))
    return snapshot.assemble(replies, at=AT)


class Beholder:
    """A floor that is shown one switch after the other."""

    def __init__(self) -> None:
        self.floor = Floor(PBX)

    def know(self, said: bytes, *, then_lose_it: bool = False) -> None:
        """A new floor that saw this a moment ago."""
        self.floor = Floor(PBX)
        self.floor.resync(seen(said))
        if then_lose_it:
            self.floor.lost(AT)

    def look(self, said: bytes) -> None:
        """Parse what the switch shows now, and tell what is different."""
        self.floor.resync(seen(said))


def measure(scale: Scale) -> list[Figure]:
    """At start-up, when nothing has changed, and after a gap in which every call was replaced by another."""
    calls = scale.of(CALLS)
    now, others = answers(calls), answers(calls, first=calls)
    beholder = Beholder()
    beginnings: dict[str, Callable[[], None]] = {
        "at start-up": lambda: setattr(beholder, "floor", Floor(PBX)),
        "nothing changed": lambda: beholder.know(now),
        "all changed in a gap": lambda: beholder.know(others, then_lose_it=True),
    }
    figures = []
    for name, prepare in beginnings.items():
        contestants = {"parsing it only": lambda: seen(now), "ours": lambda: beholder.look(now)}
        rounds = in_turns(contestants, scale.repetitions, prepare=prepare)
        figures.append(slower(f"resync with {calls:,} calls, {name}", rounds, "ours", "parsing it only"))
    return figures
