"""Lists of customers who are called: each is owed one call, whose days have come and who may be called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from callserver.errors import BadValue, BadValues, Conflict, NotFound, Outdated
from callserver.facts import Instant, iso
from callserver.promises.campaign import Plan
from callserver.store import campaigns, merging, pledges, promises, tickets
from callserver.store.campaigns import Campaign
from callserver.store.desk import promises as promise_table
from callserver.store.engine import Store
from callserver.tickets.promise import Promise
from callserver.work.campaigning import Campaigning, following
from tests.store.of_tickets import ANNA, NOON, done
from tests.store.test_customers import created
from tests.store.test_products import bought

MORNING = round(datetime(2026, 11, 30, 20, 30, tzinfo=UTC).timestamp() * 1000)  # 04:30 on the 1st in China
HEATER = Plan(
    kind="reminder",
    title="Have your water heater cleaned",
    source="season",
    category="water_heater",
    begin_on="2026-12-01",
    end_on="2026-12-14",
)
FILTER = Plan(kind="reminder", title="Change the filter", source="purchase", days=180, window_days=7)


@pytest.fixture(autouse=True)
async def in_china(store: Store) -> None:
    await done(store, pledges.keep_zone, "Asia/Shanghai")


async def running(store: Store, plan: Plan) -> Campaign:
    made = await done(store, campaigns.add, plan, ANNA, NOON)
    return await done(store, campaigns.turn, made.id, "running", made.version, ANNA, NOON)


async def passed(store: Store, campaign: Campaign, now: Instant = MORNING, limit: int = 2) -> int:
    """A whole pass, some at a time; how many promises that made."""
    made = 0
    while True:
        step = await done(store, campaigns.step, campaign.id, now, limit)
        made += step.made
        if not step.more:
            return made


async def made(store: Store) -> Sequence[Promise]:
    rows = await store.read(lambda c: c.execute(select(promise_table).order_by(promise_table.c.id)).all())
    return [promises.from_row(row) for row in rows]


async def customer(store: Store, number: str, **values: Any) -> int:
    return (await created(store, numbers=[number], **values)).id


async def test_everybody_with_such_a_product_is_owed_one_call_in_the_window(store: Store) -> None:
    one, other = await customer(store, "13800138001"), await customer(store, "13800138002")
    for whose in (one, one, other):
        await bought(store, whose, category="water_heater")
    await bought(store, await customer(store, "13800138003"), category="gas_stove")
    campaign = await running(store, HEATER)
    assert await passed(store, campaign) == 2
    found = await made(store)
    assert [(promise.customer, promise.campaign, promise.mode) for promise in found] == [
        (one, campaign.id, "automatic"),
        (other, campaign.id, "automatic"),
    ]
    assert {iso(promise.due_at) for promise in found} == {"2026-12-01T01:00:00.000Z"}  # nine o'clock there
    ticket = await done(store, tickets.get, found[0].ticket)
    assert (ticket.subject, ticket.customer, ticket.kind) == (HEATER.title, one, "information")
    assert await passed(store, campaign) == 0, "the next day owes only what is new"
    assert (await done(store, campaigns.get, campaign.id)).made == 2


async def test_so_many_days_after_each_purchase(store: Store) -> None:
    who = await customer(store, "13800138001")
    for day in ("2026-06-04", "2026-06-05", "2026-05-01", "2026-07-01", None):
        await bought(store, who, bought_on=day)
    campaign = await running(store, FILTER)
    assert await passed(store, campaign) == 2  # 180 days ago, and tomorrow
    assert len({promise.ticket for promise in await made(store)}) == 2


async def test_who_may_not_be_called_is_not(store: Store) -> None:
    unwilling = await customer(store, "13800138001", do_not_call=True)
    silent = (await created(store, name="Li", numbers=[])).id
    gone = 10**6
    willing = await customer(store, "13800138002")
    ask = Plan(
        kind="survey",
        title="How are we?",
        source="list",
        begin_on="2026-12-01",
        end_on="2026-12-02",
        customers=(unwilling, silent, gone, willing, willing),
    )
    campaign = await running(store, ask)
    assert await passed(store, campaign) == 1
    assert [promise.customer for promise in await made(store)] == [willing]


async def test_nothing_is_owed_before_its_days_and_it_ends_after_them(store: Store) -> None:
    await bought(store, await customer(store, "13800138001"), category="water_heater")
    campaign = await running(store, HEATER)
    day = 24 * 3_600_000
    assert await passed(store, campaign, MORNING - 2 * day) == 0
    assert await passed(store, campaign, MORNING + 14 * day) == 0
    assert (await done(store, campaigns.get, campaign.id)).state == "over"
    assert await done(store, campaigns.running) == ()


async def test_a_pass_that_was_interrupted_goes_on_where_it_was(store: Store) -> None:
    for n in range(3):
        await bought(store, await customer(store, f"1380013800{n}"), category="water_heater")
    campaign = await running(store, HEATER)
    assert (await done(store, campaigns.step, campaign.id, MORNING, 2)).made == 2
    paused = await done(store, campaigns.get, campaign.id)
    await done(store, campaigns.turn, campaign.id, "paused", paused.version, ANNA, NOON)
    assert (await done(store, campaigns.step, campaign.id, MORNING, 2)).looked == 0
    paused = await done(store, campaigns.get, campaign.id)
    await done(store, campaigns.turn, campaign.id, "running", paused.version, ANNA, NOON)
    assert (await done(store, campaigns.step, campaign.id, MORNING, 2)).looked == 1
    assert len(await made(store)) == 3


async def test_the_day_s_work_looks_at_every_campaign_and_puts_down_the_next(store: Store) -> None:
    await bought(store, await customer(store, "13800138001"), category="water_heater")
    await running(store, HEATER)
    zone = await done(store, pledges.site_zone)
    work = Campaigning(store, zone=zone, clock=lambda: MORNING)
    assert (await work.look(MORNING), await work.look(MORNING)) == (1, 0)
    assert following(MORNING, zone) == MORNING + 24 * 3_600_000


async def test_a_plan_that_cannot_be_carried_out_is_refused(store: Store) -> None:
    for wrong, field in (
        (replace(HEATER, begin_on="2026-02-30"), "begin_on"),
        (replace(HEATER, end_on="2026-11-30"), "end_on"),
        (replace(HEATER, title=" "), "title"),
        (replace(HEATER, source="list"), "customers"),
        (replace(FILTER, days=-1), "days"),
        (replace(FILTER, kind="watch"), "kind"),
    ):
        with pytest.raises(BadValues) as refused:
            await done(store, campaigns.add, wrong, ANNA, NOON)
        assert refused.value.field == field
    with pytest.raises(BadValue, match="no kind of ticket"):
        await done(store, campaigns.add, replace(HEATER, ticket_kind="nothing\0"), ANNA, NOON)


async def test_of_two_who_change_it_one_has_to_look_again(store: Store) -> None:
    first = await done(store, campaigns.add, HEATER, ANNA, NOON)
    other = replace(HEATER, title="Once more")
    changed = await done(store, campaigns.change, first.id, other, first.version, ANNA, NOON)
    assert (changed.version, changed.plan) == (2, other)
    with pytest.raises(Outdated):
        await done(store, campaigns.change, first.id, HEATER, first.version, ANNA, NOON)
    ended = await done(store, campaigns.turn, first.id, "over", 2, ANNA, NOON)
    with pytest.raises(Conflict):
        await done(store, campaigns.turn, first.id, "running", ended.version, ANNA, NOON)
    with pytest.raises(NotFound):
        await done(store, campaigns.get, 10**6)
    assert await done(store, campaigns.every) == (ended,)


@pytest.mark.parametrize(
    "plan", [HEATER, replace(HEATER, source="list", category=None)], ids=["season", "list"]
)
@pytest.mark.parametrize("called_first", [True, False], ids=["who stays was called", "who went was called"])
async def test_two_who_turn_out_to_be_one_between_two_passes_are_called_once(
    store: Store, plan: Plan, called_first: bool
) -> None:
    one, other = await customer(store, "13800138001"), await customer(store, "13800138002")
    first, second = (one, other) if called_first else (other, one)
    if plan.source == "list":
        plan = replace(plan, customers=(first, second))
    await bought(store, first, category="water_heater")
    campaign = await running(store, plan)
    assert (await done(store, campaigns.step, campaign.id, MORNING, 1)).made == 1
    await bought(store, second, category="water_heater")
    await done(store, merging.merge, one, other, ANNA, MORNING)
    while (await done(store, campaigns.step, campaign.id, MORNING, 1)).more:
        pass
    assert await passed(store, campaign) == 0
    assert len(await made(store)) == 1
