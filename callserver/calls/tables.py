"""The states of a call and an agent, and which step leads where.

In: a table, a state and the name of a step. Out: the next state, or None where the table knows no such step. Must not
know: events, facts, time. Everything stateful in this room moves through `step`; docs/states.md is drawn from here.

Theory. A call is several small machines side by side, because Asterisk tells of each on its own and promises no order
between them:

* a LEG is one channel: it appears, may ring, may come up, and is gone for good;
* a VISIT is one stay in one queue. Asterisk says that a caller left the queue (QueueCallerLeave) before it says why,
  and says the same on the way to an agent. So there is a state between, `leaving`: the caller waits no longer and
  the reason is still to come (AgentConnect, the variable QUEUESTATUS, or the hang-up);
* a CALL is what people would call it: arriving (in an announcement or ringing directly), waiting in a queue, talking,
  over. It may go round: a talk ends by transfer and the caller waits again.

An AGENT is several machines that are independent of each other and may contradict each other, which is what a screen
must explain: MEMBERSHIP of a queue, PAUSE in it, the DEVICE as the switch believes it. (Wrap-up is ours, not the
switch's: it comes with the agent's screen.)

A step that the table does not know is not an error to raise: a gap in what we see produces such steps. The caller
counts it as a surprise and goes on with what the switch says now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

Table: TypeAlias = Mapping[str, Mapping[str, str]]

LEG: Final[Table] = {
    "down": {"ring": "ringing", "answer": "up", "hang up": "gone"},
    "ringing": {"ring": "ringing", "answer": "up", "hang up": "gone"},
    "up": {"answer": "up", "hang up": "gone"},
    "gone": {},
}

VISIT: Final[Table] = {
    "waiting": {"offer": "offered", "leave": "leaving", "connect": "talking", "end": "ended"},
    "offered": {
        "offer": "offered",
        "decline": "waiting",
        "leave": "leaving",
        "connect": "talking",
        "end": "ended",
    },
    "leaving": {
        "offer": "offered",
        "decline": "leaving",
        "leave": "leaving",
        "connect": "talking",
        "end": "ended",
    },
    "talking": {"complete": "ended", "leave": "talking", "decline": "talking", "end": "ended"},
    "ended": {"complete": "ended", "leave": "ended", "decline": "ended"},
}

CALL: Final[Table] = {
    "arriving": {"queue": "waiting", "leave queue": "arriving", "talk": "talking", "end": "over"},
    "waiting": {"queue": "waiting", "leave queue": "arriving", "talk": "talking", "end": "over"},
    "talking": {
        "queue": "waiting",
        "leave queue": "talking",
        "talk": "talking",
        "silence": "arriving",
        "end": "over",
    },
    "over": {},
}

MEMBERSHIP: Final[Table] = {
    "absent": {"join": "member"},
    "member": {"join": "member", "leave": "absent"},
}

PAUSE: Final[Table] = {
    "working": {"pause": "paused", "work": "working"},
    "paused": {"pause": "paused", "work": "working"},
}

_DEVICES: Final = ("unknown", "free", "ringing", "talking", "busy", "held", "unavailable")
DEVICE: Final[Table] = {state: {device: device for device in _DEVICES} for state in _DEVICES}

TABLES: Final[Mapping[str, Table]] = {
    "leg": LEG,
    "visit": VISIT,
    "call": CALL,
    "membership": MEMBERSHIP,
    "pause": PAUSE,
    "device": DEVICE,
}


def step(table: Table, state: str, name: str) -> str | None:
    """The state after `name`, or None where the table does not know that step from here."""
    return table[state].get(name)


def diagram(table: Table) -> str:
    """The table as a Mermaid state diagram; its first state is the beginning."""
    lines = ["stateDiagram-v2", f"    [*] --> {next(iter(table))}"]
    for state, steps in table.items():
        lines += [f"    {state} --> {after}: {name}" for name, after in steps.items()]
        if not steps:
            lines.append(f"    {state} --> [*]")
    return "\n".join(lines)
