"""The half of an import that reads and checks, in a process of its own.

In: a pipe to the half that writes, a path, what the user says about it. Out, through the pipe: what was opened, then
entries and rejected rows batch by batch, in the order of the file, then its end; or why it cannot be read. Must not
know: databases. Two processes, because checking a row and writing it take a core about as long as each other.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import marshal
import resource
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from operator import itemgetter
from pathlib import Path
from typing import Any

from callserver.customers.listed import Entry, OwnedEntry, Plain
from callserver.customers.warranty import DEFAULTS, Rule, Rules
from callserver.customers.warranty import rules as ruled
from callserver.errors import BadValue
from callserver.numbers import Plan
from callserver.sheets.reading import read
from callserver.sheets.table import Lines, Piece, Row, Table
from callserver.work.columns import Columns, columns
from callserver.work.entries import Clerk, Rejected
from callserver.work.seen import Seen

_MEMORY = 4 << 30  # bytes; an import takes a few hundred MB
BATCH = 500  # rows that are written in one transaction, where others want to write too


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user says about a file. `mapping`: heading -> field, see columns.py; `rules`: the site's categories."""

    path: Path
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    ignore_unknown: bool = False
    category: str = ""
    rules: tuple[Rule, ...] = tuple(DEFAULTS.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A file that can be imported. `digest`: of its bytes and how they are read; `about`: so many rows, 0 unknown."""

    digest: str
    about: int
    headings: tuple[str, ...]
    mapping: tuple[tuple[str, str], ...]  # heading, field
    unknown: tuple[str, ...]
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some rows of the file; `rows` of it are done with when they are. `plain`: the entries of the usual shape."""

    rows: int
    plain: Plain | None
    entries: list[Entry]
    rejected: list[Rejected]


def opened(asked: Asked, plan: Plan) -> tuple[Table, Columns, Opened]:
    """Open the file. Raises BadValue, OSError."""
    table = read(asked.path, encoding=asked.encoding, delimiter=asked.delimiter, sheet=asked.sheet)
    known = columns(
        table.headings, given=asked.mapping, ignore_unknown=asked.ignore_unknown, category=asked.category
    )
    how = repr((table.digest, asked.encoding, asked.delimiter, asked.sheet, known.said, known.category, plan))
    if asked.rules != tuple(DEFAULTS.values()):
        how += repr(asked.rules)
    found = Opened(
        digest=hashlib.blake2b(how.encode("utf-8", "replace"), digest_size=16).hexdigest(),
        about=table.about,
        headings=table.headings,
        mapping=known.said,
        unknown=known.unknown,
        said=table.said,
    )
    return table, known, found


def batches(
    table: Table, known: Columns, plan: Plan, skip: int = 0, rules: Rules = DEFAULTS
) -> Iterator[Batch]:
    """The rows of the file behind the first `skip`, which are read all the same: later ones may repeat them."""
    clerk, seen, taking, rows = Clerk(known, plan, rules), Seen(), _Taking(table.pieces), 0
    try:
        while some := taking.some(min(BATCH, skip - rows) if rows < skip else BATCH):
            rows += some.count
            batch = _batch(clerk, seen, some, rows)
            if rows > skip:
                yield batch
    finally:
        seen.close()


@dataclass(slots=True)
class _Some:
    """Some rows of the table: lines that nobody has cut yet, and others."""

    count: int = 0
    lines: list[Lines] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


class _Taking:
    """Takes so many rows at a time."""

    def __init__(self, pieces: Iterator[Piece]) -> None:
        self._pieces, self._left = pieces, list[Lines]()

    def some(self, most: int) -> _Some | None:
        """So many rows, or as many as there are; None at the end."""
        some = _Some()
        while some.count < most and (piece := self._next()) is not None:
            if isinstance(piece, Row):
                some.rows.append(piece)
                some.count += 1
                continue
            texts = piece.texts
            room = most - some.count
            if texts[room:]:
                self._left.append(piece._replace(first=piece.first + room, texts=texts[room:]))
            some.lines.append(piece._replace(texts=texts[:room]))
            some.count += min(room, len(texts))
        return some if some.count else None

    def _next(self) -> Piece | None:
        return self._left.pop() if self._left else next(self._pieces, None)


def _batch(clerk: Clerk, seen: Seen, some: _Some, end: int) -> Batch:
    plain, others = clerk.batch(some.rows, some.lines)
    entries = [one for one in others if isinstance(one, Entry)]
    rejected = [one for one in others if isinstance(one, Rejected)]
    keys = [one.external_id or f"\0{one.mark}" for one in entries]
    lines = [one.line for one in entries]
    if plain is not None:
        keys += _keys(plain)
        lines += plain.lines
    if before := seen.before(keys, lines):
        entries = [one._replace(before=before.get(one.line, 0)) for one in _all(plain, entries)]
        plain = None
    return Batch(rows=end, plain=plain, entries=entries, rejected=sorted(rejected))


def _keys(plain: Plain) -> list[str]:
    """What each is known by: an id of another system, or a mark, which is no id."""
    ids = plain.external_ids.split("\n")
    if "" not in ids:
        return ids
    return [id or f"\0{mark}" for id, mark in zip(ids, plain.marks.split("\n"), strict=True)]


def _all(plain: Plain | None, entries: list[Entry]) -> list[Entry]:
    return sorted([*(plain.entries() if plain else ()), *entries], key=itemgetter(0))


# --- through the pipe ------------------------------------------------------------------------------------------------


def begin(descriptor: int) -> None:
    """The process begins: our end of the pipe has this number, and what is asked comes through it."""
    bounded()
    gc.disable()  # a row leaves no cycles behind, and to look for them takes a tenth of the time
    pipe = Connection(descriptor)
    try:
        asked, plan = pipe.recv()
    except (EOFError, KeyboardInterrupt):
        return
    work(pipe, asked, plan)


def bounded() -> None:
    """A cell of gigabytes, packed into a small workbook, ends this process and not the switch's machine."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    with contextlib.suppress(OSError, ValueError):  # a system that cannot, or a lower bound that somebody set
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, most))


def work(pipe: Connection, asked: Asked, plan: Plan) -> None:
    """The process: tell what was opened, hear where to begin, send batches, tell the end."""
    try:
        table, known, found = opened(asked, plan)
        _send(pipe, "opened", asdict(found))
        for batch in batches(table, known, plan, pipe.recv(), ruled(*asked.rules)):
            plain = None if batch.plain is None else tuple(batch.plain)
            rejected = list(map(tuple, batch.rejected))
            _send(pipe, "batch", batch.rows, plain, _packed(batch.entries), rejected)
        _send(pipe, "end")
    except (BrokenPipeError, EOFError, KeyboardInterrupt):
        return  # nobody is there any more to be told
    except BadValue as error:
        _send(pipe, "refused", error.field, error.why)
    except OSError as error:
        _send(pipe, "unreadable", error.errno, error.strerror, str(error.filename))
    finally:
        pipe.close()


def _send(pipe: Connection, *message: Any) -> None:
    """marshal takes a third of pickle's time, and both ends are this program."""
    pipe.send_bytes(marshal.dumps(message))


def _packed(entries: Sequence[Entry]) -> list[tuple[Any, ...]]:
    return [(*one[:_OWNED], list(map(tuple, one.products)), *one[_OWNED + 1 :]) for one in entries]


def received(pipe: Connection) -> Opened | Batch | None:
    """The next message; None: the file is at its end. Raises what the reader met with, EOFError where it is gone."""
    kind, *values = marshal.loads(pipe.recv_bytes())
    if kind == "batch":
        rows, plain, entries, rejected = values
        return Batch(
            rows=rows,
            plain=None if plain is None else Plain._make(plain),
            entries=_unpacked(entries),
            rejected=list(map(Rejected._make, rejected)),
        )
    if kind == "opened":
        return Opened(**values[0])
    if kind == "refused":
        raise BadValue(*values)
    if kind == "unreadable":
        raise OSError(*values)
    return None


def _unpacked(entries: Sequence[tuple[Any, ...]]) -> list[Entry]:
    return [
        Entry._make((*one[:_OWNED], list(map(OwnedEntry._make, one[_OWNED])), *one[_OWNED + 1 :]))
        for one in entries
    ]


_OWNED = Entry._fields.index("products")
