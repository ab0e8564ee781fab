"""AMI headers -> typed events; the last place that knows how Asterisk spells things.

In: one message's headers (already decoded, first occurrence of a header wins). Out: one of the frozen events
below, or None for a message nobody needs. Must not know: sockets, calls, facts beyond ids and instants.
Feeding it never raises: a missing header is an empty text, a number that is none is None. The classes keep
Asterisk's own event names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias, TypeVar, dataclass_transform

from asterisk_conf import contract
from callserver.facts import Device, Instant

Headers: TypeAlias = Mapping[str, str]
Kind = TypeVar("Kind")


@dataclass_transform(frozen_default=True)
def told(kind: type[Kind]) -> type[Kind]:
    """A dataclass that the type checker holds frozen, and Python does not: `frozen=True` would set every field
    through `object.__setattr__`, which takes three times as long, a thousand times a second.
    """
    return dataclass(slots=True, unsafe_hash=True)(kind)


# Asterisk writes <unknown> for an absent number or name; "anonymous" arrives as the caller's network sent it.
_ABSENT = frozenset({"", "<unknown>"})
WITHHELD = frozenset({"anonymous", "unavailable", "private", "withheld", "restricted", "unknown"})


def text(value: str | None) -> str | None:
    """A header's value, None where Asterisk says that there is none."""
    return None if value is None or value in _ABSENT else value


def number(value: str | None) -> str | None:
    """A caller number as received, None where absent or withheld.

    A caller may put line breaks into it, and Asterisk lets them: control characters are replaced.
    """
    return None if value is None or value in _ABSENT or value.lower() in WITHHELD else one_line(value)


_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def one_line(value: str) -> str:
    """The value with a mark in place of line breaks and other control characters."""
    return value if value.isprintable() else _CONTROL.sub("\N{REPLACEMENT CHARACTER}", value)


_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}


def unescape(value: str) -> str:
    r"""Undo the C escapes that Asterisk puts into names (`\"`, `\\`, `\n` ...)."""
    if "\\" not in value:
        return value
    out: list[str] = []
    pieces = iter(value)
    for letter in pieces:
        if letter != "\\":
            out.append(letter)
            continue
        escaped = next(pieces, None)
        out.append("\\" if escaped is None else _ESCAPES.get(escaped, escaped))
    return "".join(out)


def name(value: str | None) -> str | None:
    """A member's name, C escapes undone, None where absent."""
    return None if value is None or value in _ABSENT else one_line(unescape(value))


def caller_name(value: str | None) -> str | None:
    """A caller's name, C escapes undone, None where absent or withheld."""
    return None if value is None or value in _ABSENT or value.lower() in WITHHELD else unescape(value)


def whole(value: str | None) -> int | None:
    """A whole number of at most 15 digits, else None."""
    if value is None or len(value) > 15:
        return None
    try:
        return int(value)
    except ValueError:
        return None


def instant(value: str | None) -> Instant | None:
    """`Timestamp: 1795289156.123456` as milliseconds UTC; None where absent or not a moment of this era."""
    if not value:
        return None
    try:
        # Six decimals, as Asterisk writes it: a float of 16 digits takes twice as long to read as a whole number.
        micros = int(value.replace(".", "", 1)) if value[-7:-6] == "." else float(value) * 1_000_000
        millis = round(micros / 1000)
    except (ValueError, OverflowError):
        return None
    return millis if 0 < millis < 32_503_680_000_000 else None


