"""The agent's screen: people, who is at work where, commands to the switch, drafts and dispositions."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The desk's tables -> the screen's beside them."""
    _people()
    _at_work()
    _beside()
    op.add_column("tokens", sa.Column("user_id", sa.BigInteger()))


def _people() -> None:
    """Who may sign in, and where they are."""
    op.create_table(
        "people_changes",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("one", name="pk_people_changes"),
    )
    op.create_table(
        "set_up_links",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_set_up_links"),
    )
    op.create_table(
        "teams",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("queues", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_teams"),
        sa.UniqueConstraint("name_key", name="uq_teams_name_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("theme", sa.Text(), nullable=False),
        sa.Column("sound", sa.Text(), nullable=False),
        sa.Column("volume", sa.Integer(), nullable=False),
        sa.Column("profile", sa.Text()),
        sa.Column("seat_pbx", sa.Text()),
        sa.Column("seat_interface", sa.Text()),
        sa.Column("password", sa.Text()),
        sa.Column("password_at", sa.BigInteger()),
        sa.Column("disabled_at", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("login", name="uq_users_login"),
        sa.UniqueConstraint("name_key", name="uq_users_name_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "devices",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_devices_users"),
        sa.PrimaryKeyConstraint("hash", "user_id", name="pk_devices"),
    )
    op.create_index("ix_devices_user", "devices", ["user_id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_users"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("hash", name="uq_sessions_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sessions_user", "sessions", ["user_id"], unique=False)
    op.create_table(
        "team_members",
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_team_members_teams"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_team_members_users"),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_team_members"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_team_members_user", "team_members", ["user_id"], unique=False)


def _at_work() -> None:
    """Who sits where, and what the switch is asked to do."""
    op.create_table(
        "commands",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("key", sa.Text()),
        sa.Column("lane", sa.Text()),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("through", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text()),
        sa.Column("epoch", sa.BigInteger()),
        sa.Column("sent_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_commands"),
        sa.UniqueConstraint("key", name="uq_commands_key"),
    )
    op.create_index("ix_commands_asked", "commands", ["asked_at"], unique=False)
    op.create_index(
        "ix_commands_under_way",
        "commands",
        ["pbx", "id"],
        unique=False,
        **_where(sa.column("state").in_(["waiting", "sent"])),
    )
    op.create_index(
        "uq_commands_lane",
        "commands",
        ["lane"],
        unique=True,
        **_where(sa.and_(sa.column("lane").is_not(None), sa.text("state IN ('waiting', 'sent')"))),
    )
    op.create_table(
        "shifts",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("interface", sa.Text(), nullable=False),
        sa.Column("state_interface", sa.Text(), nullable=False),
        sa.Column("queues", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("wished_at", sa.BigInteger(), nullable=False),
        sa.Column("carried", sa.Boolean(), nullable=False),
        sa.Column("wrap_call", sa.Text()),
        sa.Column("wrap_since", sa.BigInteger()),
        sa.Column("wrap_until", sa.BigInteger()),
        sa.Column("screen_node", sa.Text()),
        sa.Column("absent_since", sa.BigInteger()),
        sa.Column("leaving", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_shifts"),
        sa.UniqueConstraint("pbx", "interface", name="uq_shifts_pbx_interface"),
    )
    op.create_table(
        "vacated",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("interface", sa.Text(), nullable=False),
        sa.Column("queues", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "interface", name="pk_vacated"),
    )


def _beside() -> None:
    """What is written beside a call."""
    op.create_table(
        "dispositions",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_dispositions"),
    )
    op.create_table(
        "drafts",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "subject", name="pk_drafts"),
    )
    op.create_index("ix_drafts_at", "drafts", ["at"], unique=False)
    op.create_index("ix_drafts_subject", "drafts", ["subject"], unique=False)
    op.create_table(
        "promise_owners",
        sa.Column("promise_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("promise_id", name="pk_promise_owners"),
    )
    op.create_index("ix_promise_owners_ticket", "promise_owners", ["ticket_id"], unique=False)
    op.create_index("ix_promise_owners_user", "promise_owners", ["user_id", "promise_id"], unique=False)
    op.create_table(
        "recorded",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.Integer()),
        sa.Column("promises", sa.Text(), nullable=False),
        sa.Column("moved_from", sa.BigInteger()),
        sa.Column("undone_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("pbx", "call_id", "digest", name="pk_recorded"),
    )
    op.create_index("ix_recorded_ticket", "recorded", ["ticket_id"], unique=False)
    op.create_table(
        "verdicts",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger()),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "call_id", name="pk_verdicts"),
    )
    op.create_index("ix_verdicts_disposition", "verdicts", ["disposition", "at"], unique=False)
    op.create_index("ix_verdicts_ticket", "verdicts", ["ticket_id"], unique=False)


def _where(condition: sa.ColumnElement[bool]) -> dict[str, Any]:
    """A partial index, on both databases."""
    return {"sqlite_where": condition, "postgresql_where": condition}
