"""The shared vocabulary: what happened, in call-centre words.

In: nothing. Out: frozen facts, their versioned JSON, and the names every room uses. Must not know: Asterisk's dialect,
SQL, HTTP, clocks. `Instant` is an int of milliseconds since the epoch, UTC; it is None only where a trace carries no
Timestamp headers. Durations are seconds as float. Text in JSON at the edge of the program is ISO 8601 (`iso`).
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from functools import lru_cache
from typing import Any, ClassVar, Literal, NewType, TypeAlias, get_args

PbxId = NewType("PbxId", str)  # the switch's name in the settings, e.g. "main"
CallId = NewType("CallId", str)  # "main:1795289156.0": switch and first channel's uniqueid
LegId = NewType("LegId", str)  # a channel's uniqueid; unique per switch only
Instant: TypeAlias = int

Direction = Literal["inbound", "outbound", "internal"]
Outcome = Literal[
    "answered",
    "abandoned",
    "timed_out",
    "left_by_key",
    "queue_empty",
    "queue_full",
    "withdrawn",
    "callback",
    "no_answer",
    "busy",
    "failed",
    "unknown",
]
RingResult = Literal["answered", "no_answer", "rejected", "canceled", "unknown"]
DialResult = Literal["no_answer", "busy", "failed"]
Heard = Literal["human", "machine", "silent", "played"]
"""What a recording met: a person's or a machine's voice; nobody who pressed a key that was asked for; it was played to
its end."""
TransferKind = Literal["blind", "attended"]
ListenMode = Literal["listen", "whisper", "barge"]
"""Heard by nobody; by the agent alone; by both."""
Source = Literal["ami", "queue_log", "cel"]
Device = Literal["unknown", "free", "ringing", "talking", "busy", "held", "unavailable"]

Through = Literal["call", "api", "screen", "cli", "import", "machine"]

OUTCOMES: frozenset[str] = frozenset(get_args(Outcome))
HEARD: frozenset[str] = frozenset(get_args(Heard))
LISTEN_MODES: frozenset[str] = frozenset(get_args(ListenMode))
LISTENING = "callserver-listen-"
"""How the ids of legs begin that were made for a supervisor to listen: such a line is no customer's call."""
WARNING = "callserver-alert-"
"""The same of calls to people on duty about an alert."""
NO_CUSTOMER = (LISTENING, WARNING)
UNREACHED = frozenset({1, 2, 3, 22, 27, 28, 29, 34, 38, 41, 42})
"""Q.850 causes with which a network says that it could not ring anybody: no such number, no route, congestion ..."""
FOLLOWED_ELSEWHERE = "followed by another node"
"""The reason of a LinkLost that only those who watch are told: this process looks after the switch no longer."""
VERSION = 1
_DAY_MS = 86_400_000
_EPOCH = date(1970, 1, 1).toordinal()


def iso(at: Instant | None) -> str | None:
    """An instant as ISO 8601 UTC with milliseconds, e.g. `2026-11-21T21:08:37.123Z`."""
    return None if at is None else _told(at)