class Channel:
    """One channel as an event shows it: a view of the event's headers that begin with a prefix.

    Its ten fields are read when they are asked for: an event of a channel that is known already needs its
    uniqueid and perhaps one more. Two views are equal where all fields are.
    """

    __slots__ = ("_headers", "_names", "uniqueid")

    def __init__(self, headers: Headers, prefix: str = "") -> None:
        self._headers = headers
        self._names = names = _NAMES[prefix]
        self.uniqueid = headers.get(names.uniqueid, "")

    @property
    def linkedid(self) -> str:
        """The uniqueid of the oldest channel that this one hangs together with."""
        return self._headers.get(self._names.linkedid, "")

    @property
    def name(self) -> str:
        """`PJSIP/1001-00000004`."""
        return self._headers.get(self._names.name, "")

    @property
    def state(self) -> int | None:
        """Asterisk's number: 0 down, 4 ring, 5 ringing, 6 up."""
        return whole(self._headers.get(self._names.state))

    @property
    def caller_number(self) -> str | None:
        return number(self._headers.get(self._names.caller_number))

    @property
    def caller_name(self) -> str | None:
        return caller_name(self._headers.get(self._names.caller_name))

    @property
    def withheld(self) -> bool:
        """The caller does not want the number to be known: the network or the dialplan says so in its place."""
        return self._headers.get(self._names.caller_number, "").lower() in WITHHELD

    @property
    def connected_number(self) -> str | None:
        return number(self._headers.get(self._names.connected_number))

    @property
    def connected_name(self) -> str | None:
        return name(self._headers.get(self._names.connected_name))

    @property
    def context(self) -> str:
        return self._headers.get(self._names.context, "")

    @property
    def exten(self) -> str:
        return one_line(self._headers.get(self._names.exten, ""))

    @property
    def interface(self) -> str:
        """The device behind the channel: `PJSIP/1001-00000004` -> `PJSIP/1001`."""
        return interface(self.name)

    def fields(self) -> dict[str, object]:
        """Everything that is known of the channel."""
        return {field: getattr(self, field) for field in ChannelNames._fields}

    def __eq__(self, other: object) -> bool:
        return self.fields() == other.fields() if isinstance(other, Channel) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.uniqueid)

    def __repr__(self) -> str:
        return f"Channel({', '.join(f'{field}={value!r}' for field, value in self.fields().items())})"


def interface(channel: str) -> str:
    """The device behind a channel's name; a Local channel keeps its context: `Local/1@agents`."""
    stem, dash, _ = channel.rpartition("-")
    return stem if dash and "/" in stem else channel


class ChannelNames(NamedTuple):
    """How the headers of one channel are called, the prefix included."""

    uniqueid: str = "Uniqueid"
    linkedid: str = "Linkedid"
    name: str = "Channel"
    state: str = "ChannelState"
    caller_number: str = "CallerIDNum"
    caller_name: str = "CallerIDName"
    connected_number: str = "ConnectedLineNum"
    connected_name: str = "ConnectedLineName"
    context: str = "Context"
    exten: str = "Exten"


_PREFIXES = (
    *("", "Dest", "Target", "LocalOne", "LocalTwo"),
    *("Transferer", "Transferee", "TransferTarget", "OrigTransferer", "SecondTransferer"),
)
_NAMES = {prefix: ChannelNames(*(prefix + header for header in ChannelNames())) for prefix in _PREFIXES}


def _maybe(headers: Headers, prefix: str) -> Channel | None:
    return Channel(headers, prefix) if headers.get(prefix + "Uniqueid") else None


@told
class Event:
    """What every event has: the switch's own time of it, None without `timestampevents=yes`."""

    at: Instant | None


@told
class Newchannel(Event):
    channel: Channel


@told
class ChannelChanged(Event):
    """Newstate, NewCallerid, NewConnectedLine: the channel as it is now."""

    channel: Channel


@told
class Rename(Event):
    uniqueid: str
    new_name: str


@told
class HangupRequest(Event):
    """HangupRequest (the far end hung up) or SoftHangupRequest (somebody here asked for it: `soft`)."""

    channel: Channel
    soft: bool
    cause: int | None = None


@told
class Hangup(Event):
    channel: Channel
    cause: int | None


@told
class DialBegin(Event):
    """`source` is None when nobody's channel dials (Originate)."""

    source: Channel | None
    dest: Channel
    dial_string: str


@told
class DialEnd(Event):
    """`status`: ANSWER BUSY CANCEL CHANUNAVAIL CONGESTION NOANSWER ABORT ..."""

    source: Channel | None
    dest: Channel
    status: str


@told
class BridgeEnter(Event):
    bridge: str
    holding: bool  # a holding bridge (parking) joins nobody's voices
    channel: Channel
    swap: str | None  # uniqueid of the channel whose place is taken
    pool: bool = False  # where AgentLogin keeps an agent's line between two callers


