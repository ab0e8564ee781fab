"""The statuses of a promise, and which event leads where.

In: a status and what happened. Out: the next status; `Illegal` for an event that cannot happen there. Must not know:
the store, time, who asks. docs/promises.md has the table, drawn from here.

Theory. A promise is a call that we owe, and its status answers one question: who has to do something now?

* PLANNED, DUE, TO_RETRY: the machinery, when its moment comes. They differ for people only: not yet, now, once more;
* RESERVED: an agent has it on the screen, and nothing was dialled; DIALLING: an attempt may be on its way to the
  switch; IN_CALL: the customer answered. Nobody else touches it meanwhile;
* UNKNOWN: what came of an attempt could not be learned. From here NO EVENT LEADS TO DIALLING: evidence that the
  customer was not rung (`fail`) makes it possible again, and a person may say what happened;
* BROKEN: past its deadline. Still owed, and dialled on where its policy says so; `broken_at` stays for ever. A deadline
  that passes while an attempt rings, or while nobody knows, breaks the promise too, but its status goes on saying what
  is happening. Whose customer has answered is in time;
* KEPT and WITHDRAWN: over. Nothing leads out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from callserver.errors import Conflict
from callserver.tickets.promise import PROMISE_STATUSES, PromiseStatus

Happening = Literal[
    "come due",
    "reserve",
    "let go",
    "let go again",
    "let go late",
    "dial",
    "answer",
    "keep",
    "fail",
    "fail late",
    "lose sight",
    "break",
    "move",
    "withdraw",
]
HAPPENINGS: tuple[Happening, ...] = get_args(Happening)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One way from a status to another, or back to itself."""

    at: PromiseStatus
    event: Happening
    to: PromiseStatus
    why: str


class Illegal(Conflict):
    """This cannot happen to a promise of this status. The event is said in words that people understand."""

    def __init__(self, status: PromiseStatus, event: Happening) -> None:
        promise_is, promise_step = _SAID[status], _MEANT[event]
        super().__init__(f"a promise that is {promise_is} cannot {promise_step}")
        self.status: PromiseStatus = status
        self.event: Happening = event


def step(status: PromiseStatus, event: Happening) -> PromiseStatus:
    """The status after an event. Raises Illegal where the table knows no such step."""
    after = _BY_STEP.get((status, event))
    if after is None:
        raise Illegal(status, event)
    return after.to


def may(status: PromiseStatus, event: Happening) -> bool:
    """Whether the event can happen there."""
    return (status, event) in _BY_STEP


def froms(event: Happening) -> tuple[PromiseStatus, ...]:
    """The statuses in which an event can happen: what an UPDATE that does it asks for."""
    return tuple(one.at for one in TRANSITIONS if one.event == event)


# --- the table -------------------------------------------------------------------------------------------------------

_WAITING: Final[tuple[PromiseStatus, ...]] = ("planned", "due", "to_retry", "broken")


def _table() -> tuple[Transition, ...]:
    return (
        Transition(at="planned", event="come due", to="due", why="its moment came"),
        *_from(_WAITING, "reserve", "reserved", "a free agent is held for it"),
        Transition(at="reserved", event="let go", to="due", why="the agent left, or time ran out"),
        Transition(at="reserved", event="let go again", to="to_retry", why="the same, of one that was tried"),
        Transition(at="reserved", event="let go late", to="broken", why="the same, after its deadline"),
        *_from((*_WAITING, "reserved"), "dial", "dialling", "an attempt was written down, and then sent"),
        Transition(at="dialling", event="answer", to="in_call", why="the customer answered"),
        *_from(("dialling", "in_call", "unknown"), "fail", "to_retry", "the customer was not reached"),
        *_from(("dialling", "in_call", "unknown"), "fail late", "broken", "nor before the deadline"),
        *_from(("dialling", "in_call"), "lose sight", "unknown", "a crash, a lost link, a restarted switch"),
        *_from(("planned", "due", "to_retry", "reserved"), "break", "broken", "its deadline passed"),
        Transition(at="dialling", event="break", to="dialling", why="counted; the attempt goes on"),
        Transition(at="unknown", event="break", to="unknown", why="counted; a person decides"),
        *_from((*_WAITING, "reserved"), "move", "planned", "a person gave it another time"),
        *_from(_OPEN, "keep", "kept", "customer and agent talked, or the prompt was heard"),
        *_from(_OPEN, "withdraw", "withdrawn", "it is owed no longer, and somebody said why"),
    )


def _from(
    statuses: tuple[PromiseStatus, ...], event: Happening, to: PromiseStatus, why: str
) -> tuple[Transition, ...]:
    return tuple(Transition(at=status, event=event, to=to, why=why) for status in statuses)


_OPEN: Final[tuple[PromiseStatus, ...]] = (
    "planned",
    "due",
    "reserved",
    "dialling",
    "in_call",
    "to_retry",
    "unknown",
    "broken",
)
TRANSITIONS: Final[tuple[Transition, ...]] = _table()
_BY_STEP: Final = {(one.at, one.event): one for one in TRANSITIONS}
_SAID: Final = {status: status.replace("_", " ") for status in PROMISE_STATUSES} | {
    "dialling": "being dialled",
    "to_retry": "waiting for its next try",
    "in_call": "in a call",
    "unknown": "of unknown outcome",
}
_MEANT: Final[dict[Happening, str]] = {
    "come due": "come due",
    "reserve": "be reserved for an agent",
    "let go": "be let go",
    "let go again": "be let go",
    "let go late": "be let go",
    "dial": "be dialled",
    "answer": "be answered",
    "keep": "be kept",
    "fail": "have failed",
    "fail late": "have failed",
    "lose sight": "be lost sight of",
    "break": "be broken",
    "move": "be moved to another time",
    "withdraw": "be withdrawn",
}


def table() -> str:
    """The transitions as a table for docs/promises.md, one row an event and where it leads."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for one in TRANSITIONS:
        rows.setdefault((one.event, one.to, one.why), []).append(one.at)
    lines = ["| event | from | to | why |", "|---|---|---|---|"]
    return "\n".join(
        lines + [f"| {event} | {', '.join(at)} | {to} | {why} |" for (event, to, why), at in rows.items()]
    )
