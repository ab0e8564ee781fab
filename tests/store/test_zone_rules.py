"""The law moves the clocks of a country: whoever was promised ten is called at ten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callserver.customers import checking
from callserver.facts import Instant
from callserver.promises.clock_rules import Spans
from callserver.store import customers, promises, tickets, zone_rules
from callserver.store.engine import Store
from callserver.tickets.changing import Draft
from callserver.tickets.promise import NewPromise, Promise
from callserver.work.campaigning import Campaigning
from tests.store.of_tickets import ANNA, HOUR, NOON, begin, done, told

DAY = 24 * HOUR
BERLIN = ZoneInfo("Europe/Berlin")


def summer() -> Instant:
    """A moment to come at which Berlin's clocks are two hours ahead."""
    days = (NOON + day * DAY for day in range(5, 360))
    return next(
        at for at in days if datetime.fromtimestamp(at / 1000, BERLIN).utcoffset() == timedelta(hours=2)
    )


def as_before(rules: dict[str, Spans]) -> dict[str, Spans]:
    """The rules of a world in which Berlin has no summer time."""
    return {**rules, "Europe/Berlin": [[rules["Europe/Berlin"][0][0], HOUR]]}


async def owed(store: Store, zone: str, kind: str) -> Promise:
    who = checking.Draft(name="Emma", numbers=(), zone=zone)
    known = await done(store, customers.create, who, ANNA, NOON)
    ticket = await begin(store, Draft(kind="repair", subject="hood", customer=known.id))
    new = NewPromise(kind=kind, ticket=ticket.id, due_at=summer(), deadline_at=summer() + HOUR)  # type: ignore[arg-type]
    return await done(store, promises.owe, new, NOON)


async def moments(store: Store, one: Promise) -> tuple[Instant, Instant]:
    now = await done(store, promises.get, one.id)
    return now.due_at - one.due_at, now.deadline_at - one.deadline_at


async def test_a_named_time_stays_the_time_on_the_customers_wall(store: Store) -> None:
    rules = zone_rules.present(NOON)
    assert await done(store, zone_rules.follow, as_before(rules), NOON) == []
    named = await owed(store, "Europe/Berlin", "requested")
    elapsed = await owed(store, "Europe/Berlin", "watch")
    elsewhere = await owed(store, "Asia/Shanghai", "requested")
    assert await done(store, zone_rules.follow, rules, NOON + DAY) == [named.id]
    assert await moments(store, named) == (-HOUR, -HOUR)
    assert (await moments(store, elapsed), await moments(store, elsewhere)) == ((0, 0), (0, 0))
    ticket = await done(store, tickets.get, named.ticket)
    (said,) = [body for _, body in await told(store, ticket) if body.get("what") == "moved"]
    assert "Europe/Berlin" in said["why"]
    assert await done(store, zone_rules.follow, rules, NOON + 2 * DAY) == []


async def test_what_is_over_or_due_by_now_is_left_alone(store: Store) -> None:
    rules = zone_rules.present(NOON)
    await done(store, zone_rules.follow, as_before(rules), NOON)
    kept = await owed(store, "Europe/Berlin", "requested")
    await done(store, promises.settle, kept.id, "kept", "she called herself", NOON)
    due = await owed(store, "Europe/Berlin", "requested")
    assert await done(store, zone_rules.follow, rules, summer() - HOUR // 2) == []
    assert (await moments(store, kept), await moments(store, due)) == ((0, 0), (0, 0))


async def test_every_morning_asks_the_rules(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = zone_rules.present(NOON)
    await done(store, zone_rules.follow, as_before(rules), NOON)
    named = await owed(store, "Europe/Berlin", "return_visit")
    assert await Campaigning(store, zone=UTC, clock=lambda: NOON + DAY).follow_clocks(NOON + DAY) == 1
    assert await moments(store, named) == (-HOUR, -HOUR)