@told
class BridgeLeave(Event):
    bridge: str
    channel: Channel


@told
class LocalBridge(Event):
    """The two halves of a Local channel know each other."""

    one: Channel
    two: Channel


@told
class QueueCallerJoin(Event):
    queue: str
    position: int | None
    channel: Channel


@told
class QueueCallerLeave(Event):
    """Left the waiting line; also sent on the way to an agent."""

    queue: str
    channel: Channel


@told
class QueueCallerAbandon(Event):
    """Also sent for time-out, empty queue and withdrawal. `hold_s`: whole seconds waited."""

    queue: str
    channel: Channel
    hold_s: int | None


@told
class AgentCalled(Event):
    queue: str
    interface: str
    member: str | None
    channel: Channel
    dest: Channel


@told
class AgentConnect(Event):
    """Talk starts. `hold_s`: waited in all; `ring_s`: this phone rang (whole seconds; Asterisk 16+ both in
    seconds).
    """

    queue: str
    interface: str
    member: str | None
    channel: Channel
    dest: Channel
    hold_s: int | None
    ring_s: int | None


@told
class AgentComplete(Event):
    """`reason`: caller, agent or transfer."""

    queue: str
    interface: str
    member: str | None
    channel: Channel
    dest: Channel
    hold_s: int | None
    talk_s: int | None
    reason: str


@told
class AgentRingNoAnswer(Event):
    """Also sent for busy and for a leg that hung up. `ring_ms`: the header RingTime, milliseconds here."""

    queue: str
    interface: str
    member: str | None
    channel: Channel
    dest: Channel
    ring_ms: int | None


@told
class AgentDump(Event):
    """The agent hung up while the announcement was played to them."""

    queue: str
    interface: str
    member: str | None
    channel: Channel
    dest: Channel


@told
class QueueMember(Event):
    """A member of a queue as QueueStatus or a QueueMember* event shows it; `change` says which event."""

    queue: str
    interface: str
    state_interface: str | None
    member: str | None
    dynamic: bool
    penalty: int
    paused: bool
    paused_reason: str | None
    # AST_DEVICE_*: 0 unknown 1 free 2 in use 3 busy 4 invalid 5 unavailable 6 ringing 7 ring+inuse 8 on hold
    status: int | None
    change: Literal["listed", "added", "removed", "paused", "status"]


@told
class BlindTransfer(Event):
    transferer: Channel
    transferee: Channel | None
    exten: str
    context: str
    result: str


@told
class AttendedTransfer(Event):
    """`original` is the transferer's leg to the transferee, `second` the one to the target."""

    original: Channel
    second: Channel
    transferee: Channel | None
    target: Channel | None
    dest_type: str  # Bridge, App, Link, Threeway, Fail
    result: str


@told
class Hold(Event):
    channel: Channel


@told
class Unhold(Event):
    channel: Channel


@told
class Pickup(Event):
    channel: Channel
    target: Channel


@told
class OriginateResponse(Event):
    uniqueid: str | None
    channel: str
    success: bool
    reason: int | None  # 0 failure 1 hang-up 3 ring timeout 4 answered 5 busy 8 congestion
    exten: str = ""


@told
class QueueResult(Event):
    """The channel variable QUEUESTATUS: why the Queue application went on.

    TIMEOUT FULL JOINEMPTY LEAVEEMPTY JOINUNAVAIL LEAVEUNAVAIL CONTINUE WITHDRAW.
    """

    channel: Channel
    status: str


@told
class KeyTold(Event):
    """UserEvent of the dialplan: who was called pressed a key that the recording `menu` asks for."""

    channel: Channel
    menu: str
    key: str


@told
class ListenTold(Event):
    """UserEvent of the dialplan: how the channel is about to listen (listen, whisper, barge)."""

    channel: Channel
    mode: str


@told
class Spied(Event):
    """ChanSpyStart and ChanSpyStop: the channel `spyer` hears what `spyee` hears and says, or does no longer."""

    spyer: str
    spyee: str
    begins: bool


