"""The tables of the desk: customers, their products, tickets, what is told to the world outside, who may ask.

In: nothing. Out: SQLAlchemy tables, in the same metadata as those of the road. Must not know: connections.
A row holds the whole thing as JSON in `record` (written by the pure rooms); its other columns are copies, for
finding it. Instants are whole milliseconds since the epoch, UTC. Ids are numbers that the database never gives
twice.
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
    and_,
)

from callserver.store.only_grows import only_grows
from callserver.store.schema import metadata, where
from callserver.store.sealing import seal
from callserver.store.words import made_with


def _id() -> Column[int]:
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


# A text whose beginning is looked for: in the order of its bytes, on PostgreSQL too, whatever the database's language.
_compared = Text().with_variant(Text(collation="C"), "postgresql")

# --- customers -------------------------------------------------------------------------------------------------------

# `name_key` and `initials` are what searches compare with (customers.names); `findable` is false for those that were
# merged into another or erased. `mark` recognises a row of an import that has no external id. With this table comes
# the full-text index (store.words).
customers = Table(
    "customers",
    metadata,
    _id(),
    Column("version", Integer, nullable=False),
    Column("name_key", _compared, nullable=False),
    Column("initials", _compared, nullable=False),
    Column("external_id", Text),
    Column("mark", Text),
    Column("vip", Boolean, nullable=False),
    Column("findable", Boolean, nullable=False),
    Column("merged_into", BigInteger),
    Column("updated_at", BigInteger, nullable=False),
    Column("record", Text, nullable=False),
    sqlite_autoincrement=True,
)
findable: ColumnElement[bool] = customers.c.findable.is_(True)
made_with(customers)
Index("ix_customers_updated", customers.c.updated_at, customers.c.id)
Index("ix_customers_name", customers.c.name_key, customers.c.id, **where(findable))
Index("ix_customers_initials", customers.c.initials, customers.c.id, **where(findable))
Index(
    "uq_customers_external",
    customers.c.external_id,
    unique=True,
    **where(customers.c.external_id.is_not(None)),
)
Index("uq_customers_mark", customers.c.mark, unique=True, **where(customers.c.mark.is_not(None)))

# How a number finds its customers. `tail` is its digits read backwards (numbers.tail): the whole number and its
# last digits are both a prefix of it. Only numbers that may identify somebody are here.
customer_numbers = Table(
    "customer_numbers",
    metadata,
    Column("tail", _compared, primary_key=True),
    Column("customer_id", BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)
Index("ix_customer_numbers_customer", customer_numbers.c.customer_id)

products = Table(
    "products",
    metadata,
    _id(),
    Column("version", Integer, nullable=False),
    Column("customer_id", BigInteger, nullable=False),
    Column("category", Text, nullable=False),
    Column("model_key", _compared, nullable=False),
    Column("serial_key", _compared),
    Column("updated_at", BigInteger, nullable=False),
    Column("record", Text, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_products_customer", products.c.customer_id)
Index("ix_products_serial", products.c.serial_key, **where(products.c.serial_key.is_not(None)))

# What a thing was before each change: `record` is the version that was replaced, `at`, `actor` and `through` are the
# change's that replaced it. subject: customer, product, kind, webhook ... `customer_id`: whose a product was then.
history = Table(
    "history",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("subject_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("through", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("customer_id", BigInteger),
)
Index("ix_history_customer", history.c.customer_id, **where(history.c.customer_id.is_not(None)))

# One customer became part of another; `moved` says what went over, so that it can go back.
merges = Table(
    "merges",
    metadata,
    _id(),
    Column("into_id", BigInteger, nullable=False),
    Column("from_id", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("undone_at", BigInteger),
    Column("moved", Text, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_merges_into", merges.c.into_id)
Index("ix_merges_from", merges.c.from_id)

# An import that was begun: where it is, so that it can go on. `digest` is the file's and its mapping's; `rows` of the
# file are done, `rejects` is how many bytes of the reject file belong to them, `counts` (JSON) what became of them.
imports = Table(
    "imports",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("rejects", BigInteger, nullable=False),
    Column("counts", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
)

# --- tickets ---------------------------------------------------------------------------------------------------------

# `number` is what people say on the phone (tickets.number); `tail` is the caller's while no customer is known.
tickets = Table(
    "tickets",
    metadata,
    _id(),
    Column("number", Text, nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("customer_id", BigInteger),
    Column("product_id", BigInteger),
    Column("tail", Text),
    Column("priority", Integer, nullable=False),
    Column("owner", Text),
    Column("team", Text),
    Column("opened_at", BigInteger, nullable=False),
    Column("touched_at", BigInteger, nullable=False),
    Column("due_at", BigInteger),
    Column("closed_at", BigInteger),
    Column("record", Text, nullable=False),
    sqlite_autoincrement=True,
)
ticket_open: ColumnElement[bool] = tickets.c.open.is_(True)
Index(
    "ix_tickets_customer",
    tickets.c.customer_id,
    tickets.c.touched_at,
    **where(tickets.c.customer_id.is_not(None)),
)
Index(
    "ix_tickets_tail",
    tickets.c.tail,
    tickets.c.touched_at,
    **where(and_(ticket_open, tickets.c.tail.is_not(None))),
)
Index(
    "ix_tickets_customer_open",
    tickets.c.customer_id,
    tickets.c.touched_at,
    **where(and_(ticket_open, tickets.c.customer_id.is_not(None))),
)
ticket_nobodys: ColumnElement[bool] = and_(tickets.c.customer_id.is_(None), tickets.c.tail.is_not(None))
Index("ix_tickets_nobodys", tickets.c.tail, **where(ticket_nobodys))
Index("ix_tickets_touched", tickets.c.touched_at, tickets.c.id)
Index("ix_tickets_open", tickets.c.touched_at, tickets.c.id, **where(ticket_open))
Index("ix_tickets_priority", tickets.c.priority, tickets.c.touched_at, tickets.c.id, **where(ticket_open))
Index("ix_tickets_kind", tickets.c.kind, tickets.c.touched_at, tickets.c.id)
Index("ix_tickets_status", tickets.c.status, tickets.c.touched_at, tickets.c.id)
Index("ix_tickets_product", tickets.c.product_id, **where(tickets.c.product_id.is_not(None)))
Index("ix_tickets_owner", tickets.c.owner, tickets.c.touched_at, **where(ticket_open))
Index("ix_tickets_team", tickets.c.team, tickets.c.touched_at, **where(ticket_open))
# For lists that look back at what is over too.
for _whose in (tickets.c.owner, tickets.c.team):
    Index(f"ix_tickets_{_whose.name}_ever", _whose, tickets.c.touched_at, **where(_whose.is_not(None)))
Index(
    "ix_tickets_due",
    tickets.c.due_at,
    tickets.c.id,
    **where(and_(ticket_open, tickets.c.due_at.is_not(None))),
)

# What happened on a ticket, in order; rows never change. `customer_id` and `tail` say whose contact it was, for the
# last contacts of a caller; only they follow when a ticket gets another customer. `key` makes writing twice harmless.
timeline = Table(
    "timeline",
    metadata,
    Column("ticket_id", BigInteger, ForeignKey("tickets.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("through", Text, nullable=False),
    Column("contact", Boolean, nullable=False),
    Column("customer_id", BigInteger),
    Column("tail", Text),
    Column("pbx", Text),
    Column("call_id", Text),
    Column("key", Text, unique=True),
    Column("body", Text, nullable=False),
)
contact: ColumnElement[bool] = timeline.c.contact.is_(True)
Index(
    "ix_timeline_customer",
    timeline.c.customer_id,
    timeline.c.at,
    **where(and_(contact, timeline.c.customer_id.is_not(None))),
)
Index(
    "ix_timeline_tail", timeline.c.tail, timeline.c.at, **where(and_(contact, timeline.c.tail.is_not(None)))
)
Index("ix_timeline_call", timeline.c.pbx, timeline.c.call_id, **where(timeline.c.call_id.is_not(None)))

# Tickets whose entries may change, because somebody is being erased or a term is over: a row is here only inside the
# transaction that does it (timeline.unsealed).
unsealed = Table(
    "unsealed",
    metadata,
    Column("ticket_id", BigInteger, primary_key=True, autoincrement=False),
)
seal(timeline, unsealed)

# Which ticket a call is on: exactly one. `rule` is the row of the table (tickets.landing) that decided.
call_tickets = Table(
    "call_tickets",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("call_id", Text, primary_key=True),
    Column("ticket_id", BigInteger, ForeignKey("tickets.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("rule", Text, nullable=False),
)
Index("ix_call_tickets_ticket", call_tickets.c.ticket_id)

# Calls that we owe (tickets.promise.PromiseStatus). `earliest_at` null: not before `due_at`. `next_at`: when the
# machinery looks at it; where that has come, `turn` is its place among those that may be dialled: its deadline. Both
# are null where nothing is to be done by a machine. `version` grows with each change. `key` makes promising twice
# harmless. `team`: whose people may make the call; `of_team`: as whose it is listed and counted, that one or its
# ticket's.
promises = Table(
    "promises",
    metadata,
    _id(),
    Column("kind", Text, nullable=False),
    Column("ticket_id", BigInteger, ForeignKey("tickets.id"), nullable=False),
    Column("customer_id", BigInteger),
    Column("tail", Text),
    Column("number", Text),
    Column("status", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("deadline_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),
    Column("why", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("mode", Text, nullable=False, server_default="agent_first"),
    Column("earliest_at", BigInteger),
    Column("next_at", BigInteger),
    Column("turn", BigInteger),
    Column("team", Text),
    Column("queue", Text),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("broken_at", BigInteger),
    Column("held", Text),
    Column("held_at", BigInteger),
    Column("reserved_by", BigInteger),
    Column("place_at", BigInteger),
    Column("about_at", BigInteger),
    Column("campaign_id", BigInteger),
    Column("key", Text),
    Column("of_team", Text),
    sqlite_autoincrement=True,
)
# Neither kept nor withdrawn: still owed.
promise_open: ColumnElement[bool] = promises.c.settled_at.is_(None)
promise_overlooked: ColumnElement[bool] = and_(promise_open, promises.c.broken_at.is_(None))
Index("ix_promises_ticket", promises.c.ticket_id)
Index("ix_promises_due", promises.c.due_at, promises.c.id, **where(promise_open))
Index("ix_promises_deadline", promises.c.deadline_at, promises.c.id, **where(promise_overlooked))
Index("ix_promises_next", promises.c.next_at, promises.c.id, **where(promises.c.next_at.is_not(None)))
Index("ix_promises_turn", promises.c.turn, promises.c.id, **where(promises.c.turn.is_not(None)))
Index("ix_promises_tail", promises.c.tail, **where(and_(promise_open, promises.c.tail.is_not(None))))
Index(
    "ix_promises_settled_tail",
    promises.c.tail,
    **where(and_(promises.c.settled_at.is_not(None), promises.c.tail.is_not(None))),
)
Index(
    "ix_promises_customer",
    promises.c.customer_id,
    **where(and_(promise_open, promises.c.customer_id.is_not(None))),
)
Index(
    "uq_promises_reserved", promises.c.reserved_by, unique=True, **where(promises.c.reserved_by.is_not(None))
)
Index("ix_promises_held", promises.c.held, **where(promises.c.held.is_not(None)))
Index("ix_promises_broken", promises.c.broken_at, **where(promises.c.broken_at.is_not(None)))
Index(
    "ix_promises_counted",
    promises.c.kind,
    promises.c.of_team,
    promises.c.status,
    promises.c.broken_at,
    promises.c.settled_at,  # SQLite asks for it again, though the index has no other
    **where(promise_open),
)
Index("ix_promises_settled", promises.c.settled_at, **where(promises.c.settled_at.is_not(None)))
Index("ix_promises_campaign", promises.c.campaign_id, **where(promises.c.campaign_id.is_not(None)))
Index("uq_promises_key", promises.c.key, unique=True, **where(promises.c.key.is_not(None)))

# Kinds of ticket that an administrator changed or added; the others are tickets.kinds.DEFAULTS.
ticket_kinds = Table(
    "ticket_kinds",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("record", Text, nullable=False),
)

attachments = Table(
    "attachments",
    metadata,
    _id(),
    Column("ticket_id", BigInteger, ForeignKey("tickets.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_attachments_ticket", attachments.c.ticket_id)

# --- the world outside -----------------------------------------------------------------------------------------------

# Who wants to hear of what. state: on, paused (what happens is put down, nothing is sent), off (nothing is put down).
# `failing_since` and `retry_at`: the other side is down, nothing is sent before then; `notice` says why, or why we
# switched it off. One process at a time sends, `claimed_by`, until `claimed_until`.
webhooks = Table(
    "webhooks",
    metadata,
    _id(),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("failing_since", BigInteger),
    Column("failures", Integer, nullable=False),
    Column("retry_at", BigInteger),
    Column("notice", Text),
    Column("claimed_by", Text),
    Column("claimed_until", BigInteger),
    Column("record", Text, nullable=False),
    sqlite_autoincrement=True,
)

# One row an event and webhook, sent in the order of ids. `event` is the same for all webhooks that hear of it, and for
# every try: the receiver's idempotency key. `subject` is e.g. "ticket:17". `at` is the event's instant, `queued_at`
# that of its being put down here (again). `refusals` are tries that the other side answered with "not this one";
# such a row, and what is behind it of the same subject, waits until `retry_at`.
outbox = Table(
    "outbox",
    metadata,
    _id(),
    Column("webhook_id", BigInteger, nullable=False),
    Column("event", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("queued_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("refusals", Integer, nullable=False),
    Column("retry_at", BigInteger),
    Column("done_at", BigInteger),
    Column("dead_at", BigInteger),
    Column("error", Text),
    Column("body", Text, nullable=False),
    sqlite_autoincrement=True,
)
unsent: ColumnElement[bool] = and_(outbox.c.done_at.is_(None), outbox.c.dead_at.is_(None))
not_done: ColumnElement[bool] = outbox.c.done_at.is_(None)
dead: ColumnElement[bool] = and_(not_done, outbox.c.dead_at.is_not(None))
Index("uq_outbox_event", outbox.c.event, outbox.c.webhook_id, unique=True)
Index("ix_outbox_unsent", outbox.c.webhook_id, outbox.c.id, **where(unsent))
Index(
    "ix_outbox_held",
    outbox.c.webhook_id,
    outbox.c.retry_at,
    **where(and_(unsent, outbox.c.retry_at.is_not(None))),
)
Index("ix_outbox_subject", outbox.c.subject, outbox.c.webhook_id, outbox.c.id, **where(not_done))
Index("ix_outbox_told", outbox.c.subject, **where(outbox.c.done_at.is_not(None)))
Index("ix_outbox_dead", outbox.c.webhook_id, outbox.c.id, **where(dead))
Index("ix_outbox_done", outbox.c.done_at, **where(outbox.c.done_at.is_not(None)))

# --- who may ask, and who did ----------------------------------------------------------------------------------------

# `hash` is SHA-256 of the token, which has 256 bits of its own; `scopes` is a JSON list. `parent_id`: the token that
# made it, with which it ends.
tokens = Table(
    "tokens",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", BigInteger),
    Column("last_used_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("user_id", BigInteger),
    Column("parent_id", BigInteger),
    sqlite_autoincrement=True,
)

# Answers to POSTs that carried an Idempotency-Key, for a day. `request` is a digest of method, path and body.
idempotency = Table(
    "idempotency",
    metadata,
    Column("actor", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("status", Integer, nullable=False),
    Column("answer", Text, nullable=False),
)
Index("ix_idempotency_at", idempotency.c.at)

# Who read or changed whose record. `hash` is over the row and the hash of the row before (store.audit).
audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("through", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
Index("ix_audit_subject", audit.c.subject, audit.c.seq)
Index("ix_audit_at", audit.c.at)

# What we remember of the chain beside it. anchor: the end as it was at `at`; trimmed: all up to `seq` may be deleted,
# and the kept part follows `hash`. `mark` is kind and seq.
audit_marks = Table(
    "audit_marks",
    metadata,
    Column("mark", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
)
Index("ix_audit_marks_kind", audit_marks.c.kind, audit_marks.c.seq)
only_grows(audit_marks, "mark")
only_grows(audit, "seq", "OLD.seq <= (SELECT coalesce(max(seq), 0) FROM audit_marks WHERE kind = 'trimmed')")

# Who was or is being erased, so that an erasure that was interrupted goes on. `state` says what to look for and where
# we are; of one that has ended it holds counts only.
erasures = Table(
    "erasures",
    metadata,
    Column("customer_id", BigInteger, primary_key=True, autoincrement=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("actor", Text, nullable=False),
    Column("through", Text, nullable=False),
    Column("state", Text, nullable=False),
)

# Up to when tickets that are over have lost their texts, so that a night does not go through all years again.
retention_marks = Table(
    "retention_marks",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("until", BigInteger, nullable=False),
)
