"""A story in plain words, and words that forgive two seconds: durations shift a little with every new
recording.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from callserver.facts import PbxId
from callserver.journals.reading import Journals, Reading, read
from callserver.journals.story import Ring, Story, Visit

TRACES = Path(__file__).parent.parent / "traces"
PBX = PbxId("main")
FOREVER = 10**14
_UNIQUEID = re.compile(r"\d{10}\.\d+")


@cache
def recorded(scenario: Path, *, queue_log: bool = True, cel: bool = True) -> Reading:
    """The stories of a recorded scenario, named by its queue_log; `_-2` traces share the first one's
    journals.
    """
    files = Journals(
        pbx=PBX,
        queue_log=scenario.with_suffix(".queue_log") if queue_log else None,
        cel=scenario.with_suffix(".cel.csv") if cel else None,
    )
    return read(files, 0, FOREVER)


def words(story: Story) -> str:
    who = f"{story.caller_number or 'somebody'} -> {story.dialed or '?'}"
    told = [_visit(visit) for visit in story.visits]
    told += [f"{moved.kind} by {moved.by} to {moved.to}" for moved in story.transfers]
    told += [f"{len(story.talks)} talk{'s' if len(story.talks) > 1 else ''}"] if story.talks else []
    return _UNIQUEID.sub("(uniqueid)", f"{story.direction} {who}: {'; '.join([*told, _end(story)])}")


def _end(story: Story) -> str:
    if not story.over:
        return "still going on"
    return f"{story.outcome}{', cut off' if story.cut else ''}"


def _visit(visit: Visit) -> str:
    rings = [_ring(ring) for ring in visit.rings if ring.result != "answered"]
    told = f"{visit.queue} {_seconds(visit.wait_s)} {visit.end}"
    if visit.agent is not None:
        told += f" by {visit.agent.name or visit.agent.interface} {_seconds(visit.talk_s)}"
        told += f" {visit.completed_by} ended" if visit.completed_by else ""
    return told + (f" ({', '.join(rings)})" if rings else "")


def _ring(ring: Ring) -> str:
    return f"{ring.agent.name or ring.agent.interface} {ring.result} {_seconds(ring.ring_s)}"


def _seconds(value: float | None) -> str:
    return "?s" if value is None else f"{round(value)}s"


def same(said: str, expected: str) -> bool:
    """Equal, durations within two seconds."""
    first, second = (re.split(r"\b(\d+)s\b", text) for text in (said, expected))
    return first[::2] == second[::2] and all(
        abs(int(one) - int(other)) <= 2 for one, other in zip(first[1::2], second[1::2], strict=True)
    )
