"""How fast AMI bytes become facts, beside what peers need only to parse them.

In: a stream made from the traces, unfiltered (what a switch says to whoever did not filter) and filtered (what it says
to the account that we recommend). Out: events per second. Every contestant gets the same bytes in the same chunks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bench import peers, stream
from bench.figures import Figure, Goal, Scale, faster, in_turns
from callserver.ami.events import AmiEvent
from callserver.ami.wire import Reader, Reply
from callserver.calls.floor import Floor
from callserver.facts import PbxId

PBX = PbxId("main")
EVENTS = 2_000
TURNS = (
    4  # times as many repetitions as others: short turns, so that a neighbour disturbs all contestants alike
)
CHUNK = 4096  # bytes a read, about nine messages: what is there when the loop comes round on a busy switch


def events(chunks: Iterable[bytes]) -> list[AmiEvent]:
    """The wire alone: typed events."""
    reader = Reader()
    return [item for chunk in chunks for item in reader.feed(chunk) if not isinstance(item, Reply)]


def facts(chunks: Iterable[bytes]) -> int:
    """The whole road: bytes, events, facts, each fact folded into its call's record."""
    reader, floor, told = Reader(), Floor(PBX), 0
    for chunk in chunks:
        for item in reader.feed(chunk):
            if not isinstance(item, Reply):
                told += len(floor.feed(item))
    return told


def measure(scale: Scale) -> list[Figure]:
    """Both streams; and the filtered one with a read for every message, as at a quiet hour."""
    amount = scale.of(EVENTS)
    figures = []
    for name, filtered in (("unfiltered", False), ("filtered", True)):
        messages = next(iter(stream.blocks(filtered=filtered, events=amount, block=amount)))
        line = _lines(name, stream.chunked(messages, CHUNK), amount, scale)
        figures += [
            line("facts", "panoramisk 1.4", Goal(ratio=2.0)),
            line("facts", "asterisk-ami 0.1.7", Goal(ratio=1.0)),
            line("facts", "splitting only", None),
            line("events", "panoramisk 1.4", None),
        ]
    line = _lines("filtered, one a read", messages, amount, scale)
    return [*figures, line("facts", "panoramisk 1.4", None)]


def _lines(
    name: str, chunks: Sequence[bytes], amount: int, scale: Scale
) -> Callable[[str, str, Goal | None], Figure]:
    """Measures all contestants on these chunks; then gives a figure of any two."""
    contestants = {
        "splitting only": lambda: peers.splitting(chunks),
        "panoramisk 1.4": lambda: peers.panoramisk(chunks),
        "asterisk-ami 0.1.7": lambda: peers.asterisk_ami(chunks),
        "events": lambda: events(chunks),
        "facts": lambda: facts(chunks),
    }
    rounds = in_turns(contestants, scale.repetitions * (1 if scale.quick else TURNS))

    def line(ours: str, theirs: str, goal: Goal | None) -> Figure:
        title = f"AMI bytes -> {ours} ({name})"
        return faster(title, rounds, ours, theirs, amount, unit="events/s", goal=goal)

    return line
