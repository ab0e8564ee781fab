"""The road: switches, their facts, calls, agents, gaps, leases, jobs, and how far the journals were read."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An empty database -> the first tables."""
    _log()
    _calls()
    _agents()
    _work()
    _journals()


def _log() -> None:
    op.create_table(
        "switches",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger()),
        sa.Column("booted_at", sa.BigInteger()),
        sa.Column("version", sa.Text()),
        sa.PrimaryKeyConstraint("pbx", name="pk_switches"),
    )
    op.create_table(
        "facts",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "seq", name="pk_facts"),
    )
    op.create_index(
        "ix_facts_call", "facts", ["pbx", "call_id", "seq"], **_where(sa.column("call_id").is_not(None))
    )
    op.create_table(
        "gaps",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("lost_at", sa.BigInteger()),
        sa.Column("restored_at", sa.BigInteger()),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("restarted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "seq", name="pk_gaps"),
    )
    op.create_index(
        "uq_gaps_open", "gaps", ["pbx"], unique=True, **_where(sa.column("open", sa.Boolean()).is_(sa.true()))
    )


def _calls() -> None:
    op.create_table(
        "calls",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("answered_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("direction", sa.Text()),
        sa.Column("caller_number", sa.Text()),
        sa.Column("dialed", sa.Text()),
        sa.Column("outcome", sa.Text()),
        sa.Column("gap", sa.Boolean(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "call_id", name="pk_calls"),
    )
    op.create_index("ix_calls_started", "calls", ["pbx", "started_at", "call_id"])
    op.create_index(
        "ix_calls_open",
        "calls",
        ["pbx", "started_at", "call_id"],
        **_where(sa.column("open", sa.Boolean()).is_(sa.true())),
    )
    called = sa.column("caller_number").is_not(None)
    op.create_index("ix_calls_caller", "calls", ["caller_number", "started_at"], **_where(called))
    op.create_table(
        "legs",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("leg", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "leg", name="pk_legs"),
        sa.ForeignKeyConstraint(
            ["pbx", "call_id"], ["calls.pbx", "calls.call_id"], name="fk_legs_calls", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_legs_call", "legs", ["pbx", "call_id"])


def _agents() -> None:
    op.create_table(
        "agents",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("interface", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text()),
        sa.Column("state_interface", sa.Text()),
        sa.Column("penalty", sa.BigInteger(), nullable=False),
        sa.Column("dynamic", sa.Boolean(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("pause_reason", sa.Text()),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger()),
        sa.PrimaryKeyConstraint("pbx", "queue", "interface", name="pk_agents"),
    )


def _work() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("node", sa.Text()),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("run_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.Text()),
        sa.Column("claimed_until", sa.BigInteger()),
        sa.Column("done_at", sa.BigInteger()),
        sa.Column("dead_at", sa.BigInteger()),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.UniqueConstraint("key", name="uq_jobs_key"),
    )
    waiting = sa.and_(sa.column("done_at").is_(None), sa.column("dead_at").is_(None))
    op.create_index("ix_jobs_waiting", "jobs", ["run_at", "id"], **_where(waiting))


def _journals() -> None:
    op.create_table(
        "journal_positions",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("inode", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "source", name="pk_journal_positions"),
    )
    op.create_table(
        "reconciliations",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("begin_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("switch_calls", sa.Integer(), nullable=False),
        sa.Column("our_calls", sa.Integer(), nullable=False),
        sa.Column("omitted", sa.Integer(), nullable=False),
        sa.Column("ppm", sa.Float(), nullable=False),
        sa.Column("repaired", sa.Integer(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "begin_at", "end_at", "at", name="pk_reconciliations"),
    )


def _where(condition: sa.ColumnElement[bool]) -> dict[str, Any]:
    """A partial index, on both databases."""
    return {"sqlite_where": condition, "postgresql_where": condition}
