"""The messages of the stream, and the picture that they make.

In: a message's JSON; a picture. Out: a typed message; the picture after it. Must not know: connections. Pure.

A type that this version does not know becomes `Other`, with its JSON as it came: a newer server may say more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, TypeAlias, get_args

import msgspec
from msgspec import Meta, Struct

from callserver.client.errors import Misread
from callserver.client.values import (
    Agent,
    Alert,
    Call,
    Notice,
    Pop,
    Promise,
    Queue,
    Screen,
    Shift,
    Switch,
    Tally,
    words,
)

Seq = Annotated[int, Meta(ge=0, description="1, 2, 3 and so on for one stream; not there within `several`.")]
Key = Annotated[str, Meta(description="Under which the value stands in its collection.")]
Why = Annotated[str, words("answered_elsewhere", "abandoned", "ended", "not_answered", "dismissed", "merged")]


class _Message(Struct, frozen=True, kw_only=True, tag_field="type"):
    pass


class _Numbered(_Message, frozen=True, kw_only=True):
    seq: Seq = 0


class _Keyed(_Numbered, frozen=True, kw_only=True):
    key: Key


class User(Struct, frozen=True, kw_only=True):
    """Who is signed in."""

    id: int
    login: str
    name: str
    role: str
    language: str


class Hello(_Message, frozen=True, kw_only=True, tag="hello"):
    """The first message of every connection. `resumed`: what was missed follows; else a snapshot. `user`: null for
    tokens.
    """

    v: int
    stream: Annotated[str, Meta(description="To go on with after a broken connection.")]
    server_time: datetime
    node: str
    user: User | None
    heartbeat_s: int
    resumed: bool


class Pong(_Message, frozen=True, kw_only=True, tag="pong"):
    """The answer to a ping, with its `at`."""

    at: Any = None


class Snapshot(_Numbered, frozen=True, kw_only=True, tag="snapshot"):
    """Everything, in place of whatever was there before."""

    screen: Screen


class AgentTold(_Keyed, frozen=True, kw_only=True, tag="agent"):
    """An agent as they are now; null: gone."""

    value: Agent | None


class QueueTold(_Keyed, frozen=True, kw_only=True, tag="queue"):
    """A queue as it is now."""

    value: Queue | None


class TallyTold(_Keyed, frozen=True, kw_only=True, tag="tally"):
    """The numbers of a queue, a person or the site; null: not counted any more. Only for who has `floor:read`."""

    value: Tally | None


class CallTold(_Keyed, frozen=True, kw_only=True, tag="call"):
    """A call as it is now; null: over, or nothing to the reader any more."""

    value: Call | None


class ShiftTold(_Keyed, frozen=True, kw_only=True, tag="shift"):
    """The reader's own shift; null: not at work."""

    value: Shift | None


class PromiseTold(_Keyed, frozen=True, kw_only=True, tag="promise"):
    """A call that the reader owes; null: settled."""

    value: Promise | None


class NoticeTold(_Keyed, frozen=True, kw_only=True, tag="notice"):
    """Something to tell the reader; null: it is old."""

    value: Notice | None


class SwitchTold(_Keyed, frozen=True, kw_only=True, tag="switch"):
    """Whether an Asterisk is seen."""

    value: Switch | None


class AlertTold(_Keyed, frozen=True, kw_only=True, tag="alert"):
    """Something is wrong; null: it is over. Only for who has `alerts:read`."""

    value: Alert | None


class PopTold(_Keyed, frozen=True, kw_only=True, tag="pop"):
    """A call is offered to an agent."""

    value: Pop


class PopUpdated(_Keyed, frozen=True, kw_only=True, tag="pop.update"):
    """Members of a pop that are different now; the others stay."""

    value: dict[str, Any]


class PopClosed(_Keyed, frozen=True, kw_only=True, tag="pop.closed"):
    """A pop is over. It goes, except where `why` is `abandoned`: then it stays, with the state `missed`."""

    why: Why