@told
class HeardTold(Event):
    """UserEvent of the dialplan: human, machine, silent, played."""

    channel: Channel
    what: str


@told
class CallbackTold(Event):
    """UserEvent of the dialplan: a caller of `queue` is to be called back at `number`; they wait since `joined_at`
    (whole seconds).
    """

    channel: Channel
    queue: str
    number: str
    joined_at: Instant | None


@told
class FullyBooted(Event):
    """`uptime_s` is 0 or small right after a start of the switch."""

    uptime_s: int | None


@told
class Reloaded(Event):
    """The switch has read its configuration again, or that of `module`."""

    module: str


@told
class Shutdown(Event):
    restart: bool


@told
class ContactStatus(Event):
    """A phone registered or went away; PeerStatus of older channel drivers reads the same."""

    endpoint: str
    status: str


AmiEvent: TypeAlias = (
    Newchannel
    | ChannelChanged
    | Rename
    | HangupRequest
    | Hangup
    | DialBegin
    | DialEnd
    | BridgeEnter
    | BridgeLeave
    | LocalBridge
    | QueueCallerJoin
    | QueueCallerLeave
    | QueueCallerAbandon
    | AgentCalled
    | AgentConnect
    | AgentComplete
    | AgentRingNoAnswer
    | AgentDump
    | QueueMember
    | BlindTransfer
    | AttendedTransfer
    | Hold
    | Unhold
    | Pickup
    | OriginateResponse
    | QueueResult
    | KeyTold
    | HeardTold
    | ListenTold
    | Spied
    | CallbackTold
    | FullyBooted
    | Reloaded
    | Shutdown
    | ContactStatus
)


# --- the switch as it is now --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveChannel:
    """One CoreShowChannel: a channel, its bridge (None: in none) and its age in whole seconds."""

    channel: Channel
    bridge: str | None
    age_s: int | None
    application: str = ""
    application_data: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCaller:
    """One QueueEntry; `wait_s` whole seconds so far."""

    queue: str
    position: int | None
    uniqueid: str
    wait_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueParams:
    """One QueueParams: a queue that exists."""

    queue: str
    strategy: str
    max_len: int | None
    service_level_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """CoreShowChannels, QueueStatus and CoreStatus read one after the other.

    `at`: the switch's time when it was complete, None where unknown (a trace without times). `booted_at`:
    when this run of the switch began, UTC, second precision; None where the switch did not say. `fresh`:
    uniqueids that were heard to appear or to join a queue while the lists were read: one of them that is
    missing here is not gone.
    """

    at: Instant | None
    booted_at: Instant | None
    channels: tuple[LiveChannel, ...]
    queues: tuple[QueueParams, ...]
    members: tuple[QueueMember, ...]
    waiting: tuple[WaitingCaller, ...]
    holding_bridges: frozenset[str] = frozenset()
    fresh: frozenset[str] = frozenset()


# --- building -----------------------------------------------------------------------------------------------


def _queue_member(
    change: Literal["listed", "added", "removed", "paused", "status"],
) -> Callable[[Headers], QueueMember]:
    def build(h: Headers) -> QueueMember:
        get = h.get
        place = get("Interface") or get("Location") or get("StateInterface", "")
        return QueueMember(
            instant(get("Timestamp")),
            get("Queue", ""),
            place,
            text(get("StateInterface")),
            text(get("MemberName") or get("Name")),  # not escaped, unlike a caller's name
            get("Membership", "") == "dynamic",
            whole(get("Penalty")) or 0,
            get("Paused") == "1",
            text(get("PausedReason")) or text(get("Reason")),
            whole(get("Status")),
            change,
        )

    return build


listed_member = _queue_member("listed")


def _agent(h: Headers) -> tuple[Instant | None, str, str, str | None, Channel, Channel]:
    get = h.get
    at = instant(get("Timestamp"))
    return at, get("Queue", ""), get("Interface", ""), text(get("MemberName")), Channel(h), Channel(h, "Dest")


def _agent_connect(h: Headers) -> AgentConnect:
    return AgentConnect(*_agent(h), whole(h.get("HoldTime")), whole(h.get("RingTime")))


