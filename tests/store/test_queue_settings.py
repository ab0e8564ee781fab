"""What administrators set of queues: kept with what it was, taken back, two of them do not undo each other."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from callserver.errors import BadValue, BadValues, NotFound, Outdated
from callserver.store import history, queue_settings
from callserver.store.engine import Store
from callserver.store.queue_settings import Kept, Said
from tests.store.of_tickets import ANNA, NOON, done, noted

REPAIR = Said(title="维修热线", target_s=20, warn_waiting=5, formerly=("repairs",))


async def put(store: Store, said: Said, expected: int, queue: str = "repair") -> Kept:
    return await done(store, queue_settings.put, queue, said, expected, ANNA, NOON)


async def test_what_was_set_is_kept_with_what_it_was_before(store: Store) -> None:
    assert await done(store, queue_settings.find, "repair") == Kept(queue="repair")
    first = await put(store, REPAIR, 0)
    assert first == Kept(queue="repair", version=1, said=REPAIR, updated_at=NOON)
    second = await put(store, Said(title=" Repairs "), 1)
    assert second.said == Said(title="Repairs")
    assert await done(store, queue_settings.every) == (second,)
    (former,) = await done(store, history.page, "queue", "repair")
    assert (former.version, former.record["target_s"]) == (1, 20)


async def test_taken_back_it_is_as_the_file_says_and_no_version_comes_again(store: Store) -> None:
    await put(store, REPAIR, 0)
    back = await done(store, queue_settings.reset, "repair", 1, ANNA, NOON)
    assert (back.version, back.said) == (2, None)
    with pytest.raises(NotFound):
        await done(store, queue_settings.reset, "repair", 2, ANNA, NOON)
    assert (await put(store, REPAIR, 2)).version == 3
    assert await noted(store) == ["queue.change", "queue.reset", "queue.change"]


async def test_of_two_administrators_one_has_to_look_again(store: Store) -> None:
    both = (put(store, Said(target_s=seconds), 0) for seconds in (10, 30))
    answers: list[Any] = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(one).__name__ for one in answers) == ["Kept", "Outdated"]
    with pytest.raises(Outdated):
        await done(store, queue_settings.reset, "repair", 0, ANNA, NOON)


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        (Said(title="a\nb"), ["title"]),
        (Said(title="\ud800"), ["title"]),
        (Said(title="x" * 61, kind="Repair!"), ["title", "kind"]),
        (Said(target_s=0, short_s=-1), ["target_s", "short_s"]),
        (Said(target_s=float("nan")), ["target_s"]),
        (Said(warn_wait_s=90_000, warn_waiting=0), ["warn_wait_s", "warn_waiting"]),
        (Said(formerly=("a", "a")), ["formerly"]),
        (Said(formerly=("a,b",)), ["formerly[0]"]),
    ],
)
def test_what_cannot_be_is_named(said: Said, fields: list[str]) -> None:
    with pytest.raises(BadValues) as wrong:
        queue_settings.checked(said)
    assert [field for field, _ in wrong.value.problems] == fields


@pytest.mark.parametrize("name", ["", " ", "a,b", "a\nb", "x" * 10_000, "a\0"])
async def test_what_is_no_name_of_a_queue_has_no_settings(sqlite_store: Store, name: str) -> None:
    with pytest.raises(BadValue):
        await put(sqlite_store, Said(), 0, name)
