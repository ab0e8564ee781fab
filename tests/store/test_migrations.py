"""How a database gets its tables, and which databases are refused."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import pytest_asyncio
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from callserver.errors import SchemaTooNew, SchemaTooOld, StoreError
from callserver.store import address, bare, engine, migrations
from callserver.store.migrations import Schema
from callserver.store.tables import metadata


async def asked(url: str, *statements: str) -> list[object]:
    """What a database answers to the last of these statements, asked without our engine."""

    def ask(connection: Connection) -> list[object]:
        for statement in statements:
            answer = connection.execute(text(statement))
        return list(answer.scalars()) if answer.returns_rows else []

    return await bare.change(address.parse(url), ask)


TOMORROW = """
from alembic import op
revision, down_revision, branch_labels, depends_on = "0009", "0008", None, None

def upgrade():
    op.execute("CREATE TABLE tomorrow (id INTEGER)")
    {more}
"""


@pytest_asyncio.fixture
async def url(empty_url: str) -> str:
    """A database of this version that these tests may spoil."""
    await migrations.upgrade(empty_url)
    return empty_url


@pytest.fixture
def tomorrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Calling it makes this program what it may be tomorrow: one migration more, which also does what is given."""
    scripts = tmp_path / "scripts"
    shutil.copytree(migrations.SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrations, "SCRIPTS", scripts)
    migration = scripts / "versions" / "a0009_tomorrow.py"

    def write(more: str) -> None:
        migration.write_text(TOMORROW.format(more=more))

    return write


def contents(folder: Path) -> dict[str, bytes]:
    """Each file in a folder and what is in it."""
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.is_file()}


async def test_an_empty_database_is_filled_by_itself(empty_url: str) -> None:
    assert await migrations.state(empty_url) is Schema.EMPTY
    await migrations.prepare(empty_url)
    assert await migrations.state(empty_url) is Schema.CURRENT
    await migrations.prepare(empty_url)
    await migrations.upgrade(empty_url)
    await migrations.check(empty_url)


async def test_the_migrations_make_the_tables_that_the_program_uses(empty_url: str) -> None:
    await migrations.upgrade(empty_url)

    def is_table(name: str | None, _kind: str, _parents: object) -> bool:
        return not str(name).startswith("customer_words")  # the full-text index, and what SQLite keeps it in

    def difference(connection: Connection) -> list[object]:
        options = {
            "version_table": migrations.VERSION_TABLE,
            "compare_server_default": True,
            "include_name": is_table,
        }
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    assert await bare.look(address.parse(empty_url), difference) == []


async def test_the_migrations_make_the_indexes_that_the_program_uses(empty_url: str) -> None:
    """Word for word, conditions included, which Alembic does not compare."""
    catalogue = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
    if not empty_url.startswith("sqlite"):
        catalogue = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname"
    await migrations.upgrade(empty_url)
    migrated = await asked(empty_url, f"DROP TABLE {migrations.VERSION_TABLE}", catalogue)
    await bare.change(address.parse(empty_url), metadata.drop_all)
    await bare.change(address.parse(empty_url), metadata.create_all)
    assert migrated == await asked(empty_url, catalogue)
    assert len(migrated) >= 6


async def test_a_database_of_a_newer_version_is_refused_untouched(url: str, tmp_path: Path) -> None:
    await asked(url, f"UPDATE {migrations.VERSION_TABLE} SET version_num = '9999'")
    before = contents(tmp_path)
    for refuse in (migrations.check, migrations.prepare, migrations.upgrade, engine.open):
        with pytest.raises(
            SchemaTooNew, match=r"schema 9999.*only up to 0008.*newer version.*nothing was changed"
        ):
            await refuse(url)
    assert contents(tmp_path) == before
    assert await asked(url, f"SELECT version_num FROM {migrations.VERSION_TABLE}") == ["9999"]


async def test_an_old_database_is_changed_only_when_told(url: str, tomorrow: Callable[[str], None]) -> None:
    await asked(url, "INSERT INTO switches (pbx, last_seq) VALUES ('main', 41)")
    tomorrow("")
    for refuse in (migrations.check, migrations.prepare, engine.open):
        with pytest.raises(SchemaTooOld, match="callserver db upgrade"):
            await refuse(url)
    assert await migrations.state(url) is Schema.OLD
    await migrations.upgrade(url)
    assert await migrations.state(url) is Schema.CURRENT
    assert await asked(url, "SELECT last_seq FROM switches") == [41]


