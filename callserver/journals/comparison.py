"""One call as we have it against the same call as the switch's journals tell it.

In: our record (call JSON) and the stories of the same call. Out: differences, and the record as it should
read. Must not know: other calls, files, the store.

Whom to believe. AMI seen without a gap is finer than the journals, so where both say something and we saw
it, we keep ours and report the difference. The journals win where we were blind: the record is marked
`gap`, ours says nothing or `unknown`, a visit is missing, or the call is still open here and over there.
What a journal does not know (`unknown`, None) never counts against us.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from callserver.facts import CallId, Instant, instant, iso
from callserver.journals.story import Story, Visit

Record: TypeAlias = dict[str, Any]

_SAME_VISIT_MS: Final = 10_000
_SOURCES: Final = ("ami", "queue_log", "cel")
_LOCAL: Final = re.compile(r"(Local/[^/]+)/\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that we and the switch say differently. `repairable`: the journals know better."""

    call: CallId
    field: str
    ours: Any
    theirs: Any
    repairable: bool

    def __str__(self) -> str:
        return f"{self.field}: {self.ours!r} -> {self.theirs!r}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`corrected` is the record as it should read, None where nothing is to be repaired."""

    differences: tuple[Difference, ...]
    corrected: Record | None


SHARP_S = 0.2


def compare(ours: Record, stories: Sequence[Story], tolerance_s: float = 1.0) -> Comparison:
    """What differs, and the repaired record. `ours` stays as it is. One record may be several stories to
    queue_log.
    """
    looked = _Comparing(ours, stories, tolerance_s)
    if not looked.mends:
        return Comparison(tuple(looked.found), None)
    mending = _Comparing(deepcopy(ours), stories, tolerance_s)
    return Comparison(tuple(mending.found), mending.mended())


def merged(records: Sequence[Record]) -> Record:
    """Several of our records that were one call, as one: the first, with the parts of the others."""
    whole = deepcopy(records[0])
    for other in records[1:]:
        for parts in ("queue_visits", "talks", "transfers", "legs"):
            whole.setdefault(parts, []).extend(deepcopy(other.get(parts, [])))
    return whole


