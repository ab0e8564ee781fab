"""How a database gets this program's tables, and whether it has them.

In: a URL. Out: an upgraded database, or a refusal that says what to do. Must not know: what is in the
tables. Alembic runs from here, without an ini file or a command of its own. A database that a newer
callserver wrote is only read.
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from callserver.errors import SchemaTooNew, SchemaTooOld, StoreError
from callserver.store import address, bare
from callserver.store.tables import metadata

VERSION_TABLE = "callserver_schema"  # not Alembic's default: a PostgreSQL database may be shared with others
SCRIPTS = Path(__file__).parent
_UPGRADE_LOCK = 0x63616C6C  # any number that we always use


class Schema(Enum):
    """What a database's tables are to this program."""

    EMPTY = "empty"
    OLD = "old"
    CURRENT = "current"


async def upgrade(url: str) -> None:
    """Bring the tables up to date; does nothing where they are. One transaction: all or nothing, one node at a time.

    Raises SchemaTooNew before anything is touched, StoreFull, StoreError.
    """
    await state(url)
    parsed = address.parse(url)
    if (file := address.file(parsed)) is not None and not file.parent.is_dir():
        raise StoreError(f"no such directory: {file.parent}")
    await bare.change(parsed, _upgrade)


async def state(url: str) -> Schema:
    """What the tables are now. Only looks. Raises SchemaTooNew, and StoreError for a stranger's database."""
    parsed = address.parse(url)
    if (file := address.file(parsed)) is not None and (not file.exists() or file.stat().st_size == 0):
        return Schema.EMPTY
    return await bare.look(parsed, _state)


async def check(url: str) -> None:
    """Raises SchemaTooOld unless the tables are exactly this program's; SchemaTooNew where a newer one was here."""
    found = await state(url)
    if found is Schema.EMPTY:
        raise SchemaTooOld(
            f"the database {address.shown(address.parse(url))} is empty: run `callserver db upgrade`"
        )
    if found is Schema.OLD:
        raise SchemaTooOld(
            "the database was written by an older version: back it up, then `callserver db upgrade`"
        )


async def prepare(url: str) -> None:
    """What `serve` does: fill an empty database by itself, change an old one only when told (SchemaTooOld)."""
    if await state(url) is Schema.EMPTY:
        await upgrade(url)
    await check(url)


# --- in a connection ---------------------------------------------------------------------------------------


def _state(connection: Connection) -> Schema:
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in tables:
        return _unversioned(tables)
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    current = context.get_current_revision()
    newest, *older = _known(SCRIPTS)
    if current is not None and current not in (newest, *older):
        raise SchemaTooNew(
            f"the database has schema {current}, this callserver knows only up to {newest}:"
            " it was written by a newer version; nothing was changed"
        )
    if current is None:
        return Schema.EMPTY
    return Schema.CURRENT if current == newest else Schema.OLD


@cache
def _known(scripts: Path) -> tuple[str, ...]:
    """Every schema of this program, the newest first: modules in a folder, read once."""
    revisions = ScriptDirectory(str(scripts)).walk_revisions()
    return tuple(script.revision for script in revisions)


def _unversioned(tables: set[str]) -> Schema:
    """Without our version table there must be none of our tables either."""
    if theirs := sorted(tables & set(metadata.tables)):
        raise StoreError(f"not a callserver database, but it has tables named {', '.join(theirs)}")
    return Schema.EMPTY


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # SQLite's BEGIN IMMEDIATE is lock enough
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config
