"""What the switch can be asked to do, and what came of it.

In: names of queues, interfaces, legs, extensions. Out: a closed union of requests with their JSON, and `Outcome`. Must
not know: AMI, SQL, who asks. A request names legs by their uniqueid: a channel may change its name while the request
is on its way, its uniqueid stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, Literal, NewType, TypeAlias, get_args

from callserver.facts import CallId, LegId, ListenMode

CommandId = NewType("CommandId", int)

CommandState = Literal["waiting", "sent", "done", "refused", "unknown", "expired"]
"""waiting: nobody has sent it yet; sent: it may be on its way to the switch; done, refused: the switch did it, or said
no; unknown: it was sent, and what became of it could not be learned; expired: it was too late, and was never sent."""
OVER: frozenset[CommandState] = frozenset({"done", "refused", "unknown", "expired"})


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueAdd:
    """Make an interface a member of a queue. Done also where it is one already; its pause is then left as it is."""

    kind: ClassVar[str] = "queue_add"
    queue: str
    interface: str
    member: str | None = None
    state_interface: str | None = None
    penalty: int = 0
    paused: bool = False
    reason: str | None = None  # of the pause: said by a second action, because QueueAdd cannot


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRemove:
    """End a membership. Done also where there was none."""

    kind: ClassVar[str] = "queue_remove"
    queue: str
    interface: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePause:
    """Pause a member, or end its pause; `queue` None: in all its queues. Asterisk keeps 79 letters of `reason`."""

    kind: ClassVar[str] = "queue_pause"
    interface: str
    paused: bool
    queue: str | None = None
    reason: str | None = None


Way = Literal["number", "agent", "queue"]
"""What `to` is: what a telephone dials, an agent's interface, or a queue's name. The node that owns the switch finds
the extension of the latter two in the switch's own dialplan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Originate:
    """Ring a phone, and when it is answered dial `to` from it.

    `channel`: our own uniqueid for the phone's channel, by which it is found again. `shown_number`, `shown_name`: what
    the phone shows while it rings. Done when the phone was answered: what became of the number is told by the call.
    `promise`: the promise that is tried here; `caller_id`: what the network shows to whoever is called, where it is not
    the phone's own number (by the recommended dialplan).
    """

    kind: ClassVar[str] = "originate"
    interface: str
    way: Way
    to: str
    channel: LegId
    ring_s: int = 30
    shown_number: str = ""
    shown_name: str = ""
    promise: int | None = None
    caller_id: str = ""


Then = Literal["queue", "agent", "automatic"]
"""What a customer whom we called meets: the agents of a queue, one agent who is kept free for them, or a recording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialCustomer:
    """Call a customer for a promise; whoever answers goes on by `context`. Nobody of ours hears it ring.

    `number`: the digits as the trunk wants them. `channel`: our own uniqueid for the customer's channel; the call is
    named after it. `queue`: where the agents are (for `agent` and `automatic`: where the customer goes when that agent
    does not come, or who presses 0). `prompt`: the recording's name; `keys`: which keys answer it ("12345" for a
    rating; none: it is only heard). `amd`: find out first whether a machine answered, where the switch can.

    Done, with the code `answered`, when the callee answered. Refused otherwise: busy, no_answer, rejected, failed (the
    network would not); or with a code of NOT_RUNG.
    """

    kind: ClassVar[str] = "dial_customer"
    number: str
    channel: LegId
    context: Then
    promise: int
    queue: str = ""
    interface: str = ""
    prompt: str = ""
    keys: str = ""
    language: str = ""
    caller_id: str = ""
    ring_s: int = 30
    amd: bool = False


AboutWhat = Literal["links", "queues", "trunks", "promises", "records", "disk", "work"]
"""What an alert is about, as far as a recording says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warn:
    """Call somebody on duty about an alert; a recording says how grave it is and what it is about, 1 acknowledges it.

    `number`, `channel` (beginning with facts.WARNING) and the outcomes are as of DialCustomer. `several`: the recording
    says that there is more than one; `test`: that somebody tries it.
    """

    kind: ClassVar[str] = "warn"
    number: str
    channel: LegId
    critical: bool
    about: AboutWhat
    several: bool = False
    test: bool = False
    language: str = ""
    caller_id: str = ""
    ring_s: int = 30


