"""A database URL as an operator writes it -> a SQLAlchemy URL that we can open.

In: text such as `sqlite:///var/callserver.db` or `postgresql://user@host/name`. Out: a URL with the driver
that we use. Must not know: connections, tables.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from callserver.errors import StoreError

Dialect: TypeAlias = Literal["sqlite", "postgresql"]

_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+aiosqlite": "sqlite",  # SQLAlchemy's name for its own way over aiosqlite; ours is lane.py
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}


def parse(text: str) -> URL:
    """The URL with our driver. Raises StoreError for a scheme we do not speak, and for SQLite in memory.

    In memory every connection would have a database of its own, and nothing would outlive the process.
    """
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise StoreError(
            "the database URL cannot be read; write sqlite:///FILE or postgresql://..."
        ) from error
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    if url.drivername not in _DRIVERS.values():
        raise StoreError(f"no such kind of database: {url.drivername} (use sqlite or postgresql)")
    if dialect(url) == "sqlite" and (not url.database or ":memory:" in url.database or "mode" in url.query):
        raise StoreError("an SQLite database needs a file: sqlite:///FILE")
    return url


def dialect(url: URL) -> Dialect:
    """Which of the two databases this is."""
    return "sqlite" if url.drivername.startswith("sqlite") else "postgresql"


def shown(url: URL) -> str:
    """The URL for people: without its password."""
    return url.render_as_string(hide_password=True)


def file(url: URL) -> Path | None:
    """The file of an SQLite URL, None for PostgreSQL."""
    return Path(url.database or "") if dialect(url) == "sqlite" else None
