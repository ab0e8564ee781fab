"""Recorded traces of a real Asterisk for the tests of the floor: reading, replaying, cutting.

A fact is written here as one line of words without ids and instants (legs are A, B, C in order of appearance; durations
are rounded to whole seconds), so that golden files read as stories and survive a new recording.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from callserver import facts
from callserver.ami import events, snapshot, wire
from callserver.ami.events import AmiEvent
from callserver.calls.floor import Floor
from callserver.facts import Fact, Instant, PbxId

ROOT = Path(__file__).parent.parent / "traces"
PBX = PbxId("main")


@dataclass(frozen=True)
class Trace:
    """One recorded scenario."""

    path: Path

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}"

    @cached_property
    def raw(self) -> bytes:
        return self.path.read_bytes()

    @cached_property
    def about(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.path.with_suffix(".json").read_text("utf-8"))
        return body

    @cached_property
    def queue_log(self) -> list[list[str]]:
        """The lines about calls that this trace tells of (a restarted switch goes on in the same file)."""
        path = self.path.with_name(self.path.name.removesuffix(".ami").removesuffix("-2") + ".queue_log")
        lines = [line.split("|") for line in path.read_text("utf-8", "replace").splitlines()]
        return [line for line in lines if len(line) > 4 and f": {line[1]}\r\n".encode() in self.raw]

    @cached_property
    def snapshots(self) -> list[snapshot.Recorded]:
        lines = self.path.with_suffix(".snapshots").read_text("utf-8").splitlines()
        return [known for known in snapshot.recorded(lines) if known.clean]

    @cached_property
    def _placed(self) -> list[tuple[int, AmiEvent]]:
        """Every event with the offset behind its message, parsed once for all cuts."""
        placed: list[tuple[int, AmiEvent]] = []
        reader, at = wire.Reader(), 0
        while at < len(self.raw):
            blank = self.raw.find(b"\r\n\r\n", at)
            end = len(self.raw) if blank < 0 else blank + 4
            items = reader.feed(self.raw[at:end])
            placed += [(end, item) for item in items if not isinstance(item, wire.Reply)]
            at = end
        return placed

    def events(self, begin: int = 0, end: int | None = None) -> list[AmiEvent]:
        """The events of the bytes from `begin` to `end`, both ends of messages."""
        last = len(self.raw) if end is None else end
        return [event for at, event in self._placed if begin < at <= last]

    def one_byte_at_a_time(self) -> Iterator[AmiEvent]:
        return heard(self.raw[at : at + 1] for at in range(len(self.raw)))


def heard(chunks: Iterable[bytes]) -> Iterator[AmiEvent]:
    """The events in a stream, replies left out."""
    for item in wire.read(chunks):
        if not isinstance(item, wire.Reply):
            yield item


@cache
def traces(*majors: str) -> list[Trace]:
    """All recorded traces, sorted; of the named major versions only, where any is named."""
    found = sorted(ROOT.glob("*/*.ami"))
    return [Trace(path) for path in found if not majors or path.parent.name in majors]


def trace(name: str) -> Trace:
    """A trace by `22/abandoned-waiting`, or by its scenario alone (Asterisk 22)."""
    wanted = name if "/" in name else f"22/{name}"
    return next(known for known in traces() if known.name == wanted)


def told(events_: Iterable[AmiEvent], floor: Floor | None = None) -> list[Fact]:
    floor = floor or Floor(PBX)
    return [fact for event in events_ for fact in floor.feed(event)]


def records(floor: Floor) -> list[dict[str, Any]]:
    """All records the floor has made, by id."""
    return [record.to_json() for _, record in sorted(floor.scene.book.records.items())]


@cache
def story(name: str) -> Floor:
    floor = Floor(PBX)
    told(trace(name).events(), floor)
    return floor


def whole(trace_: Trace) -> Floor:
    """The floor after the whole trace; shared by all tests, which only look."""
    return story(trace_.name)


def last_seen(trace_: Trace, until: int) -> Instant | None:
    return max((event.at for event in trace_.events(0, until) if event.at is not None), default=None)


# --- facts in words --------------------------------------------------------------------------------------------------

_NO_NEWS = {("withheld", False), ("shift", False)}
_SILENT = {"pbx", "at", "source", "call", "gap", "position", "caller", "channel", "cause", "absorbed"}


class Words:
    """Facts as lines; legs get letters."""

    def __init__(self) -> None:
        self._letters: dict[str, str] = {}

    def leg(self, leg: str | None) -> str:
        if leg is None:
            return "?"
        index = len(self._letters)
        return self._letters.setdefault(leg, chr(ord("A") + index) if index < 26 else f"L{index}")

    def line(self, fact: Fact) -> str:
        body = facts.to_json(fact)
        words = [body.pop("fact")]
        for field, value in body.items():
            if field in _SILENT or field == "v" or value in (None, ()) or (field, value) in _NO_NEWS:
                continue
            words.append(self._word(field, value))
        return " ".join(words)

    def _word(self, field: str, value: Any) -> str:
        if field in ("leg", "by_leg"):
            return self.leg(value)
        if field == "legs":
            return "+".join(self.leg(leg) for leg in value)
        if field.endswith("_s"):
            return f"{field[:-2]}={round(value)}s"
        return f"{field}={value}" if isinstance(value, bool | int) else str(value)


def in_words(told_: Iterable[Fact]) -> list[str]:
    words = Words()
    return [words.line(fact) for fact in told_]


def without(record: dict[str, Any], *fields: str) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in fields}


def shape(record: dict[str, Any]) -> Any:
    """A record without instants and durations: what must agree even where times were not seen."""
    timed = ("_at", "_s")
    plain = {"from", "to", "at", "gap", "held", "position", "cause"}

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: strip(v) for k, v in value.items() if not k.endswith(timed) and k not in plain}
        if isinstance(value, list):
            return [strip(item) for item in value]
        return value

    return strip(record)


__all__ = [
    "PBX",
    "Trace",
    "Words",
    "events",
    "heard",
    "in_words",
    "last_seen",
    "records",
    "shape",
    "told",
    "trace",
    "traces",
]
