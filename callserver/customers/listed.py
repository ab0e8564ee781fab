"""What one row of a list says about a customer, checked and cut: the value between whoever reads and whoever writes.

In: nothing. Out: values. Must not know: files, columns, SQL; who reads a list is to begin without a database's weight.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat
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


class Plain(NamedTuple):
    """Entries of the usual shape, column by column, as many as `lines`: what they are in takes a tenth of their time.

    A text is one line of each column, "" where an entry has none; `tails` are separated by spaces and `cells` by tabs.
    A product has its entry's place in `owners`. No entry says what an earlier line of its batch did.
    """

    lines: list[int]
    external_ids: str
    marks: str
    not_vips: bytes
    vips: bytes
    name_keys: str
    initials: str
    tails: str
    words: str
    records: str
    cells: str
    owners: list[int]
    categories: str
    model_keys: str
    serial_keys: str
    owned: str
    warranties: bytes

    def entries(self) -> list[Entry]:
        """Each as it would be alone."""
        products: list[list[OwnedEntry]] = [[] for _ in self.lines]
        for place, product in zip(self.owners, self.products(), strict=True):
            products[place].append(product)
        columns = (
            self.lines, repeat(0), _optional(self.external_ids), _optional(self.marks), map(bool, self.not_vips),
            map(bool, self.vips), self.name_keys.split("\n"), self.initials.split("\n"),
            map(str.split, self.tails.split("\n")), self.words.split("\n"), self.records.split("\n"), products,
            [cells.split("\t") for cells in self.cells.split("\n")],
        )  # fmt: skip
        return list(map(Entry._make, zip(*columns, strict=False)))  # 0 has no end

    def products(self) -> Iterable[OwnedEntry]:
        """The products of all of them, in the order of `owners`."""
        if not self.owners:
            return ()
        return map(
            OwnedEntry, self.categories.split("\n"), self.model_keys.split("\n"), _optional(self.serial_keys),
            self.owned.split("\n"), map(bool, self.warranties),
        )  # fmt: skip


def _optional(column: str) -> list[str | None]:
    return [one or None for one in column.split("\n")]
