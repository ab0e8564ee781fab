"""The book of calls: records kept by folding facts, and which of them changed.

In: facts in order. Out: records, and the set of changes since somebody last asked. Must not know: events, the store.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from callserver import facts
from callserver.calls.fold import fold
from callserver.calls.record import Record
from callserver.facts import CallId, Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Records (whole call JSON) that differ from what was last taken, and calls that became part of another."""

    records: tuple[dict[str, Any], ...] = ()
    absorbed: tuple[CallId, ...] = ()


class Book:
    """Records by call id. A closed call stays until it is forgotten: late facts may still come."""

    def __init__(self) -> None:
        self.records: dict[CallId, Record] = {}
        self._changed: dict[CallId, None] = {}
        self._absorbed: dict[CallId, None] = {}

    def apply(self, fact: Fact) -> None:
        """Fold one fact. Facts of unknown calls open a record; nothing raises."""
        special = _SPECIAL.get(type(fact))
        if special is not None:
            special(self, fact)
        elif isinstance(fact, facts.OfCall):
            fold(self._record(fact.call, fact.pbx), fact)
            self._changed[fact.call] = None

    def _record(self, call: CallId, pbx: str) -> Record:
        record = self.records.get(call)
        if record is None:
            record = self.records[call] = Record(call, pbx)
        return record

    def _mark_gap(self, _fact: Fact) -> None:
        for record in self.open():
            record.gap = True
            self._changed[record.id] = None

    def _merge(self, fact: facts.CallsMerged) -> None:
        record = self._record(fact.call, fact.pbx)
        absorbed = self.records.pop(fact.absorbed, None)
        if absorbed is not None:
            record.absorb(absorbed)
        self._changed.pop(fact.absorbed, None)
        self._changed[fact.call] = None
        self._absorbed[fact.absorbed] = None

    def _replace(self, fact: facts.CallRecovered | facts.CallCorrected) -> None:
        self.records[fact.call] = Record.from_json(fact.record)
        self._changed[fact.call] = None

    def open(self) -> Iterable[Record]:
        return [record for record in self.records.values() if record.open]

    def forget(self, call: CallId) -> None:
        """Drop a closed record whose changes have been taken."""
        if call not in self._changed:
            self.records.pop(call, None)

    def take(self) -> Changes:
        changes = Changes(
            records=tuple(self.records[call].to_json() for call in self._changed if call in self.records),
            absorbed=tuple(self._absorbed),
        )
        self._changed.clear()
        self._absorbed.clear()
        return changes


# By type, because most facts are none of these: asking isinstance for each of them took longer than folding.
_SPECIAL: dict[type[Fact], Any] = {
    facts.LinkLost: Book._mark_gap,
    facts.LinkRestored: Book._mark_gap,
    facts.CallsMerged: Book._merge,
    facts.CallRecovered: Book._replace,
    facts.CallCorrected: Book._replace,
}
