"""What one row of a list says about a customer, checked and cut: the value between whoever reads and whoever writes.

In: nothing. Out: values. Must not know: files, columns, SQL; who reads a list is to begin without a database's weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class OwnedEntry(NamedTuple):
    """A product in an entry: its columns, the JSON of its draft; `warranty_said`: its end is no rule's of ours."""

    category: str
    model_key: str
    serial_key: str | None
    record: str
    warranty_said: bool


class Entry(NamedTuple):
    """What one row of a list says about a customer, checked.

    `line`: of the file; `before`: the line that had the same id or mark before, 0 for none. `record` is the JSON of the
    draft, `words` and `tails` as the indexes hold them, `cells` the row as it was, for the case that it is refused.
    """

    line: int
    before: int
    external_id: str | None
    mark: str | None
    not_vip: bool
    vip: bool
    name_key: str
    initials: str
    tails: Sequence[str]
    words: str
    record: str
    products: Sequence[OwnedEntry]
    cells: Sequence[str]
