"""What the API can do: each operation declared once, by the function that does it.

In: functions, whose annotations say what they need and give, whose docstrings say what they are for. Out: operations,
from which requests are checked (`reading`), served (`serving`) and described (`description`). Must not know: HTTP's
bytes.

A function takes what its parameters are called: `connection` (it is then a plain function, run in one transaction of
the store), `asked` (who asks and when), `query` (a Struct of query parameters), `body` (a Struct), and one parameter
for each name in the path. It gives a `Done`.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NewType,
    Protocol,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

from msgspec import Meta

from callserver.facts import Actor, Instant
from callserver.numbers import Plan
from callserver.people import Person, UserId
from callserver.promises.holding import Line
from callserver.settings import QueueBook, TelephoneSettings
from callserver.store.engine import Connection, Store
from callserver.store.tokens import SCOPES
from callserver.store.webhook import WebhookId
from callserver.tickets.promise import Promise
from callserver.vitals import Vitals
from callserver.web.api.limits import Buckets
from callserver.web.cookies import Visit
from callserver.web.door import Door
from callserver.web.sitting import AtWork
from callserver.web.switchboard import Switchboard

Id = Annotated[int, Meta(ge=1, le=2**63 - 1, description="A number that is never given twice.", examples=[1])]
Method = Literal["GET", "POST", "PATCH", "PUT", "DELETE"]
A = TypeVar("A")
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of one try at telling a webhook's other side. `status`: None where there was no answer."""

    delivered: bool
    status: int | None
    said: str
    took_s: float


TryWebhook = Callable[[WebhookId], Awaitable[Tried]]


Why = Callable[[Connection, Promise, Instant], tuple[tuple[Line, ...], bool]]
"""Every rule that may hold a promise, with its answer; and whether the rules about the floor were asked too."""


class Found(Protocol):
    """One thing that was looked at on a switch (ami.answers.Finding)."""

    @property
    def severity(self) -> Literal["error", "warning", "note", "ok"]: ...
    @property
    def what(self) -> str: ...
    @property
    def why(self) -> str: ...
    @property
    def fix(self) -> str: ...


CheckSwitch = Callable[[str], Awaitable[Sequence[Found]]]
"""Looks over the switch of this id in the settings; takes some seconds."""

TellPops = Callable[[str, Mapping[str, Any]], None]


async def _nothing() -> None:
    pass


def _nobody(call: str, changed: Mapping[str, Any]) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What operations work with. `try_webhook`: sends a test now; None: this process sends nothing. `tell_pops`: tells
    the screens of a call's agents, now and later, what was learned of it. `queues`: what is set of them now;
    `queues_changed`: look again, something else was set. `door`: how people come
    in. `presence`: what looks after shifts; None: nobody does. `trunks`: of each switch how the lines to the outside
    world begin, by the settings. `alert_ways`: by what else than screens and webhooks this site tells of alerts.
    `misses`: how often who sees numbers masked may ask for what nobody has."""

    store: Store
    vitals: Vitals
    plan: Plan
    clock: Callable[[], Instant]
    switchboard: Switchboard
    queues: QueueBook = field(default_factory=lambda: QueueBook({}))
    queues_changed: Callable[[], Awaitable[None]] = _nothing
    zone: tzinfo = UTC
    try_webhook: TryWebhook | None = None
    door: Door | None = None
    presence: AtWork | None = None
    telephone: TelephoneSettings = TelephoneSettings()  # noqa: RUF009 (it is frozen)
    tell_pops: TellPops = _nobody
    why: Why | None = None
    check_switch: CheckSwitch | None = None
    trunks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    alert_ways: frozenset[str] = frozenset()
    misses: Buckets = field(default_factory=lambda: Buckets(1, size=100))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks for something, when, and on which version of a thing (If-Match; None: whichever it is).

    `token`: what one asker's idempotency keys are kept apart by from another's. `person`: who is signed in, None: a
    token asks. `owner`: the user whose rights bound the asker: the person, or who made the token; None: nobody's.
    """

    site: Site
    actor: Actor
    token: str
    scopes: frozenset[str]
    now: Instant
    expected: int | None = None
    person: Person | None = None
    owner: UserId | None = None
    visit: Visit = Visit()  # noqa: RUF009 (it is frozen)

    def may(self, scope: str) -> bool:
        """Whether the asker has this right."""
        return scope in self.scopes


