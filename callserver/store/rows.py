"""A batch of what happened -> rows, before any lock is taken; a bad batch is refused here and harms nobody else's.

In: facts, whole call records, jobs, positions. Out: `Rows`, which can be put together in order into one
transaction. Must not know: connections. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from callserver.facts import (
    AgentJoinedQueue,
    AgentLeftQueue,
    AgentPaused,
    CallId,
    DeviceChanged,
    Fact,
    Instant,
    LinkLost,
    LinkRestored,
    OfCall,
    PbxId,
    instant,
    to_json,
)
from callserver.store import jobs, positions, text
from callserver.store.jobs import NewJob
from callserver.store.positions import JournalPosition

Row: TypeAlias = dict[str, Any]
StepName = Literal["join", "leave", "pause", "device", "lose", "restore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchNews:
    """What a snapshot says of the switch itself; None: no news."""

    booted_at: Instant | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What belongs into one transaction.

    `records`: the whole JSON of each call that changed, with `id`, `pbx`, `open`, `legs` ([{"leg": uniqueid,
    ...}]) and the fields of the call's JSON. `removed`: calls that a merge absorbed. The agents' and the
    gaps' tables follow from the facts. `seen_at`: the last moment we surely saw the switch; None: no news.
    """

    facts: Sequence[Fact] = ()
    records: Sequence[Mapping[str, Any]] = ()
    removed: Sequence[CallId] = ()
    jobs: Sequence[NewJob] = ()
    positions: Sequence[JournalPosition] = ()
    switch: SwitchNews = SwitchNews()
    seen_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the agents' or gaps' table. `seq` is filled in from the fact's row once that is numbered."""

    name: StepName
    row: Row
    fact: Row


@dataclass(slots=True)
class Rows:
    """What one transaction writes. Per call the last record counts; steps are done in order."""

    facts: list[Row] = field(default_factory=list)
    calls: dict[str, Row] = field(default_factory=dict)
    legs: dict[str, str] = field(default_factory=dict)
    removed: dict[str, None] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    jobs: list[Row] = field(default_factory=list)
    positions: dict[str, Row] = field(default_factory=dict)
    switch: Row = field(default_factory=dict)

    def add(self, later: Rows) -> None:
        """What `later` writes comes after what this one does."""
        self._remove(later.removed)
        self.calls |= later.calls
        self.legs |= later.legs
        self.facts += later.facts
        self.steps += later.steps
        self.jobs += later.jobs
        self.positions |= later.positions
        self.switch |= later.switch

    def _remove(self, calls: Iterable[str]) -> None:
        for call in calls:
            self.removed[call] = None
            self.calls.pop(call, None)
        self.legs = {leg: call for leg, call in self.legs.items() if call in self.calls}

    def number(self, after: int, epoch: int) -> int:
        """Give the facts their numbers; returns the last one."""
        for seq, row in enumerate(self.facts, after + 1):
            row["seq"] = seq
            row["epoch"] = epoch
        last = after + len(self.facts)
        for call in self.calls.values():
            call["seq"] = last
        return last


def rows(pbx: PbxId, batch: Batch) -> Rows:
    """The batch as rows. Raises ValueError for a fact of another switch, and for a record that is not a call's JSON."""
    made = Rows(
        jobs=[jobs.row(job) for job in batch.jobs],
        positions={place.source: positions.row(pbx, place) for place in batch.positions},
        switch=_switch(batch),
    )
    for fact in batch.facts:
        row = _fact(pbx, fact)
        made.facts.append(row)
        made.steps += _steps(fact, row)
    for record in batch.records:
        row = _call(pbx, record)
        call: str = row["call_id"]
        made.calls[call] = row
        made.legs |= dict.fromkeys(_legs(record), call)
    made._remove(text.key(call) for call in batch.removed)
    return made


def _fact(pbx: PbxId, fact: Fact) -> Row:
    if fact.pbx != pbx:
        raise ValueError(f"a fact of {fact.pbx!r} in the journal of {pbx!r}")
    return {
        "pbx": text.key(pbx),
        "at": fact.at,
        "kind": type(fact).__name__,
        "call_id": text.key(fact.call) if isinstance(fact, OfCall) else None,
        "body": text.dump(to_json(fact)),
    }


def _call(pbx: PbxId, record: Mapping[str, Any]) -> Row:
    try:
        if record["pbx"] != pbx:
            raise ValueError(f"a call of {record['pbx']!r} in the journal of {pbx!r}")
        return {
            "pbx": text.key(pbx),
            "call_id": text.key(record["id"]),
            "started_at": instant(record["started_at"]),
            "answered_at": instant(record.get("answered_at")),
            "ended_at": instant(record.get("ended_at")),
            "direction": record.get("direction"),
            "caller_number": text.optional_key(record.get("caller_number")),
            "dialed": text.optional_key(record.get("dialed")),
            "outcome": record.get("outcome"),
            "gap": bool(record.get("gap")),
            "open": bool(record["open"]),
            "record": text.dump(dict(record)),
        }
    except (KeyError, TypeError) as error:
        raise ValueError(f"not the record of a call: {error!r}") from error


def _legs(record: Mapping[str, Any]) -> list[str]:
    try:
        return [text.key(leg["leg"]) for leg in record.get("legs", ())]
    except (KeyError, TypeError) as error:
        raise ValueError(f"legs without their names in call {record['id']!r}: {error!r}") from error


def _switch(batch: Batch) -> Row:
    news = {
        "seen_at": batch.seen_at,
        "booted_at": batch.switch.booted_at,
        "version": None if batch.switch.version is None else text.storable(batch.switch.version),
    }
    return {name: value for name, value in news.items() if value is not None}


def _steps(fact: Fact, row: Row) -> list[Step]:
    """What a fact means to the agents' and gaps' tables; nothing, for the facts of a call."""
    if isinstance(fact, AgentJoinedQueue):
        return [Step("join", _member(fact), row)]
    if isinstance(fact, AgentLeftQueue):
        return [Step("leave", _seat(fact), row)]
    if isinstance(fact, AgentPaused):
        return [Step("pause", {**_seat(fact), "paused": fact.paused, "reason": _storable(fact.reason)}, row)]
    if isinstance(fact, DeviceChanged):
        return [Step("device", {"interface": text.key(fact.interface), "device": fact.device}, row)]
    if isinstance(fact, LinkLost):
        return [Step("lose", {"lost_at": fact.at, "reason": text.storable(fact.reason)}, row)]
    if isinstance(fact, LinkRestored):
        return _restored(fact, row)
    return []


def _restored(fact: LinkRestored, row: Row) -> list[Step]:
    """After a crash there is no LinkLost: then this fact opens the gap that it closes. A first look has no gap."""
    restore = Step("restore", {"lost_at": fact.lost_at, "restarted": fact.restarted}, row)
    if fact.lost_at is None:
        return [restore]
    return [Step("lose", {"lost_at": fact.lost_at, "reason": ""}, row), restore]


def _seat(fact: AgentLeftQueue | AgentPaused | AgentJoinedQueue) -> Row:
    return {"queue": text.key(fact.queue), "interface": text.key(fact.interface)}


def _member(fact: AgentJoinedQueue) -> Row:
    return {
        **_seat(fact),
        "agent": _storable(fact.agent),
        "state_interface": _storable(fact.state_interface),
        "penalty": fact.penalty,
        "dynamic": fact.dynamic,
    }


def _storable(value: str | None) -> str | None:
    return None if value is None else text.storable(value)
