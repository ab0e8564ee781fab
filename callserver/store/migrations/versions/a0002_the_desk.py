"""The desk: customers, products, tickets and their timeline, webhooks, tokens, audit."""

from __future__ import annotations

from alembic import op

from callserver.store import desk

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    desk.customers,
    desk.customer_numbers,
    desk.products,
    desk.history,
    desk.merges,
    desk.imports,
    desk.tickets,
    desk.timeline,
    desk.unsealed,
    desk.call_tickets,
    desk.promises,
    desk.ticket_kinds,
    desk.attachments,
    desk.webhooks,
    desk.outbox,
    desk.tokens,
    desk.idempotency,
    desk.audit,
    desk.audit_marks,
    desk.erasures,
    desk.retention_marks,
)


def upgrade() -> None:
    """The road's tables -> the desk's beside them."""
    for table in TABLES:
        table.create(op.get_bind())
