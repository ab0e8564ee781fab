"""queue_log: what app_queue itself writes of every visit, one line an event.

In: lines `epoch|callid|queue|member|event|parameters`. Out: typed entries, and a count of what was not
understood. Must not know: files, CEL, calls as a whole. Reading never raises.

Times are whole seconds of the switch. `call` is the caller's uniqueid (or whatever ChannelId an Originate
gave it); `member` is the member's *name* where it has one, else its interface (trace answered-agent-ends).
Parameters grew over the versions and dialplans may write events of their own (QueueLog()), so a missing
parameter is None and an unknown event is `Noted`. A caller number may hold a `|`: what surrounds it is read
from both ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from asterisk_conf.contract import CALLBACK_LOG
from callserver.ami.events import number, whole
from callserver.facts import Instant, LegId, Outcome, TransferKind
from callserver.journals.tally import Tally

_ERA_END: Final = 32_503_680_000  # the year 3000: later "times" are no times
_NOBODY: Final = frozenset({"", "NONE", "MANAGER", "REALTIME"})
_EVENT: Final = re.compile(r"[A-Z][A-Z0-9_ -]{1,39}")
_LONGEST_NUMBER: Final = 79
_NOT_DIALLED: Final = re.compile(r"[^0-9+*#]+")
_BOOT: Final = re.compile(r"(\d{10})\|NONE\|NONE\|NONE\|QUEUESTART\|$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What every line says: when (its whole second), whose call, which queue, which member; None where it
    says NONE.
    """

    at: Instant
    call: LegId | None = None
    queue: str | None = None
    member: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered(Line):
    """ENTERQUEUE. `caller`: the number as received, None where withheld."""

    caller: str | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected(Line):
    """CONNECT: the agent and the caller are joined. `hold_s` waited in all, `ring_s` this phone rang
    (seconds).
    """

    leg: LegId | None = None
    hold_s: int | None = None
    ring_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RingEnded(Line):
    """RINGNOANSWER (also for busy and rejected) or RINGCANCELED: one phone rang `ring_ms` without success.

    AGENTDUMP (the agent hung up during the announcement) is `rejected`.
    """

    result: Literal["no_answer", "canceled", "rejected"]
    ring_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left(Line):
    """ABANDON, EXITWITHTIMEOUT, EXITWITHKEY, EXITEMPTY, WITHDRAW, SYSCOMPAT: the caller left without an
    agent.
    """

    end: Outcome
    wait_s: int | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Line):
    """FULL, JOINEMPTY, JOINUNAVAIL: no visit. Asterisk does not write these; dialplans do, through
    QueueLog().
    """

    end: Literal["queue_full", "queue_empty"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAsked(Line):
    """Written by our own dialplan behind EXITWITHKEY: a caller confirmed at which number they want to be called back.

    `joined_at`: the whole second in which they began to wait.
    """

    number: str
    joined_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed(Line):
    """COMPLETECALLER or COMPLETEAGENT: which side's channel ended first, not who wanted it."""

    by: Literal["caller", "agent"]
    hold_s: int | None = None
    talk_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred(Line):
    """BLINDTRANSFER, ATTENDEDTRANSFER (TRANSFER before Asterisk 12). `to`: an extension, an application or
    a bridge.
    """

    transfer: TransferKind
    to: str = ""
    hold_s: int | None = None
    talk_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership(Line):
    """ADDMEMBER, REMOVEMEMBER."""

    member_of: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause(Line):
    """PAUSE, UNPAUSE, PAUSEALL, UNPAUSEALL."""

    paused: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Line):
    """QUEUESTART: the switch began anew; what was open before is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Line):
    """Anything else: CONFIGRELOAD, RINGINUSE, PENALTY, AGENTLOGIN, OUTCALL, DID, INFO, a dialplan's own ..."""

    event: str
    parameters: tuple[str, ...] = ()


Entry: TypeAlias = (
    Entered
    | Connected
    | RingEnded
    | Left
    | Refused
    | CallbackAsked
    | Completed
    | Transferred
    | Membership
    | Pause
    | Started
    | Noted
)

_KNOWN_NOTES: Final = frozenset(
    {
        *("CONFIGRELOAD", "RINGINUSE", "PENALTY", "OUTCALL", "DID", "INFO", "CALLSTATUS"),
        *("AGENTLOGIN", "AGENTLOGOFF", "AGENTCALLBACKLOGIN", "AGENTCALLBACKLOGOFF"),
    }
)


def believable(lines: Iterable[str], tally: Tally | None = None) -> Iterator[str]:
    """The lines without those that a caller may have written.

    A caller's number may hold line ends, and what follows them then looks like lines of its own (trace
    hostile-numbers, in front of a dialplan that does not clean it). Such an ENTERQUEUE lacks its position,
    and the number is at most 79 letters long: what begins within that many letters is dropped, be it true
    or forged.
    """
    doubtful = -1
    for line in lines:
        if doubtful >= 0:
            doubtful -= len(line) + 1
            if tally is not None:
                tally.rubbish += 1
            continue
        entry = entry_of(line) if "|ENTERQUEUE|" in line else None
        if isinstance(entry, Entered) and entry.position is None:
            doubtful = _LONGEST_NUMBER - 1 - len(line.rpartition("|")[2])
        yield line


def parse(lines: Iterable[str], tally: Tally | None = None) -> Iterator[Entry]:
    """The entries of these lines, in order; counts into `tally`."""
    count = Tally() if tally is None else tally
    for line in lines:
        entry = entry_of(line)
        if entry is None:
            count.rubbish += 1
            continue
        count.read += 1
        if isinstance(entry, Noted) and entry.event not in _KNOWN_NOTES:
            count.meet_unknown(entry.event)
        yield entry


