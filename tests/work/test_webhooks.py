"""The courier: everything arrives at least once and in order, whatever the other side does, on both databases."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from callserver.errors import NotFound
from callserver.facts import MACHINE, iso
from callserver.store import dead_letters, deliveries, engine, outbox, webhooks
from callserver.store.deliveries import Letter
from callserver.store.engine import Store
from callserver.store.webhook import State, Webhook, WebhookId
from callserver.work.posting import Delivered, Down, Post, Refused, why
from callserver.work.webhooks import (
    FIRST_WAIT_S,
    LAST_WAIT_S,
    Courier,
    Send,
    backoff,
    send_test,
    sender,
)
from tests.node.conftest import eventually
from tests.work.receivers import AT, Heard, receiver, signed_by, subscribed, told, unmannered

__all__ = ["prepared_file", "shared_postgres", "store", "url"]
from tests.store.conftest import prepared_file, shared_postgres, store, url

HOUR = 3_600_000


class Clock:
    """Simulated time, in milliseconds."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> int:
        return self.now

    def on(self, seconds: float) -> None:
        self.now += round(seconds * 1000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def send(clock: Clock) -> AsyncIterator[Send]:
    post = Post()
    yield sender(post, "/callserver/test", clock)
    await post.close()


@pytest.fixture
def courier(store: Store, send: Send, clock: Clock) -> Courier:
    return made(store, send, clock)


def made(store: Store, send: Send, clock: Callable[[], Any], name: str = "node-a/1", **more: Any) -> Courier:
    return Courier(store, name, send, now=clock, chance=lambda: 0.0, **more)


async def now_of(store: Store, webhook: Webhook) -> Webhook:
    return await store.read(lambda c: webhooks.get(c, webhook.id))


async def dead(store: Store) -> list[Letter]:
    return await store.read(dead_letters.listed)


async def put(store: Store, webhook: Webhook, state: State) -> Webhook:
    return await store.write(
        lambda c: webhooks.change(c, webhook.id, replace(webhook.asked, state=state), MACHINE, AT)
    )


# --- what arrives ----------------------------------------------------------------------------------------------------


async def test_an_event_arrives_as_a_signed_cloud_event(store, courier, clock):
    async with receiver() as there:
        webhook = await subscribed(store, there.url, headers={"Authorization": "Bearer x", "X-Site": "a"})
        await told(store, 7)
        await courier.work_once()
    (heard,) = there.heard
    assert heard.event == {
        "specversion": "1.0",
        "id": heard.headers["Webhook-Id"],
        "source": "/callserver/test",
        "type": "callserver.ticket.entry",
        "subject": "ticket:17",
        "time": iso(AT + 7),
        "datacontenttype": "application/json",
        "data": {"n": 7},
    }
    assert heard.headers["Content-Type"] == "application/cloudevents+json"
    assert heard.headers["Idempotency-Key"] == heard.headers["Webhook-Id"]
    assert heard.headers["Webhook-Timestamp"] == str(clock.now // 1000)
    assert (heard.headers["Authorization"], heard.headers["X-Site"]) == ("Bearer x", "a")
    assert signed_by(webhook.keys[0].text, heard)
    assert await store.read(lambda c: outbox.pending(c, "ticket:17")) == outbox.Pending()


async def test_while_keys_change_both_fit_and_afterwards_only_the_new_one(store, courier, clock):
    async with receiver() as there:
        webhook = await subscribed(store, there.url)
        changed = await store.write(lambda c: webhooks.rotate(c, webhook.id, MACHINE, AT, overlap_s=60))
        await told(store, 1)
        await courier.work_once()
        clock.on(60)
        await told(store, 2)
        await courier.work_once()
    new, old = changed.keys
    assert [signed_by(new.text, heard) for heard in there.heard] == [True, True]
    assert [signed_by(old.text, heard) for heard in there.heard] == [True, False]


async def test_events_arrive_in_their_order_one_after_another(store, courier):
    async def slowly(heard: Heard) -> web.Response:
        await asyncio.sleep(0.002)
        return web.Response()

    async with receiver(behave=slowly) as there:
        await subscribed(store, there.url)
        for subject in ("ticket:1", "ticket:2"):
            await told(store, *range(30), subject=subject)
        await courier.work_once()
    assert there.numbers == [*range(30), *range(30)]
    assert there.most_at_once == 1


async def test_a_paused_webhook_gets_nothing_until_it_goes_on(store, courier):
    async with receiver() as there:
        webhook = await put(store, await subscribed(store, there.url), "paused")
        await told(store, 1)
        await courier.work_once()
        assert there.heard == []
        await put(store, webhook, "on")
        await courier.work_once()
    assert there.numbers == [1]


async def test_the_loop_sends_what_is_told_while_it_runs_and_stops_in_good_order(store, send):
    results: list[tuple[WebhookId, str]] = []
    backlog: list[Any] = []
    courier = made(
        store, send, lambda: None, poll_s=0.02,
        on_result=lambda *result: results.append(result), on_backlog=backlog.append,
    )  # fmt: skip
    async with receiver() as there:
        webhook = await subscribed(store, there.url)
        running = asyncio.create_task(courier.run())
        for number in range(3):
            await told(store, number)
            await eventually(partial(there.has_heard, number + 1))
        courier.stop()
        await running
    assert results == [(webhook.id, "delivered")] * 3
    assert [one.webhook for one in backlog[0]] == [webhook.id]


async def test_cancelled_while_a_receiver_stalls_it_writes_down_what_had_arrived(store, send, clock):
    async def stalls_at_the_second(heard: Heard) -> web.Response:
        if heard.event["data"]["n"] == 2:
            await asyncio.sleep(30)
        return web.Response()

    async with receiver(behave=stalls_at_the_second) as there:
        webhook = await subscribed(store, there.url)
        await told(store, 1, 2)
        running = asyncio.create_task(made(store, send, clock, poll_s=0.02).run())
        await eventually(lambda: len(there.heard) == 2)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert (await store.read(lambda c: outbox.pending(c, "ticket:17"))).count == 1
        there.behave = None
        await made(store, send, clock, "node-b/1").work_once()  # at once: the claim was given back
    assert there.numbers == [1, 2, 2]
    assert (await now_of(store, webhook)).failures == 0


# --- the other side is down ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 503, 429, 408, 302])
async def test_trouble_stops_the_webhook_and_keeps_the_order(store, courier, clock, status):
    async with receiver(status=status, text="no") as there:
        webhook = await subscribed(store, there.url)
        await told(store, 1, 2, 3)
        await courier.work_once()
        assert there.numbers == [1]
        failing = await now_of(store, webhook)
        assert (failing.failures, failing.failing_since) == (1, AT)
        assert failing.notice is not None
        assert failing.notice.startswith(str(status))
        await courier.work_once()
        assert there.numbers == [1]
        there.status = 204
        clock.on(FIRST_WAIT_S)
        await courier.work_once()
    assert there.numbers == [1, 1, 2, 3]
    well = await now_of(store, webhook)
    assert (well.failures, well.failing_since, well.retry_at, well.notice) == (0, None, None, None)


async def test_the_same_event_tried_again_has_the_same_id_and_bytes(store, courier, clock):
    async with receiver(status=503) as there:
        await subscribed(store, there.url)
        await told(store, 1)
        await courier.work_once()
        clock.on(FIRST_WAIT_S)
        await courier.work_once()
    first, second = there.heard
    assert first.body == second.body
    assert first.headers["Webhook-Id"] == second.headers["Webhook-Id"]
    assert first.headers["Webhook-Timestamp"] != second.headers["Webhook-Timestamp"]


async def test_the_other_side_is_not_asked_before_it_said(store, courier, clock):
    async with receiver(status=429, headers={"Retry-After": "1800"}) as there:
        await subscribed(store, there.url)
        await told(store, 1)
        await courier.work_once()
        clock.on(1_799)
        await courier.work_once()
        assert len(there.heard) == 1
        clock.on(1)
        await courier.work_once()
    assert len(there.heard) == 2


async def test_rubbish_is_tried_again_until_there_is_an_answer(store, courier, clock):
    async with unmannered(b"\x00 rubbish") as url:
        webhook = await subscribed(store, url)
        await told(store, 1)
        await courier.work_once()
    async with receiver(port=int(url.split(":")[2].split("/")[0])) as there:
        clock.on(FIRST_WAIT_S)
        await courier.work_once()
    assert there.numbers == [1]
    assert (await now_of(store, webhook)).notice is None


async def test_a_webhook_that_is_dead_or_stalls_delays_no_other(store, courier):
    stalled = asyncio.Event()

    async def stall(heard: Heard) -> web.Response:
        await stalled.wait()
        return web.Response()

    async with receiver() as well, receiver(status=503) as ill, receiver(behave=stall) as slow:
        for there in (slow, ill, well):
            await subscribed(store, there.url)
        await told(store, *range(30))
        working = asyncio.create_task(courier.work_once())
        await eventually(lambda: len(well.heard) == 30)
        assert (len(ill.heard), len(slow.heard)) == (1, 1)
        stalled.set()
        await working
        assert len(slow.heard) == 30


def test_waits_grow_from_seconds_to_a_quarter_of_an_hour_and_differ():
    waits = [backoff(failures, 0.0) for failures in range(1, 12)]
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]
    assert backoff(3, 1.0) == 16
    assert backoff(10_000, 0.5) == 810


@pytest.mark.timeout(400)
async def test_a_day_of_outage_loses_nothing(store, courier, clock):
    """1,500 events of 60 tickets in 24 hours (500 of 20 on PostgreSQL) while nobody takes them. Only the first is
    tried, about a hundred times; when the receiver is back, each of the others arrives once and in its order.
    """
    put_down, all_ = 0, 1_500 if store.dialect == "sqlite" else 500

    async def put_down_until(count: int) -> None:
        nonlocal put_down
        for subject, numbers in itertools.groupby(range(put_down, count), lambda n: f"ticket:{n // 25}"):
            await told(store, *numbers, subject=subject, now=clock.now)
        put_down = count

    async with receiver(status=503) as there:
        webhook = await subscribed(store, there.url)
        while clock.now < AT + 24 * HOUR:
            await put_down_until(1 + (all_ - 2) * (clock.now - AT) // (24 * HOUR))
            await courier.work_once()
            retry_at = (await now_of(store, webhook)).retry_at
            assert retry_at is not None
            clock.now = retry_at
        await put_down_until(all_)
        tries = len(there.heard)
        assert set(there.numbers) == {0}
        assert 95 <= tries <= 110
        (waiting,) = await store.read(deliveries.backlog)
        assert (waiting.unsent, waiting.dead, waiting.since) == (all_, 0, AT)
        there.status = 204
        await courier.work_once()
        assert there.numbers[tries:] == list(range(all_))
    (waiting,) = await store.read(deliveries.backlog)
    assert (waiting.unsent, waiting.dead, waiting.since) == (0, 0, None)


async def test_after_three_days_the_oldest_are_given_up_visibly_and_the_rest_waits_on(store, courier, clock):
    async with receiver(status=500, text="broken") as there:
        webhook = await subscribed(store, there.url)
        await told(store, 1, 2, now=clock.now)
        await courier.work_once()
        clock.on(2 * 86_400)
        await told(store, 3, now=clock.now)
        await courier.work_once()
        assert await dead(store) == []
        clock.on(86_400 + 1)
        await courier.work_once()
        given_up = await dead(store)
        assert [letter.event for letter in given_up] == ["ticket:17:e1", "ticket:17:e2"]
        assert given_up[0].error == "given up: 500 Internal Server Error broken"
        there.status = 204
        clock.on(LAST_WAIT_S)
        await courier.work_once()
        assert there.numbers[-1] == 3
        which = dead_letters.Which(webhook=webhook.id)
        assert await store.write(lambda c: dead_letters.resend(c, which, MACHINE, clock.now)) == 2
        await courier.work_once()
    assert there.numbers[-2:] == [1, 2]


# --- the other side says no ------------------------------------------------------------------------------------------


async def test_a_refused_event_is_tried_three_times_a_minute_apart_and_the_rest_goes_on(
    store, courier, clock
):
    async def not_two(heard: Heard) -> web.Response:
        return web.Response(status=422 if heard.event["data"]["n"] == 2 else 204, text=None)

    async with receiver(behave=not_two) as there:
        await subscribed(store, there.url)
        await told(store, 1, 2)
        await told(store, 3, subject="ticket:18")
        await told(store, 4)
        for _ in range(4):
            await courier.work_once()
            await courier.work_once()
            clock.on(60)
    # 4 is about the same ticket as 2, and waits until 2 is there or dead
    assert there.numbers == [1, 2, 3, 2, 2, 4]
    (letter,) = await dead(store)
    assert letter.error == "422 Unprocessable Entity"
    assert (letter.event, letter.attempts) == ("ticket:17:e2", 3)


async def test_410_switches_off_with_a_notice_and_keeps_what_had_waited(store, courier):
    async with receiver(status=410, text="we moved") as there:
        webhook = await subscribed(store, there.url)
        await told(store, 1, 2)
        await courier.work_once()
        await told(store, 3)
        await courier.work_once()
    assert there.numbers == [1]
    off = await now_of(store, webhook)
    assert (off.asked.state, off.notice, off.version) == ("off", "410 Gone we moved", 2)
    assert [letter.event for letter in await dead(store)] == ["ticket:17:e1", "ticket:17:e2"]


async def test_an_answer_full_of_rubbish_is_kept_as_text_that_can_be_stored(store, courier):
    async with unmannered(b"HTTP/1.1 500 \xff\xfe\r\n\r\n\x00<script>\xff\xe2\x80\xae") as url:
        webhook = await subscribed(store, url)
        await told(store, 1)
        await courier.work_once()
    notice = (await now_of(store, webhook)).notice
    assert notice is not None
    assert "<script>" in notice
    assert "\x00" not in notice


# --- several workers -------------------------------------------------------------------------------------------------


async def test_two_nodes_never_send_for_one_webhook_at_the_same_time(store, url, send, clock):
    async def slowly(heard: Heard) -> web.Response:
        await asyncio.sleep(0.003)
        return web.Response()

    other = await engine.open(url)
    async with receiver(behave=slowly) as there:
        await subscribed(store, there.url)
        await told(store, *range(60))
        couriers = [made(store, send, clock, "node-a/1"), made(other, send, clock, "node-b/1")]
        for _ in range(3):
            await asyncio.gather(*(courier.work_once() for courier in couriers))
    await other.close()
    assert there.most_at_once == 1
    assert there.numbers == list(range(60))


async def test_what_a_dead_worker_held_is_sent_by_another_when_its_claim_is_over(store, courier, clock):
    async with receiver() as there:
        webhook = await subscribed(store, there.url)
        await told(store, 1)
        assert await store.write(lambda c: deliveries.claim(c, webhook.id, "dead/1", hold_s=60, now=AT))
        await courier.work_once()
        assert there.heard == []
        clock.on(60)
        await courier.work_once()
    assert there.numbers == [1]


async def test_a_node_that_begins_again_sends_at_once_what_its_last_run_held(store, courier, clock):
    async with receiver() as there:
        mine, others = await subscribed(store, there.url), await subscribed(store, there.url)
        for webhook, worker in ((mine, "node-a/0"), (others, "node-ab/0")):
            held = partial(deliveries.claim, webhook=webhook.id, worker=worker, hold_s=60, now=AT)
            assert await store.write(held)
        assert await store.write(lambda c: deliveries.take_back(c, "node-a", "node-a/1")) == 1
        await told(store, 1)
        await courier.work_once()
    assert there.numbers == [1]
    assert (await store.read(deliveries.backlog))[1].unsent == 1


# --- the test button -------------------------------------------------------------------------------------------------


async def test_the_test_button_sends_at_once_and_says_what_came_back(store, send):
    async with receiver(status=200, text="hello") as there:
        webhook = await put(store, await subscribed(store, there.url), "off")
        answer = await send_test(store, send, webhook.id, AT)
    assert isinstance(answer, Delivered)
    assert (answer.status, answer.said) == (200, "OK hello")
    (heard,) = there.heard
    assert heard.event["type"] == "callserver.test"
    assert signed_by(webhook.keys[0].text, heard)
    assert await now_of(store, webhook) == webhook


async def test_a_test_that_fails_says_why_and_changes_nothing(store, send):
    async with receiver(status=404) as there:
        webhook = await subscribed(store, there.url)
        assert isinstance(await send_test(store, send, webhook.id, AT), Refused)
    answer = await send_test(store, send, webhook.id, AT)
    assert isinstance(answer, Down)
    assert "Cannot connect" in why(answer)
    assert await now_of(store, webhook) == webhook


async def test_a_webhook_that_does_not_exist_cannot_be_tested(store, send):
    with pytest.raises(NotFound):
        await send_test(store, send, WebhookId(9), AT)
