"""Policies of promises: shipped, changed by an administrator, two of whom do not undo each other; what is paused."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from callserver.errors import BadValue, BadValues, NotFound, Outdated
from callserver.promises.defaults import DEFAULTS
from callserver.promises.policy import Policy
from callserver.store import audit, dialling, policies
from callserver.store.engine import Store
from callserver.tickets.promise import PROMISE_KINDS
from tests.store.of_tickets import ANNA, HOUR, NOON, done, noted

WATCH = DEFAULTS["watch"]


async def put(store: Store, policy: Policy, expected: int) -> Policy:
    return await done(store, policies.put, policy, expected, ANNA, NOON)


async def test_every_kind_has_a_policy_as_it_is_shipped(store: Store) -> None:
    assert dict(await done(store, policies.every)) == dict(DEFAULTS)
    assert set(DEFAULTS) == set(PROMISE_KINDS)
    with pytest.raises(NotFound):
        await done(store, policies.get, "no such kind\0")


async def test_a_changed_policy_is_kept_with_what_it_was(store: Store) -> None:
    first = await put(store, replace(WATCH, deadline_ms=2 * HOUR), 0)
    assert (first.version, first.deadline_ms) == (1, 2 * HOUR)
    second = await put(store, replace(WATCH, caller_id="053288888888"), 1)
    assert await done(store, policies.get, "watch") == second
    assert (await done(store, policies.every))["watch"] == second
    assert await noted(store) == ["policy.change"] * 2
    (told, *_) = [one async for one in audit.lines(store)]
    before, after = told.to_json()["detail"]["changed"]["deadline_ms"]
    assert (before, after) == (WATCH.deadline_ms, 2 * HOUR)
    assert await done(store, policies.reset, "watch", 2, ANNA, NOON) == WATCH
    assert (await put(store, first, 0)).version == 3


async def test_of_two_administrators_one_has_to_look_again(store: Store) -> None:
    both = (replace(WATCH, most_tries=n) for n in (3, 4))
    answers: list[Any] = await asyncio.gather(*(put(store, one, 0) for one in both), return_exceptions=True)
    assert sorted(type(one).__name__ for one in answers) == ["Outdated", "Policy"]
    with pytest.raises(Outdated):
        await done(store, policies.reset, "watch", 0, ANNA, NOON)


async def test_a_policy_that_cannot_be_worked_by_is_not_kept(store: Store) -> None:
    with pytest.raises(BadValues):
        await put(store, replace(WATCH, deadline_ms=WATCH.due_ms), 0)
    assert await done(store, policies.get, "watch") == WATCH


async def test_a_kind_is_paused_and_goes_on(store: Store) -> None:
    await done(store, dialling.pause, "survey", "a wrong list\r\n", ANNA, NOON)
    assert await done(store, dialling.paused) == {"survey"}
    (thrown,) = [one for one in await done(store, dialling.switches) if one.paused]
    assert (thrown.scope, thrown.why, thrown.by, thrown.at) == ("survey", "a wrong list", "anna", NOON)
    await done(store, dialling.pause, dialling.ALL, "the trunk is being repaired", ANNA, NOON)
    assert await done(store, dialling.paused) == {"survey", "all"}
    await done(store, dialling.resume, "survey", ANNA, NOON)
    assert await done(store, dialling.paused) == {"all"}
    assert [one.scope for one in await done(store, dialling.switches)] == list(dialling.SCOPES)


async def test_pausing_needs_a_reason_and_something_to_pause(store: Store) -> None:
    with pytest.raises(BadValue):
        await done(store, dialling.pause, "all", " ", ANNA, NOON)
    with pytest.raises(NotFound):
        await done(store, dialling.pause, "everything\0", "because", ANNA, NOON)
