"""How far Asterisk's own journals were read.

In: a source and a position in its file. Out: the position stored last. Must not know: what is in those
files. A position is best written by `Batch.positions`, in the transaction of the facts that were read up to
it: then nothing is read twice and nothing is skipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from callserver.facts import PbxId
from callserver.store import text
from callserver.store.engine import Store
from callserver.store.schema import journal_positions as table


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPosition:
    """Bytes of the file `path` up to `offset` were read; `inode` tells a rotated file from one that grew.

    `detail` is the reader's own, any JSON object (a digest of the head, say).
    """

    source: str
    path: str
    inode: int
    offset: int
    detail: Mapping[str, Any] = field(default_factory=dict)


def row(pbx: PbxId, position: JournalPosition) -> dict[str, Any]:
    """The position as a row of the table."""
    return {
        "pbx": text.key(pbx),
        "source": text.key(position.source),
        "path": text.storable(position.path),
        "inode": str(position.inode),
        "position": position.offset,
        "detail": text.dump(dict(position.detail)),
    }


async def position(store: Store, pbx: PbxId, source: str) -> JournalPosition | None:
    """Where the reading of this source ended, None before its first time."""
    wanted = select(table).where(table.c.pbx == text.key(pbx), table.c.source == text.key(source))
    found = await store.read(lambda connection: connection.execute(wanted).one_or_none())
    if found is None:
        return None
    return JournalPosition(
        source=source,
        path=found.path,
        inode=int(found.inode),
        offset=found.position,
        detail=text.load(found.detail),
    )
