"""What an agent writes beside a call: drafts, verdicts, who promised what; and the verdicts that there are.

In: nothing. Out: tables, in the same metadata as all others. Must not know: connections. Instants are whole
milliseconds since the epoch, UTC.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from callserver.store.schema import metadata

__all__ = ["metadata"]

# Notes as they are typed, one row a person and subject ("call:main:1.1", "ticket:17"); `counter` grows with each save,
# so that two tabs notice each other. `body`: text, fields, the version of the ticket that was on the screen.
drafts = Table(
    "drafts",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", Text, primary_key=True),
    Column("counter", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
Index("ix_drafts_at", drafts.c.at)
Index("ix_drafts_subject", drafts.c.subject)

# Verdicts that an administrator changed or added; the others are tickets.dispositions.DEFAULTS.
dispositions = Table(
    "dispositions",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("record", Text, nullable=False),
)

# The verdict on a call, the last one that was given; `user_id` is null where a program gave it.
verdicts = Table(
    "verdicts",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("call_id", Text, primary_key=True),
    Column("ticket_id", BigInteger, nullable=False),
    Column("disposition", Text, nullable=False),
    Column("user_id", BigInteger),
    Column("actor", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)
Index("ix_verdicts_ticket", verdicts.c.ticket_id)
Index("ix_verdicts_disposition", verdicts.c.disposition, verdicts.c.at)

# What was recorded on a call, so that the same request is done once. `digest` is the request's and the asker's;
# `entry` and `promises` (JSON list) are what it wrote, `moved_from` the ticket that the call was on before.
recorded = Table(
    "recorded",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("call_id", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("ticket_id", BigInteger, nullable=False),
    Column("user_id", BigInteger),
    Column("at", BigInteger, nullable=False),
    Column("entry", Integer),
    Column("promises", Text, nullable=False),
    Column("moved_from", BigInteger),
    Column("undone_at", BigInteger),
)
Index("ix_recorded_ticket", recorded.c.ticket_id)

# Who promised a call: it is theirs to keep first.
promise_owners = Table(
    "promise_owners",
    metadata,
    Column("promise_id", BigInteger, primary_key=True, autoincrement=False),
    Column("ticket_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
)
Index("ix_promise_owners_user", promise_owners.c.user_id, promise_owners.c.promise_id)
Index("ix_promise_owners_ticket", promise_owners.c.ticket_id)

OF_TICKETS: tuple[Table, ...] = (verdicts, recorded, promise_owners)
"""Gone with their tickets."""
