"""Typed actions -> the headers that the switch reads.

In: one of the frozen actions below. Out: its headers, each value proven to stay one line. Must not know: the
link, who asked. Raises UnsafeValue before anything is sent: a CR, LF or NUL would begin a line of its own and
so an action of somebody else's choice; a line over 1,024 bytes or more than 128 headers are dropped by
Asterisk in silence, and the action with it.

An action that is not in IDEMPOTENT must never be repeated when its answer was not seen: look first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeAlias, get_args
from uuid import uuid4

from callserver.errors import UnsafeValue

MAX_LINE = 1024  # bytes, its CRLF included
MAX_HEADERS = 128
_BREAKS = frozenset("\r\n\0")
_SEPARATORS = frozenset(',\\"')  # Asterisk splits `Variable:` at commas and then reads quotes and backslashes

Header: TypeAlias = tuple[str, str]


def new_action_id() -> str:
    """An id that no other session on any machine uses: OriginateResponse goes to all of them."""
    return f"callserver-{uuid4().hex}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What every action has: its name, and whether a list of events answers it."""

    name: ClassVar[str] = ""
    listed: ClassVar[bool] = False

    def fields(self) -> Iterator[Header]:
        """The headers beside Action and ActionID."""
        yield from ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Login(Action):
    name: ClassVar[str] = "Login"
    user: str
    secret: str = field(repr=False)

    def fields(self) -> Iterator[Header]:
        yield "Username", self.user
        yield "Secret", self.secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Logoff(Action):
    name: ClassVar[str] = "Logoff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Events(Action):
    """Which events this session hears: all that its rights allow, or none."""

    name: ClassVar[str] = "Events"
    mask: Literal["on", "off"] = "on"

    def fields(self) -> Iterator[Header]:
        yield "EventMask", self.mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping(Action):
    """Its answer carries the switch's own time."""

    name: ClassVar[str] = "Ping"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCommands(Action):
    """Answered with the actions that this account may use, one header each."""

    name: ClassVar[str] = "ListCommands"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreSettings(Action):
    name: ClassVar[str] = "CoreSettings"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreStatus(Action):
    name: ClassVar[str] = "CoreStatus"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreShowChannels(Action):
    name: ClassVar[str] = "CoreShowChannels"
    listed: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeList(Action):
    name: ClassVar[str] = "BridgeList"
    listed: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStatus(Action):
    """All queues, or one."""

    name: ClassVar[str] = "QueueStatus"
    listed: ClassVar[bool] = True
    queue: str | None = None

    def fields(self) -> Iterator[Header]:
        if self.queue is not None:
            yield "Queue", self.queue


