"""Our calls against the switch's: what was omitted, what differs, and the facts that put it right.

In: our records and the journals' stories of one stretch of time. Out: counts, the omission rate in ppm,
differences, and corrections as facts. Must not know: files, the store, clocks. Applying the corrections and
reconciling again gives no omission and no correction.

A call counts on the day in which it began. A story matches the record that has one of its channels. A call
that still goes on when the journals end is neither counted nor compared. Without CEL the journals know only
calls that entered a queue, and only those of ours are then looked for in them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from callserver.facts import CallCorrected, CallId, CallRecovered, CallsMerged, Instant, PbxId, instant
from callserver.journals.comparison import Difference, Record, compare, merged
from callserver.journals.story import Story

Correction: TypeAlias = CallRecovered | CallCorrected | CallsMerged
MARGIN_MS = 5_000
TOLERANCE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """[`begin`, `end`): calls that began in it count. `until`: both sides are complete up to here (default:
    `end`).
    """

    begin: Instant
    end: Instant
    until: Instant | None = None

    def holds(self, at: Instant | None, margin_ms: int = 0) -> bool:
        return at is not None and self.begin + margin_ms <= at < self.end - margin_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """`switch_calls`: calls of the span that are over, by the journals; `matched` of them we have,
    `omitted` we have not.

    `surplus`: calls of ours that no journal knows. `open_calls`: begun in the span and still going on.
    """

    span: Span
    switch_calls: int
    our_calls: int
    matched: int
    open_calls: int
    omitted: tuple[Story, ...]
    surplus: tuple[CallId, ...]
    differences: tuple[Difference, ...]
    corrections: tuple[Correction, ...]

    @property
    def omission_ppm(self) -> float:
        """Calls that the switch recorded and we did not, per million (metrics: `omission_ppm`)."""
        return len(self.omitted) / self.switch_calls * 1e6 if self.switch_calls else 0.0


def reconcile(
    ours: Iterable[Record],
    theirs: Iterable[Story],
    span: Span,
    *,
    margin_ms: int = MARGIN_MS,
    tolerance_s: float = TOLERANCE_S,
) -> Reconciliation:
    """Compare. Give records and stories from some minutes around the span too, so that none is missed at
    its edge.

    `margin_ms`: how far the two clocks' order of events may differ; a call that a journal mentions within
    it before `until` is taken as still going on. `tolerance_s`: waits and talks may differ by it
    (queue_log: whole seconds).
    """
    records = {CallId(record["id"]): record for record in ours}
    stories = list(theirs)
    matches = _Matches(records, stories)
    settled = [story for story in stories if _is_settled(story, span, margin_ms)]
    counted = [story for story in settled if span.holds(story.started_at)]
    omitted = tuple(story for story in counted if not matches.records_of(story))
    differences, corrections = _compare(matches, settled, tolerance_s)
    return Reconciliation(
        span=span,
        switch_calls=len(counted),
        our_calls=sum(span.holds(instant(record.get("started_at"))) for record in records.values()),
        matched=len(counted) - len(omitted),
        open_calls=sum(span.holds(story.started_at) for story in stories) - len(counted),
        omitted=omitted,
        surplus=_surplus(records, stories, matches, span, margin_ms),
        differences=differences,
        corrections=(*map(_recovered, omitted), *corrections),
    )


def apply(ours: Iterable[Record], corrections: Iterable[Correction]) -> list[Record]:
    """The records as they read after the corrections."""
    records = {CallId(record["id"]): record for record in ours}
    for correction in corrections:
        if isinstance(correction, CallsMerged):
            records.pop(correction.absorbed, None)
        else:
            records[correction.call] = correction.record
    return list(records.values())


class _Matches:
    """Which record and which story are one call: they share a channel."""

    def __init__(self, records: Mapping[CallId, Record], stories: list[Story]) -> None:
        self.records = records
        self._call_of_leg = {
            leg["leg"]: call for call, record in records.items() for leg in record.get("legs", ())
        }
        self._calls_of: dict[CallId, tuple[CallId, ...]] = {}
        self._stories_of: dict[CallId, list[Story]] = defaultdict(list)
        for story in stories:
            calls = self._find(story)
            self._calls_of[story.id] = calls
            for call in calls:
                self._stories_of[call].append(story)

    def _find(self, story: Story) -> tuple[CallId, ...]:
        named = (self._call_of_leg.get(leg.leg) for leg in story.legs)
        found = dict.fromkeys(call for call in (self._own(story), *named) if call is not None)
        return tuple(found)

    def _own(self, story: Story) -> CallId | None:
        return story.id if story.id in self.records else None

    def records_of(self, story: Story) -> tuple[CallId, ...]:
        """Our calls that this story is about, the one of the same name first; more than one: we did not see
        that they are one.
        """
        return self._calls_of[story.id]

    def stories_of(self, call: CallId) -> list[Story]:
        return self._stories_of.get(call, [])


def _is_settled(story: Story, span: Span, margin_ms: int) -> bool:
    until = span.end if span.until is None else span.until
    return story.over and story.last_at <= until - margin_ms


def _compare(
    matches: _Matches, settled: list[Story], tolerance_s: float
) -> tuple[tuple[Difference, ...], list[Correction]]:
    differences: list[Difference] = []
    corrections: list[Correction] = []
    done: set[CallId] = set()
    over = {story.id for story in settled}
    for story in settled:
        calls = matches.records_of(story)
        if not calls or not done.isdisjoint(calls):
            continue
        done.update(calls)
        about = list({other.id: other for call in calls for other in matches.stories_of(call)}.values())
        if all(other.id in over for other in about):
            found, put_right = _compare_one(
                [matches.records[call] for call in calls], about, story, tolerance_s
            )
            differences += found
            corrections += put_right
    return tuple(differences), corrections


def _compare_one(
    records: list[Record], about: list[Story], story: Story, tolerance_s: float
) -> tuple[list[Difference], list[Correction]]:
    """One call of theirs, which may be several of ours: made one only where we were blind while it became
    one.
    """
    keep, *others = (CallId(record["id"]) for record in records)
    differences: list[Difference] = []
    corrections: list[Correction] = []
    if others:
        blind = len(about) == 1 and all(record.get("gap") for record in records)
        ours = [keep, *others]
        differences.append(Difference(call=keep, field="id", ours=ours, theirs=story.id, repairable=blind))
        if not blind:
            return differences, []
        corrections += [_merged(story, keep, other) for other in others]
    ours_whole = merged(records)
    compared = compare(ours_whole, about, tolerance_s)
    differences += compared.differences
    if compared.corrected is not None or others:
        corrections.append(_corrected(story, compared.corrected or ours_whole, tuple(differences)))
    return differences, corrections


def _surplus(
    records: Mapping[CallId, Record], stories: list[Story], matches: _Matches, span: Span, margin_ms: int
) -> tuple[CallId, ...]:
    every_call_is_written = any("cel" in story.sources for story in stories)
    return tuple(
        call
        for call, record in records.items()
        if span.holds(instant(record.get("started_at")), margin_ms)
        and (every_call_is_written or record.get("queue_visits"))
        and not matches.stories_of(call)
    )


def _recovered(story: Story) -> CallRecovered:
    return CallRecovered(
        pbx=story.pbx,
        at=story.ended_at or story.last_at,
        source=story.sources[0],
        call=story.id,
        record=story.to_json(),
    )


def _merged(story: Story, call: CallId, absorbed: CallId) -> CallsMerged:
    return CallsMerged(
        pbx=story.pbx,
        at=story.ended_at or story.last_at,
        source=story.sources[0],
        call=call,
        absorbed=absorbed,
    )


def _corrected(story: Story, record: Record, differences: tuple[Difference, ...]) -> CallCorrected:
    return CallCorrected(
        pbx=PbxId(record["pbx"]),
        at=story.ended_at or story.last_at,
        source=story.sources[0],
        call=CallId(record["id"]),
        record=record,
        why=tuple(str(difference) for difference in differences if difference.repairable),
    )
