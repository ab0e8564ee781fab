"""The supervisor's floor: what calls add up to, who was in which state, alarms, what administrators set."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The tables of promises -> those of the supervisor beside them."""
    _counted()
    _spans()
    _alarms()
    _administered()
    _helped()


def _counted() -> None:
    """What calls add up to."""
    op.create_table(
        "call_counts",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("interface", sa.Text()),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger()),
        sa.Column("product_id", sa.BigInteger()),
        sa.Column("ticket_id", sa.BigInteger()),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("repeated", sa.Boolean(), nullable=False),
        sa.Column("gap", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "call_id", name="pk_call_counts"),
    )
    op.create_index("ix_call_counts_at", "call_counts", ["at", "queue"], unique=False)
    op.create_index(
        "ix_call_counts_customer",
        "call_counts",
        ["customer_id", "at"],
        unique=False,
        **_where(sa.column("customer_id").is_not(None)),
    )
    op.create_index(
        "ix_call_counts_ticket",
        "call_counts",
        ["ticket_id"],
        unique=False,
        **_where(sa.column("ticket_id").is_not(None)),
    )
    op.create_table(
        "count_places",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_count_places"),
    )
    op.create_table(
        "handling_counts",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("interface", sa.Text()),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("talk_ms", sa.BigInteger(), nullable=False),
        sa.Column("hold_ms", sa.BigInteger(), nullable=False),
        sa.Column("wrap_ms", sa.BigInteger(), nullable=False),
        sa.Column("transferred", sa.Boolean(), nullable=False),
        sa.Column("gap", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "call_id", "n", name="pk_handling_counts"),
    )
    op.create_index("ix_handling_counts_at", "handling_counts", ["at", "queue"], unique=False)
    op.create_table(
        "promise_counts",
        sa.Column("promise_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("promise", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("late_ms", sa.BigInteger()),
        sa.Column("rated_at", sa.BigInteger()),
        sa.Column("rating", sa.Integer()),
        sa.PrimaryKeyConstraint("promise_id", name="pk_promise_counts"),
    )
    op.create_index("ix_promise_counts_at", "promise_counts", ["at", "queue"], unique=False)
    op.create_index(
        "ix_promise_counts_rated",
        "promise_counts",
        ["rated_at"],
        unique=False,
        **_where(sa.column("rated_at").is_not(None)),
    )
    op.create_table(
        "tallies",
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("sums", sa.Text(), nullable=False),
        sa.Column("recomputed_at", sa.BigInteger(), nullable=False),
        sa.Column("definition", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("level", "dimension", "at", "pbx", "queue", "value", name="pk_tallies"),
    )
    op.create_table(
        "ticket_counts",
        sa.Column("ticket_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("product_id", sa.BigInteger()),
        sa.Column("at", sa.BigInteger()),
        sa.Column("age_ms", sa.BigInteger()),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("visited_at", sa.BigInteger()),
        sa.Column("repeated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_ticket_counts"),
    )
    op.create_index(
        "ix_ticket_counts_at", "ticket_counts", ["at"], unique=False, **_where(sa.column("at").is_not(None))
    )
    op.create_index(
        "ix_ticket_counts_product",
        "ticket_counts",
        ["product_id", "visited_at"],
        unique=False,
        **_where(sa.column("product_id").is_not(None)),
    )
    op.create_table(
        "to_sum",
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("level", "at", name="pk_to_sum"),
    )
    op.create_table(
        "visit_counts",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("interface", sa.Text()),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("wait_ms", sa.BigInteger()),
        sa.Column("in_target", sa.Boolean(), nullable=False),
        sa.Column("short", sa.Boolean(), nullable=False),
        sa.Column("gap", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "call_id", "n", name="pk_visit_counts"),
    )
    op.create_index("ix_visit_counts_at", "visit_counts", ["at", "queue"], unique=False)


def _spans() -> None:
    """Who was in which state when."""
    op.create_table(
        "agent_spans",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger()),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("interface", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("call_id", sa.Text()),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("to_at", sa.BigInteger()),
        sa.Column("sure", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agent_spans"),
    )
    op.create_index("ix_agent_spans_ended", "agent_spans", ["to_at"], unique=False)
    op.create_index("ix_agent_spans_phone", "agent_spans", ["pbx", "interface", "from_at"], unique=False)
    op.create_index("ix_agent_spans_user", "agent_spans", ["user_id", "from_at"], unique=False)
    op.create_index(
        "uq_agent_spans_open",
        "agent_spans",
        ["pbx", "interface"],
        unique=True,
        **_where(sa.column("to_at").is_(None)),
    )


def _alarms() -> None:
    """What is watched, and what was wrong."""
    op.create_table(
        "alert_rules",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alert_rules"),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("pbx", sa.Text()),
        sa.Column("queue", sa.Text()),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("cleared_at", sa.BigInteger()),
        sa.Column("acked_at", sa.BigInteger()),
        sa.Column("snoozed_until", sa.BigInteger()),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
    )
    op.create_index(
        "ix_alerts_open",
        "alerts",
        ["raised_at", "id"],
        unique=False,
        **_where(sa.column("cleared_at").is_(None)),
    )
    op.create_index("ix_alerts_raised", "alerts", ["raised_at", "id"], unique=False)
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["rule", "subject"],
        unique=True,
        **_where(sa.and_(sa.column("cleared_at").is_(None), sa.column("test").is_(sa.false()))),
    )
    op.create_table(
        "alert_tellings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.BigInteger()),
        sa.Column("dead_at", sa.BigInteger()),
        sa.Column("said", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name="fk_alert_tellings_alerts", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_alert_tellings"),
        sa.UniqueConstraint("key", name="uq_alert_tellings_key"),
    )
    op.create_index("ix_alert_tellings_alert", "alert_tellings", ["alert_id"], unique=False)
    op.create_index(
        "ix_alert_tellings_waiting",
        "alert_tellings",
        ["due_at", "id"],
        unique=False,
        **_where(sa.and_(sa.column("done_at").is_(None), sa.column("dead_at").is_(None))),
    )


def _administered() -> None:
    """What administrators set."""
    op.create_table(
        "queue_settings",
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("record", sa.Text()),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("queue", name="pk_queue_settings"),
    )
    op.create_table(
        "site_days",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_site_days"),
    )
    op.create_table(
        "password_links",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_password_links_users"),
        sa.PrimaryKeyConstraint("user_id", name="pk_password_links"),
        sa.UniqueConstraint("hash", name="uq_password_links_hash"),
    )


def _helped() -> None:
    """What supervisors did and wrote."""
    op.create_table(
        "floor_deeds",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("why", sa.Text()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_floor_deeds_users"),
        sa.PrimaryKeyConstraint("user_id", name="pk_floor_deeds"),
    )
    op.create_table(
        "floor_messages",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by_id", sa.BigInteger()),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("to_name", sa.Text()),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name="fk_floor_messages_users"),
        sa.PrimaryKeyConstraint("id", name="pk_floor_messages"),
    )
    op.create_index("ix_floor_messages_at", "floor_messages", ["at"], unique=False)
    op.create_index("ix_floor_messages_by", "floor_messages", ["by_id", "id"], unique=False)
    op.create_table(
        "floor_readers",
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("read_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["message_id"], ["floor_messages.id"], name="fk_floor_readers_floor_messages"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_floor_readers_users"),
        sa.PrimaryKeyConstraint("message_id", "user_id", name="pk_floor_readers"),
    )
    op.create_index(
        "ix_floor_readers_unread",
        "floor_readers",
        ["user_id"],
        unique=False,
        **_where(sa.column("read_at").is_(None)),
    )


def _where(condition: sa.ColumnElement[bool]) -> dict[str, Any]:
    """A partial index, on both databases."""
    return {"sqlite_where": condition, "postgresql_where": condition}
