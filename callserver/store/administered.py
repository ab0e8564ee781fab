"""What administrators set beside the settings file.

In: nothing. Out: tables, in the same metadata as all others. Must not know: connections. Instants are whole
milliseconds since the epoch, UTC.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table, Text

from callserver.store.schema import metadata

__all__ = ["metadata"]

# What goes before the settings file's block of a queue, by the name that Asterisk knows it by. `record` (JSON) null: as
# the file says again; the row stays, so that no version is ever given twice.
queue_settings = Table(
    "queue_settings",
    metadata,
    Column("queue", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("record", Text),
    Column("updated_at", BigInteger, nullable=False),
)

# Categories of products that differ from those that are shipped (customers.warranty). `record` (JSON) null: as it is
# shipped again, or there is none; the row stays, as above.
product_categories = Table(
    "product_categories",
    metadata,
    Column("category", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("record", Text),
    Column("updated_at", BigInteger, nullable=False),
)

# The site's own days, which go before the calendar of its country. kind: closed, working.
site_days = Table(
    "site_days",
    metadata,
    Column("day", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# Links under which people choose a password: one for each, kept as its hash.
password_links = Table(
    "password_links",
    metadata,
    Column("user_id", BigInteger, ForeignKey("users.id"), primary_key=True),
    Column("hash", Text, nullable=False, unique=True),
    Column("expires_at", BigInteger, nullable=False),
)

TABLES: tuple[Table, ...] = (queue_settings, product_categories, site_days, password_links)
