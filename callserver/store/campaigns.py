"""Lists of customers who are called, kept, and carried out: one promise a customer or product, once.

In: checked plans (promises.campaign). Out: campaigns; promises with a ticket each. Must not know: HTTP, when a day's
work is done (work.campaigning).

A step looks at some products or customers behind the campaign's place, owes what is owed to them and moves the place,
in one transaction: whoever is killed and begins again goes on there. What was owed once is known by its key, so the
next day's pass, which begins at the front again, owes only what is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import Connection, Row, insert, select, update

from callserver.customers.calling import may_call
from callserver.customers.record import Customer, CustomerId, ProductId
from callserver.errors import BadValue, Conflict, NotFound, Outdated
from callserver.facts import Actor, Instant
from callserver.promises import campaign as planning
from callserver.promises.campaign import Plan, State
from callserver.store import audit, customers, history, ids, kinds, merging, pledges, promises, text, tickets
from callserver.store.audit_changes import changed
from callserver.store.desk import products
from callserver.store.desk import promises as promise_table
from callserver.store.promising import campaigns as table
from callserver.tickets.changing import Draft
from callserver.tickets.record import TicketId

MOST_AT_ONCE: Final = 100
AHEAD_DAYS: Final = 1
"""Owed so long before its window begins, so that whoever looks at tomorrow sees it."""
_MAY: Final[dict[State, tuple[State, ...]]] = {
    "draft": ("running", "over"),
    "running": ("paused", "over"),
    "paused": ("running", "over"),
    "over": (),
}
BY_CAMPAIGN: Final = Actor(name="callserver", through="machine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """`made`: promises so far. `looked_at`: when its last pass over all customers began."""

    id: int
    version: int
    state: State
    plan: Plan
    made: int
    looked_at: Instant | None
    created_at: Instant
    updated_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How many were looked at, how many promises that made; `more`: the pass is not at its end."""

    looked: int
    made: int
    more: bool


# --- kept ------------------------------------------------------------------------------------------------------------


def every(connection: Connection) -> tuple[Campaign, ...]:
    """All, the newest first."""
    return tuple(map(_campaign, connection.execute(select(table).order_by(table.c.id.desc()))))


def get(connection: Connection, campaign: int) -> Campaign:
    """One by its id. Raises NotFound."""
    row = connection.execute(select(table).where(table.c.id == ids.known(campaign))).one_or_none()
    if row is None:
        raise NotFound(f"there is no campaign with the id {campaign}")
    return _campaign(row)


def running(connection: Connection) -> tuple[int, ...]:
    """Ids of those that are carried out."""
    wanted = select(table.c.id).where(table.c.state == "running").order_by(table.c.id)
    return tuple(connection.execute(wanted).scalars())


def add(connection: Connection, plan: Plan, actor: Actor, now: Instant) -> Campaign:
    """A new one, as a draft. Raises BadValues, BadValue for a kind of ticket that there is not."""
    row = {"state": "draft", "version": 1, "made": 0, "place": 0, "created_at": now, "updated_at": now}
    written = insert(table).values(row | _planned(connection, plan)).returning(*table.c)
    made = _campaign(connection.execute(written).one())
    audit.note(connection, actor, "campaign.create", f"campaign:{made.id}", {"title": plan.title}, now)
    return made


def change(
    connection: Connection, campaign: int, plan: Plan, expected: int, actor: Actor, now: Instant
) -> Campaign:
    """Another plan, for what is not owed yet. Raises NotFound, BadValues, Outdated, Conflict for one that is over."""
    before = _held(connection, campaign, expected)
    if before.state == "over":
        raise Conflict(f"campaign {before.id} is over")
    record = text.dump(planning.to_json(before.plan))
    history.keep(connection, "campaign", before.id, before.version, record, actor, now)
    after = _changed(connection, before, now, place=0, **_planned(connection, plan))
    told = changed(planning.to_json(before.plan), planning.to_json(after.plan))
    detail = {"version": after.version, **told}
    audit.note(connection, actor, "campaign.change", f"campaign:{campaign}", detail, now)
    return after


def turn(
    connection: Connection, campaign: int, state: State, expected: int, actor: Actor, now: Instant
) -> Campaign:
    """Begin it, pause it, end it. What is owed already stays owed; what is paused owes nothing new.

    Raises NotFound, Outdated, Conflict where no step leads there.
    """
    before = _held(connection, campaign, expected)
    if state not in _MAY[before.state]:
        raise Conflict(f"campaign {before.id} is {before.state}: it cannot be {state}")
    after = _changed(connection, before, now, state=state)
    detail = changed({"state": before.state}, {"state": state})
    audit.note(connection, actor, f"campaign.{state}", f"campaign:{campaign}", detail, now)
    return after


def _planned(connection: Connection, plan: Plan) -> dict[str, Any]:
    checked = planning.check(plan)
    if (found := kinds.find(connection, plan.ticket_kind)) is None or found.retired:
        raise BadValue("ticket_kind", "is no kind of ticket")
    record = text.dump(planning.to_json(checked))
    return {"kind": plan.kind, "title": text.key(plan.title), "record": record}


def _held(connection: Connection, campaign: int, expected: int | None = None) -> Campaign:
    wanted = select(table).where(table.c.id == ids.known(campaign)).with_for_update()
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise NotFound(f"there is no campaign with the id {campaign}")
    if expected is not None and row.version != expected:
        raise Outdated(f"campaign {campaign} is at version {row.version}, not {expected}")
    return _campaign(row)


