"""The full-text index of customers: which customers have these words in their name or addresses.

In: words as `customers.names` cuts them, ids of customers. Out: ids. Must not know: what the words are of.

SQLite: an FTS5 table that keeps nothing but the index, so whoever takes words out says which they were. Words come
cut already; the `ascii` tokenizer only splits at spaces. PostgreSQL: a tsvector and a GIN index on it. Neither is a
table of the metadata; both are made and dropped with `customers`.

A word that millions have must not make anybody wait. SQLite walks the lists in the order of ids and stops when a page
is full; two long lists that never meet are read span by span of ids, for as long as somebody may wait. A GIN index
makes the whole list first, and each of its entries is a row to be read somewhere else, so we let it make at most
`_LISTED` entries for each word: with one word rarer than that the answer is exact, otherwise a sample.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Table, event, text

WAIT_S = 0.03  # a span more may take as long again on a slow machine, and the page 0.1 s
SPAN = 1_000  # ids; each span is twice the one before, since most words do meet soon
_LONGEST_SPAN = 32_000
RARE = 2_000
_FEW = 3  # words whose lists are read one after the other
_LISTED = (2_000, 10_000, 20_000)  # of one word, two, three: the more there are, the fewer rows have them all
WALKED = 2_000  # rows that lie side by side: a few milliseconds, as long as some two hundred entries of a GIN index
_MADE = {
    "sqlite": (
        "CREATE VIRTUAL TABLE customer_words"
        " USING fts5 (words, content='', columnsize=0, detail=none, tokenize=ascii)",
    ),
    "postgresql": (
        "CREATE TABLE customer_words"
        " (customer_id BIGINT CONSTRAINT pk_customer_words PRIMARY KEY, words TSVECTOR NOT NULL)",
        "CREATE INDEX ix_customer_words ON customer_words USING gin (words) WITH (gin_pending_list_limit = 512)",
    ),
}


def made_with(table: Table) -> None:
    """Make and drop the index together with this table."""
    event.listen(table, "after_create", _make)
    event.listen(table, "before_drop", _drop)


def _make(_table: Table, connection: Connection, **_options: object) -> None:
    for statement in _MADE[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def _drop(_table: Table, connection: Connection, **_options: object) -> None:
    connection.exec_driver_sql("DROP TABLE IF EXISTS customer_words")


def put(connection: Connection, them: Iterable[tuple[int, Sequence[str]]]) -> None:
    """Words of customers that have none in the index yet."""
    if connection.dialect.name == "sqlite":
        statement = "INSERT INTO customer_words (rowid, words) VALUES (:id, :words)"
    else:
        statement = "INSERT INTO customer_words VALUES (:id, array_to_tsvector(string_to_array(:words, ' ')))"
    rows = [{"id": customer, "words": " ".join(words)} for customer, words in them]
    if rows:
        connection.execute(text(statement), rows)


def change(connection: Connection, customer: int, before: Sequence[str], after: Sequence[str]) -> None:
    """Other words for a customer; `before` are the ones in the index. No words: the customer is not found by any."""
    if tuple(before) != tuple(after):
        _remove(connection, customer, before)
        if after:
            put(connection, [(customer, after)])


class Found(NamedTuple):
    """Ids of customers, in order. `until`: the last id that was looked at, where we stopped before the end."""

    ids: list[int]
    until: int | None = None


def with_all(
    connection: Connection,
    words: Sequence[str],
    *,
    after: int = 0,
    limit: int,
    rare: int = RARE,
    span: int = SPAN,
    wait_s: float = WAIT_S,
    walked: int = WALKED,
) -> Found:
    """Customers above `after` that have all of these words; fewer than `limit` and no `until`: these are all.

    Those words come first that few customers probably have; where list after list has to be read, the others are not
    asked for.

    On PostgreSQL, where none of the words is rare and the next `walked` customers do not fill the page, they are some
    of them. On SQLite, where that many do not come within `wait_s`, those that were found in as many spans of ids as
    were read till then; always at least one.
    """
    if not words:
        return Found([])
    if connection.dialect.name == "sqlite":
        few = words[:_FEW]
        if len(words) == 1 or any(_is_rare(connection, word, after, rare) for word in few):
            quoted = " ".join(f'"{word}"' for word in words)
            return Found(_listed(connection, quoted, after, _NO_END, limit))
        return _span_by_span(connection, few, after, limit, span, wait_s)
    few, others = words[:_FEW], words[_FEW:]
    connection.execute(_SETTINGS, {"listed": str(_LISTED[len(few) - 1])})
    where = {"after": after, "limit": limit}
    next_ones = {"words": _query(words), "walked": walked, **where}
    ids = set(connection.execute(_WALKING, next_ones).scalars())
    if len(ids) < limit:
        given = {"words": _query(few), "others": _query(others), **where}
        ids.update(connection.execute(_POSTGRESQL, given).scalars())
    return Found(sorted(ids)[:limit])


def _query(words: Sequence[str]) -> str | None:
    """A tsquery for all of them."""
    return " & ".join(f"'{word}'" for word in words) or None


def _is_rare(connection: Connection, word: str, after: int, rare: int) -> bool:
    """Whether so few have the word that SQLite may leap from one of them to the next."""
    return len(_listed(connection, f'"{word}"', after, _NO_END, rare)) < rare


def _span_by_span(
    connection: Connection, words: Sequence[str], after: int, limit: int, span: int, wait_s: float
) -> Found:
    """Each word's list by itself: for a span of two together FTS5 would first look for where they meet, from the start.

    Nor would a progress handler help: that search is one step of SQLite, however long it is.
    """
    end = connection.execute(_LAST).scalar_one() or 0
    give_up = time.monotonic() + wait_s
    ids: list[int] = []
    while True:
        until = after + span
        ids += _meeting(connection, words, after, min(until, end))[: limit - len(ids)]
        if until >= end or len(ids) == limit:
            return Found(ids)
        if time.monotonic() >= give_up:
            return Found(ids, until)
        after, span = until, min(2 * span, _LONGEST_SPAN)


def _meeting(connection: Connection, words: Sequence[str], after: int, until: int) -> list[int]:
    first, *others = words
    ids = set(_listed(connection, f'"{first}"', after, until))
    for word in others:
        if not ids:
            break
        ids.intersection_update(_listed(connection, f'"{word}"', after, until))
    return sorted(ids)


def _listed(connection: Connection, words: str, after: int, until: int, limit: int = -1) -> list[int]:
    given = {"words": words, "after": after, "until": until, "limit": limit}
    return list(connection.execute(_SQLITE, given).scalars())


_NO_END = 2**63 - 1
_LAST = text("SELECT max(id) FROM customers")
_SQLITE = text(
    "SELECT rowid FROM customer_words WHERE customer_words MATCH :words AND rowid > :after AND rowid <= :until"
    " ORDER BY rowid LIMIT :limit"
)
# For the connection, which only looks things up: what is asked for there never needs a whole table, nor processes
# that take longer to start than all of it takes.
_SETTINGS = text(
    "SELECT set_config('gin_fuzzy_search_limit', CAST(:listed AS text), false),"
    " set_config('enable_seqscan', 'off', false), set_config('max_parallel_workers_per_gather', '0', false)"
)
_WALKING = text(
    "SELECT customer_id FROM (SELECT customer_id, words FROM customer_words WHERE customer_id > :after"
    " ORDER BY customer_id LIMIT :walked) AS next_ones"
    " WHERE words @@ CAST(CAST(:words AS text) AS tsquery) ORDER BY customer_id LIMIT :limit"
)
# OFFSET 0 keeps the planner from walking all customers in the order of their ids until enough have the words; IS NOT
# FALSE, from asking the index for the other words too, which are looked for in the rows (null: there are none).
_POSTGRESQL = text(
    "SELECT customer_id FROM (SELECT customer_id FROM customer_words"
    " WHERE words @@ CAST(CAST(:words AS text) AS tsquery)"
    " AND (words @@ CAST(CAST(:others AS text) AS tsquery)) IS NOT FALSE OFFSET 0) AS found"
    " WHERE customer_id > :after ORDER BY customer_id LIMIT :limit"
)


def _remove(connection: Connection, customer: int, words: Sequence[str]) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("DELETE FROM customer_words WHERE customer_id = :customer"), {"customer": customer}
        )
    elif words:
        taken = text(
            "INSERT INTO customer_words (customer_words, rowid, words) VALUES ('delete', :id, :words)"
        )
        connection.execute(taken, {"id": customer, "words": " ".join(words)})
