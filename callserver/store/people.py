"""Who may sign in: users, their teams and passwords, their sessions.

In: nothing. Out: tables, in the same metadata as all others. Must not know: connections. Instants are whole
milliseconds since the epoch, UTC. Of what opens something (sessions, devices, set-up links) only a SHA-256 is kept, of
passwords what argon2 makes of them.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from callserver.store.schema import metadata

__all__ = ["metadata"]


def _id() -> Column[int]:
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


# `login` and `name_key` are compared (people.naming); nobody is ever deleted, so that names in audit and timelines
# stay somebody's. `profile`: JSON of the own queues, null: those of the teams. `changed`: the number that `changes`
# had when what this user may do was last changed.
users = Table(
    "users",
    metadata,
    _id(),
    Column("version", Integer, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("theme", Text, nullable=False),
    Column("sound", Text, nullable=False),
    Column("volume", Integer, nullable=False),
    Column("profile", Text),
    Column("seat_pbx", Text),
    Column("seat_interface", Text),
    Column("password", Text),
    Column("password_at", BigInteger),
    Column("disabled_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

teams = Table(
    "teams",
    metadata,
    _id(),
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("queues", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

team_members = Table(
    "team_members",
    metadata,
    Column("team_id", BigInteger, ForeignKey("teams.id"), primary_key=True),
    Column("user_id", BigInteger, ForeignKey("users.id"), primary_key=True),
    sqlite_with_rowid=False,
)
Index("ix_team_members_user", team_members.c.user_id)

# A browser that is signed in. `seen_at` is right to about a minute. Rows go when the session ends.
sessions = Table(
    "sessions",
    metadata,
    _id(),
    Column("hash", Text, nullable=False, unique=True),
    Column("user_id", BigInteger, ForeignKey("users.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("address", Text, nullable=False),
    Column("browser", Text, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_sessions_user", sessions.c.user_id)

# Browsers in which somebody has signed in before; one browser may be several people's.
devices = Table(
    "devices",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("user_id", BigInteger, ForeignKey("users.id"), primary_key=True),
    Column("seen_at", BigInteger, nullable=False),
)
Index("ix_devices_user", devices.c.user_id)

# Links with which the first administrator is made.
set_up_links = Table(
    "set_up_links",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
)

# One row, counting every change of who may do what: other processes look at it to hear of changes. The transaction
# that counts holds the row until it commits, so whoever reads number n sees everything up to n.
people_changes = Table(
    "people_changes",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
)
