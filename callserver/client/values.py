"""What stands on a screen: agents, queues, calls, pops and the rest, as the stream tells them.

In: JSON. Out: values that do not change. Must not know: how they come here. The stream is described with these types
(`/api/v1/asyncapi.json`), so what a client reads and what is promised cannot differ. Words such as states are told as
text: a newer server may know more of them, and an older client goes on.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct, field


def words(*known: str) -> Meta:
    """Text that is one of these, today."""
    return Meta(extra_json_schema={"enum": list(known)})


Device = Annotated[str, words("unknown", "free", "talking", "busy", "ringing", "held", "unavailable")]
AgentState = Annotated[
    str, words("gone", "ready", "ringing", "talking", "held", "listening", "wrap_up", "paused", "unreachable")
]
CallState = Annotated[str, words("arriving", "queued", "ringing", "talking", "held", "ended")]
Direction = Annotated[str, words("inbound", "outbound", "internal")]
PopState = Annotated[str, words("offered", "answered", "missed")]
NumberKind = Annotated[
    str, words("mobile", "landline", "service", "other", "extension", "withheld", "rubbish")
]
PromiseStatus = Annotated[
    str,
    words(
        *("planned", "due", "reserved", "dialling", "in_call", "to_retry"),
        *("unknown", "broken", "kept", "withdrawn"),
    ),
]
PromiseMode = Annotated[str, words("agent_first", "customer_first", "automatic")]
Wish = Annotated[str, words("ready", "pause")]
Level = Annotated[str, words("info", "warning", "error")]
Link = Annotated[str, words("up", "down")]
Severity = Annotated[str, words("warning", "critical")]
Seconds = Annotated[float, Meta(ge=0, description="Seconds.")]


class Membership(Struct, frozen=True, kw_only=True):
    """An agent in one queue."""

    paused: bool
    reason: str | None
    penalty: int
    dynamic: bool


class Agent(Struct, frozen=True, kw_only=True):
    """Somebody at a phone. Under `PBX/INTERFACE`, such as `main/PJSIP/1001`. `user`: the id of who has signed in there.
    `reason`: of a pause. `call`: the one that keeps them busy, where the server knows it.
    """

    pbx: str
    interface: str
    name: str | None
    user: int | None = None
    login: str | None
    queues: dict[str, Membership]
    device: Device
    state: AgentState
    reason: str | None
    since: datetime | None
    call: str | None


class Waiting(Struct, frozen=True, kw_only=True):
    """A caller in a queue; who waits longest is at position 1."""

    call: str
    since: datetime | None
    position: int


class Queue(Struct, frozen=True, kw_only=True):
    """A queue. Under `PBX/NAME`. `talking`, `ready`: how many of its members are."""

    pbx: str
    name: str
    title: str | None
    waiting: list[Waiting]
    talking: int
    ready: int
    members: int


Share = Annotated[float, Meta(ge=0, le=1)]


class Tally(Struct, frozen=True, kw_only=True):
    """Numbers of today, by the keys of docs/metrics.md; null: there is nobody to count them of. Of a queue under
    `queue|PBX/NAME`, of a person under `agent|USER`, of everything under `site|`.

    A queue's and the site's are counts that can be added up for any group, with the shares that are made of them;
    `..._30m` are of the last thirty minutes. `spark`: visits that began in each quarter of an hour since midnight.
    `touched`: a part of the day was not seen. A person has `user`, `handled`, `transfers`, `aht` and `occupancy`, and
    nothing else.
    """

    pbx: str | None = None
    name: str | None = None
    offered: int = 0
    undecided: int = 0
    answered: int = 0
    answered_in_target: int = 0
    abandoned: int = 0
    short: int = 0
    sl_offered: Share | None = None
    sl_answered: Share | None = None
    abandon_rate: Share | None = None
    offered_30m: int = 0
    undecided_30m: int = 0
    answered_30m: int = 0
    answered_in_target_30m: int = 0
    short_30m: int = 0
    sl_offered_30m: Share | None = None
    sl_answered_30m: Share | None = None
    asa: Seconds | None = None
    promises_owed: float | None = None
    promises_late: float | None = None
    touched: bool = False
    spark: list[int] = []
    user: int | None = None
    handled: float | None = None
    transfers: float | None = None
    aht: Seconds | None = None
    occupancy: Share | None = None


class Step(Struct, frozen=True, kw_only=True):
    """A piece of a call's way: a stay in a queue (`end`: null while it waits there; `to`: the interface that answered),
    or handing it on (`to`: whom or what).
    """

    queue: str | None
    at: datetime | None
    end: str | None
    to: str | None


class Call(Struct, frozen=True, kw_only=True):
    """A call that goes on. Under its id. `number`: of whoever is on the other side of the hotline. `interfaces`: the
    agents who have it. `legs`: the channel of each phone. `ticket`: the one on which it is.
    """

    id: str
    pbx: str
    direction: Direction
    number: str | None
    name: str | None
    started_at: datetime | None
    answered_at: datetime | None
    state: CallState
    queue: str | None
    interfaces: list[str] = field(name="with")
    held: bool
    outcome: str | None
    way: list[Step] = []
    ticket: int | None
    legs: dict[str, str]


class Number(Struct, frozen=True, kw_only=True):
    """A telephone number. `shown`: as people write it here. `place`: where it is from, in the languages that are known.
    `e164`: null where it identifies nobody.
    """

    received: str | None
    e164: str | None
    shown: str | None
    place: dict[str, str] | None
    kind: NumberKind | None


class Visit(Struct, frozen=True, kw_only=True):
    """A stay of the caller in a queue. `end`: null while they wait there."""

    queue: str
    waited_s: Seconds | None
    end: str | None


class Transfer(Struct, frozen=True, kw_only=True):
    """By whom the call was handed on, and what they wrote. `by`: their interface."""

    by: str | None
    by_name: str | None
    at: datetime | None
    note: str | None


class OnTicket(Struct, frozen=True, kw_only=True):
    """A ticket by its id, and by the number that people say."""

    id: int
    number: str


class Pop(Struct, frozen=True, kw_only=True):
    """A call that is offered to an agent, or that they have. Under `PBX/INTERFACE|CALL`.

    `caller`: the body of `GET /api/v1/lookup`, null until it was looked up. `repeat`: calls of the last seven days from
    this number, before this one. `waited_s`: in the queue that offers it.
    """

    pbx: str
    interface: str
    call: str
    direction: Direction
    state: PopState
    queue: str | None
    queue_title: str | None
    offered_at: datetime | None
    answered_at: datetime | None
    waited_s: Seconds | None
    visits: list[Visit]
    number: Number
    name: str | None
    transfer: Transfer | None
    caller: dict[str, Any] | None
    repeat: int
    ticket: OnTicket | None


class Seat(Struct, frozen=True, kw_only=True):
    """The phone at which somebody works."""

    pbx: str
    interface: str
    state_interface: str | None


class WrapUp(Struct, frozen=True, kw_only=True):
    """The time after a call, for its record."""

    call: str | None
    since: datetime | None
    until: datetime | None


class Problem(Struct, frozen=True, kw_only=True):
    """Why calls do not come; `GET /api/v1/me/why` has it in words."""

    code: str
    args: dict[str, Any]


class Shift(Struct, frozen=True, kw_only=True):
    """Somebody at work, as they want it; how the switch has it is in their agents. Under the id of the user.
    `absent_since`: no screen of theirs is open. `leaving`: they go once their call is over.
    """

    seat: Seat
    wish: Wish
    reason: str | None
    since: datetime | None
    queues: list[str]
    wrap_up: WrapUp | None
    absent_since: datetime | None
    leaving: bool
    problems: list[Problem]


class Promise(Struct, frozen=True, kw_only=True):
    """A call that the reader owes and that is due, or that is in their hands (`reserved`). Under its id.

    `held`: the rule that held it back when it was looked at last. `call`: the one that is made for it at this moment.
    `script`: what to say, by language. `late`: past its due time, as far as the server has looked.
    """

    id: int
    kind: str
    status: PromiseStatus
    mode: PromiseMode
    late: bool
    reserved: bool
    call: str | None
    ticket: int
    ticket_number: str
    customer: int | None
    customer_name: str | None
    number: str | None
    due_at: datetime
    deadline_at: datetime | None
    tries: int
    held: str | None
    why: str
    script: dict[str, str]


class Notice(Struct, frozen=True, kw_only=True):
    """Something that a person should be told, such as that a colleague took their seat. `by`: who did it. `keep`: it
    stands there until it is read (POST /me/messages/{id}/read, whose id is in `args`)."""

    level: Level
    code: str
    args: dict[str, Any]
    at: datetime | None
    by: str | None = field(name="from")
    keep: bool = False


class Switch(Struct, frozen=True, kw_only=True):
    """Whether an Asterisk is seen; `blind_since`: since when it is not. Under its id."""

    link: Link
    blind_since: datetime | None


class Alert(Struct, frozen=True, kw_only=True):
    """Something that is wrong now, by a rule. Under its id. `metric`, `value`, `threshold`, `side`: what is measured,
    what it was when the alert was raised, and what it must not be above or below. `about`: queue, switch or site.
    `told_at`: grows each time it is told anew. `test`: somebody tries the rule.
    """

    id: int
    rule: str
    title: dict[str, str]
    severity: Severity
    metric: str
    about: Annotated[str, words("queue", "switch", "site")]
    pbx: str | None
    queue: str | None
    side: Annotated[str, words("above", "below")]
    threshold: float
    value: float | None
    raised_at: datetime
    told_at: datetime
    acked_at: datetime | None
    acked_by: str | None
    ack_why: str
    snoozed_until: datetime | None
    snoozed_by: str | None
    snooze_why: str
    test: bool


class Screen(Struct, frozen=True, kw_only=True):
    """Everything that the reader may see, by key. Made by `apply` and by nothing else."""

    agents: dict[str, Agent] = {}
    queues: dict[str, Queue] = {}
    tallies: dict[str, Tally] = {}
    calls: dict[str, Call] = {}
    pops: dict[str, Pop] = {}
    shift: dict[str, Shift] = {}
    promises: dict[str, Promise] = {}
    notices: dict[str, Notice] = {}
    switches: dict[str, Switch] = {}
    alerts: dict[str, Alert] = {}
