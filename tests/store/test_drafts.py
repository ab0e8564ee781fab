"""Drafts go: with their record, with whoever they are about, and after a month."""

from __future__ import annotations

from callserver.store import drafts, retention
from callserver.store.engine import Store
from callserver.store.retention import DAY_MS, KINDS, Terms
from tests.store.of_tickets import NOON

LI = 7


async def saved(store: Store, subject: str, words: str = "x", at: int = NOON, **fields: object) -> None:
    await store.write(lambda c: drafts.save(c, LI, subject, words, dict(fields), at))


async def subjects(store: Store) -> list[str]:
    return sorted(one.subject for one in await store.read(lambda c: drafts.of_user(c, LI)))


async def test_whoever_is_erased_is_in_no_draft_any_more(store: Store) -> None:
    await saved(store, "ticket:1", "theirs by its ticket")
    await saved(store, "call:main:1.1", "theirs by its call")
    await saved(store, "ticket:2", "call her on 138-0013 8000 again")
    await saved(store, "ticket:3", "somebody else's", number="13900139000")
    await saved(store, "ticket:4", "x", number="+8613800138000")
    about = ["customer:9", "ticket:1", "call:main:1.1"]
    assert await store.write(lambda c: drafts.forget(c, about, ["+8613800138000"], NOON)) == 4
    assert await subjects(store) == ["ticket:3"]


async def test_a_number_is_found_however_it_was_typed_and_not_where_its_digits_only_happen_to_be(
    store: Store,
) -> None:
    await saved(store, "ticket:1", "(138) 0013/8000", at=NOON)
    await saved(store, "ticket:2", "13800, then 1 and 38000", number="1380013", again="8000")
    await saved(store, "ticket:3", "1 3 8 8 0 0 0 1 1 3 3 8 8 0 0 0 9")
    assert await store.write(lambda c: drafts.forget(c, [], ["+8613800138000"], NOON)) == 2
    assert await subjects(store) == ["ticket:3"]


async def test_a_draft_about_any_of_many_tickets_goes_and_its_writers_screens_hear_of_it(
    store: Store,
) -> None:
    heard: list[object] = []
    await saved(store, "ticket:1199")
    store.on_told(heard.extend)
    many = [f"ticket:{number}" for number in range(1, 1_200)]
    assert await store.write(lambda c: drafts.forget(c, many, [], NOON)) == 1
    assert heard == [drafts.Saved(user=LI, subject="ticket:1199", counter=0, at=NOON, tab=None)]


async def test_what_nobody_recorded_goes_after_its_term(store: Store) -> None:
    await saved(store, "ticket:1", at=NOON - 31 * DAY_MS)
    await saved(store, "ticket:2", at=NOON - 29 * DAY_MS)
    terms = Terms(**(dict.fromkeys(KINDS, 0) | {"drafts": 30}))
    assert await retention.sweep(store, terms, NOON) == {"drafts": 1}
    assert await subjects(store) == ["ticket:2"]


async def test_a_draft_is_dropped_only_as_far_as_it_was_seen(store: Store) -> None:
    for words in "ab":
        await saved(store, "ticket:1", words)
    assert not await store.write(lambda c: drafts.drop(c, LI, "ticket:1", NOON, upto=1))
    assert not await store.write(lambda c: drafts.drop(c, 8, "ticket:1", NOON))
    assert await store.write(lambda c: drafts.drop(c, LI, "ticket:1", NOON, upto=2))
    assert await store.read(lambda c: drafts.find(c, LI, "ticket:1")) is None
