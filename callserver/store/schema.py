"""The tables, as they are now; `migrations/` says how a database gets here, and a test compares the two.

In: nothing. Out: SQLAlchemy tables, and the few expressions that the two databases spell differently. Must
not know: connections. Everything is named (pbx, id). Instants are whole milliseconds since the epoch, UTC;
durations in records are seconds. JSON is kept as text: nothing looks into it in SQL, and both databases give
back the bytes that were put in.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    and_,
    literal,
    literal_column,
    or_,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def where(condition: ColumnElement[bool]) -> dict[str, Any]:
    """A partial index, on both databases."""
    return {"sqlite_where": condition, "postgresql_where": condition}


def _pbx() -> Column[str]:
    return Column("pbx", Text, primary_key=True)


# What we know of a switch itself. `last_seq` counts its facts, so that numbers go on after old facts are
# deleted; `seen_at` is the last moment we surely saw it; `booted_at` tells a restarted switch from a lost
# line.
switches = Table(
    "switches",
    metadata,
    _pbx(),
    Column("last_seq", BigInteger, nullable=False),
    Column("seen_at", BigInteger),
    Column("booted_at", BigInteger),
    Column("version", Text),
)

# The log: what happened, numbered 1, 2, 3 ... per switch by the holder of the switch's lease, whose epoch is
# kept beside.
facts = Table(
    "facts",
    metadata,
    _pbx(),
    Column("seq", BigInteger, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("at", BigInteger),
    Column("kind", Text, nullable=False),
    Column("call_id", Text),
    Column("body", Text, nullable=False),
)
Index("ix_facts_call", facts.c.pbx, facts.c.call_id, facts.c.seq, **where(facts.c.call_id.is_not(None)))

# One row a call. The columns are copies out of `record`, for searching; `seq` is the switch's last fact when
# the row was written. Long texts are shortened here (text.key), never in the record.
calls = Table(
    "calls",
    metadata,
    _pbx(),
    Column("call_id", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("answered_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("direction", Text),
    Column("caller_number", Text),
    Column("dialed", Text),
    Column("outcome", Text),
    Column("gap", Boolean, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("record", Text, nullable=False),
)
Index("ix_calls_started", calls.c.pbx, calls.c.started_at, calls.c.call_id)
# IS: the one spelling that both databases match to the index; the order in it makes them prefer it.
call_open: ColumnElement[bool] = calls.c.open.is_(true())
Index("ix_calls_open", calls.c.pbx, calls.c.started_at, calls.c.call_id, **where(call_open))
Index(
    "ix_calls_caller", calls.c.caller_number, calls.c.started_at, **where(calls.c.caller_number.is_not(None))
)

# Calls in which a number may stand that did not call: those that we made, those that were handed on, those whose caller
# wanted to be called back. Who is erased is looked for there, and among the callers (erasing_calls). The words are
# written out: a condition with a parameter is matched to no index.
elsewhere: ColumnElement[bool] = or_(
    calls.c.direction.is_(None),
    calls.c.direction != literal_column("'inbound'"),
    calls.c.record.like(literal_column("""'%"transfers":[{%'""")),
    calls.c.record.like(literal_column("""'%"callback":{%'""")),
)
Index("ix_calls_elsewhere", calls.c.pbx, calls.c.call_id, **where(elsewhere))

# Which call a channel's uniqueid belongs to: how the switch's own journals find our record.
legs = Table(
    "legs",
    metadata,
    _pbx(),
    Column("leg", Text, primary_key=True),
    Column("call_id", Text, nullable=False),
    ForeignKeyConstraint(["pbx", "call_id"], ["calls.pbx", "calls.call_id"], ondelete="CASCADE"),
)
Index("ix_legs_call", legs.c.pbx, legs.c.call_id)

# Who is a member of which queue now. `since`: the fact's time of the last change.
agents = Table(
    "agents",
    metadata,
    _pbx(),
    Column("queue", Text, primary_key=True),
    Column("interface", Text, primary_key=True),
    Column("agent", Text),
    Column("state_interface", Text),
    Column("penalty", BigInteger, nullable=False),
    Column("dynamic", Boolean, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("pause_reason", Text),
    Column("device", Text, nullable=False),
    Column("since", BigInteger),
)

# Spans in which we could not see a switch; `seq` is the fact that opened the row. At most one a switch is
# open.
gaps = Table(
    "gaps",
    metadata,
    _pbx(),
    Column("seq", BigInteger, primary_key=True),
    Column("lost_at", BigInteger),
    Column("restored_at", BigInteger),
    Column("open", Boolean, nullable=False),
    Column("restarted", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
)
gap_open: ColumnElement[bool] = gaps.c.open.is_(true())
Index("uq_gaps_open", gaps.c.pbx, unique=True, **where(gap_open))

# Who may do what only one process may do. `holder` is one run of one process; `node` is the name that
# outlives it.
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("node", Text),
    Column("epoch", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

# Work that facts cause. `key` makes enqueueing twice harmless. A job is waiting until it has `done_at` or
# `dead_at`.
jobs = Table(
    "jobs",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("body", Text, nullable=False),
    Column("run_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("claimed_by", Text),
    Column("claimed_until", BigInteger),
    Column("done_at", BigInteger),
    Column("dead_at", BigInteger),
    Column("error", Text),
)
waiting: ColumnElement[bool] = and_(jobs.c.done_at.is_(None), jobs.c.dead_at.is_(None))
Index("ix_jobs_waiting", jobs.c.run_at, jobs.c.id, **where(waiting))


def tells_numbers(column: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a text has what the switch's journals knew better of a caller or of who was dialled."""
    return or_(column.like(literal_column("'%caller_n%'")), column.like(literal_column("'%dialed: %'")))


# Few: of calls whose number was corrected. Who is erased is looked for there (erasing_calls).
Index("ix_jobs_numbers", jobs.c.id, **where(tells_numbers(jobs.c.body)))

# How far Asterisk's own journals were read.
journal_positions = Table(
    "journal_positions",
    metadata,
    _pbx(),
    Column("source", Text, primary_key=True),
    Column("path", Text, nullable=False),
    Column("inode", Text, nullable=False),  # as text: some file systems use all 64 bits, unsigned
    Column("position", BigInteger, nullable=False),
    Column("detail", Text, nullable=False),
)

# What comparing ourselves with those journals gave, once a run.
reconciliations = Table(
    "reconciliations",
    metadata,
    _pbx(),
    Column("begin_at", BigInteger, primary_key=True),
    Column("end_at", BigInteger, primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("switch_calls", Integer, nullable=False),
    Column("our_calls", Integer, nullable=False),
    Column("omitted", Integer, nullable=False),
    Column("ppm", Float, nullable=False),
    Column("repaired", Integer, nullable=False),
    Column("details", Text, nullable=False),
)


class database_now(FunctionElement[int]):
    """The database's own clock, in milliseconds; on PostgreSQL the moment of evaluation, not of the transaction."""

    type = BigInteger()
    inherit_cache = True


def clock(now: int | None) -> ColumnElement[int]:
    """The database's clock, or `now` in its place: tests let time pass without waiting."""
    return database_now() if now is None else literal(now, BigInteger)


@compiles(database_now, "sqlite")
def _sqlite_now(_element: object, _compiler: object, **_options: Any) -> str:
    # 'unixepoch subsec' needs SQLite 3.42, Debian 12 has 3.40; a Julian day as a double is exact to 0.05 ms.
    return "CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER)"


@compiles(database_now, "postgresql")
def _postgresql_now(_element: object, _compiler: object, **_options: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"
