"""Answers that are given again, on both databases."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection

from callserver.errors import BadValue
from callserver.store import idempotency
from callserver.store.engine import Store
from callserver.store.idempotency import KEPT_MS, Kept

NOW = 1_795_000_000_000


def answered(connection: Connection, key: str = "k", request: str = "r", now: int = NOW) -> Kept | None:
    kept = idempotency.begin(connection, "token:1", key, request, now)
    if kept is None:
        idempotency.finish(connection, "token:1", key, 201, {"id": 1, "text": "王\0"})
    return kept


async def test_the_first_request_is_done_the_second_gets_its_answer(store: Store) -> None:
    assert await store.write(answered) is None
    assert await store.write(answered) == Kept(status=201, answer={"id": 1, "text": "王\ufffd"})


async def test_what_was_rolled_back_was_never_there(store: Store) -> None:
    def broken(connection: Connection) -> None:
        answered(connection)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await store.write(broken)
    assert await store.write(answered) is None


async def test_of_many_at_once_one_is_done_and_the_others_get_its_answer(store: Store) -> None:
    kept = await asyncio.gather(*(store.write(answered) for _ in range(10)))
    assert kept.count(None) == 1
    assert {one.status for one in kept if one is not None} == {201}


async def test_another_request_under_the_key_is_refused(store: Store) -> None:
    await store.write(answered)
    with pytest.raises(BadValue, match="another request"):
        await store.write(lambda c: answered(c, request="other"))


async def test_a_key_is_new_after_a_day(store: Store) -> None:
    await store.write(answered)
    assert await store.write(lambda c: answered(c, request="other", now=NOW + KEPT_MS)) is None