class _Comparing:
    """Looks only, until `mended` is asked for; that changes the record it was given."""

    def __init__(self, ours: Record, stories: Sequence[Story], tolerance_s: float) -> None:
        self.record = ours
        self.stories = sorted(stories, key=lambda story: story.started_at or story.last_at)
        self.blind = bool(ours.get("gap"))
        # At the edge of a gap our times are the edge's; CEL's are to the millisecond, so they are taken.
        sharp = self.blind and all("cel" in story.sources for story in stories)
        self.tolerance_s = min(tolerance_s, SHARP_S) if sharp else tolerance_s
        self.open = bool(ours.get("open", ours.get("ended_at") is None))
        self.found: list[Difference] = []
        self.mends: list[Callable[[], None]] = []
        self._compare_visits()
        if len(self.stories) == 1:
            self._compare_call(self.stories[0])

    def mended(self) -> Record:
        self.record.setdefault("queue_visits", [])
        for mend in self.mends:
            mend()
        self._finish()
        return self.record

    def _differ(self, field: str, ours: Any, theirs: Any, repairable: bool, mend: Callable[[], None]) -> None:
        self.found.append(
            Difference(
                call=CallId(self.record["id"]), field=field, ours=ours, theirs=theirs, repairable=repairable
            )
        )
        if repairable:
            self.mends.append(mend)

    def _put(self, into: Record, name: str, value: Any) -> Callable[[], None]:
        return lambda: into.__setitem__(name, value)

    # --- visits
    # ----------------------------------------------------------------------------------------------------

    def _compare_visits(self) -> None:
        unmatched: list[Record] = list(self.record.get("queue_visits", ()))
        for story in self.stories:
            for visit in story.visits:
                mine = next((own for own in unmatched if self._is_same(own, visit)), None)
                if mine is None:
                    self._missing(visit)
                else:
                    unmatched.remove(mine)
                    self._compare_visit(mine, visit, story)
        if any("queue_log" in story.sources for story in self.stories):
            for extra in unmatched:
                self._differ("queue_visits", _brief(extra), None, False, _nothing)

    def _is_same(self, ours: Record, theirs: Visit) -> bool:
        entered = instant(ours.get("entered_at"))
        if ours["queue"] != theirs.queue or ours.get("leg") not in (None, theirs.leg):
            return False
        if self.blind or entered is None or theirs.entered_at is None:
            return True
        return abs(entered - theirs.entered_at) <= _SAME_VISIT_MS

    def _missing(self, theirs: Visit) -> None:
        body = theirs.to_json()
        self._differ(
            "queue_visits", None, _brief(body), True, lambda: self.record["queue_visits"].append(body)
        )

    def _compare_visit(self, mine: Record, theirs: Visit, story: Story) -> None:
        name = f"queue_visits[{self.record['queue_visits'].index(mine)}]"
        body = theirs.to_json()
        self._compare_end(name, mine, theirs, body)
        self._compare_seconds(f"{name}.wait_s", mine, "wait_s", theirs.wait_s)
        if "queue_log" in story.sources:  # CEL alone does not show what the queue counts as its talk
            self._compare_seconds(f"{name}.talk_s", mine, "talk_s", theirs.talk_s)
        for moment in ("entered_at", "left_at"):
            self._fill(f"{name}.{moment}", mine, moment, body[moment])

    def _compare_end(self, name: str, mine: Record, theirs: Visit, body: Record) -> None:
        ours = mine.get("end")
        if theirs.end not in (None, "unknown") and not _same_end(ours, theirs.end):
            self._differ(
                f"{name}.end",
                ours,
                theirs.end,
                self._gives_way(ours, theirs.end),
                self._take(mine, body, _ENDING),
            )
            return
        if theirs.agent is not None:
            self._compare_agent(name, mine, body)
        if self.blind and len(mine.get("rings", ())) < len(body["rings"]):
            rings = len(mine.get("rings", ()))
            mend = self._put(mine, "rings", body["rings"])
            self._differ(f"{name}.rings", rings, len(body["rings"]), True, mend)

    def _compare_agent(self, name: str, mine: Record, body: Record) -> None:
        agent = mine.get("agent") or {}
        if not _same_agent(agent, body["agent"]):
            weak = self.blind or not agent.get("name")
            self._differ(f"{name}.agent", agent, body["agent"], weak, self._take(mine, body, _AGENT))
        elif self.blind and mine.get("completed_by") is None and body["completed_by"] is not None:
            mend = self._put(mine, "completed_by", body["completed_by"])
            self._differ(f"{name}.completed_by", None, body["completed_by"], True, mend)

    def _compare_seconds(self, name: str, into: Record, field: str, theirs: float | None) -> None:
        ours = into.get(field)
        if theirs is None or (ours is not None and abs(ours - theirs) <= self.tolerance_s):
            return
        self._differ(name, ours, theirs, self._is_weak(ours), self._put(into, field, theirs))

    def _take(self, into: Record, source: Record, names: Sequence[str]) -> Callable[[], None]:
        return lambda: into.update({name: source[name] for name in names})

    def _is_weak(self, ours: Any) -> bool:
        """Whether what we say gives way to what a journal knows."""
        return self.blind or ours in (None, "unknown")

    def _gives_way(self, ours: Any, theirs: Any) -> bool:
        """The same of an ending. Who left by a key and was to be called back left by a key for AMI, where it did not
        hear what the dialplan tells.
        """
        return self._is_weak(ours) or (theirs == "callback" and ours in ("left_by_key", "abandoned"))

    # --- the call as a whole
    # ---------------------------------------------------------------------------------------

    def _compare_call(self, story: Story) -> None:
        body = story.to_json()
        for moment in ("started_at", "answered_at"):
            self._fill(moment, self.record, moment, body[moment])
        if self.blind and "cel" in story.sources and story.started_at is not None:
            self._compare_beginning(body)
        if story.callback is not None and not self.record.get("callback"):
            asked = body["callback"]
            self._differ("callback", None, asked["number"], True, self._put(self.record, "callback", asked))
        if story.over:
            self._compare_ending(story, body)
        if "cel" in story.sources:
            self._compare_movements(body)

    def _compare_beginning(self, body: Record) -> None:
        """A call that was there already when we began to see again shows neither who called nor what was
        dialed.
        """
        for word in ("direction", "caller_number", "caller_name", "dialed"):
            ours, theirs = self.record.get(word), body[word]
            if theirs is not None and ours != theirs:
                self._differ(word, ours, theirs, True, self._put(self.record, word, theirs))
        known = {leg["leg"] for leg in self.record.get("legs", ())}
        unknown = [leg["leg"] for leg in body["legs"] if leg["leg"] not in known]
        if unknown:
            self._differ("legs", None, unknown, True, self._join_legs)

    def _compare_ending(self, story: Story, body: Record) -> None:
        if self.open:
            self._differ("open", True, False, True, self._close(story.ended_at))
        elif not story.cut:
            self._fill("ended_at", self.record, "ended_at", body["ended_at"])
        ours = self.record.get("outcome")
        if story.outcome != "unknown" and not _same_end(ours, story.outcome):
            weak = self._gives_way(ours, story.outcome) or self.open
            self._differ(
                "outcome", ours, story.outcome, weak, self._put(self.record, "outcome", story.outcome)
            )

    def _close(self, at: Instant | None) -> Callable[[], None]:
        return lambda: self.record.update(open=False, ended_at=iso(at))

    def _compare_movements(self, body: Record) -> None:
        """Transfers and talks: the journals' are taken whole, and only where we were blind."""
        for field in ("transfers", "talks"):
            ours, theirs = self.record.get(field, []), body[field]
            if len(ours) < len(theirs) and (self.blind or field == "transfers"):
                self._differ(field, len(ours), len(theirs), self.blind, self._put(self.record, field, theirs))

    def _fill(self, name: str, into: Record, field: str, theirs: str | None) -> None:
        """A moment that we do not have, or have from the edge of a gap."""
        ours = into.get(field)
        if theirs is None or (ours is not None and not self.blind):
            return
        if ours is None or abs((instant(ours) or 0) - (instant(theirs) or 0)) > self.tolerance_s * 1000:
            self._differ(name, ours, theirs, True, self._put(into, field, theirs))

    # --- after repairs
    # ---------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        """Make the repaired record agree with itself."""
        record = self.record
        record["queue_visits"].sort(key=lambda visit: instant(visit.get("entered_at")) or 0)
        told = {source for story in self.stories for source in story.sources} | set(record.get("sources", ()))
        record["sources"] = [source for source in _SOURCES if source in told]
        self._join_legs()
        if len(self.stories) > 1 and any(visit.get("end") == "answered" for visit in record["queue_visits"]):
            record["outcome"] = "answered"
        record["answered"] = record.get("outcome") == "answered"
        if not record.get("open"):
            self._close_parts()

    def _join_legs(self) -> None:
        legs = self.record.setdefault("legs", [])
        ours = {leg["leg"]: leg for leg in legs}
        for leg in (leg.to_json() for story in self.stories for leg in story.legs):
            mine = ours.get(leg["leg"])
            if mine is None:
                legs.append(leg)
                continue
            mine.update({name: value for name, value in leg.items() if mine.get(name) in (None, "", False)})

    def _close_parts(self) -> None:
        ended = self.record.get("ended_at")
        self.record["held"] = {}
        for talk in self.record.get("talks", ()):
            if not talk.get("over", talk.get("to") is not None):
                talk.update(over=True, to=talk.get("to") or ended)
        for leg in self.record["legs"]:
            leg["over"] = True


_AGENT: Final = ("agent", "agent_leg", "completed_by")
_ENDING: Final = ("end", "left_at", "wait_s", "talk_s", "rings", *_AGENT)


def _same_end(ours: Any, theirs: Any) -> bool:
    """CEL alone shows of a caller who is to be called back only that they left by a key."""
    return bool(ours == theirs or (ours == "callback" and theirs == "left_by_key"))


def _nothing() -> None:
    """The difference is reported only."""


def _brief(visit: Record) -> str:
    return f"{visit['queue']} at {visit.get('entered_at')}: {visit.get('end')}"


def _same_agent(ours: Record, theirs: Record) -> bool:
    """Names decide where both are known; a name that only they know is news."""
    if theirs["name"]:
        return bool(ours.get("name") == theirs["name"])
    return not theirs["interface"] or _device(ours.get("interface") or "") == _device(theirs["interface"])


def _device(interface: str) -> str:
    """`Local/1001@agents/n` and the `Local/1001@agents` that its channels show are one."""
    local = _LOCAL.fullmatch(interface)
    return local[1] if local else interface