@dataclass(frozen=True, slots=True, kw_only=True)
class GetConfig(Action):
    """One configuration file as the switch reads it; needs the class `config`, which callserver does not."""

    name: ClassVar[str] = "GetConfig"
    file: str

    def fields(self) -> Iterator[Header]:
        yield "Filename", self.file


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueAdd(Action):
    name: ClassVar[str] = "QueueAdd"
    queue: str
    interface: str
    member: str | None = None
    state_interface: str | None = None
    penalty: int = 0
    paused: bool = False

    def fields(self) -> Iterator[Header]:
        yield "Queue", self.queue
        yield "Interface", self.interface
        yield "Penalty", str(self.penalty)
        yield "Paused", _truth(self.paused)
        if self.member is not None:
            yield "MemberName", self.member
        if self.state_interface is not None:
            yield "StateInterface", self.state_interface


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRemove(Action):
    name: ClassVar[str] = "QueueRemove"
    queue: str
    interface: str

    def fields(self) -> Iterator[Header]:
        yield "Queue", self.queue
        yield "Interface", self.interface


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePause(Action):
    """In one queue, or in all where `queue` is None."""

    name: ClassVar[str] = "QueuePause"
    interface: str
    paused: bool
    queue: str | None = None
    reason: str | None = None

    def fields(self) -> Iterator[Header]:
        yield "Interface", self.interface
        yield "Paused", _truth(self.paused)
        if self.queue is not None:
            yield "Queue", self.queue
        if self.reason is not None:
            yield "Reason", self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Originate(Action):
    """Rings `channel` and sends it to the dialplan when it answers.

    Always asynchronous (a synchronous one blocks every reply and event of the connection), and always with
    ids of our own: "queued" only means that a thread began, and if the link drops before OriginateResponse
    comes, the channel is found by its id. `other_channel_id` is the second half's where `channel` is a Local
    one.
    """

    name: ClassVar[str] = "Originate"
    channel: str
    context: str
    exten: str
    channel_id: str
    other_channel_id: str | None = None
    priority: int = 1
    timeout_ms: int = 30_000
    caller_id: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)

    def fields(self) -> Iterator[Header]:
        yield "Channel", self.channel
        yield "Context", self.context
        yield "Exten", self.exten
        yield "Priority", str(self.priority)
        yield "Timeout", str(self.timeout_ms)
        yield "Async", "true"
        yield "ChannelId", self.channel_id
        if self.other_channel_id is not None:
            yield "OtherChannelId", self.other_channel_id
        if self.caller_id is not None:
            yield "CallerID", self.caller_id
        for name, value in self.variables.items():
            yield "Variable", _variable(name, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hangup(Action):
    name: ClassVar[str] = "Hangup"
    channel: str
    cause: int = 16

    def fields(self) -> Iterator[Header]:
        yield "Channel", self.channel
        yield "Cause", str(self.cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect(Action):
    """Sends one channel to another place in the dialplan."""

    name: ClassVar[str] = "Redirect"
    channel: str
    context: str
    exten: str
    priority: int = 1

    def fields(self) -> Iterator[Header]:
        yield "Channel", self.channel
        yield "Context", self.context
        yield "Exten", self.exten
        yield "Priority", str(self.priority)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindTransfer(Action):
    """`channel` (the transferer's) leaves, its partner goes to the extension."""

    name: ClassVar[str] = "BlindTransfer"
    channel: str
    context: str
    exten: str

    def fields(self) -> Iterator[Header]:
        yield "Channel", self.channel
        yield "Context", self.context
        yield "Exten", self.exten


@dataclass(frozen=True, slots=True, kw_only=True)
class Atxfer(Action):
    """`channel` (the transferer's) consults the extension.

    Asterisk plays the feature code and the digits into the channel: features.conf needs `atxfer`, the queue
    `t` or `T`, and indications.conf a country.
    """

    name: ClassVar[str] = "Atxfer"
    channel: str
    context: str
    exten: str

    def fields(self) -> Iterator[Header]:
        yield "Channel", self.channel
        yield "Context", self.context
        yield "Exten", self.exten


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAtxfer(Action):
    """`channel` (the transferer's) gives up its consultation and is with its partner again.

    Answered with "successfully queued" also where there is no consultation: what happened is told by bridges. It
    works while the colleague's phone still rings (ran: 22.10; there since 16.14).
    """

    name: ClassVar[str] = "CancelAtxfer"
    channel: str

    def fields(self) -> Iterator[Header]:
        yield "Channel", self.channel


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowDialPlan(Action):
    """What a context and those that it includes do, one item a step: all of it, or for one dialled extension.

    Patterns are matched and includes followed (ran: 16.28, 22.10): it tells whether a number leads anywhere, which a
    transfer does not ask. "Did not find extension" is an error.
    """

    name: ClassVar[str] = "ShowDialPlan"
    listed: ClassVar[bool] = True
    context: str
    exten: str | None = None

    def fields(self) -> Iterator[Header]:
        yield "Context", self.context
        if self.exten is not None:
            yield "Extension", self.exten


@dataclass(frozen=True, slots=True, kw_only=True)
class Getvar(Action):
    """What a function of the dialplan says, such as `DEVICE_STATE(PJSIP/1001)`, without any channel.

    The answer has it as `Value`; a function that is not loaded leaves it empty. Nothing in it is substituted.
    """

    name: ClassVar[str] = "Getvar"
    variable: str

    def fields(self) -> Iterator[Header]:
        yield "Variable", self.variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Setvar(Action):
    """A variable of one channel, which the dialplan reads."""

    name: ClassVar[str] = "Setvar"
    channel: str
    variable: str
    value: str

    def fields(self) -> Iterator[Header]:
        yield "Channel", self.channel
        yield "Variable", self.variable
        yield "Value", self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueChangePriorityCaller(Action):
    """A waiting caller's priority; `Immediate` also moves them now (ran: 22.10; without it the list stays as it is)."""

    name: ClassVar[str] = "QueueChangePriorityCaller"
    queue: str
    caller: str
    priority: int = 0

    def fields(self) -> Iterator[Header]:
        yield "Queue", self.queue
        yield "Caller", self.caller
        yield "Priority", str(self.priority)
        yield "Immediate", "yes"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueWithdrawCaller(Action):
    """Takes a waiting caller out of a queue: QUEUESTATUS is WITHDRAW then, and the dialplan goes on (ran: 22.10)."""

    name: ClassVar[str] = "QueueWithdrawCaller"
    queue: str
    caller: str

    def fields(self) -> Iterator[Header]:
        yield "Queue", self.queue
        yield "Caller", self.caller


IDEMPOTENT: frozenset[str] = frozenset(
    command.name
    for command in (
        Ping,
        Events,
        ListCommands,
        CoreSettings,
        CoreStatus,
        CoreShowChannels,
        BridgeList,
        QueueStatus,
        GetConfig,
        ShowDialPlan,
        Getvar,
        QueuePause,
        Setvar,
        QueueChangePriorityCaller,
    )
)
"""Actions that may be repeated when their answer was not seen: they read, or set what is set already."""

Command: TypeAlias = (
    Login
    | Logoff
    | Events
    | Ping
    | ListCommands
    | CoreSettings
    | CoreStatus
    | CoreShowChannels
    | BridgeList
    | QueueStatus
    | GetConfig
    | QueueAdd
    | QueueRemove
    | QueuePause
    | Originate
    | Hangup
    | Redirect
    | BlindTransfer
    | Atxfer
    | CancelAtxfer
    | ShowDialPlan
    | Getvar
    | Setvar
    | QueueChangePriorityCaller
    | QueueWithdrawCaller
)
ALL: frozenset[str] = frozenset(command.name for command in get_args(Command))
"""Every action that is ever sent."""


def headers(action: Action, action_id: str) -> list[Header]:
    """The action as header lines, in order. Raises UnsafeValue for a value that Asterisk would not read as
    one.
    """
    lines = [("Action", action.name), ("ActionID", action_id), *action.fields()]
    if len(lines) > MAX_HEADERS:
        raise UnsafeValue(f"{action.name} with {len(lines)} headers; Asterisk reads {MAX_HEADERS}")
    for name, value in lines:
        _check(action.name, name, value)
    return lines


def _check(action: str, name: str, value: str) -> None:
    """The value itself never gets into the message: it may be a secret, or hostile."""
    if not _BREAKS.isdisjoint(value):
        raise UnsafeValue(f"{action}: {name} contains a line break or NUL")
    try:
        size = len(f"{name}: {value}\r\n".encode())
    except UnicodeEncodeError:
        raise UnsafeValue(f"{action}: {name} is not valid text") from None
    if size > MAX_LINE:
        raise UnsafeValue(f"{action}: {name} is {size} bytes long; Asterisk reads {MAX_LINE}")


def _truth(value: bool) -> str:
    return "true" if value else "false"


def speakable(text: str) -> str:
    """Text that may be the value of a variable: what would set another one, or begin a line, becomes a space."""
    return "".join(" " if letter in _SEPARATORS or not letter.isprintable() else letter for letter in text)


def _variable(name: str, value: str) -> str:
    if not _SEPARATORS.isdisjoint(name + value) or "=" in name:
        raise UnsafeValue(
            f"Originate: variable {name!r:.40} contains a separator, which would set another one"
        )
    return f"{name}={value}"
