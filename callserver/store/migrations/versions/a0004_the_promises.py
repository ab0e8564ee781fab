"""Promises that are kept: when each is looked at, attempts, policies, what is paused, campaigns."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The screen's tables -> those of promises beside them. A broken promise is owed until somebody closes it."""
    for gone in ("ix_promises_due", "ix_promises_tail", "ix_promises_customer"):
        op.drop_index(gone, "promises")
    _columns()
    op.execute("UPDATE promises SET broken_at = settled_at, settled_at = NULL WHERE status = 'broken'")
    op.execute("UPDATE promises SET next_at = due_at WHERE status = 'planned'")
    _indexes()
    _attempts()
    _steering()
    _prompts()


def _columns() -> None:
    for name in (
        "earliest_at",
        "next_at",
        "turn",
        "broken_at",
        "held_at",
        "reserved_by",
        "place_at",
        "about_at",
        "campaign_id",
    ):
        op.add_column("promises", sa.Column(name, sa.BigInteger()))
    for name in ("team", "queue", "held", "key"):
        op.add_column("promises", sa.Column(name, sa.Text()))
    for name, default in (("version", "1"), ("tries", "0")):
        op.add_column("promises", sa.Column(name, sa.Integer(), nullable=False, server_default=default))
    op.add_column("promises", sa.Column("mode", sa.Text(), nullable=False, server_default="agent_first"))


def _indexes() -> None:
    still_owed = sa.column("settled_at").is_(None)
    for name, columns, condition in (
        ("broken", ["broken_at"], sa.column("broken_at").is_not(None)),
        ("campaign", ["campaign_id"], sa.column("campaign_id").is_not(None)),
        ("customer", ["customer_id"], sa.and_(still_owed, sa.column("customer_id").is_not(None))),
        ("deadline", ["deadline_at", "id"], sa.and_(still_owed, sa.column("broken_at").is_(None))),
        ("due", ["due_at", "id"], still_owed),
        ("held", ["held"], sa.column("held").is_not(None)),
        ("next", ["next_at", "id"], sa.column("next_at").is_not(None)),
        ("settled", ["settled_at"], sa.column("settled_at").is_not(None)),
        ("tail", ["tail"], sa.and_(still_owed, sa.column("tail").is_not(None))),
        ("turn", ["turn", "id"], sa.column("turn").is_not(None)),
    ):
        op.create_index(f"ix_promises_{name}", "promises", columns, **_where(condition))
    for name, column in (("key", "key"), ("reserved", "reserved_by")):
        there = _where(sa.column(column).is_not(None))
        op.create_index(f"uq_promises_{name}", "promises", [column], unique=True, **there)


def _attempts() -> None:
    """Each try at dialling."""
    op.create_table(
        "promise_attempts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("promise_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("number", sa.Text()),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("command_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger()),
        sa.Column("interface", sa.Text()),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("outcome", sa.Text()),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["promise_id"], ["promises.id"], name="fk_promise_attempts_promises"),
        sa.PrimaryKeyConstraint("id", name="pk_promise_attempts"),
        sa.UniqueConstraint("promise_id", "n", name="uq_promise_attempts_promise_id_n"),
        sa.UniqueConstraint("channel", name="uq_promise_attempts_channel"),
    )
    op.create_index("ix_promise_attempts_call", "promise_attempts", ["pbx", "call_id"])
    op.create_index("ix_promise_attempts_command", "promise_attempts", ["command_id"])
    op.create_index("ix_promise_attempts_number", "promise_attempts", ["number", "sent_at"])
    not_over = _where(sa.column("outcome").is_(None))
    op.create_index("uq_promise_attempts_open", "promise_attempts", ["promise_id"], unique=True, **not_over)


def _steering() -> None:
    """What people decide about dialling."""
    op.create_table(
        "promise_policies",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name="pk_promise_policies"),
    )
    op.create_table(
        "dialling_switches",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name="pk_dialling_switches"),
    )
    op.create_table(
        "campaigns",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("made", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("looked_at", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_campaigns"),
    )
    op.create_index("ix_campaigns_state", "campaigns", ["state", "id"])
    op.create_table(
        "site",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_site"),
    )


def _prompts() -> None:
    """Recordings in the place of the shipped ones."""
    op.create_table(
        "prompts",
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ms", sa.Integer(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("language", "name", name="pk_prompts"),
    )


def _where(condition: sa.ColumnElement[bool]) -> dict[str, Any]:
    """A partial index, on both databases."""
    return {"sqlite_where": condition, "postgresql_where": condition}
