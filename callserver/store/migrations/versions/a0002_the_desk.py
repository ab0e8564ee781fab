"""The desk: customers, products, tickets and their timeline, webhooks, tokens, audit."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The road's tables -> the desk's beside them."""
    _customers()
    _tickets()
    _outside()
    _askers()
    _memory()
    for statement in _IN_SQL[op.get_bind().dialect.name]:
        op.get_bind().exec_driver_sql(statement)


def _customers() -> None:
    """Persons, households, what they own, and the lists that they came in."""
    op.create_table(
        "customers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name_key", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("initials", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("external_id", sa.Text()),
        sa.Column("mark", sa.Text()),
        sa.Column("vip", sa.Boolean(), nullable=False),
        sa.Column("findable", sa.Boolean(), nullable=False),
        sa.Column("merged_into", sa.BigInteger()),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_customers"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_customers_initials",
        "customers",
        ["initials", "id"],
        unique=False,
        **_where(sa.column("findable").is_(sa.true())),
    )
    op.create_index(
        "ix_customers_name",
        "customers",
        ["name_key", "id"],
        unique=False,
        **_where(sa.column("findable").is_(sa.true())),
    )
    op.create_index("ix_customers_updated", "customers", ["updated_at", "id"], unique=False)
    op.create_index(
        "uq_customers_external",
        "customers",
        ["external_id"],
        unique=True,
        **_where(sa.column("external_id").is_not(None)),
    )
    op.create_index(
        "uq_customers_mark", "customers", ["mark"], unique=True, **_where(sa.column("mark").is_not(None))
    )
    op.create_table(
        "customer_numbers",
        sa.Column("tail", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tail", "customer_id", name="pk_customer_numbers"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_customer_numbers_customer", "customer_numbers", ["customer_id"], unique=False)
    op.create_table(
        "products",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("model_key", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("serial_key", sa.Text().with_variant(sa.Text(collation="C"), "postgresql")),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_products"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_products_customer", "products", ["customer_id"], unique=False)
    op.create_index(
        "ix_products_serial",
        "products",
        ["serial_key"],
        unique=False,
        **_where(sa.column("serial_key").is_not(None)),
    )
    op.create_table(
        "history",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("through", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "subject_id", "version", name="pk_history"),
    )
    op.create_table(
        "merges",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("into_id", sa.BigInteger(), nullable=False),
        sa.Column("from_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.BigInteger()),
        sa.Column("moved", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_merges"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_merges_from", "merges", ["from_id"], unique=False)
    op.create_index("ix_merges_into", "merges", ["into_id"], unique=False)
    op.create_table(
        "imports",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("rejects", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("digest", name="pk_imports"),
    )


def _tickets() -> None:
    """Matters, what happened on them, and what is owed."""
    op.create_table(
        "tickets",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("customer_id", sa.BigInteger()),
        sa.Column("product_id", sa.BigInteger()),
        sa.Column("tail", sa.Text()),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("team", sa.Text()),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("touched_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tickets"),
        sa.UniqueConstraint("number", name="uq_tickets_number"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_tickets_customer",
        "tickets",
        ["customer_id", "touched_at"],
        unique=False,
        **_where(sa.column("customer_id").is_not(None)),
    )
    op.create_index(
        "ix_tickets_customer_open",
        "tickets",
        ["customer_id", "touched_at"],
        unique=False,
        **_where(sa.and_(sa.column("open").is_(sa.true()), sa.column("customer_id").is_not(None))),
    )
    op.create_index(
        "ix_tickets_due",
        "tickets",
        ["due_at", "id"],
        unique=False,
        **_where(sa.and_(sa.column("open").is_(sa.true()), sa.column("due_at").is_not(None))),
    )
    op.create_index("ix_tickets_kind", "tickets", ["kind", "touched_at", "id"], unique=False)
    op.create_index(
        "ix_tickets_open",
        "tickets",
        ["touched_at", "id"],
        unique=False,
        **_where(sa.column("open").is_(sa.true())),
    )
    op.create_index(
        "ix_tickets_owner",
        "tickets",
        ["owner", "touched_at"],
        unique=False,
        **_where(sa.column("open").is_(sa.true())),
    )
    op.create_index(
        "ix_tickets_owner_ever",
        "tickets",
        ["owner", "touched_at"],
        unique=False,
        **_where(sa.column("owner").is_not(None)),
    )
    op.create_index(
        "ix_tickets_priority",
        "tickets",
        ["priority", "touched_at", "id"],
        unique=False,
        **_where(sa.column("open").is_(sa.true())),
    )
    op.create_index(
        "ix_tickets_product",
        "tickets",
        ["product_id"],
        unique=False,
        **_where(sa.column("product_id").is_not(None)),
    )
    op.create_index("ix_tickets_status", "tickets", ["status", "touched_at", "id"], unique=False)
    op.create_index(
        "ix_tickets_tail",
        "tickets",
        ["tail", "touched_at"],
        unique=False,
        **_where(sa.and_(sa.column("open").is_(sa.true()), sa.column("tail").is_not(None))),
    )
    op.create_index(
        "ix_tickets_team",
        "tickets",
        ["team", "touched_at"],
        unique=False,
        **_where(sa.column("open").is_(sa.true())),
    )
    op.create_index(
        "ix_tickets_team_ever",
        "tickets",
        ["team", "touched_at"],
        unique=False,
        **_where(sa.column("team").is_not(None)),
    )
    op.create_index("ix_tickets_touched", "tickets", ["touched_at", "id"], unique=False)
    op.create_table(
        "timeline",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("through", sa.Text(), nullable=False),
        sa.Column("contact", sa.Boolean(), nullable=False),
        sa.Column("customer_id", sa.BigInteger()),
        sa.Column("tail", sa.Text()),
        sa.Column("pbx", sa.Text()),
        sa.Column("call_id", sa.Text()),
        sa.Column("key", sa.Text()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_timeline_tickets"),
        sa.PrimaryKeyConstraint("ticket_id", "seq", name="pk_timeline"),
        sa.UniqueConstraint("key", name="uq_timeline_key"),
    )
    op.create_index(
        "ix_timeline_call",
        "timeline",
        ["pbx", "call_id"],
        unique=False,
        **_where(sa.column("call_id").is_not(None)),
    )
    op.create_index(
        "ix_timeline_customer",
        "timeline",
        ["customer_id", "at"],
        unique=False,
        **_where(sa.and_(sa.column("contact").is_(sa.true()), sa.column("customer_id").is_not(None))),
    )
    op.create_index(
        "ix_timeline_tail",
        "timeline",
        ["tail", "at"],
        unique=False,
        **_where(sa.and_(sa.column("contact").is_(sa.true()), sa.column("tail").is_not(None))),
    )
    op.create_table(
        "unsealed",
        sa.Column("ticket_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_unsealed"),
    )
    op.create_table(
        "call_tickets",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_call_tickets_tickets"),
        sa.PrimaryKeyConstraint("pbx", "call_id", name="pk_call_tickets"),
    )
    op.create_index("ix_call_tickets_ticket", "call_tickets", ["ticket_id"], unique=False)
    op.create_table(
        "promises",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger()),
        sa.Column("tail", sa.Text()),
        sa.Column("number", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("deadline_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger()),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_promises_tickets"),
        sa.PrimaryKeyConstraint("id", name="pk_promises"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_promises_customer",
        "promises",
        ["customer_id"],
        unique=False,
        **_where(
            sa.and_(
                sa.column("status") == sa.literal_column("'planned'"), sa.column("customer_id").is_not(None)
            )
        ),
    )
    op.create_index(
        "ix_promises_due",
        "promises",
        ["due_at", "id"],
        unique=False,
        **_where(sa.column("status") == sa.literal_column("'planned'")),
    )
    op.create_index(
        "ix_promises_tail",
        "promises",
        ["tail"],
        unique=False,
        **_where(
            sa.and_(sa.column("status") == sa.literal_column("'planned'"), sa.column("tail").is_not(None))
        ),
    )
    op.create_index("ix_promises_ticket", "promises", ["ticket_id"], unique=False)
    op.create_table(
        "ticket_kinds",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_ticket_kinds"),
    )
    op.create_table(
        "attachments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_attachments_tickets"),
        sa.PrimaryKeyConstraint("id", name="pk_attachments"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_attachments_ticket", "attachments", ["ticket_id"], unique=False)


def _outside() -> None:
    """Who wants to hear of what, and what was not sent yet."""
    op.create_table(
        "webhooks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("failing_since", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.BigInteger()),
        sa.Column("notice", sa.Text()),
        sa.Column("claimed_by", sa.Text()),
        sa.Column("claimed_until", sa.BigInteger()),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("queued_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.BigInteger()),
        sa.Column("done_at", sa.BigInteger()),
        sa.Column("dead_at", sa.BigInteger()),
        sa.Column("error", sa.Text()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_outbox_dead",
        "outbox",
        ["webhook_id", "id"],
        unique=False,
        **_where(sa.and_(sa.column("done_at").is_(None), sa.column("dead_at").is_not(None))),
    )
    op.create_index(
        "ix_outbox_done", "outbox", ["done_at"], unique=False, **_where(sa.column("done_at").is_not(None))
    )
    op.create_index(
        "ix_outbox_held",
        "outbox",
        ["webhook_id", "retry_at"],
        unique=False,
        **_where(
            sa.and_(
                sa.column("done_at").is_(None),
                sa.column("dead_at").is_(None),
                sa.column("retry_at").is_not(None),
            )
        ),
    )
    op.create_index(
        "ix_outbox_subject",
        "outbox",
        ["subject", "webhook_id", "id"],
        unique=False,
        **_where(sa.column("done_at").is_(None)),
    )
    op.create_index(
        "ix_outbox_unsent",
        "outbox",
        ["webhook_id", "id"],
        unique=False,
        **_where(sa.and_(sa.column("done_at").is_(None), sa.column("dead_at").is_(None))),
    )
    op.create_index("uq_outbox_event", "outbox", ["event", "webhook_id"], unique=True)


def _askers() -> None:
    """Who may ask, and answers that may be asked for twice."""
    op.create_table(
        "tokens",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("last_used_at", sa.BigInteger()),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("hash", name="uq_tokens_hash"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "idempotency",
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("actor", "key", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_at", "idempotency", ["at"], unique=False)


def _memory() -> None:
    """Who saw what, and what is not kept."""
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("through", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)
    op.create_index("ix_audit_subject", "audit", ["subject", "seq"], unique=False)
    op.create_table(
        "audit_marks",
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("mark", name="pk_audit_marks"),
    )
    op.create_index("ix_audit_marks_kind", "audit_marks", ["kind", "seq"], unique=False)
    op.create_table(
        "erasures",
        sa.Column("customer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("through", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name="pk_erasures"),
    )
    op.create_table(
        "retention_marks",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name="pk_retention_marks"),
    )


def _where(condition: sa.ColumnElement[bool]) -> dict[str, Any]:
    """A partial index, on both databases."""
    return {"sqlite_where": condition, "postgresql_where": condition}


# The index of words, and what lets the database refuse to change what is written once.
_IN_SQL = {
    "sqlite": (
        "CREATE VIRTUAL TABLE customer_words USING fts5 (words, content='', columnsize=0, detail=none, "
        "tokenize=ascii)",
        "CREATE TRIGGER timeline_unchanged BEFORE UPDATE OF ticket_id, seq, at, kind, actor, through, "
        "contact, pbx, call_id, key, body ON timeline WHEN NOT EXISTS (SELECT 1 FROM unsealed WHERE "
        "ticket_id = OLD.ticket_id) BEGIN SELECT RAISE(ABORT, 'timeline: entries never change'); END",
        "CREATE TRIGGER timeline_undeleted BEFORE DELETE ON timeline WHEN NOT EXISTS (SELECT 1 FROM "
        "unsealed WHERE ticket_id = OLD.ticket_id) BEGIN SELECT RAISE(ABORT, 'timeline: entries never "
        "change'); END",
        "CREATE TRIGGER timeline_unreplaced BEFORE INSERT ON timeline WHEN EXISTS (SELECT 1 FROM "
        "timeline WHERE ticket_id = NEW.ticket_id AND seq = NEW.seq) BEGIN SELECT RAISE(ABORT, "
        "'timeline: entries never change'); END",
        "CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit: rows "
        "are never changed'); END",
        "CREATE TRIGGER audit_undeleted BEFORE DELETE ON audit WHEN NOT (OLD.seq <= (SELECT "
        "coalesce(max(seq), 0) FROM audit_marks WHERE kind = 'trimmed')) BEGIN SELECT RAISE(ABORT, "
        "'audit: rows are never changed'); END",
        "CREATE TRIGGER audit_unreplaced BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE "
        "seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'audit: rows are never changed'); END",
        "CREATE TRIGGER audit_marks_unchanged BEFORE UPDATE ON audit_marks BEGIN SELECT RAISE(ABORT, "
        "'audit_marks: rows are never changed'); END",
        "CREATE TRIGGER audit_marks_undeleted BEFORE DELETE ON audit_marks WHEN NOT (1 = 0) BEGIN SELECT "
        "RAISE(ABORT, 'audit_marks: rows are never changed'); END",
        "CREATE TRIGGER audit_marks_unreplaced BEFORE INSERT ON audit_marks WHEN EXISTS (SELECT 1 FROM "
        "audit_marks WHERE mark = NEW.mark) BEGIN SELECT RAISE(ABORT, 'audit_marks: rows are never "
        "changed'); END",
    ),
    "postgresql": (
        "CREATE TABLE customer_words (customer_id BIGINT CONSTRAINT pk_customer_words PRIMARY KEY, words "
        "TSVECTOR NOT NULL)",
        "CREATE INDEX ix_customer_words ON customer_words USING gin (words) WITH (gin_pending_list_limit "
        "= 512)",
        "CREATE OR REPLACE FUNCTION timeline_sealed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF "
        "NOT EXISTS (SELECT 1 FROM unsealed WHERE ticket_id = OLD.ticket_id) THEN RAISE EXCEPTION "
        "'timeline: entries never change'; END IF; IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN "
        "NEW; END $$",
        "CREATE TRIGGER timeline_sealed BEFORE UPDATE OF ticket_id, seq, at, kind, actor, through, "
        "contact, pbx, call_id, key, body OR DELETE ON timeline FOR EACH ROW EXECUTE FUNCTION "
        "timeline_sealed()",
        "CREATE OR REPLACE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF "
        "TG_OP = 'DELETE' AND (OLD.seq <= (SELECT coalesce(max(seq), 0) FROM audit_marks WHERE kind = "
        "'trimmed')) THEN RETURN OLD; END IF; RAISE EXCEPTION 'audit: rows are never changed'; END $$",
        "CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION "
        "audit_only_grows()",
        "CREATE OR REPLACE FUNCTION audit_marks_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN IF TG_OP = 'DELETE' AND (1 = 0) THEN RETURN OLD; END IF; RAISE EXCEPTION 'audit_marks: "
        "rows are never changed'; END $$",
        "CREATE TRIGGER audit_marks_only_grows BEFORE UPDATE OR DELETE ON audit_marks FOR EACH ROW "
        "EXECUTE FUNCTION audit_marks_only_grows()",
    ),
}
