"""How often: a bucket for each asker, seen by the clock that is handed in."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from callserver.settings import Secret, WebSettings
from callserver.store.engine import Store
from callserver.web.api import limits
from callserver.web.api.limits import Buckets
from callserver.web.server import application
from tests.web.conftest import TOKEN, Site


def test_as_many_as_fit_into_a_minute_may_come_at_once_and_then_as_time_goes() -> None:
    buckets = Buckets(60)
    assert all(buckets.take("a", 0.0).allowed for _ in range(60))
    refused = buckets.take("a", 0.0)
    assert (refused.allowed, refused.remaining, refused.retry_s) == (False, 0, 1)
    assert buckets.take("a", 1.0).allowed
    assert not buckets.take("a", 1.0).allowed


def test_one_asker_does_not_take_from_another() -> None:
    buckets = Buckets(1)
    assert buckets.take("a", 0.0).allowed
    assert not buckets.take("a", 0.0).allowed
    assert buckets.take("b", 0.0).allowed


def test_the_headers_say_what_is_left_and_when_to_come_again() -> None:
    buckets = Buckets(2)
    assert buckets.take("a", 0.0).headers() == {
        "RateLimit-Limit": "2",
        "RateLimit-Remaining": "1",
        "RateLimit-Reset": "30",
    }
    buckets.take("a", 0.0)
    assert buckets.take("a", 0.0).headers()["Retry-After"] == "30"


def test_a_full_bucket_does_not_run_over() -> None:
    buckets = Buckets(2)
    buckets.take("a", 0.0)
    assert buckets.take("a", 9999.0).remaining == 1


def test_addresses_without_end_do_not_fill_the_memory() -> None:
    buckets = Buckets(1)
    for number in range(limits.MOST + 100):
        buckets.take(str(number), 0.0)
    assert len(buckets._filled) == limits.MOST


@pytest_asyncio.fixture
async def small(store: Store) -> AsyncIterator[Site]:
    """A port where three requests fit into a minute, and two of a stranger's."""
    site = Site(store)
    settings = WebSettings(token=Secret(TOKEN), requests_per_minute=3, strangers_per_minute=2)
    async with TestClient(TestServer(application(settings, store, site.vitals))) as site.client:
        yield site


async def test_too_many_requests_are_told_when_to_come_again(small: Site) -> None:
    answers = [await small.ask("GET", "queues") for _ in range(4)]
    assert [one.status for one in answers] == [200, 200, 200, 429]
    assert [one.headers["RateLimit-Remaining"] for one in answers] == ["2", "1", "0", "0"]
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 20
    assert answers[3].headers["Content-Type"] == "application/problem+json"


async def test_who_guesses_tokens_is_not_listened_to_but_the_good_token_still_is(small: Site) -> None:
    guesses = [(await small.ask("GET", "queues", token=f"guess-{number}")).status for number in range(3)]
    assert guesses == [401, 401, 429]
    assert (await small.get("/api/docs")).status == 429
    assert (await small.ask("GET", "queues")).status == 200


async def test_a_token_that_was_made_up_costs_no_look_into_the_store(site: Site) -> None:
    await site.store.close()
    made_up = "cs_" + "x" * 49
    begun = time.perf_counter()
    assert {(await site.ask("GET", "queues", token=made_up)).status for _ in range(20)} == {401}
    assert time.perf_counter() - begun < 60


async def test_health_and_metrics_are_asked_as_often_as_a_watcher_likes(small: Site) -> None:
    assert {(await small.get("/healthz")).status for _ in range(10)} == {200}
