"""Alerts on record on both databases: one at a time, told by rows; what only the database can measure."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC
from typing import Any

from sqlalchemy import insert, select

from callserver.alerts.defaults import DEFAULTS
from callserver.alerts.judging import Cleared, Raised
from callserver.alerts.rule import RuleId, Subject
from callserver.facts import PbxId
from callserver.store import alert_gauges as gauges
from callserver.store import alert_pages, alert_rules, alert_tellings, alerting, leases, schema, text
from callserver.store.alert_pages import Wanted
from callserver.store.desk import call_tickets, outbox, webhooks
from callserver.store.engine import Store
from callserver.store.landing import LAND
from tests.store.of_tickets import ANNA, NOON, begin, done, noted

RULE = replace(DEFAULTS[RuleId("long_wait")], mail=("night@example.com",))
REPAIR = Subject("queue", "main", "repair")
BEGIN = Raised(rule=RULE, subject=REPAIR, value=75.0, at=NOON)
END = Cleared(rule=RULE.id, subject=REPAIR, value=3.0, worst=99.0, at=NOON + 60_000, why="good")
MAIN, WEST = PbxId("main"), PbxId("west")


async def test_of_two_who_raise_it_one_does(store: Store) -> None:
    both = (done(store, alerting.raised, BEGIN, UTC) for _ in range(2))
    made = await asyncio.gather(*both)
    (one,) = [alert for alert in made if alert is not None]
    assert await done(store, alerting.open_alerts) == [one]
    told = await done(store, alert_tellings.of_alert, one.id)
    assert [(row.way, row.target, row.word) for row in told] == [("mail", "night@example.com", "raised")]


async def test_after_its_end_it_may_begin_again(store: Store) -> None:
    first = await done(store, alerting.raised, BEGIN, UTC)
    over = await done(store, alerting.cleared, END, RULE, UTC)
    assert first is not None and over is not None
    assert (over.id, over.worst, over.why, over.cleared_at) == (first.id, 99.0, "good", END.at)
    assert await done(store, alerting.cleared, END, RULE, UTC) is None
    again = await done(store, alerting.raised, replace(BEGIN, at=NOON + 90_000), UTC)
    assert again is not None
    page = await done(store, alert_pages.page, Wanted(queue="repair"), 10)
    assert [one.id for one in page.alerts] == [again.id, first.id]
    hidden = await done(store, alert_pages.page, Wanted(seen=["sales"]), 10)
    assert hidden.alerts == ()


async def test_webhooks_hear_of_the_beginning_and_the_end_once(store: Store) -> None:
    wanting = {
        "version": 1,
        "state": "on",
        "failures": 0,
        "record": text.dump({"events": ["callserver.alert.*"]}),
    }
    await store.write(lambda c: c.execute(insert(webhooks).values(wanting)))
    await done(store, alerting.raised, BEGIN, UTC)
    await done(store, alerting.cleared, END, RULE, UTC)
    await done(store, alerting.raised, replace(BEGIN, rule=replace(RULE, id=RuleId("x"), webhook=False)), UTC)
    rows = await store.read(lambda c: c.execute(select(outbox).order_by(outbox.c.id)).all())
    assert [row.type for row in rows] == ["callserver.alert.raised", "callserver.alert.cleared"]
    assert text.load(rows[0].body)["said"] == "Longest wait 75 s (above 60 s), queue repair (main)"


async def test_what_administrators_do_is_in_the_audit(store: Store) -> None:
    made = await done(store, alert_rules.add, replace(RULE, id=RuleId("")), ANNA, NOON)
    changed = await done(store, alert_rules.put, replace(made, threshold=90.0), 1, ANNA, NOON)
    assert (changed.id, changed.version, changed.threshold) == ("rule-1", 2, 90.0)
    assert await done(store, alert_rules.remove, "rule-1", 2, ANNA, NOON) is None
    reset = await done(store, alert_rules.put, replace(RULE, mail=()), 0, ANNA, NOON)
    assert await done(store, alert_rules.remove, reset.id, 1, ANNA, NOON) == DEFAULTS[reset.id]
    assert await noted(store) == [
        *("alert_rule.create", "alert_rule.change", "alert_rule.remove"),
        *("alert_rule.change", "alert_rule.reset"),
    ]


async def test_text_of_strangers_is_kept(store: Store) -> None:
    odd = Subject("queue", "main", "re\x00pair\ud800" + "x" * 300)
    made = await done(store, alerting.raised, replace(BEGIN, subject=odd), UTC)
    assert made is not None
    kept = await done(store, alerting.ack, made.id, "<b>\r\n\x00 x" * 200, ANNA, NOON)
    assert len(kept.ack_why) <= alerting.LONGEST_WHY and "\n" not in kept.ack_why


# --- what only the database knows ------------------------------------------------------------------------------------


async def add(store: Store, table: Any, **row: Any) -> None:
    await store.write(lambda c: c.execute(insert(table).values(**row)))


async def unseen(store: Store) -> dict[PbxId, int]:
    return await store.read(lambda c: gauges.unseen(c, [MAIN, WEST], NOON))


async def test_a_switch_is_seen_by_who_holds_it_and_has_no_gap(store: Store) -> None:
    await leases.acquire(store, leases.lease_of(MAIN), "node/1", 600)
    assert await unseen(store) == {MAIN: NOON, WEST: NOON}  # never seen: since we look
    await add(store, schema.switches, pbx="main", last_seq=1, seen_at=NOON + 5)
    await add(store, schema.switches, pbx="west", last_seq=1, seen_at=NOON + 7)
    assert await unseen(store) == {WEST: NOON + 7}  # nobody holds that one
    gap = {"pbx": "main", "seq": 1, "lost_at": NOON + 9, "open": True, "restarted": False, "reason": "cut"}
    await add(store, schema.gaps, **gap)
    assert (await unseen(store))[MAIN] == NOON + 9


async def fact(store: Store, seq: int, kind: str, call: str, **body: Any) -> None:
    row = {"pbx": "main", "seq": seq, "epoch": 1, "at": NOON + seq, "kind": kind, "call_id": call}
    await add(store, schema.facts, **row, body=text.dump({"fact": kind, **body}))


async def test_only_trunks_that_failed_are_counted(store: Store) -> None:
    for seq, (interface, result) in enumerate(
        [("PJSIP/trunk", "failed"), ("PJSIP/trunk", "busy"), ("PJSIP/1001", "failed")]
    ):
        await fact(store, 2 * seq + 1, "LegStarted", f"main:{seq}", leg=f"{seq}.1", interface=interface)
        await fact(store, 2 * seq + 2, "DialFailed", f"main:{seq}", leg=f"{seq}.1", result=result)
    counted = await store.read(lambda c: gauges.refused_by_trunks(c, MAIN, 0, 6, ["PJSIP/trunk"]))
    assert counted == [NOON + 2]
    assert await store.read(lambda c: gauges.refused_by_trunks(c, MAIN, 2, 6, ["PJSIP/trunk"])) == []
    member = {"queue": "repair", "interface": "PJSIP/1001", "penalty": 0, "dynamic": True, "paused": False}
    await add(store, schema.agents, pbx="main", **member, device="free")
    assert await store.read(lambda c: gauges.refused_by_trunks(c, MAIN, 0, 6, [])) == [NOON + 2]


async def test_the_newest_comparison_counts(store: Store) -> None:
    for at, ppm in ((1, 40.0), (2, 0.0)):
        numbers = {"switch_calls": 9, "our_calls": 9, "omitted": 0, "ppm": ppm, "repaired": 0}
        await add(
            store, schema.reconciliations, pbx="main", begin_at=0, end_at=1, at=at, **numbers, details="{}"
        )
    assert await store.read(lambda c: gauges.omission(c, MAIN)) == 0.0
    assert await store.read(lambda c: gauges.omission(c, WEST)) is None


async def test_work_that_is_late_is_counted(store: Store) -> None:
    now = await store.now()
    for key, run_at in (("late", now - 120_000), ("soon", now + 120_000)):
        await add(store, schema.jobs, kind="x", key=key, body="{}", run_at=run_at, attempts=0)
    assert await store.read(gauges.late_jobs) == 1
    assert await store.read(lambda c: gauges.late_promises(c, now)) == 0
    assert await store.read(gauges.broken_promises) == 0
    assert await store.read(lambda c: gauges.refused_attempts(c, 0)) == {}


async def test_a_call_that_is_over_waits_for_its_ticket_until_it_is_on_one(store: Store) -> None:
    now = await store.now()
    assert await store.read(gauges.landings) == (0, 0.0)
    soon, failed = now + 600_000, {"run_at": now + 600_000, "attempts": 2}
    for call, ended_at, job in (
        ("main:due", now - 90_000, {"run_at": now}),
        ("main:failed", now - 30_000, failed),  # tried again later: late all the same
        ("main:unsettled", now - 99_000, {"run_at": soon}),  # put off on purpose
        ("main:talks", None, {"run_at": now}),
    ):
        row = {"seq": 1, "gap": False, "open": ended_at is None, "ended_at": ended_at, "record": "{}"}
        await add(store, schema.calls, pbx="main", call_id=call, **row)
        body = text.dump({"pbx": "main", "call": call, "moment": "ended"})
        await add(store, schema.jobs, **{"kind": LAND, "key": call, "body": body, "attempts": 0, **job})
    waiting, oldest_s = await store.read(gauges.landings)
    assert waiting == 2
    assert oldest_s >= 90
    ticket = await begin(store)
    for call in ("main:due", "main:failed"):
        await add(store, call_tickets, pbx="main", call_id=call, ticket_id=ticket.id, rule="test", at=now)
    assert await store.read(gauges.landings) == (0, 0.0)