NOT_RUNG: frozenset[str] = frozenset(
    {
        *("bad_number", "bad_request", "no_trunk", "no_context", "no_queue", "no_extension", "in_a_call"),
        *("no_connection", "switch_refused", "unsafe", "unreadable", "expired", "not_sent"),
    }
)
"""Codes of outcomes that prove that no customer's phone rang: `not_sent` after a crash, by the switch's own journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hangup:
    """End one leg."""

    kind: ClassVar[str] = "hangup"
    call: CallId
    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindTransfer:
    """`leg` (the transferer's) leaves, whoever it talks with goes there.

    `anyway`: also to a phone that the switch says is not free.
    """

    kind: ClassVar[str] = "blind_transfer"
    call: CallId
    leg: LegId
    way: Way
    to: str
    anyway: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendedTransfer:
    """`leg` consults somebody while the other side waits; then it finishes (leaves) or cancels (comes back)."""

    kind: ClassVar[str] = "attended_transfer"
    call: CallId
    leg: LegId
    step: Literal["begin", "finish", "cancel"]
    way: Way = "number"
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Send one leg somewhere else, whatever it does now."""

    kind: ClassVar[str] = "redirect"
    call: CallId
    leg: LegId
    way: Way
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Ring a supervisor's phone; when it is answered it hears `leg` (an agent's), and is heard as `mode` says.

    A phone that listens already changes to this leg and mode without ringing. `channel`: our own uniqueid for the
    phone's channel, beginning with facts.LISTENING. Done (`listening`) when the switch says that it hears.
    """

    kind: ClassVar[str] = "listen"
    call: CallId
    leg: LegId
    interface: str
    mode: ListenMode
    channel: LegId
    ring_s: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver:
    """Put the customer (`leg`) through to a supervisor's phone; whoever talked with them is out of the call.

    The phone rings first, unless it listens already; the customer stays with the agent until it is answered. Done, with
    the code `taken`, when the two talk.
    """

    kind: ClassVar[str] = "take_over"
    call: CallId
    leg: LegId
    interface: str
    channel: LegId
    ring_s: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerPriority:
    """Another priority for a waiting caller: whoever has more is before whoever has less. Done when the switch's list
    shows it; `detail` has the position.
    """

    kind: ClassVar[str] = "caller_priority"
    call: CallId
    leg: LegId
    queue: str
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerToQueue:
    """A waiting caller waits in another queue; `in_front`: before those who wait there with the usual priority."""

    kind: ClassVar[str] = "caller_to_queue"
    call: CallId
    leg: LegId
    queue: str
    in_front: bool = False


Request: TypeAlias = (
    QueueAdd
    | QueueRemove
    | QueuePause
    | Originate
    | DialCustomer
    | Warn
    | Hangup
    | BlindTransfer
    | AttendedTransfer
    | Redirect
    | Listen
    | TakeOver
    | CallerPriority
    | CallerToQueue
)
KINDS: Mapping[str, type[Request]] = {kind.kind: kind for kind in get_args(Request)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a request.

    `code`: one word for screens, such as `busy` or `no_connection`; `said`: a sentence for people, in English, with
    the switch's own words where it said any; `detail`: ids that belong to it. A state that is not over means that it
    was not known yet when the asker stopped waiting.
    """

    id: CommandId
    state: CommandState
    code: str = ""
    said: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether nothing more will be learned."""
        return self.state in OVER

    @property
    def done(self) -> bool:
        """Whether the switch did it."""
        return self.state == "done"


def to_json(request: Request) -> dict[str, Any]:
    """The request's fields; its kind is kept beside."""
    return asdict(request)


def from_json(kind: str, body: Mapping[str, Any]) -> Request:
    """The inverse; unknown fields are ignored. Raises ValueError for an unknown kind or a missing field."""
    known = KINDS.get(kind)
    if known is None:
        raise ValueError(f"unknown command {kind!r}")
    try:
        return known(**{one.name: body[one.name] for one in fields(known) if one.name in body})
    except TypeError as error:
        raise ValueError(f"{kind}: {error}") from None
