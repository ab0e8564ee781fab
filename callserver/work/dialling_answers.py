"""Why has this call not been made yet? Every rule with its answer, as the dialler would be held by it now.

In: a promise, the floor where this process follows a switch. Out: lines for people. Must not know: who asks, languages.
Where nobody here sees a floor, the rules about who is free are left out: a wrong answer is worse than none.
"""

from __future__ import annotations

from typing import Final

from callserver.facts import Instant, PbxId
from callserver.people import UserId
from callserver.promises.holding import Line
from callserver.store.engine import Connection
from callserver.tickets.promise import Promise
from callserver.work.dialling import scene_of
from callserver.work.dialling_choosing import Choosing
from callserver.work.dialling_floor import Floorview, FreeAgent, OwnerState

OF_THE_FLOOR: Final = frozenset({"no_switch", "owner_first", "trunk_busy", "callers_first", "nobody_free"})


class Unseen:
    """The floor of a process that follows no switch."""

    def switches(self) -> tuple[PbxId, ...]:
        return ()

    def free(self, pbx: PbxId) -> tuple[FreeAgent, ...]:
        return ()

    def owner(self, user: UserId) -> OwnerState:
        return "gone"

    def agent(self, user: UserId) -> FreeAgent | None:
        return None

    def waiting(self, pbx: PbxId, queue: str) -> tuple[Instant, ...]:
        return ()

    def past_target(self, pbx: PbxId, queue: str, now: Instant) -> int:
        return 0


class Answering:
    """Whom to ask. `floor`: None: this process follows no switch."""

    def __init__(self, choosing: Choosing, floor: Floorview | None = None) -> None:
        self._choosing = choosing
        self._floor = floor or Unseen()

    def why(self, connection: Connection, promise: Promise, now: Instant) -> tuple[tuple[Line, ...], bool]:
        """The rules in their order, and whether those about people and lines were asked too."""
        lines = self._choosing.explain(connection, promise, scene_of(connection, self._floor, now))
        seen = bool(self._floor.switches())
        return tuple(one for one in lines if seen or one.code not in OF_THE_FLOOR), seen
