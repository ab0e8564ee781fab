"""Pages of a list: an order that an index serves, and the place where the last page ended.

In: a statement, an order, a place. Out: the statement for the rows behind that place. Must not know: what is listed.
A page begins behind values, not behind a number of rows: what is added or goes meanwhile moves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Select, tuple_


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Behind which row a page begins: the values of its order, the id last."""

    values: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Columns to sort by, all in one direction so that an index can serve it; what only it shows."""

    columns: tuple[Column[Any], ...]
    descending: bool
    only: tuple[ColumnElement[bool], ...] = ()

    def behind(self, wanted: Select[Any], after: Place | None, size: int) -> Select[Any]:
        """At most `size` rows of `wanted`, in this order. Raises ValueError for a place of another order."""
        if after is not None:
            if len(after.values) != len(self.columns):
                raise ValueError("a place of another order")
            here, there = tuple_(*self.columns), tuple_(*after.values)
            wanted = wanted.where(here < there if self.descending else here > there)
        way = [column.desc() if self.descending else column.asc() for column in self.columns]
        return wanted.where(*self.only).order_by(*way).limit(size)

    def place(self, row: Row[Any]) -> Place:
        """Where this row stands."""
        return Place(values=tuple(getattr(row, column.name) for column in self.columns))
