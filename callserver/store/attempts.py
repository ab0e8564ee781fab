"""Attempts at dialling promises: each is on record before the switch hears of it, and is asked for once.

In: a promise, the request that dials it. Out: attempts, and the promise that is dialled, talked about, waits again, or
is kept. Must not know: who may be dialled when (promises.holding), what an outcome leads to (promises.trying).

`begin` writes the attempt, the request to the switch, the call's ticket and the promise's status in one transaction:
there is no moment in which one of them is there without the others. The request is sent at most once (commands.take),
under a channel id of ours, which is unique here. A promise has at most one attempt that is not over; the database
itself refuses a second one.

Whoever writes here holds the ticket's row first, as everybody who settles promises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, select, update

from callserver.errors import BadValue, Conflict, NotFound
from callserver.facts import MACHINE, Actor, CallId, Instant, LegId, PbxId, iso
from callserver.people import UserId
from callserver.promises.outcomes import NEVER_RANG, OUTCOMES, REACHED, AttemptOutcome
from callserver.promises.states import Illegal
from callserver.seats.asking import CommandId, DialCustomer, Originate
from callserver.store import audit, call_tickets, commands, ids, outbox, promises, text, timeline
from callserver.store.commands import Ask
from callserver.store.desk import promises as promise_table
from callserver.store.outbox import Event
from callserver.store.owing import touched
from callserver.store.promising import attempt_open
from callserver.store.promising import promise_attempts as table
from callserver.store.timeline import NewEntry
from callserver.tickets.landing import DIALLED
from callserver.tickets.number import said
from callserver.tickets.promise import MACHINE_MAY, Mode, Promise, PromiseStatus
from callserver.tickets.record import PromiseId, TicketId
from callserver.tickets.wording import line

MADE: Final = "the call was made"


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """A promise to be dialled now. `number`: E.164 of whom; `user`, `interface`: the agent it is for, if it is one.

    `lane`: while a request of this lane is under way nothing is asked for (commands.Ask).
    """

    promise: PromiseId
    mode: Mode
    pbx: PbxId
    number: str | None
    request: Originate | DialCustomer
    user: UserId | None = None
    interface: str | None = None
    within_s: float = 10.0
    lane: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try. `outcome` None: it is not over, or nobody knows yet. `keys`: what the customer pressed."""

    id: int
    promise: PromiseId
    n: int
    mode: Mode
    number: str | None
    pbx: PbxId
    channel: LegId
    call: CallId
    command: CommandId
    user: UserId | None
    interface: str | None
    sent_at: Instant
    answered_at: Instant | None = None
    ended_at: Instant | None = None
    outcome: AttemptOutcome | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    keys: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What the promise is at after an attempt; the machinery looks at it `next_at` (None: never by itself)."""

    status: PromiseStatus
    next_at: Instant | None = None


# --- begun -----------------------------------------------------------------------------------------------------------


def begin(connection: Connection, wanted: Try, now: Instant, actor: Actor = MACHINE) -> Attempt:
    """Put an attempt on record and ask the switch for it; wake the switch's owner after the commit.

    Raises NotFound; Conflict where the promise is over, dialled already, unknown, or in somebody else's hands, and
    where its agent has another one; UnderWay (a Conflict) where the lane is taken. Then nothing was asked for.
    """
    promise = _held(connection, wanted.promise)
    _must_be_free(connection, promise, wanted)
    n = 1 + _last(connection, promise.id)
    call = CallId(f"{wanted.pbx}:{wanted.request.channel}")
    asked = Ask(
        pbx=wanted.pbx,
        request=wanted.request,
        actor=actor,
        within_s=wanted.within_s,
        key=f"promise:{promise.id}:{n}",
        lane=wanted.lane,
    )
    command = commands.ask(connection, asked)
    row = _row(wanted, n, call, command, now)
    attempt = from_row(connection.execute(table.insert().values(row).returning(*table.c)).one())
    _set(connection, promise.id, status="dialling", tries=n, reserved_by=wanted.user, held=None, next_at=None)
    call_tickets.put(connection, call, promise.ticket, DIALLED, now)
    detail = {"promise": promise.id, "attempt": n, "command": command}
    audit.note(connection, actor, "promise.dial", f"ticket:{promise.ticket}", detail, now)
    return attempt


def _must_be_free(connection: Connection, promise: Promise, wanted: Try) -> None:
    mine = promise.status == "reserved" and wanted.user is not None and promise.reserved_by == wanted.user
    if not mine and promise.status not in MACHINE_MAY:
        raise Illegal(promise.status, "dial")
    if connection.execute(select(table.c.n).where(_of(promise.id), attempt_open)).first() is not None:
        raise Conflict(f"an attempt at promise {promise.id} is under way")
    if wanted.user is None or mine:
        return
    other = select(promise_table.c.id).where(promise_table.c.reserved_by == wanted.user)
    if (found := connection.execute(other).scalar()) is not None:
        raise Conflict(f"promise {found} is in your hands already")


def _last(connection: Connection, promise: PromiseId) -> int:
    return connection.execute(select(func.max(table.c.n)).where(_of(promise))).scalar() or 0


def _row(wanted: Try, n: int, call: CallId, command: CommandId, now: Instant) -> dict[str, Any]:
    return {
        "promise_id": wanted.promise,
        "n": n,
        "mode": wanted.mode,
        "number": text.optional_key(wanted.number),
        "pbx": text.key(wanted.pbx),
        "channel": text.key(wanted.request.channel),
        "call_id": text.key(call),
        "command_id": command,
        "user_id": wanted.user,
        "interface": text.optional_key(wanted.interface),
        "sent_at": now,
        "evidence": "{}",
        "keys": "",
    }


# --- going on --------------------------------------------------------------------------------------------------------


def answered(connection: Connection, attempt: int, now: Instant) -> bool:
    """The customer is on the phone. False: that is known, or it is over."""
    found = get(connection, attempt)
    _held(connection, found.promise)
    change = update(table).where(table.c.id == found.id, attempt_open, table.c.answered_at.is_(None))
    if not connection.execute(change.values(answered_at=now)).rowcount:
        return False
    talking = promise_table.c.status == "dialling"
    return _set(connection, found.promise, talking, status="in_call")


def pressed(connection: Connection, attempt: int, keys: str) -> None:
    """What the customer has pressed so far, in order."""
    connection.execute(update(table).where(table.c.id == attempt).values(keys=text.key(keys)))


def ended(
    connection: Connection,
    attempt: int,
    outcome: AttemptOutcome,
    evidence: Mapping[str, Any],
    now: Instant,
    then: Next,
    *,
    keys: str | None = None,
    actor: Actor = MACHINE,
) -> Attempt:
    """What came of an attempt, and what its promise is at after it. One that is `unknown` may be known better later.

    A promise that was closed meanwhile stays closed. Told the same again it stays as it is, and nothing is told again.
    Raises NotFound; BadValue for an outcome that there is none; Conflict where another one is known already.
    """
    if outcome not in OUTCOMES:
        raise BadValue("outcome", "is none of " + ", ".join(OUTCOMES))
    promise = _held(connection, get(connection, attempt).promise)
    before = get(connection, attempt)
    if before.outcome == outcome:
        return before
    if before.outcome not in (None, "unknown"):
        raise Conflict(f"attempt {before.n} at promise {promise.id} was {before.outcome}")
    values = {"outcome": outcome, "ended_at": before.ended_at or now, "evidence": text.dump(dict(evidence))}
    values |= {} if keys is None else {"keys": text.key(keys)}
    change = update(table).where(table.c.id == before.id).values(**values).returning(*table.c)
    after = from_row(connection.execute(change).one())
    if outcome == "not_sent":
        call_tickets.take_off(connection, after.call)
    _tell(connection, promise, after, actor, now)
    _proceed(connection, promise, after, then, actor, now)
    return after


def _proceed(
    connection: Connection, promise: Promise, attempt: Attempt, then: Next, actor: Actor, now: Instant
) -> None:
    last = attempt.n == _last(connection, promise.id)
    if not promise.open or not last or promise.status not in ("dialling", "in_call", "unknown"):
        return
    if then.status == "kept" or then.status == "withdrawn":
        why = MADE if attempt.outcome in REACHED else ""
        promises.settle(connection, promise.id, then.status, why, now, actor)
        return
    # A broken one stays broken, whatever its policy says about going on.
    status = "broken" if promise.broken_at is not None and then.status in MACHINE_MAY else then.status
    _set(connection, promise.id, status=status, next_at=then.next_at, reserved_by=None)


def resolve(
    connection: Connection, promise: PromiseId, outcome: AttemptOutcome, why: str, actor: Actor, now: Instant
) -> Promise:
    """A person says what came of an attempt whose outcome nobody saw: kept by it, or to be tried again at once.

    Raises NotFound, BadValue without a reason, Conflict where the promise is not unknown.
    """
    reason = line(why, promises.LONGEST_REASON)
    if not reason:
        raise BadValue("why", "say how you know")
    found = _held(connection, promise)
    if found.status != "unknown":
        raise Conflict(f"promise {found.id} is {found.status}: there is nothing to resolve")
    last = of_promise(connection, found.id)[-1]
    if outcome not in OUTCOMES or outcome == "unknown":
        raise BadValue("outcome", "say what came of it")
    kept = outcome in REACHED
    then = Next(status="kept") if kept else Next(status="to_retry", next_at=now)
    ended(connection, last.id, outcome, {"by": "person", "why": reason}, now, then, actor=actor)
    return promises.get(connection, found.id)


def _tell(connection: Connection, promise: Promise, attempt: Attempt, actor: Actor, now: Instant) -> None:
    """On the timeline, in the audit, and to the world outside; better knowledge of an unknown one is told again."""
    body: dict[str, Any] = {"promise": promise.id, "kind": promise.kind, "what": "attempt", "n": attempt.n}
    body |= {"outcome": attempt.outcome, "mode": attempt.mode, "number": attempt.number}
    # What never rang concerns nobody but whoever looks after the machinery.
    if attempt.outcome not in NEVER_RANG:
        entry = NewEntry(kind="promise", body=body, pbx=attempt.pbx, call=attempt.call)
        timeline.add(connection, promise.ticket, entry, actor, now)
    subject = f"promise:{promise.id}"
    detail = {"promise": promise.id, "attempt": attempt.n, "outcome": attempt.outcome}
    audit.note(connection, actor, "promise.attempt", f"ticket:{promise.ticket}", detail, now)
    event = Event(
        type="callserver.promise.attempt",
        key=f"{subject}:attempt:{attempt.n}:{attempt.outcome}",
        subject=subject,
        at=now,
        body=body | {"ticket": said(promise.ticket), "call": attempt.call, "keys": attempt.keys},
    )
    outbox.tell(connection, event)


# --- asked for -------------------------------------------------------------------------------------------------------


def get(connection: Connection, attempt: int) -> Attempt:
    """One attempt. Raises NotFound."""
    row = connection.execute(select(table).where(table.c.id == attempt)).one_or_none()
    if row is None:
        raise NotFound(f"there is no attempt with the id {attempt}")
    return from_row(row)


def of_promise(connection: Connection, promise: PromiseId) -> tuple[Attempt, ...]:
    """Every attempt at a promise, the first one first."""
    return _attempts(connection, _of(ids.known(promise)))


def open_attempts(connection: Connection) -> tuple[Attempt, ...]:
    """Those that are not over, the first one first."""
    # In the order of the index that has only these: by id, a database would rather read all attempts there ever were.
    wanted = select(table).where(attempt_open).order_by(table.c.promise_id)
    return tuple(sorted(map(from_row, connection.execute(wanted)), key=lambda one: one.id))


def under_way(connection: Connection) -> dict[tuple[PbxId, str], int]:
    """How many are not over, by switch and kind of promise."""
    wanted = (
        select(table.c.pbx, promise_table.c.kind, func.count())
        .join(promise_table, promise_table.c.id == table.c.promise_id)
        .where(attempt_open)
        .group_by(table.c.pbx, promise_table.c.kind)
    )
    return {(PbxId(pbx), kind): count for pbx, kind, count in connection.execute(wanted)}


def of_call(connection: Connection, pbx: PbxId, call: CallId) -> Attempt | None:
    """The attempt that this call is, if it is one."""
    here = (table.c.pbx == text.key(pbx), table.c.call_id == text.key(call))
    return next(iter(_attempts(connection, *here)), None)


def of_number(connection: Connection, number: str, since: Instant) -> tuple[Attempt, ...]:
    """What was dialled to this number (E.164) since then, whatever it was owed for."""
    return _attempts(connection, table.c.number == text.key(number), table.c.sent_at >= since)


def _attempts(connection: Connection, *which: ColumnElement[bool]) -> tuple[Attempt, ...]:
    return tuple(map(from_row, connection.execute(select(table).where(*which).order_by(table.c.id))))


def of_ticket(connection: Connection, ticket: TicketId) -> tuple[Attempt, ...]:
    """Every attempt at what a ticket owes or owed, the first one first."""
    return _attempts(connection, table.c.promise_id.in_(_of_tickets([ticket])))


def forget(connection: Connection, promises: Sequence[int]) -> None:
    """Whom the calls for these promises rang, and what was pressed, for erasing a person: that there were calls
    stays.
    """
    here = table.c.promise_id.in_(promises)
    connection.execute(update(table).where(here).values(number=None, evidence="{}", keys=""))


def drop(connection: Connection, of: Sequence[TicketId]) -> None:
    """The attempts of tickets that go, before their promises do."""
    connection.execute(delete(table).where(table.c.promise_id.in_(_of_tickets(of))))


def _of_tickets(of: Sequence[TicketId]) -> Select[tuple[int]]:
    return select(promise_table.c.id).where(promise_table.c.ticket_id.in_(of))


def told(attempt: Attempt) -> dict[str, Any]:
    """An attempt as the world outside is told of it: every field by its name, instants as ISO 8601."""
    body = asdict(attempt)
    return body | {name: iso(body[name]) for name in ("sent_at", "answered_at", "ended_at")}


def from_row(row: Row[Any]) -> Attempt:
    """An attempt of its row."""
    return Attempt(
        id=row.id,
        promise=PromiseId(row.promise_id),
        n=row.n,
        mode=row.mode,
        number=row.number,
        pbx=PbxId(row.pbx),
        channel=LegId(row.channel),
        call=CallId(row.call_id),
        command=CommandId(row.command_id),
        user=None if row.user_id is None else UserId(row.user_id),
        interface=row.interface,
        sent_at=row.sent_at,
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        outcome=row.outcome,
        evidence=text.load(row.evidence),
        keys=row.keys,
    )


def _of(promise: int) -> ColumnElement[bool]:
    return table.c.promise_id == promise


def _held(connection: Connection, promise: PromiseId) -> Promise:
    """The promise as it is, its ticket's row held."""
    promises.hold_ticket(connection, promises.get(connection, promise).ticket)
    row = connection.execute(select(promise_table).where(promise_table.c.id == promise).with_for_update())
    return promises.from_row(row.one())


def _set(connection: Connection, promise: PromiseId, *where: ColumnElement[bool], **values: Any) -> bool:
    change = update(promise_table).where(promise_table.c.id == promise, *where)
    values |= {"turn": None, "version": promise_table.c.version + 1}
    touched(connection, promise)
    return connection.execute(change.values(**values)).rowcount == 1
