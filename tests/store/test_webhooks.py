"""Webhooks: what may be asked for, versions, keys that nobody sees twice, and dead letters."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from callserver.errors import BadValue, Conflict, NotFound, Outdated
from callserver.facts import Actor
from callserver.store import dead_letters, deliveries, text, webhooks
from callserver.store.dead_letters import Which
from callserver.store.desk import audit, history
from callserver.store.desk import outbox as rows
from callserver.store.engine import Store
from callserver.store.webhook import Subscription, Webhook, WebhookId, checked, given_key, shown
from tests.work.receivers import AT, told

ANNA = Actor(name="anna", through="api")
CRM = Subscription(name="crm", url="https://crm.example/hook", headers={"Authorization": "Bearer geheim"})
DAY = 86_400_000


async def added(store: Store, asked: Subscription = CRM, **more: Any) -> Webhook:
    return await store.write(lambda c: webhooks.create(c, asked, ANNA, AT, **more))


async def given_up(store: Store, webhook: Webhook, *numbers: int, why: str = "given up: 503") -> None:
    await told(store, *numbers, now=AT)
    await store.write(lambda c: webhooks.give_up(c, webhook.id, why, AT))


async def listed(store: Store, which: Which = dead_letters.ALL, **more: Any) -> list[str]:
    found = await store.read(lambda c: dead_letters.listed(c, which, **more))
    return [letter.event.removeprefix("ticket:17:") for letter in found]


# --- what may be asked for -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "a\ud800"}, "name"),
        ({"url": ""}, "url"),
        ({"url": "ftp://x/"}, "url"),
        ({"url": "http://"}, "url"),
        ({"url": "http://x:99999/"}, "url"),
        ({"url": "http://[::1"}, "url"),
        ({"url": "http://a b/"}, "url"),
        ({"url": "http://a\r\nX: y/"}, "url"),
        ({"url": "http://a\\@b/"}, "url"),
        ({"url": "http://user:word@x/"}, "url"),
        ({"url": "http://x/#part"}, "url"),
        ({"url": "http://169.254.169.254/latest"}, "url"),
        ({"url": "http://[::ffff:169.254.1.1]/"}, "url"),
        ({"url": "http://100.100.100.200/latest/meta-data"}, "url"),
        ({"url": "http://[::ffff:100.100.100.200]/"}, "url"),
        ({"url": "http://[fd00:0ec2:0::254]/"}, "url"),
        ({"url": "http://x/" + "a" * 2_000}, "url"),
        ({"events": ()}, "events"),
        ({"events": ("callserver.ticket.*", "ticket.*")}, "events[1]"),
        ({"events": ("*",) * 21}, "events"),
        ({"state": "asleep"}, "state"),
        ({"headers": {"Host": "x"}}, "headers"),
        ({"headers": {"X-A:": "x"}}, "headers"),
        ({"headers": {"X-A": "x\r\nY: z"}}, "headers.X-A"),
        ({"headers": {"X-A": ""}}, "headers.X-A"),
        ({"headers": {f"X-{n}": "x" for n in range(11)}}, "headers"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"timeout_s": float("nan")}, "timeout_s"),
        ({"timeout_s": 31}, "timeout_s"),
    ],
)
def test_what_is_wrong_is_refused_by_its_field(change, field):
    with pytest.raises(BadValue) as refused:
        checked(replace(CRM, **change))
    assert refused.value.field == field


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/x?a=b", "https://[fd00::1]/", "http://10.1.2.3", "https://客服.example/"]
)
def test_our_own_network_and_other_scripts_are_fine(url):
    assert checked(replace(CRM, url=url)).url == url


@pytest.mark.parametrize(
    "text_",
    ["", "whsec_", "geheim", "whsec_" + "A" * 10, "whsec_" + "é" * 40, "whsec_" + "A" * 400, "whsec_\x00"],
)
def test_a_bad_key_is_refused_and_not_quoted(text_):
    with pytest.raises(BadValue) as refused:
        given_key(text_)
    assert str(refused.value) == "secret: whsec_ and the base64 of 24 to 64 bytes"


# --- kept ------------------------------------------------------------------------------------------------------------


async def test_a_webhook_is_kept_as_it_was_asked_for(store: Store):
    made = await added(store)
    assert await store.read(lambda c: webhooks.get(c, made.id)) == made
    assert await store.read(webhooks.every) == [made]
    assert (made.version, made.asked, made.created_by) == (1, CRM, "anna")
    assert (await added(store)).keys != made.keys


async def test_keys_and_headers_are_in_nothing_that_is_shown_or_remembered(store: Store):
    made = await added(store)
    await store.write(lambda c: webhooks.rotate(c, made.id, ANNA, AT))
    past = await store.read(lambda c: webhooks.past(c, made.id))
    kept = await store.read(lambda c: c.execute(select(history.c.record)).scalars().all())
    for said in (text.dump(shown(made)), repr(made.keys), repr(past), repr(kept)):
        assert made.keys[0].text not in said
        assert "geheim" not in said


async def test_every_version_is_kept_and_a_change_of_an_old_one_is_refused(store: Store):
    made = await added(store)
    asked = replace(CRM, name="erp")
    changed = await store.write(lambda c: webhooks.change(c, made.id, asked, ANNA, AT + 1, expected=1))
    assert (changed.version, changed.asked.name) == (2, "erp")
    for change in (partial(webhooks.change, asked=asked), webhooks.rotate, webhooks.remove):
        late = partial(change, webhook=made.id, actor=ANNA, now=AT, expected=1)
        with pytest.raises(Outdated, match="version 2, not 1"):
            await store.write(late)
    (past,) = await store.read(lambda c: webhooks.past(c, made.id))
    assert (past["version"], past["at"], past["actor"], past["through"]) == (1, AT + 1, "anna", "api")
    assert past["record"]["name"] == "crm"


async def test_what_is_done_to_a_webhook_is_in_the_audit(store: Store):
    made = await added(store)
    await store.write(lambda c: webhooks.change(c, made.id, CRM, ANNA, AT))
    await store.write(lambda c: webhooks.remove(c, made.id, ANNA, AT))
    noted = await store.read(lambda c: c.execute(select(audit.c.action, audit.c.actor)).all())
    assert [tuple(one) for one in noted] == [
        ("webhook.create", "anna"),
        ("webhook.change", "anna"),
        ("webhook.remove", "anna"),
    ]


async def test_the_audit_has_what_a_webhook_was_and_is_and_no_secret(store: Store):
    made = await added(store, replace(CRM, url="https://a.example/x?key=s3cret", headers={"X-Key": "s3cret"}))
    other = replace(made.asked, url="https://b.example/x", headers={"X-Key": "s3cret2"}, state="paused")
    await store.write(lambda c: webhooks.change(c, made.id, other, ANNA, AT))
    _, detail = await store.read(
        lambda c: c.execute(select(audit.c.detail).order_by(audit.c.seq)).scalars().all()
    )
    assert text.load(detail)["changed"] == {
        "url": ["https://a.example/x?********", "https://b.example/x"],
        "state": ["on", "paused"],
        "headers.X-Key": ["********", "******** *"],
    }
    assert "s3cret" not in detail


async def test_one_that_is_removed_is_gone_with_what_it_waited_for(store: Store):
    made = await added(store)
    await told(store, 1)
    await store.write(lambda c: webhooks.remove(c, made.id, ANNA, AT))
    with pytest.raises(NotFound):
        await store.read(lambda c: webhooks.get(c, made.id))
    assert await store.write(lambda c: dead_letters.sweep(c, AT, done_days=9, dead_days=9)) == 1


async def test_switched_off_it_gives_up_what_waits_and_on_again_it_begins_anew(store: Store):
    made = await added(store)
    await told(store, 1)
    off = await store.write(lambda c: webhooks.change(c, made.id, replace(CRM, state="off"), ANNA, AT))
    assert await listed(store) == ["e1"]
    await told(store, 2)
    await store.write(lambda c: webhooks.change(c, off.id, CRM, ANNA, AT))
    await told(store, 3)
    (queue,) = await store.read(deliveries.backlog)
    assert (queue.unsent, queue.dead) == (1, 1)


async def test_there_are_not_more_than_a_hundred(store: Store, monkeypatch):
    monkeypatch.setattr(webhooks, "MOST", 2)
    await added(store)
    await added(store)
    with pytest.raises(Conflict):
        await added(store)


# --- dead letters ----------------------------------------------------------------------------------------------------


async def test_dead_letters_are_found_by_webhook_and_error_and_page_by_page(store: Store):
    first, second = await added(store), await added(store, replace(CRM, events=("callserver.call.*",)))
    await given_up(store, first, 1, 2)
    await given_up(store, first, 3, why="422 100% no_")
    assert await listed(store) == ["e1", "e2", "e3"]
    assert await listed(store, Which(webhook=second.id)) == []
    assert await listed(store, Which(error="422 100% no_")) == ["e3"]
    assert await listed(store, Which(error="422 100_")) == []
    assert await listed(store, limit=1, after=1) == ["e2"]


async def test_sent_again_a_letter_is_as_new(store: Store):
    made = await added(store)
    await given_up(store, made, 1, 2)
    assert await store.write(lambda c: dead_letters.resend(c, Which(id=2), ANNA, AT + DAY)) == 1
    assert await listed(store) == ["e1"]
    assert await store.read(lambda c: deliveries.due(c, now=AT)) == [made.id]
    row = await store.read(lambda c: c.execute(select(rows).where(rows.c.id == 2)).one())
    assert (row.attempts, row.error, row.queued_at) == (0, None, AT + DAY)


async def test_letters_of_a_webhook_that_is_off_stay_dead(store: Store):
    made = await added(store)
    await told(store, 1)
    await store.write(lambda c: webhooks.switch_off(c, made.id, "410 Gone", AT))
    assert await store.write(lambda c: dead_letters.resend(c, Which(webhook=made.id), ANNA, AT)) == 0
    with pytest.raises(NotFound, match="its webhook is off"):
        await store.write(lambda c: dead_letters.resend(c, Which(id=1), ANNA, AT))


async def test_dropped_with_a_reason_even_while_it_still_waits(store: Store):
    made = await added(store)
    await given_up(store, made, 1)
    await told(store, 2)
    with pytest.raises(BadValue):
        await store.write(lambda c: dead_letters.drop(c, Which(id=1), " ", ANNA, AT))
    assert await store.write(lambda c: dead_letters.drop(c, Which(webhook=made.id), "old", ANNA, AT)) == 1
    assert await store.write(lambda c: dead_letters.drop(c, Which(id=2), "poison", ANNA, AT)) == 1
    with pytest.raises(NotFound):
        await store.write(lambda c: dead_letters.drop(c, Which(id=2), "again", ANNA, AT))
    (queue,) = await store.read(deliveries.backlog)
    assert (queue.unsent, queue.dead) == (0, 0)
    errors = await store.read(lambda c: c.execute(select(rows.c.error).order_by(rows.c.id)).scalars().all())
    assert errors == ["dropped by anna: old", "dropped by anna: poison"]


async def test_old_rows_are_swept_and_what_waits_is_not(store: Store):
    made = await added(store)
    await given_up(store, made, 1)
    await told(store, 2, 3, now=AT)
    await store.write(lambda c: deliveries.settle(c, made.id, "a/1", deliveries.Sent(delivered=[2]), now=AT))

    async def swept(days: float) -> int:
        now = AT + round(days * DAY)
        return await store.write(lambda c: dead_letters.sweep(c, now, done_days=7, dead_days=30))

    assert [await swept(days) for days in (6, 8, 29, 31, 400)] == [0, 1, 0, 1, 0]
    (queue,) = await store.read(deliveries.backlog)
    assert (queue.webhook, queue.unsent) == (WebhookId(1), 1)