def when(line: str) -> Instant | None:
    """When a line was written (whole second), None for rubbish."""
    stamp = line.partition("|")[0].partition(".")[0]
    if not stamp.isascii() or not stamp.isdigit() or not 0 < len(stamp) <= 11:
        return None
    second = int(stamp)
    return second * 1000 if 0 < second < _ERA_END else None


def entry_of(line: str) -> Entry | None:
    """One line's entry, None for rubbish."""
    boot = _BOOT.search(line)
    if boot is not None:  # alone, or behind a line that a crash cut short
        return Started(at=int(boot[1]) * 1000)
    at = when(line)
    fields = line.split("|")
    if at is None or len(fields) < 5 or _EVENT.fullmatch(fields[4]) is None:
        return None
    _, call, queue, member, event, *parameters = fields
    who = _some(call)
    head: _Head = {
        "at": at,
        "call": LegId(who) if who else None,
        "queue": _some(queue),
        "member": _some(member),
    }
    build = _BUILD.get(event)
    return (
        Noted(**head, event=event, parameters=tuple(parameters)) if build is None else build(head, parameters)
    )


def _some(value: str) -> str | None:
    return None if value in _NOBODY else value


def _text(parameters: list[str], index: int) -> str | None:
    return parameters[index] or None if -len(parameters) <= index < len(parameters) else None


def _whole(parameters: list[str], index: int) -> int | None:
    return whole(_text(parameters, index))


# --- one builder an event
# --------------------------------------------------------------------------------------------

_Head: TypeAlias = dict[str, Any]


def _entered(head: _Head, said: list[str]) -> Entry:
    """url|number|position; the number is the caller's own text and may hold a `|`."""
    position = _whole(said, -1) if len(said) > 2 else None
    return Entered(**head, caller=number("|".join(said[1:-1])), position=position)


def _connected(head: _Head, said: list[str]) -> Entry:
    """hold|member leg's uniqueid|ring"""
    leg = _text(said, 1)
    return Connected(**head, leg=LegId(leg) if leg else None, hold_s=_whole(said, 0), ring_s=_whole(said, 2))


def _ring(result: Literal["no_answer", "canceled", "rejected"]) -> _Build:
    return lambda head, said: RingEnded(**head, result=result, ring_ms=_whole(said, 0))


def _left(end: Outcome) -> _Build:
    """position|original position|wait"""
    return lambda head, said: Left(**head, end=end, wait_s=_whole(said, 2))


def _by_key(head: _Head, said: list[str]) -> Entry:
    """key|position|original position|wait"""
    return Left(**head, end="left_by_key", key=_text(said, 0), wait_s=_whole(said, 3))


def _refused(end: Literal["queue_full", "queue_empty"]) -> _Build:
    return lambda head, _: Refused(**head, end=end)


def _callback(head: _Head, said: list[str]) -> Entry:
    """number|joined; without a number it is none."""
    number = _NOT_DIALLED.sub("", _text(said, 0) or "")
    if not number:
        return Noted(**head, event=CALLBACK_LOG, parameters=tuple(said))
    return CallbackAsked(**head, number=number, joined_at=when(_text(said, 1) or ""))


def _completed(by: Literal["caller", "agent"]) -> _Build:
    """hold|talk|original position"""
    return lambda head, said: Completed(**head, by=by, hold_s=_whole(said, 0), talk_s=_whole(said, 1))


def _blind(head: _Head, said: list[str]) -> Entry:
    """exten|context|hold|talk|original position"""
    return Transferred(
        **head, transfer="blind", to=_text(said, 0) or "", hold_s=_whole(said, 2), talk_s=_whole(said, 3)
    )


def _attended(head: _Head, said: list[str]) -> Entry:
    """BRIDGE|id, APP|name or LINK|channel|channel, then hold|talk|original position."""
    to = _text(said, 1) if _text(said, 0) == "APP" else None
    return Transferred(
        **head, transfer="attended", to=to or "", hold_s=_whole(said, -3), talk_s=_whole(said, -2)
    )


def _membership(member_of: bool) -> _Build:
    return lambda head, _: Membership(**head, member_of=member_of)


def _pause(paused: bool) -> _Build:
    return lambda head, said: Pause(**head, paused=paused, reason=_text(said, 0))


_Build: TypeAlias = Callable[[_Head, list[str]], Entry]
_BUILD: Final[dict[str, _Build]] = {
    "ENTERQUEUE": _entered,
    "CONNECT": _connected,
    "RINGNOANSWER": _ring("no_answer"),
    "RINGCANCELED": _ring("canceled"),
    "AGENTDUMP": _ring("rejected"),
    "ABANDON": _left("abandoned"),
    "EXITWITHTIMEOUT": _left("timed_out"),
    "EXITEMPTY": _left("queue_empty"),
    "WITHDRAW": _left("withdrawn"),
    "SYSCOMPAT": _left("failed"),
    "EXITWITHKEY": _by_key,
    CALLBACK_LOG: _callback,
    "FULL": _refused("queue_full"),
    "JOINEMPTY": _refused("queue_empty"),
    "JOINUNAVAIL": _refused("queue_empty"),
    "COMPLETECALLER": _completed("caller"),
    "COMPLETEAGENT": _completed("agent"),
    "BLINDTRANSFER": _blind,
    "TRANSFER": _blind,
    "ATTENDEDTRANSFER": _attended,
    "ADDMEMBER": _membership(True),
    "REMOVEMEMBER": _membership(False),
    "PAUSE": _pause(True),
    "PAUSEALL": _pause(True),
    "UNPAUSE": _pause(False),
    "UNPAUSEALL": _pause(False),
}
