"""An empty database of each kind for every test: a file, and a copy of a prepared PostgreSQL database."""

import asyncio
import shutil
import sqlite3
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import make_url

from callserver.store import engine, leases, migrations
from callserver.store.engine import Store
from callserver.store.journal import Journal
from tests.store.samples import PBX

T = TypeVar("T")

EMPTYING = f"""
DO $$ DECLARE filled text; BEGIN
  SELECT string_agg(oid::regclass::text, ', ') INTO filled FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
      AND relname <> '{migrations.VERSION_TABLE}' AND pg_relation_size(oid) > 0;
  IF filled IS NOT NULL THEN EXECUTE 'TRUNCATE ' || filled || ' CASCADE'; END IF;
  PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence WHERE pg_sequence_last_value(seqrelid) IS NOT NULL;
END $$"""  # what was never written to is left alone: a truncated table is seven new files, and there are seventy

BOTH = [pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.pg)]


async def administer(url: str, command: str) -> None:
    """Run one command outside any of the databases under test."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute(command)
    finally:
        await connection.close()


def named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


@asynccontextmanager
async def elsewhere(url: str, *statements: str) -> AsyncIterator[None]:
    """Somebody else's transaction: it does these statements and stays open until the block ends, then commits."""
    if url.startswith("sqlite"):
        file = sqlite3.connect(make_url(url).database or "", isolation_level=None)
        file.execute("BEGIN IMMEDIATE")
        for statement in statements:
            file.execute(statement)
        yield
        file.execute("COMMIT")
        file.close()
        return
    server = await asyncpg.connect(url.replace("+asyncpg", ""))
    async with server.transaction():
        for statement in statements:
            await server.execute(statement)
        yield
    await server.close()


@contextmanager
def hops(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """What other threads handed back to this loop inside the block: one entry a hop to a thread and back."""
    loop, seen = asyncio.get_running_loop(), list[object]()
    hand_back = loop.call_soon_threadsafe

    def counted(callback: Callable[..., object], *arguments: Any, **more: Any) -> asyncio.Handle:
        seen.append(callback)
        return hand_back(callback, *arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "call_soon_threadsafe", counted)
        yield seen


def beside(doing: Coroutine[Any, Any, T]) -> T:
    """Do it in a thread: this one runs the loop of the test that asks first."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, doing).result()


@pytest.fixture(scope="session")
def prepared_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with our tables. It is copied for each test: quicker than a new one."""
    file = tmp_path_factory.mktemp("prepared") / "calls.db"
    beside(migrations.upgrade(f"sqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def shared_postgres(postgres_url: str) -> str:
    """The URL of a database with our tables. It is emptied before each test: quicker than a new one."""
    name = f"shared_{uuid.uuid4().hex}"  # another folder of tests has one of its own on the same server

    async def prepare() -> str:
        await administer(postgres_url, f"CREATE DATABASE {name}")
        await migrations.upgrade(named(postgres_url, name))
        return named(postgres_url, name)

    return beside(prepare())


@pytest_asyncio.fixture(params=BOTH)
async def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/calls.db"
        return
    server = request.getfixturevalue("postgres_url")
    name = f"empty_{uuid.uuid4().hex}"
    await administer(server, f"CREATE DATABASE {name}")
    yield named(server, name)
    await administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture(params=BOTH)
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with our tables and nothing in them."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("prepared_file"), tmp_path / "calls.db")
        url = f"sqlite:///{tmp_path}/calls.db"
    else:
        url = request.getfixturevalue("shared_postgres")
        await administer(url, EMPTYING)
    return url


@pytest_asyncio.fixture
async def store(url: str) -> AsyncIterator[Store]:
    opened = await engine.open(url)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def journal(store: Store) -> AsyncIterator[Journal]:
    """The journal of PBX, its lease held."""
    opened = await own(store)
    yield opened
    await opened.close()


async def own(store: Store, holder: str = "node-a/1", ttl_s: float = 60) -> Journal:
    """Take the lease of PBX and open its journal."""
    lease = await leases.acquire(store, leases.lease_of(PBX), holder, ttl_s)
    assert lease is not None
    return Journal(store, PBX, holder=holder, epoch=lease.epoch)


@pytest_asyncio.fixture
async def sqlite_store(prepared_file: Path, tmp_path: Path) -> AsyncIterator[Store]:
    """For what is asked of one database only: random walks, plans of queries."""
    shutil.copy(prepared_file, tmp_path / "one.db")
    opened = await engine.open(f"sqlite:///{tmp_path}/one.db", synchronous="OFF")
    yield opened
    await opened.close()
