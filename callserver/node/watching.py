"""Whoever shows what is understood: the live screens, as far as a switch's follower knows them.

In: nothing. Out: a protocol, and one that shows nothing. Must not know: screens.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from callserver.facts import Fact, Instant, PbxId
from callserver.store.agents import Member


class Watcher(Protocol):
    """Told of everything the moment it is understood, before it is written down. Must not wait, nor raise."""

    def begin(
        self,
        pbx: PbxId,
        records: Iterable[dict[str, Any]] = (),
        members: Iterable[Member] = (),
        *,
        blind_since: Instant | None = None,
    ) -> None:
        """This process follows the switch from now on; what the store remembers of it: open calls, memberships."""

    def feed(self, pbx: PbxId, told: Iterable[Fact], arrived: float | None = None) -> None:
        """Facts, in order. arrived: when the event came that they were made of, monotonic; None: no event did."""


class Nobody:
    """Shows nothing."""

    def begin(
        self,
        pbx: PbxId,
        records: Iterable[dict[str, Any]] = (),
        members: Iterable[Member] = (),
        *,
        blind_since: Instant | None = None,
    ) -> None: ...

    def feed(self, pbx: PbxId, told: Iterable[Fact], arrived: float | None = None) -> None: ...


class Several:
    """Shows it to one after the other, in the order given."""

    def __init__(self, *watchers: Watcher) -> None:
        self._watchers = watchers

    def begin(
        self,
        pbx: PbxId,
        records: Iterable[dict[str, Any]] = (),
        members: Iterable[Member] = (),
        *,
        blind_since: Instant | None = None,
    ) -> None:
        """To each of them; what is given is read more than once."""
        records, members = list(records), list(members)
        for watcher in self._watchers:
            watcher.begin(pbx, records, members, blind_since=blind_since)

    def feed(self, pbx: PbxId, told: Iterable[Fact], arrived: float | None = None) -> None:
        """To each of them."""
        told = list(told)
        for watcher in self._watchers:
            watcher.feed(pbx, told, arrived)