def _agent_complete(h: Headers) -> AgentComplete:
    return AgentComplete(
        *_agent(h), whole(h.get("HoldTime")), whole(h.get("TalkTime")), h.get("Reason", "").lower()
    )


def _var_set(h: Headers) -> QueueResult | None:
    if h.get("Variable") != "QUEUESTATUS" or not h.get("Value"):
        return None
    return QueueResult(instant(h.get("Timestamp")), Channel(h), h["Value"])


def _user_event(h: Headers) -> KeyTold | HeardTold | ListenTold | CallbackTold | None:
    """What our own dialplan tells; other dialplans' events are their own."""
    at, channel = instant(h.get("Timestamp")), Channel(h)
    match h.get("UserEvent"):
        case contract.KEY_EVENT:
            return KeyTold(at, channel, h.get("Menu", ""), h.get("Key", ""))
        case contract.HEARD_EVENT:
            return HeardTold(at, channel, h.get("Kind", ""))
        case contract.LISTEN_EVENT:
            return ListenTold(at, channel, h.get("Mode", ""))
        case contract.CALLBACK_EVENT:
            joined = instant(h.get("Joined"))
            return CallbackTold(at, channel, h.get("Queue", ""), one_line(h.get("Number", "")), joined)
    return None


def _spied(*, begins: bool) -> Callable[[Headers], Spied]:
    def build(h: Headers) -> Spied:
        at = instant(h.get("Timestamp"))
        return Spied(at, h.get("SpyerUniqueid", ""), h.get("SpyeeUniqueid", ""), begins)

    return build


def _bridge_enter(h: Headers) -> BridgeEnter:
    holding = h.get("BridgeTechnology") == "holding_bridge"
    return BridgeEnter(
        instant(h.get("Timestamp")),
        h.get("BridgeUniqueid", ""),
        holding,
        Channel(h),
        text(h.get("SwapUniqueid")),
        h.get("BridgeType") == "agent_hold",
    )


def _attended(h: Headers) -> AttendedTransfer:
    return AttendedTransfer(
        instant(h.get("Timestamp")),
        Channel(h, "OrigTransferer"),
        Channel(h, "SecondTransferer"),
        _maybe(h, "Transferee"),
        _maybe(h, "TransferTarget"),
        h.get("DestType", ""),
        h.get("Result", ""),
    )


def _blind(h: Headers) -> BlindTransfer:
    return BlindTransfer(
        instant(h.get("Timestamp")),
        Channel(h, "Transferer"),
        _maybe(h, "Transferee"),
        h.get("Extension", ""),
        h.get("Context", ""),
        h.get("Result", ""),
    )


def _changed(h: Headers) -> ChannelChanged:
    return ChannelChanged(instant(h.get("Timestamp")), Channel(h))


def _originate_response(h: Headers) -> OriginateResponse:
    return OriginateResponse(
        instant(h.get("Timestamp")),
        text(h.get("Uniqueid")),
        h.get("Channel", ""),
        h.get("Response") == "Success",
        whole(h.get("Reason")),
        h.get("Exten", ""),
    )