class TicketTold(_Numbered, frozen=True, kw_only=True, tag="ticket"):
    """Something happened on a ticket: whoever shows it reads it again. In no collection."""

    id: int
    number: str | None
    version: int | None
    what: Annotated[str, words("opened", "changed", "status", "entry")]
    call: str | None


class OwedTold(_Numbered, frozen=True, kw_only=True, tag="owed"):
    """Something changed about the calls that are owed: whoever lists them reads again. In no collection; only on a
    stream that was opened with `beside`."""


class DraftTold(_Numbered, frozen=True, kw_only=True, tag="draft"):
    """Another tab of the reader saved a draft. In no collection."""

    subject: str
    counter: int
    at: datetime
    tab: str | None


class Lost(_Message, frozen=True, kw_only=True, tag="lost"):
    """Said by the client, not by the server: the connection is gone, and is tried again after so many seconds."""

    why: str
    again_s: float


class Other(Struct, frozen=True, kw_only=True):
    """A message of a type that this version does not know, as it came."""

    type: str
    body: dict[str, Any]


Single: TypeAlias = (
    AgentTold
    | QueueTold
    | TallyTold
    | CallTold
    | ShiftTold
    | PromiseTold
    | NoticeTold
    | SwitchTold
    | AlertTold
    | PopTold
    | PopUpdated
    | PopClosed
    | TicketTold
    | OwedTold
    | DraftTold
)
Known: TypeAlias = Hello | Pong | Snapshot | Single | Lost
Message: TypeAlias = Known | Other

COLLECTIONS: Final[Mapping[type[Struct], str]] = {
    AgentTold: "agents",
    QueueTold: "queues",
    TallyTold: "tallies",
    CallTold: "calls",
    ShiftTold: "shift",
    PromiseTold: "promises",
    NoticeTold: "notices",
    SwitchTold: "switches",
    AlertTold: "alerts",
    PopTold: "pops",
}
_TYPES: Final = frozenset(one.__struct_config__.tag for one in get_args(Known))


def parts(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The messages of one frame: `several` has some, anything else is itself."""
    if body.get("type") != "several":
        return [body]
    within = body.get("messages")
    if not isinstance(within, list) or not all(isinstance(one, dict) for one in within):
        raise Misread("several: messages are missing")
    return within


def read(body: Mapping[str, Any]) -> Message:
    """One message, never `several`. Raises Misread."""
    type = body.get("type")
    if not isinstance(type, str):
        raise Misread("a message without a type")
    if type not in _TYPES:
        return Other(type=type, body=dict(body))
    try:
        found: Known = msgspec.convert(body, Known)
    except msgspec.ValidationError as error:
        raise Misread(f"{type}: {error}") from error
    return found


def apply(screen: Screen, message: Message) -> Screen:
    """The screen after a message; the one given is left as it was. Messages of no collection change nothing. Raises
    Misread where the members of a pop are none.
    """
    if isinstance(message, Snapshot):
        return message.screen
    if isinstance(message, PopTold):
        return _with(screen, "pops", message.key, message.value)
    if isinstance(message, PopUpdated):
        known = screen.pops.get(message.key)
        return screen if known is None else _with(screen, "pops", message.key, _over(known, message.value))
    if isinstance(message, PopClosed):
        known = screen.pops.get(message.key)
        stays = known is not None and message.why == "abandoned"
        return _with(
            screen, "pops", message.key, _over(known, {"state": "missed"}) if known and stays else None
        )
    name = COLLECTIONS.get(type(message))
    if name is None:
        return screen
    return _with(screen, name, message.key, message.value)  # type: ignore[union-attr]


def _over(pop: Pop, members: Mapping[str, Any]) -> Pop:
    try:
        return msgspec.convert({**msgspec.to_builtins(pop), **members}, Pop)
    except msgspec.ValidationError as error:
        raise Misread(f"pop.update: {error}") from error


def _with(screen: Screen, name: str, key: str, value: Any) -> Screen:
    changed = dict(getattr(screen, name))
    if value is None:
        changed.pop(key, None)
    else:
        changed[key] = value
    return msgspec.structs.replace(screen, **{name: changed})
