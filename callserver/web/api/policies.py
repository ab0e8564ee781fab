"""The API of policies: how the calls of each kind that are owed are dialled.

In: what an administrator writes. Out: policies, checked. Must not know: how they are kept, what the dialler makes of
them; which values are right (promises.policy).
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from callserver.errors import NotFound
from callserver.promises.hours import HolidayRule
from callserver.promises.policy import First, Offer, Policy
from callserver.promises.reading import from_json, to_json
from callserver.recordings import shipped as recorded_here
from callserver.store import policies, prompts, turns
from callserver.store.engine import Connection
from callserver.tickets.promise import PROMISE_KINDS, Mode, PromiseKind
from callserver.web.api.operation import Asked, Done, Operations

api = Operations("policies", "When and how the calls of each kind that are owed are dialled.")

KindName = Annotated[str, Meta(max_length=40, examples=["watch"])]
Whole = Annotated[int, Meta(ge=-(2**53), le=2**53)]
Ms = Annotated[Whole, Meta(description="Milliseconds.")]
Minute = Annotated[int, Meta(ge=0, le=2880, description="Of its day; behind 1440: of the next one.")]
Day = Annotated[str, Meta(max_length=10, examples=["2027-02-06"], extra_json_schema={"format": "date"})]
Days = Annotated[list[Day], Meta(max_length=400)]
Text = Annotated[str, Meta(max_length=200)]

_LET_GO = (
    "outside_hours",
    "owner_first",
    "shown",
    "past_deadline",
    "used_up",
    "kind_full",
    "too_early",
    "no_number",
)
"""Rules of holding that a policy decides: what they hold is looked at again when it is changed."""


class SpanBody(Struct, frozen=True, kw_only=True):
    """Allowed from the minute `begin` of a day to the minute `end`, which does not count itself."""

    begin: Minute
    end: Minute


Week = Annotated[
    list[Annotated[list[SpanBody], Meta(max_length=24)]],
    Meta(min_length=7, max_length=7, description="Monday to Sunday."),
]


class HoursBody(Struct, frozen=True, kw_only=True):
    """The hours that are allowed where the customer is. `closed`, `working`: single days."""

    weekly: Week
    holidays: HolidayRule = "as_usual"
    country: Annotated[
        str, Meta(max_length=2, description="Whose holidays; empty: none.", examples=["CN"])
    ] = ""
    closed: Days = []
    working: Days = []


class RetryBody(Struct, frozen=True, kw_only=True):
    """Again after `delay_ms`, at most `times` times a number; null: as often as it takes."""

    delay_ms: Ms
    times: Annotated[int, Meta(ge=0, le=1000)] | None


Retries = Annotated[dict[str, RetryBody], Meta(max_length=20, description="By the outcome of a try.")]
Script = Annotated[
    dict[str, Annotated[str, Meta(max_length=5000)]],
    Meta(
        max_length=10,
        description="What to say, by language.",
        examples=[{"en": "How is it?", "zh": "现在怎么样？"}],
    ),
]


class PolicyGiven(Struct, frozen=True, kw_only=True):
    """A policy. What is not there is as it is shipped for the kind.

    `due_ms`, `earliest_ms`, `deadline_ms`: after the promise was made, or relative to a moment that was named. `hard`:
    no retry past the deadline while one before it is possible. `evening`: the minute of the day before an appointment
    at which its first reminder is due. `first`: who is asked first; `pass_on_ms`: so long after it is due its owner has
    it alone. `most_tries`: that rang a customer. `after_broken`: dialled on past the deadline. `offer`: `ring` rings
    the agent's phone when it is time, `show` waits for their key. `prompt`: of automatic calls. `per_trunk`, `at_once`:
    at most so many at a time.
    """

    mode: Mode | UnsetType = UNSET
    due_ms: Ms | UnsetType = UNSET
    earliest_ms: Ms | UnsetType = UNSET
    deadline_ms: Ms | UnsetType = UNSET
    hard: bool | UnsetType = UNSET
    hours: HoursBody | UnsetType = UNSET
    evening: Annotated[int, Meta(ge=0, le=1439)] | UnsetType | None = UNSET
    first: First | UnsetType = UNSET
    pass_on_ms: Ms | UnsetType = UNSET
    retries: Retries | UnsetType = UNSET
    most_tries: Whole | UnsetType = UNSET
    after_broken: bool | UnsetType = UNSET
    offer: Offer | UnsetType = UNSET
    caller_id: Text | UnsetType = UNSET
    queue: Text | UnsetType = UNSET
    prompt: Text | UnsetType = UNSET
    script: Script | UnsetType = UNSET
    per_trunk: Whole | UnsetType | None = UNSET
    at_once: Whole | UnsetType | None = UNSET


class PolicyShown(Struct, frozen=True, kw_only=True):
    """A policy; `version` 0: as it is shipped. Its members are those that can be given."""

    kind: PromiseKind
    version: int
    mode: Mode
    due_ms: int
    earliest_ms: int
    deadline_ms: int
    hard: bool
    hours: HoursBody
    evening: int | None
    first: First
    pass_on_ms: int
    retries: dict[str, RetryBody]
    most_tries: int
    after_broken: bool
    offer: Offer
    caller_id: str
    queue: str
    prompt: str
    script: dict[str, str]
    per_trunk: int | None
    at_once: int | None


class Policies(Struct, frozen=True, kw_only=True):
    """The policy of each kind."""

    policies: list[PolicyShown]


@api("GET", "/policies", scope="tickets:read")
def list_policies(connection: Connection, asked: Asked) -> Done[Policies]:
    """The policies of all kinds."""
    return Done(Policies(policies=[shown(one) for one in policies.every(connection).values()]))


@api("GET", "/policies/{kind}", scope="tickets:read", versioned=True)
def read_policy(connection: Connection, asked: Asked, kind: KindName) -> Done[PolicyShown]:
    """How the calls of one kind are dialled."""
    return _done(policies.get(connection, kind))


@api("PUT", "/policies/{kind}", scope="policies:manage", versioned=True)
def put_policy(connection: Connection, asked: Asked, kind: KindName, body: PolicyGiven) -> Done[PolicyShown]:
    """Say how the calls of a kind are dialled from now on.

    What is owed already keeps its due time and deadline; hours, retries and limits count at each try.
    """
    before = policies.get(connection, _known(kind))
    policy = from_json({**msgspec.to_builtins(body), "kind": kind, "version": before.version})
    if policy.prompt and policy.prompt != before.prompt:
        prompts.must_be_recorded(connection, policy.prompt, recorded_here())
    after = policies.put(connection, policy, _expected(asked, before), asked.actor, asked.now)
    turns.stir(connection, _LET_GO, asked.now)
    return _done(after)


@api("DELETE", "/policies/{kind}", scope="policies:manage", versioned=True)
def reset_policy(connection: Connection, asked: Asked, kind: KindName) -> Done[PolicyShown]:
    """Make a policy as it is shipped."""
    before = policies.get(connection, _known(kind))
    after = policies.reset(connection, before.kind, _expected(asked, before), asked.actor, asked.now)
    turns.stir(connection, _LET_GO, asked.now)
    return _done(after)


def shown(policy: Policy) -> PolicyShown:
    """As the API tells it."""
    return msgspec.convert(to_json(policy), PolicyShown)


def _done(policy: Policy) -> Done[Any]:
    return Done(shown(policy), version=policy.version)


def _expected(asked: Asked, before: Policy) -> int:
    return before.version if asked.expected is None else asked.expected


def _known(kind: str) -> str:
    if kind not in PROMISE_KINDS:
        raise NotFound("there is no such kind of promise")
    return kind