BUILD: dict[str, Callable[[Headers], AmiEvent | None]] = {
    "Newchannel": lambda h: Newchannel(instant(h.get("Timestamp")), Channel(h)),
    "Newstate": _changed,
    "NewCallerid": _changed,
    "NewConnectedLine": _changed,
    "Rename": lambda h: Rename(instant(h.get("Timestamp")), h.get("Uniqueid", ""), h.get("Newname", "")),
    "HangupRequest": lambda h: HangupRequest(
        instant(h.get("Timestamp")), Channel(h), False, whole(h.get("Cause"))
    ),
    "SoftHangupRequest": lambda h: HangupRequest(instant(h.get("Timestamp")), Channel(h), True),
    "Hangup": lambda h: Hangup(instant(h.get("Timestamp")), Channel(h), whole(h.get("Cause"))),
    "DialBegin": lambda h: DialBegin(
        instant(h.get("Timestamp")), _maybe(h, ""), Channel(h, "Dest"), h.get("DialString", "")
    ),
    "DialEnd": lambda h: DialEnd(
        instant(h.get("Timestamp")), _maybe(h, ""), Channel(h, "Dest"), h.get("DialStatus", "")
    ),
    "BridgeEnter": _bridge_enter,
    "BridgeLeave": lambda h: BridgeLeave(
        instant(h.get("Timestamp")), h.get("BridgeUniqueid", ""), Channel(h)
    ),
    "LocalBridge": lambda h: LocalBridge(
        instant(h.get("Timestamp")), Channel(h, "LocalOne"), Channel(h, "LocalTwo")
    ),
    "QueueCallerJoin": lambda h: QueueCallerJoin(
        instant(h.get("Timestamp")), h.get("Queue", ""), whole(h.get("Position")), Channel(h)
    ),
    "QueueCallerLeave": lambda h: QueueCallerLeave(
        instant(h.get("Timestamp")), h.get("Queue", ""), Channel(h)
    ),
    "QueueCallerAbandon": lambda h: QueueCallerAbandon(
        instant(h.get("Timestamp")), h.get("Queue", ""), Channel(h), whole(h.get("HoldTime"))
    ),
    "AgentCalled": lambda h: AgentCalled(*_agent(h)),
    "AgentConnect": _agent_connect,
    "AgentComplete": _agent_complete,
    "AgentRingNoAnswer": lambda h: AgentRingNoAnswer(*_agent(h), whole(h.get("RingTime"))),
    "AgentDump": lambda h: AgentDump(*_agent(h)),
    "QueueMemberStatus": _queue_member("status"),
    "QueueMemberAdded": _queue_member("added"),
    "QueueMemberRemoved": _queue_member("removed"),
    "QueueMemberPause": _queue_member("paused"),
    "QueueMemberPenalty": _queue_member("status"),
    "QueueMemberRinginuse": _queue_member("status"),
    "BlindTransfer": _blind,
    "AttendedTransfer": _attended,
    "Hold": lambda h: Hold(instant(h.get("Timestamp")), Channel(h)),
    "Unhold": lambda h: Unhold(instant(h.get("Timestamp")), Channel(h)),
    "Pickup": lambda h: Pickup(instant(h.get("Timestamp")), Channel(h), Channel(h, "Target")),
    "ChanSpyStart": _spied(begins=True),
    "ChanSpyStop": _spied(begins=False),
    "OriginateResponse": _originate_response,
    "VarSet": _var_set,
    "UserEvent": _user_event,
    "FullyBooted": lambda h: FullyBooted(instant(h.get("Timestamp")), whole(h.get("Uptime"))),
    "Reload": lambda h: Reloaded(instant(h.get("Timestamp")), h.get("Module", "")),
    "Shutdown": lambda h: Shutdown(instant(h.get("Timestamp")), h.get("Restart") == "True"),
    "ContactStatus": lambda h: ContactStatus(
        instant(h.get("Timestamp")), "PJSIP/" + h.get("EndpointName", ""), h.get("ContactStatus", "")
    ),
    "PeerStatus": lambda h: ContactStatus(
        instant(h.get("Timestamp")), h.get("Peer", ""), h.get("PeerStatus", "")
    ),
}

WANTED: frozenset[str] = frozenset(BUILD)
LISTED: frozenset[str] = frozenset(
    {
        "QueueParams",
        "QueueMember",
        "QueueEntry",
        "QueueStatusComplete",
        "CoreShowChannel",
        "CoreShowChannelsComplete",
        "BridgeListItem",
        "BridgeListComplete",
        "ListDialplan",
        "ShowDialPlanComplete",
    }
)
"""Items of the lists that our actions ask for; they answer us and tell of no happening."""


def parse(headers: Headers) -> AmiEvent | None:
    """The event that these headers tell of, or None where it is none that anybody needs."""
    build = BUILD.get(headers.get("Event", ""))
    return None if build is None else build(headers)


DEVICES: dict[int | None, Device] = {
    0: "unknown",
    1: "free",
    2: "talking",
    3: "busy",
    4: "unavailable",
    5: "unavailable",
    6: "ringing",
    7: "ringing",
    8: "held",
}
