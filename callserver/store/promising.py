"""How promises are kept: attempts at dialling, policies, what is paused, campaigns.

In: nothing. Out: tables, in the same metadata as all others. Must not know: connections. Instants are whole
milliseconds since the epoch, UTC.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from callserver.store.schema import metadata, where

__all__ = ["metadata"]

# One try at dialling a promise, written in the transaction that asks the switch for it. `channel` is our own uniqueid,
# `call_id` the call's id that follows from it. `outcome` null: nobody knows yet. `evidence` (JSON): what the outcome
# was learned from. `keys`: what the customer pressed.
promise_attempts = Table(
    "promise_attempts",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("promise_id", BigInteger, ForeignKey("promises.id"), nullable=False),
    Column("n", Integer, nullable=False),
    Column("mode", Text, nullable=False),
    Column("number", Text),
    Column("pbx", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("call_id", Text, nullable=False),
    Column("command_id", BigInteger, nullable=False),
    Column("user_id", BigInteger),
    Column("interface", Text),
    Column("sent_at", BigInteger, nullable=False),
    Column("answered_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("outcome", Text),
    Column("evidence", Text, nullable=False),
    Column("keys", Text, nullable=False),
    UniqueConstraint("promise_id", "n"),
    UniqueConstraint("channel"),
)
attempt_open: ColumnElement[bool] = promise_attempts.c.outcome.is_(None)
Index("uq_promise_attempts_open", promise_attempts.c.promise_id, unique=True, **where(attempt_open))
Index("ix_promise_attempts_call", promise_attempts.c.pbx, promise_attempts.c.call_id)
Index("ix_promise_attempts_command", promise_attempts.c.command_id)
Index("ix_promise_attempts_number", promise_attempts.c.number, promise_attempts.c.sent_at)

# Policies that an administrator changed; the others are promises.policy.DEFAULTS.
promise_policies = Table(
    "promise_policies",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("record", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

# What is not dialled for now. scope: a kind of promise, or "all".
dialling_switches = Table(
    "dialling_switches",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("paused", Boolean, nullable=False),
    Column("why", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# Lists of customers who are called: reminders after a purchase, before a season, surveys. state: draft, running,
# paused, over. `place`: how far the daily job has read, so that it goes on after a crash. `looked_at`: the day's job.
campaigns = Table(
    "campaigns",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("record", Text, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("place", BigInteger, nullable=False),
    Column("looked_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)
Index("ix_campaigns_state", campaigns.c.state, campaigns.c.id)

# What the settings say of the site, for transactions that nobody handed them: its time zone.
site = Table(
    "site",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# Recordings that an administrator put in the place of the shipped ones, as a telephone plays them (recordings.Sound).
prompts = Table(
    "prompts",
    metadata,
    Column("language", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("ms", Integer, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