async def test_an_upgrade_that_fails_halfway_leaves_the_old_database(
    url: str, tomorrow: Callable[[str], None]
) -> None:
    tomorrow('op.execute("CREATE TABLE switches (id INTEGER)")')
    with pytest.raises(StoreError, match="already exists"):
        await migrations.upgrade(url)
    assert await migrations.state(url) is Schema.OLD
    tomorrow("")  # would fail if the first try had left its table
    await migrations.upgrade(url)
    assert await asked(url, "SELECT count(*) FROM tomorrow") == [0]


async def test_what_the_third_version_owed_is_looked_at_and_what_was_somebodys_product_is_theirs(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = tmp_path / "third"
    shutil.copytree(migrations.SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    for later in scripts.glob("versions/a000[4-9]*.py"):
        later.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "SCRIPTS", scripts)
        await migrations.upgrade(empty_url)
    await asked(
        empty_url,
        "INSERT INTO tickets (id, number, version, kind, status, open, priority, team, opened_at, touched_at, record)"
        " VALUES (1, '1', 1, 'x', 'open', 1 = 1, 1, 'line', 1, 1, '')",
        "INSERT INTO promises (kind, ticket_id, status, due_at, deadline_at, created_at, settled_at, why) VALUES"
        " ('sale', 1, 'planned', 7, 8, 1, NULL, ''), ('sale', 1, 'broken', 7, 8, 1, 9, ''),"
        " ('sale', 1, 'kept', 7, 8, 1, 9, '')",
        "INSERT INTO history (subject, subject_id, version, at, actor, through, record) VALUES"
        " ('kind', '0', 1, 1, 'mei', 'cli', '{}'),"
        """ ('product', '5', 1, 1, 'mei', 'cli', '{"id": 5, "customer": 17}')""",
    )
    await migrations.upgrade(empty_url)
    for column, values in (
        ("next_at", [7, None, None]),
        ("broken_at", [None, 9, None]),
        ("settled_at", [None, None, 9]),
        ("mode", ["agent_first"] * 3),
        ("of_team", ["line"] * 3),
    ):
        assert await asked(empty_url, f"SELECT {column} FROM promises ORDER BY id") == values
    assert await asked(empty_url, "SELECT customer_id FROM history ORDER BY subject_id") == [None, 17]


async def test_two_nodes_that_start_at_once_upgrade_once(empty_url: str) -> None:
    await asyncio.gather(*(migrations.prepare(empty_url) for _ in range(3)))
    assert await asked(empty_url, f"SELECT version_num FROM {migrations.VERSION_TABLE}") == ["0008"]


async def test_somebody_elses_tables_are_left_alone(empty_url: str) -> None:
    await asked(empty_url, "CREATE TABLE calls (id INTEGER)")
    for refuse in (migrations.check, migrations.prepare, migrations.upgrade):
        with pytest.raises(StoreError, match="not a callserver database, but it has tables named calls"):
            await refuse(empty_url)


async def test_tables_that_are_not_in_our_way_do_not_disturb(empty_url: str) -> None:
    await asked(empty_url, "CREATE TABLE alembic_version (version_num VARCHAR(32))")
    await migrations.prepare(empty_url)
    assert await migrations.state(empty_url) is Schema.CURRENT


@pytest.fixture
def no_database(tmp_path: Path) -> Path:
    file = tmp_path / "calls.db"
    file.write_bytes(b"one, two, three\n" * 100)
    return file


async def test_a_file_that_is_no_database_is_left_as_it_is(no_database: Path) -> None:
    before = contents(no_database.parent)
    for refuse in (migrations.check, migrations.prepare, migrations.upgrade):
        with pytest.raises(StoreError, match="not a database"):
            await refuse(f"sqlite:///{no_database}")
    assert contents(no_database.parent) == before


async def test_looking_for_a_database_does_not_make_one(tmp_path: Path) -> None:
    with pytest.raises(SchemaTooOld):
        await migrations.check(f"sqlite:///{tmp_path}/none.db")
    assert contents(tmp_path) == {}
    with pytest.raises(StoreError, match=r"no such directory: .*/nowhere"):
        await migrations.prepare(f"sqlite:///{tmp_path}/nowhere/none.db")


async def test_odd_characters_in_a_files_name_are_its_name(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/50% of #1 通话.db"
    await migrations.prepare(url)
    assert await migrations.state(url) is Schema.CURRENT
    assert list(contents(tmp_path)) == ["50% of #1 通话.db"]