@dataclass(frozen=True, slots=True)
class Done(Generic[A]):
    """What an operation gives back. `version` becomes the ETag, `location` the path of what was made.

    `seen`: whose records the body shows, such as "customer:17"; the reader is noted in the audit before it leaves.
    `cookies`: Set-Cookie headers.
    """

    body: A
    version: int | None = None
    location: str | None = None
    seen: tuple[str, ...] = ()
    cookies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A body that is a file's bytes and not JSON: annotate `body: Upload`. `type` is what its sender says of it."""

    content: bytes
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """An answer that is a file: always offered for saving, never shown in place.

    Pieces are sent as they come; where one fails the answer breaks off, so that nobody takes half of it for the whole.
    """

    content: bytes | AsyncIterator[bytes]
    type: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. `long`: it may take a while and must not hold up look-ups. `guarded`: needs If-Match. `open`: for
    people who are not signed in; only a page of ours may ask."""

    method: Method
    path: str
    name: str
    tag: str
    scope: str | None
    function: Callable[..., Any]
    status: int
    summary: str
    text: str
    path_types: Mapping[str, Any]
    query: Any | None
    body: Any | None
    answer: Any
    guarded: bool
    long: bool
    versioned: bool
    secret: bool
    open: bool
    most_bytes: int
    errors: tuple[int, ...]

    @property
    def transacted(self) -> bool:
        """Whether the function is a plain one that runs inside one transaction."""
        return not inspect.iscoroutinefunction(self.function)

    @property
    def replayed(self) -> bool:
        """Whether an Idempotency-Key can be given."""
        return self.method == "POST" and self.transacted and not self.secret


BODY_MOST = 1 << 20


class Operations:
    """The operations of one subject; `about` is what the documentation says of it."""

    def __init__(self, tag: str, about: str) -> None:
        self.tag = tag
        self.about = about
        self.all: list[Operation] = []

    def __call__(
        self,
        method: Method,
        path: str,
        *,
        scope: str | None,
        status: int = 200,
        guarded: bool | None = None,
        versioned: bool = False,
        long: bool = False,
        secret: bool = False,
        open: bool = False,
        most_bytes: int = BODY_MOST,
        errors: tuple[int, ...] = (),
    ) -> Callable[[F], F]:
        """Declare the function below as an operation.

        path: below `/api/v1`, such as `/customers/{id}`. scope: the right that it needs, None: any token. guarded: an
        If-Match must be given; without a word PATCH, PUT and DELETE need one. versioned: the answer has an ETag.
        long: a report, not to hold up look-ups. secret: the answer must not be kept, so there is no Idempotency-Key.
        errors: statuses that the framework cannot know by itself: 404, 409. most_bytes: of a body. open: nobody has to
        be signed in.
        """

        def declare(function: F) -> F:
            self.all.append(
                _declared(
                    function,
                    method=method,
                    path=path,
                    tag=self.tag,
                    scope=scope,
                    status=status,
                    guarded=method in ("PATCH", "PUT", "DELETE") if guarded is None else guarded,
                    versioned=versioned,
                    long=long,
                    secret=secret,
                    open=open,
                    most_bytes=most_bytes,
                    errors=errors,
                )
            )
            return function

        return declare


def _declared(function: Callable[..., Any], *, path: str, scope: str | None, **rest: Any) -> Operation:
    if scope is not None and scope not in SCOPES:
        raise ValueError(f"{function.__name__}: there is no scope {scope!r}")
    hints = {name: plain(kind) for name, kind in get_type_hints(function, include_extras=True).items()}
    done = hints.pop("return")
    if get_origin(done) is not Done:
        raise TypeError(f"{function.__name__} must say Done[...]")
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    if left := hints.keys() - {*names, "connection", "asked", "query", "body"}:
        raise TypeError(f"{function.__name__}: nothing in {path} is called {sorted(left)}")
    summary, _, text = inspect.cleandoc(function.__doc__ or "").partition("\n")
    return Operation(
        path=path,
        scope=scope,
        function=function,
        name=function.__name__,
        summary=summary.strip().rstrip("."),
        text=text.strip(),
        path_types={name: hints[name] for name in names},
        query=hints.get("query"),
        body=hints.get("body"),
        answer=get_args(done)[0],
        **rest,
    )


def plain(kind: Any) -> Any:
    """The type below a NewType; msgspec checks that one."""
    while isinstance(kind, NewType):
        kind = kind.__supertype__
    return kind
