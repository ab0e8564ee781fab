"""A call centre's day as AMI bytes, made from the recorded traces: many calls at once, no id twice.

In: the traces of one Asterisk version, a seed. Out: messages in the order of their time. Must not know: who reads them.

Each recorded scenario is played again and again, begun at random moments. What must differ from one playing to the
next is replaced (uniqueids, channel names, bridges, timestamps); everything else is what the switch said. Traces are
seconds long because scripts play them; here the pauses of a call are stretched to the minutes that people take.
"""

from __future__ import annotations

import heapq
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count, islice
from pathlib import Path
from typing import TypeAlias

TRACES = Path(__file__).resolve().parents[1] / "tests" / "traces" / "22"
SEED = 20_261_121
MORNING = 1_795_305_600.0  # the day begins, seconds since the epoch
PAUSE_S, STRETCH = 0.3, 60.0  # longer silences in a trace last so many times as long here

_BLANK = b"\r\n\r\n"
_TIMESTAMP = re.compile(rb"\r\nTimestamp: (\d+\.\d+)")
_UNIQUEID = re.compile(rb"(?<![\d.])(1[78]\d{8})\.(\d{1,5})(?![\d.])")
_OURS = re.compile(
    rb"(?<=callserver-dial-)(\d+)(?=-[ab])"
)  # the ids that we give to channels that we originate
_CHANNEL = re.compile(rb"(?<=-)([0-9a-f]{8})(?=[;\r\n,&]|$)")
_BRIDGE = re.compile(rb"([0-9a-f]{8})(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
# A switch that begins or ends anew is not told of in a stream that goes on; without times nothing can be put in order;
# and where a caller smuggles a second Event header in (hostile-numbers), panoramisk raises instead of going on.
_UNSUITABLE = ("asterisk-restarted", "no-timestamps", "hostile-numbers")
_LEFT_OUT = (b"Event: FullyBooted", b"Event: Shutdown")

Turn: TypeAlias = tuple[float, int, bytes, Iterator[tuple[float, bytes]]]
"""Whose message is next: when, which playing, its text, and what that playing says afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message of a scenario: seconds since its beginning, and its text with holes for ids."""

    after_s: float
    text: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A recorded scenario, ready to be played. `holes`: names of the ids in its texts, `kind:value`."""

    name: str
    lines: tuple[Line, ...]
    holes: frozenset[bytes]

    @property
    def lasts_s(self) -> float:
        return self.lines[-1].after_s


def holed(text: bytes, holes: set[bytes]) -> bytes:
    """The text with a hole in place of each id; their names are added to `holes`."""

    def hole(kind: bytes, value: bytes) -> bytes:
        name = kind + b":" + value
        holes.add(name)
        return b"%(" + name + b")b"

    text = text.replace(b"%", b"%%")
    text = _BRIDGE.sub(lambda found: hole(b"bridge", found[1]) + found[2], text)
    text = _OURS.sub(lambda found: hole(b"ours", found[1]), text)
    text = _UNIQUEID.sub(lambda found: hole(b"unique", found[2]), text)
    return _CHANNEL.sub(lambda found: hole(b"channel", found[1]), text)


def ids(holes: Iterable[bytes], number: int, begins: float) -> dict[bytes, bytes]:
    """What fills the holes in the playing with this number, which begins then (seconds since the epoch)."""
    return {hole: _id(hole, number, int(begins)) for hole in holes}


def _id(hole: bytes, number: int, epoch: int) -> bytes:
    kind, _, value = hole.partition(b":")
    if kind == b"unique":
        return b"%d.%d" % (epoch, number * 100 + int(value))
    if kind == b"ours":
        return b"%d" % (number * 100 + int(value))
    if kind == b"channel":
        return b"%08x" % ((number * 100 + int(value, 16)) & 0xFFFFFFFF)
    return b"%08x" % ((number * 0x9E3779B1 + int(value, 16)) & 0xFFFFFFFF)


def _scenario(path: Path) -> Scenario:
    lines: list[Line] = []
    holes: set[bytes] = set()
    last = after = 0.0
    for message in path.read_bytes().split(_BLANK)[:-1]:
        if not message.startswith(b"Event: ") or message.startswith(_LEFT_OUT):
            continue
        said = _TIMESTAMP.search(message)
        at = float(said[1]) if said else last
        pause = max(0.0, at - last) if last else 0.0
        after += pause * STRETCH if pause > PAUSE_S else pause
        last = max(last, at)
        lines.append(Line(after_s=after, text=_timeless(message, holes) + _BLANK))
    return Scenario(name=path.stem, lines=tuple(lines), holes=frozenset(holes))


def _timeless(message: bytes, holes: set[bytes]) -> bytes:
    """The message with holes for its ids and its time."""
    text = holed(_TIMESTAMP.sub(b"\r\nTimestamp: @", message, count=1), holes)
    return text.replace(b"\r\nTimestamp: @", b"\r\nTimestamp: %(at)b", 1)


@cache
def scenarios(*, filtered: bool) -> tuple[Scenario, ...]:
    """All recorded scenarios of an account as we recommend it (`filtered`), or of one that hears everything."""
    paths = sorted(TRACES.glob("*.ami"))
    suitable = [path for path in paths if not any(word in path.stem for word in _UNSUITABLE)]
    return tuple(_scenario(path) for path in suitable if path.stem.endswith("-unfiltered") != filtered)


def messages(*, filtered: bool, at_once: float = 20.0, seed: int = SEED) -> Iterator[bytes]:
    """AMI messages without end, oldest first; about `at_once` scenarios go on at any time."""
    chance = random.Random(seed)
    playable = scenarios(filtered=filtered)
    between_s = sum(scenario.lasts_s for scenario in playable) / len(playable) / at_once
    running: list[Turn] = []
    begins = MORNING
    for number in count():
        begins += chance.expovariate(1 / between_s)
        yield from _until(begins, running)
        _next_turn(running, number, _play(chance.choice(playable), number, begins))


def _until(end: float, running: list[Turn]) -> Iterator[bytes]:
    """What the running scenarios say until `end`."""
    while running and running[0][0] <= end:
        _, number, text, rest = heapq.heappop(running)
        yield text
        _next_turn(running, number, rest)


def _next_turn(running: list[Turn], number: int, rest: Iterator[tuple[float, bytes]]) -> None:
    said = next(rest, None)
    if said is not None:
        heapq.heappush(running, (said[0], number, said[1], rest))


def _play(scenario: Scenario, number: int, begins: float) -> Iterator[tuple[float, bytes]]:
    filling = ids(scenario.holes, number, begins)
    for line in scenario.lines:
        at = begins + line.after_s
        filling[b"at"] = b"%.6f" % at
        yield at, line.text % filling


def blocks(
    *, filtered: bool, events: int, block: int = 10_000, at_once: float = 20.0
) -> Iterator[Sequence[bytes]]:
    """`events` messages, `block` at a time."""
    source = messages(filtered=filtered, at_once=at_once)
    for begin in range(0, events, block):
        yield list(islice(source, min(block, events - begin)))


def chunked(messages: Sequence[bytes], size: int) -> list[bytes]:
    """The bytes of these messages as a socket would bring them, `size` at a time."""
    whole = b"".join(messages)
    return [whole[at : at + size] for at in range(0, len(whole), size)]
