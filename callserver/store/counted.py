"""What calls add up to: stays in queues, handlings, calls, promises and tickets as they are counted, and their sums.

In: nothing. Out: tables, in the same metadata as all others. Must not know: connections. Instants are whole
milliseconds since the epoch, UTC. Whatever is counted names the queue that it counts for ('': none), because who may
see a number is decided by queue.

Nothing in here is a source: all of it can be made again from calls, tickets and promises. No number and no name of a
customer is kept.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from callserver.store.schema import metadata, where

__all__ = ["TABLES", "metadata"]


def _counted() -> tuple[Column[str], ...]:
    """The queue, the phone that answered, who sat there and in which team, the kind of the call's ticket."""
    return (
        Column("queue", Text, nullable=False),
        Column("interface", Text),
        Column("agent", Text, nullable=False),
        Column("team", Text, nullable=False),
        Column("kind", Text, nullable=False),
    )


# One stay in one queue. `outcome` null: it goes on. `agent`: a user's id, or the phone where nobody had signed in;
# '': nobody answered. `in_target`, `short`: by the queue's settings when it was counted.
visit_counts = Table(
    "visit_counts",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("call_id", Text, primary_key=True),
    Column("n", Integer, primary_key=True),
    *_counted(),
    Column("at", BigInteger, nullable=False),
    Column("outcome", Text),
    Column("wait_ms", BigInteger),
    Column("in_target", Boolean, nullable=False),
    Column("short", Boolean, nullable=False),
    Column("gap", Boolean, nullable=False),
)
Index("ix_visit_counts_at", visit_counts.c.at, visit_counts.c.queue)

# One agent's part in one call. `at`: the end of wrap-up.
handling_counts = Table(
    "handling_counts",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("call_id", Text, primary_key=True),
    Column("n", Integer, primary_key=True),
    *_counted(),
    Column("at", BigInteger, nullable=False),
    Column("talk_ms", BigInteger, nullable=False),
    Column("hold_ms", BigInteger, nullable=False),
    Column("wrap_ms", BigInteger, nullable=False),
    Column("transferred", Boolean, nullable=False),
    Column("gap", Boolean, nullable=False),
)
Index("ix_handling_counts_at", handling_counts.c.at, handling_counts.c.queue)

# One call. `queue`: its first one. `known`: whose matter it was about is known; `repeated`: the same customer called
# again about the same matter soon after.
call_counts = Table(
    "call_counts",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("call_id", Text, primary_key=True),
    *_counted(),
    Column("at", BigInteger, nullable=False),
    Column("direction", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("customer_id", BigInteger),
    Column("product_id", BigInteger),
    Column("ticket_id", BigInteger),
    Column("known", Boolean, nullable=False),
    Column("repeated", Boolean, nullable=False),
    Column("gap", Boolean, nullable=False),
)
Index("ix_call_counts_at", call_counts.c.at, call_counts.c.queue)
Index(
    "ix_call_counts_customer",
    call_counts.c.customer_id,
    call_counts.c.at,
    **where(call_counts.c.customer_id.is_not(None)),
)
Index("ix_call_counts_ticket", call_counts.c.ticket_id, **where(call_counts.c.ticket_id.is_not(None)))

# One promise that was settled or broken. `at`: its deadline; `late_ms`: its first attempt after it was due.
promise_counts = Table(
    "promise_counts",
    metadata,
    Column("promise_id", BigInteger, primary_key=True, autoincrement=False),
    Column("queue", Text, nullable=False),
    Column("promise", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kept", Boolean, nullable=False),
    Column("late_ms", BigInteger),
    Column("rated_at", BigInteger),
    Column("rating", Integer),
)
Index("ix_promise_counts_at", promise_counts.c.at, promise_counts.c.queue)
Index("ix_promise_counts_rated", promise_counts.c.rated_at, **where(promise_counts.c.rated_at.is_not(None)))

# One ticket that is closed, or at whose customer somebody was. `at`: when it was closed; null: it is not.
ticket_counts = Table(
    "ticket_counts",
    metadata,
    Column("ticket_id", BigInteger, primary_key=True, autoincrement=False),
    Column("queue", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("product_id", BigInteger),
    Column("at", BigInteger),
    Column("age_ms", BigInteger),
    Column("visits", Integer, nullable=False),
    Column("visited_at", BigInteger),
    Column("repeated", Boolean, nullable=False),
)
Index("ix_ticket_counts_at", ticket_counts.c.at, **where(ticket_counts.c.at.is_not(None)))
Index(
    "ix_ticket_counts_product",
    ticket_counts.c.product_id,
    ticket_counts.c.visited_at,
    **where(ticket_counts.c.product_id.is_not(None)),
)

# Sums (metrics.sums.Sums as JSON). level: slot (a quarter of an hour, without dimensions) or day (of the site's zone).
# dimension '': all; otherwise agent, team, kind, outcome or promise, with its `value`; with `/all` behind it: of all
# queues together. `definition`: metrics' version.
tallies = Table(
    "tallies",
    metadata,
    Column("level", Text, primary_key=True),
    Column("dimension", Text, primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("pbx", Text, primary_key=True),
    Column("queue", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("sums", Text, nullable=False),
    Column("recomputed_at", BigInteger, nullable=False),
    Column("definition", Integer, nullable=False),
)

# Spans whose sums are not those of the rows any more; `mark` grows with each change.
to_sum = Table(
    "to_sum",
    metadata,
    Column("level", Text, primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("mark", BigInteger, nullable=False),
)

# How far each source was followed.
count_places = Table(
    "count_places",
    metadata,
    Column("source", Text, primary_key=True),
    Column("place", BigInteger, nullable=False),
    Column("detail", Text, nullable=False),
)

TABLES: tuple[Table, ...] = (
    visit_counts,
    handling_counts,
    call_counts,
    promise_counts,
    ticket_counts,
    tallies,
    to_sum,
    count_places,
)