@lru_cache(maxsize=4096)
def _told(at: Instant) -> str:
    """Each event of a call has all its instants told again, so a call tells a hundred and fifty."""
    days, rest = divmod(at, _DAY_MS)
    minutes = rest // 60_000
    of_day = (minutes // 60, minutes % 60, rest // 1000 % 60, rest % 1000)
    return _day(days) + "T%02d:%02d:%02d.%03dZ" % of_day  # noqa: UP031 - an f-string takes twice as long here


@lru_cache(maxsize=1024)
def _day(days: int) -> str:
    """Instants are told by the dozen while a caller waits, nearly all of a few days; `strftime` takes five times as
    long.
    """
    return date.fromordinal(_EPOCH + days).isoformat()


def instant(text: str | None) -> Instant | None:
    """The inverse of `iso`; raises ValueError on text that is not an ISO 8601 instant with a zone."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"an instant needs a zone: {text!r}")
    return round(moment.timestamp() * 1000)


def seconds(begin: Instant | None, end: Instant | None) -> float | None:
    """Seconds between two instants, never below 0 (a switch's clock may step back); None where one is unknown."""
    if begin is None or end is None:
        return None
    return max(0, end - begin) / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did something, and through what. `name`: an agent's or a token's name, or "callserver" for the machine."""

    name: str
    through: Through


MACHINE = Actor(name="callserver", through="machine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What every fact has: the switch it happened on, when (event's own time), and who says so."""

    name: ClassVar[str] = ""
    pbx: PbxId
    at: Instant | None
    source: Source = "ami"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCall(Happened):
    """A fact about one call."""

    call: CallId


# --- the line to the switch ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLost(Happened):
    """From `at` on (the last moment we surely saw) the server is blind on this switch."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRestored(Happened):
    """The server sees again; the gap is [`lost_at`, `at`]. `restarted`: the switch itself began anew in between."""

    lost_at: Instant | None = None
    restarted: bool = False


# --- a call ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted(OfCall):
    """The first channel of a call appeared. `caller_number` is as received, None where withheld or absent."""

    direction: Direction
    caller_number: str | None = None
    caller_name: str | None = None
    dialed: str | None = None
    gap: bool = False  # True: it was already there when we began to see


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDescribed(OfCall):
    """Something about the call was learned later: direction, who calls or what was dialed. None: no news.

    `withheld`: the caller's number and name are not to be known after all. `shift`: a line that belongs to no customer:
    an agent's of AgentLogin, which meets every caller; a supervisor's who listens.
    """

    direction: Direction | None = None
    caller_number: str | None = None
    caller_name: str | None = None
    dialed: str | None = None
    withheld: bool = False
    shift: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LegStarted(OfCall):
    """One channel joined the call. `interface` is the channel's device, e.g. `PJSIP/1001`."""

    leg: LegId
    channel: str
    interface: str
    number: str | None = None
    caller: bool = False  # True: this side came to us (or was originated); False: it was dialed for the call


@dataclass(frozen=True, slots=True, kw_only=True)
class LegAnswered(OfCall):
    """A channel is up."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnded(OfCall):
    """A channel is gone. `cause` is the Q.850 cause Asterisk gives, None where it ended unseen."""

    leg: LegId
    cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DialFailed(OfCall):
    """A dialed leg outside a queue did not answer; `result` is the outcome the call has if nothing better follows."""

    leg: LegId
    result: DialResult


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued(OfCall):
    """The call entered a queue: visit number `visit` (from 0) begins."""

    visit: int
    queue: str
    position: int | None = None
    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRang(OfCall):
    """A queue offers the call to one agent (one fact per leg and per retry)."""

    visit: int
    queue: str
    interface: str
    agent: str | None
    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class RingEnded(OfCall):
    """The offer ended. `ring_s` is from the event where the switch gives it, else from instants, else None."""

    visit: int
    leg: LegId
    result: RingResult
    ring_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentAnswered(OfCall):
    """The agent and the caller are connected; the wait is over. `wait_s`: the switch's own HoldTime."""

    visit: int
    queue: str
    interface: str
    agent: str | None
    leg: LegId | None
    wait_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFinished(OfCall):
    """The queue's talk is over as the queue sees it. `talk_s`: the switch's TalkTime; `by`: caller, agent, transfer."""

    visit: int
    talk_s: float | None = None
    by: Literal["caller", "agent", "transfer", "unknown"] = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLeftQueue(OfCall):
    """The visit ended; `end` says how. `wait_s`: the switch's own HoldTime where it gives one."""

    visit: int
    end: Outcome
    wait_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkStarted(OfCall):
    """These legs hear each other (Local halves left out); a third one joining ends this talk and starts another."""

    legs: tuple[LegId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkEnded(OfCall):
    """The talk of exactly these legs is over."""

    legs: tuple[LegId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LegHeld(OfCall):
    """A phone put the other side on hold."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegResumed(OfCall):
    """And took it back."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTransferred(OfCall):
    """`by` is the transferring interface, `to` the extension or interface it went to."""

    transfer: TransferKind
    by: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsMerged(OfCall):
    """Two calls turned out to be one (attended transfer, pick-up): `absorbed` goes on as part of `call`."""

    absorbed: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRefused(OfCall):
    """A queue would not take the caller at all: full, or nobody to answer. No visit."""

    queue: str
    end: Literal["queue_full", "queue_empty"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAsked(OfCall):
    """A waiting caller gave up the line and keeps the place: visit `visit` ends as `callback`, neither answered nor
    abandoned.

    `number`: the digits that they confirmed by key; `joined_at`: when they began to wait, by which their place is kept.
    """

    visit: int
    queue: str
    number: str
    joined_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPressed(OfCall):
    """A called customer answered a recording by a key of its menu (`menu`: the recording's name)."""

    menu: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardAs(OfCall):
    """What a recording met at the other end."""

    what: Heard


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenStarted(OfCall):
    """A supervisor hears this call by way of `leg`; they are no part of it, and no talk. Told again for a new mode."""

    leg: LegId
    by: str
    by_leg: LegId
    mode: ListenMode = "listen"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenEnded(OfCall):
    """And does no longer, or in this mode no longer."""

    by_leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(OfCall):
    """The last leg is gone. `at` is None or the end of the gap where it ended unseen."""

    outcome: Outcome


# --- agents ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentJoinedQueue(Happened):
    """An interface is a member of a queue."""

    queue: str
    interface: str
    agent: str | None = None
    state_interface: str | None = None
    penalty: int = 0
    dynamic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLeftQueue(Happened):
    """An interface is a member of a queue no longer."""

    queue: str
    interface: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPaused(Happened):
    """Pause in one queue, with the reason given; `paused` False: it ended."""

    queue: str
    interface: str
    paused: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChanged(Happened):
    """What the switch believes of the member's phone."""

    interface: str
    device: Device


# --- what the switch's journals add ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecovered(OfCall):
    """A call that began and ended unseen, as queue_log and CEL tell it; `record` is the whole call JSON."""

    record: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCorrected(OfCall):
    """The journals know better: `record` is the whole call JSON as it should read, `why` what differed."""

    record: dict[str, Any]
    why: tuple[str, ...] = ()


CallFact: TypeAlias = (
    CallStarted
    | CallDescribed
    | LegStarted
    | LegAnswered
    | LegEnded
    | DialFailed
    | CallQueued
    | AgentRang
    | RingEnded
    | AgentAnswered
    | AgentFinished
    | CallLeftQueue
    | TalkStarted
    | TalkEnded
    | LegHeld
    | LegResumed
    | CallTransferred
    | CallsMerged
    | QueueRefused
    | CallbackAsked
    | KeyPressed
    | HeardAs
    | ListenStarted
    | ListenEnded
    | CallEnded
    | CallRecovered
    | CallCorrected
)
AgentFact: TypeAlias = AgentJoinedQueue | AgentLeftQueue | AgentPaused | DeviceChanged
LinkFact: TypeAlias = LinkLost | LinkRestored
Fact: TypeAlias = CallFact | AgentFact | LinkFact

KINDS: dict[str, type[Fact]] = {
    kind.__name__: kind for kind in get_args(CallFact) + get_args(AgentFact) + get_args(LinkFact)
}
_FIELDS = {name: tuple(field.name for field in fields(kind)) for name, kind in KINDS.items()}
_TUPLES = {"legs", "why"}
_REQUIRED = {
    name: frozenset(f.name for f in fields(kind) if f.default is MISSING) for name, kind in KINDS.items()
}


def to_json(fact: Fact) -> dict[str, Any]:
    """A fact as a JSON object: `fact` (its name), `v` (version of this vocabulary), and its fields."""
    name = type(fact).__name__
    return {"fact": name, "v": VERSION, **{field: getattr(fact, field) for field in _FIELDS[name]}}


def from_json(body: dict[str, Any]) -> Fact:
    """The inverse; unknown extra fields are ignored. Raises ValueError for an unknown fact or a missing field."""
    name = str(body.get("fact"))
    kind = KINDS.get(name)
    if kind is None:
        raise ValueError(f"unknown fact {name!r}")
    missing = _REQUIRED[name] - body.keys()
    if missing:
        raise ValueError(f"{name} without {', '.join(sorted(missing))}")
    values = {field: body[field] for field in _FIELDS[name] if field in body}
    for field in _TUPLES & values.keys():
        values[field] = tuple(values[field])
    return kind(**values)
