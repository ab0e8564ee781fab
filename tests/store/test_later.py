"""Indexes that a first list puts off: taken away where nobody is missed by it, and there again whatever happens."""

import pytest
from sqlalchemy import text

from callserver.facts import Actor
from callserver.store import engine, importing, later, leases
from callserver.store.importing import Position
from tests.store.test_importing import WANG, entry, land

LIST = Actor(name="anna", through="import")


@pytest.fixture
def begun(store):
    """Begin an import of so many rows."""

    async def begin(about: int) -> None:
        assert Position() == await store.write(
            lambda connection: importing.begin(connection, f"d{about}", "list.csv", LIST, 5, about=about)
        )

    return begin


async def missing(store) -> bool:
    return bool(await store.read(later.is_missing))


async def test_a_first_list_puts_them_off_and_who_opens_the_database_makes_them(store, url, begun):
    await begun(100)
    assert await missing(store) is (store.dialect == "sqlite")
    other = await engine.open(url)
    try:
        assert not await missing(other)
        assert not await store.write(later.make_one)
    finally:
        await other.close()


async def test_not_where_somebody_might_be_looked_for(store, begun):
    await land(store, entry(**WANG))
    await begun(100)
    assert not await missing(store)


async def test_not_beside_a_hotline(store, begun):
    await leases.acquire(store, "pbx:main", "somebody", 60)
    await begun(100)
    assert not await missing(store)


async def test_not_for_a_list_of_which_one_index_would_keep_others_waiting(store, begun):
    await begun(later.MOST + 1)
    assert not await missing(store)


async def test_a_customer_is_never_there_twice_without_them(store, begun):
    """Those that say so, and those by which calls find somebody, are never put off."""
    await begun(100)

    def names(connection):
        wanted = text("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        return set(connection.execute(wanted).scalars())

    if store.dialect == "sqlite":
        kept = {
            "uq_customers_external",
            "uq_customers_mark",
            "ix_products_customer",
            "ix_customer_numbers_customer",
        }
        assert kept <= await store.read(names)
