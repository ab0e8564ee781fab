"""What supervisors did to whom, and what they wrote on screens.

In: nothing. Out: tables, in the same metadata as all others. Must not know: connections. Instants are whole
milliseconds since the epoch, UTC.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text

from callserver.store.schema import metadata

__all__ = ["metadata"]

# The last thing that was done to a person by somebody else: the second of two supervisors is told of the first.
# `number` grows with each.
floor_deeds = Table(
    "floor_deeds",
    metadata,
    Column("user_id", BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("by_name", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("why", Text),
    Column("at", BigInteger, nullable=False),
)

# What stands on screens until it is read. `code`: message (with `text`), or what was done to the reader; `args`: JSON.
# `to_name`: the person's or the team's name; null: everybody.
floor_messages = Table(
    "floor_messages",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("by_id", BigInteger, ForeignKey("users.id")),
    Column("by_name", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("args", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("to_name", Text),
)
Index("ix_floor_messages_by", floor_messages.c.by_id, floor_messages.c.id)
Index("ix_floor_messages_at", floor_messages.c.at)

# Who is to read them, and when they did.
floor_readers = Table(
    "floor_readers",
    metadata,
    Column("message_id", BigInteger, ForeignKey("floor_messages.id"), primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("read_at", BigInteger),
)
Index(
    "ix_floor_readers_unread",
    floor_readers.c.user_id,
    sqlite_where=floor_readers.c.read_at.is_(None),
    postgresql_where=floor_readers.c.read_at.is_(None),
)

TABLES: tuple[Table, ...] = (floor_deeds, floor_messages, floor_readers)
