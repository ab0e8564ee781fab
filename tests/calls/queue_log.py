"""The visits that a queue_log tells of, by a second and slower way than the program's: for checking the floor.

Deliberately naive and independent of callserver.journals: one pass over the lines of one caller.
"""

from __future__ import annotations

from dataclasses import dataclass, field

_ENDS = {
    "ABANDON": "abandoned",
    "EXITWITHTIMEOUT": "timed_out",
    "EXITWITHKEY": "left_by_key",
    "EXITEMPTY": "queue_empty",
    "WITHDRAW": "withdrawn",
}
_TALK_AT = {"COMPLETECALLER": 1, "COMPLETEAGENT": 1, "BLINDTRANSFER": 3, "ATTENDEDTRANSFER": 3}


@dataclass
class LoggedVisit:
    callid: str
    queue: str
    end: str | None = None
    wait_s: int | None = None
    talk_s: int | None = None
    agent: str | None = None
    no_answers: list[str] = field(default_factory=list)


def visits(lines: list[list[str]]) -> list[LoggedVisit]:
    """All visits in the order in which they began."""
    found: list[LoggedVisit] = []
    for line in lines:
        if len(line) < 5:
            continue
        _, callid, queue, member, event, *rest = line
        mine = [visit for visit in found if visit.callid == callid and visit.queue == queue]
        if event == "ENTERQUEUE":
            found.append(LoggedVisit(callid, queue))
        elif not mine:
            continue
        elif event == "CONNECT":
            mine[-1].end, mine[-1].agent, mine[-1].wait_s = "answered", member, int(rest[0])
        elif event in _TALK_AT:
            mine[-1].talk_s = int(rest[_TALK_AT[event]])
        elif event == "RINGNOANSWER":
            mine[-1].no_answers.append(member)
        elif event in _ENDS:
            mine[-1].end = _ENDS[event]
            mine[-1].wait_s = int(rest[{"EXITWITHKEY": 3}.get(event, 2)])
    return found
