"""Whom presence works with: the switchboard through which orders go, the screens on which shifts stand.

In: nothing. Out: protocols. Must not know: who they are.
"""

from __future__ import annotations

from typing import Protocol

from callserver.facts import PbxId
from callserver.people import UserId
from callserver.seats.asking import CommandId, Outcome
from callserver.seats.explaining import Problem
from callserver.seats.shift import Shift


class Switchboard(Protocol):
    """Where requests to switches are waited for."""

    def wake(self, pbx: PbxId) -> None: ...
    async def outcome(self, id: CommandId, timeout_s: float) -> Outcome: ...


class Screens(Protocol):
    """What people see of it. Nothing here waits."""

    def show(self, shift: Shift, problems: tuple[Problem, ...]) -> None:
        """This is how a shift is now."""

    def clear(self, user: UserId) -> None:
        """This person is not at work."""

    def moved(self, before: Shift, after: Shift | None, by: Shift | None) -> None:
        """Somebody sits elsewhere, or nowhere any more; `by`: who sits in their place."""

    def open(self, user: UserId) -> int:
        """How many screens this person has open at this process."""
