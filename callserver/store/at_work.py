"""Who is at work where, and what the switch is asked to do.

In: nothing. Out: tables, in the same metadata as all others. Must not know: connections.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from callserver.store.schema import metadata, where

__all__ = ["commands", "metadata", "shifts", "vacated"]

# What a switch is asked to do, one row a request, sent at most once. `key`: asking again with it asks for nothing
# more. `lane`: only one request of a lane is under way. `holder` and `epoch`: whose lease it was sent under.
commands = Table(
    "commands",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("pbx", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("key", Text, unique=True),
    Column("lane", Text),
    Column("asked_by", Text, nullable=False),
    Column("through", Text, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("holder", Text),
    Column("epoch", BigInteger),
    Column("sent_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("code", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("detail", Text, nullable=False),
)
command_waiting: ColumnElement[bool] = commands.c.state == "waiting"
command_under_way: ColumnElement[bool] = commands.c.state.in_(["waiting", "sent"])
Index("ix_commands_under_way", commands.c.pbx, commands.c.id, **where(command_under_way))
Index(
    "uq_commands_lane",
    commands.c.lane,
    unique=True,
    **where(commands.c.lane.is_not(None) & command_under_way),
)
Index("ix_commands_asked", commands.c.asked_at)

# Who is at work: one seat a person, one person a seat. `version` is never the same again for a user, also after they
# came back. `carried`: the switch was told of the wish. `screen_node`: where their last screen was opened, null: none
# ever was; `absent_since`: since when none is open.
shifts = Table(
    "shifts",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    Column("login", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("pbx", Text, nullable=False),
    Column("interface", Text, nullable=False),
    Column("state_interface", Text, nullable=False),
    Column("queues", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("wish", Text, nullable=False),
    Column("reason", Text),
    Column("wished_at", BigInteger, nullable=False),
    Column("carried", Boolean, nullable=False),
    Column("wrap_call", Text),
    Column("wrap_since", BigInteger),
    Column("wrap_until", BigInteger),
    Column("screen_node", Text),
    Column("absent_since", BigInteger),
    Column("leaving", Boolean, nullable=False),
    UniqueConstraint("pbx", "interface"),
)

# Seats that somebody left, until the switch has taken their phone out of these queues.
vacated = Table(
    "vacated",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("interface", Text, primary_key=True),
    Column("queues", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
)