def _changed(connection: Connection, before: Campaign, now: Instant, **values: Any) -> Campaign:
    values |= {"version": before.version + 1, "updated_at": now}
    written = update(table).where(table.c.id == before.id).values(**values).returning(*table.c)
    return _campaign(connection.execute(written).one())


def _campaign(row: Row[Any]) -> Campaign:
    return Campaign(
        id=row.id,
        version=row.version,
        state=cast("State", row.state),
        plan=planning.from_json(text.load(row.record)),
        made=row.made,
        looked_at=row.looked_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


# --- carried out -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """Somebody who may be called: `key` is theirs in this campaign."""

    key: str
    customer: CustomerId
    place: int
    product: ProductId | None = None
    bought_on: str | None = None


def step(connection: Connection, campaign: int, now: Instant, limit: int = MOST_AT_ONCE) -> Step:
    """Look at the next ones, and owe what is owed to them. One that is not running has nothing more to do."""
    held = _held(connection, campaign)
    if held.state != "running":
        return Step(looked=0, made=0, more=False)
    place = connection.execute(select(table.c.place).where(table.c.id == held.id)).scalar_one()
    cases = _cases(connection, held, place, limit)
    made = sum(_owe(connection, held, one, now) for one in cases)
    more = len(cases) == limit
    values: dict[str, Any] = {"place": cases[-1].place if more else 0, "made": held.made + made}
    values |= {"looked_at": now} if place == 0 else {}
    values |= {} if more else _over(connection, held, now)
    connection.execute(update(table).where(table.c.id == held.id).values(**values))
    return Step(looked=len(cases), made=made, more=more)


def _over(connection: Connection, held: Campaign, now: Instant) -> dict[str, Any]:
    last = planning.day(held.plan.end_on)
    done = held.plan.source != "purchase" and last is not None and last < _today(connection, now)
    return {"state": "over", "version": held.version + 1} if done else {}


def _today(connection: Connection, now: Instant) -> date:
    return datetime.fromtimestamp(now / 1000, pledges.site_zone(connection)).date()


def _cases(connection: Connection, held: Campaign, place: int, limit: int) -> Sequence[_Case]:
    plan, name = held.plan, f"campaign:{held.id}"
    if plan.source == "list":
        some = plan.customers[place : place + limit]
        return [
            _Case(key=f"{name}:{one}", customer=CustomerId(one), place=place + n)
            for n, one in enumerate(some, 1)
        ]
    wanted = select(products).where(products.c.id > place).order_by(products.c.id).limit(limit)
    if plan.category is not None:
        wanted = wanted.where(products.c.category == text.key(plan.category))
    return [_of_product(row, plan, name) for row in connection.execute(wanted)]


def _of_product(row: Row[Any], plan: Plan, name: str) -> _Case:
    """A season concerns a customer once, however many they have; a purchase each time."""
    each = f"product:{row.id}" if plan.source == "purchase" else str(row.customer_id)
    return _Case(
        key=f"{name}:{each}",
        customer=CustomerId(row.customer_id),
        place=row.id,
        product=ProductId(row.id),
        bought_on=text.load(row.record).get("bought_on"),
    )


def _owe(connection: Connection, held: Campaign, one: _Case, now: Instant) -> bool:
    """Whether a promise was made: its days have come, it is new, and the customer may be called for it."""
    days = planning.days_of(held.plan, one.bought_on)
    today = _today(connection, now)
    if days is None or not days[0] - timedelta(days=AHEAD_DAYS) <= today <= days[1]:
        return False
    if _owed_before(connection, held, one):
        return False
    whom = _callable(connection, held, one)
    if whom is None:
        return False
    customer, number = whom
    return _promise(connection, held, one, customer, number, days, now)


def _owed_before(connection: Connection, held: Campaign, one: _Case) -> bool:
    """Whether this case was owed its call already: also as somebody who has become part of this customer since then."""
    keys = {one.key}
    if held.plan.source != "purchase":
        keys |= {f"campaign:{held.id}:{id}" for id in merging.parts_of(connection, one.customer)}
    known = select(promise_table.c.id).where(promise_table.c.key.in_(sorted(keys)))
    return connection.execute(known.limit(1)).first() is not None


def _callable(connection: Connection, held: Campaign, one: _Case) -> tuple[Customer, str] | None:
    try:
        customer = customers.get(connection, one.customer)
    except NotFound:
        return None
    if customer.merged_into is not None:
        return None
    theirs = [number.e164 for number in customer.numbers if number.kind != "fax" and not number.extension]
    may = [e164 for e164 in theirs if e164 and may_call(customer, e164, held.plan.kind) is None]
    return (customer, may[0]) if may else None


def _promise(
    connection: Connection,
    held: Campaign,
    one: _Case,
    customer: Customer,
    number: str,
    days: tuple[date, date],
    now: Instant,
) -> bool:
    plan = held.plan
    draft = Draft(
        kind=plan.ticket_kind,
        subject=plan.title,
        customer=customer.id,
        product=one.product if plan.source == "purchase" else None,
        caller=number,
    )
    zone = pledges.zone_of_customer(connection, customer)
    window = planning.window(*days, zone)
    if window.end_at <= now:
        return False
    ticket = tickets.open_ticket(connection, draft, BY_CAMPAIGN, now, rule=f"campaign {held.id}")
    why = plan.why or plan.title
    new = pledges.by_policy(
        connection, plan.kind, TicketId(ticket.id), now, window=window, number=number, why=why
    )
    mine = replace(new, mode=plan.mode or new.mode, campaign=held.id, key=one.key)
    promises.owe(connection, mine, now, BY_CAMPAIGN)
    return True
