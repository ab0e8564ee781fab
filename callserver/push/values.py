"""The values of the picture as they are now, and what has changed since somebody last took the changes away.

In: values, each with its audience. Out: deltas, snapshots. Must not know: calls, agents, facts. What is put again as it
was is no change; of a pop only the members that differ are told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from callserver.facts import Instant, instant
from callserver.push.applying import COLLECTIONS, KINDS, Delta, Kind, Type, Value, empty
from callserver.push.pops import Ending
from callserver.push.views import Audience

MISSED_MS = 30 * 60_000
"""How long a missed call stays on the screen."""
NOTICE_MS = 15 * 60_000


class Values:
    """All collections."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, Value]] = empty()
        self._audiences: dict[tuple[str, str], Audience] = {}
        self._missed: dict[str, Instant | None] = {}  # pops that stayed, and when their callers gave up
        self._deltas: list[Delta] = []

    def taken(self) -> list[Delta]:
        """What has changed since the last time; takes it away."""
        taken, self._deltas = self._deltas, []
        return taken

    def snapshot(
        self, sees: Callable[[Audience, str], bool] | None, kinds: Iterable[Kind] | None
    ) -> dict[str, dict[str, Value]]:
        """All values of these kinds, or those whose audience `sees` (audience, type) lets through."""
        return {
            COLLECTIONS[kind]: {
                key: value
                for key, value in self._values[COLLECTIONS[kind]].items()
                if sees is None or sees(self._audiences[kind, key], kind)
            }
            for kind in kinds or KINDS
        }

    def value(self, kind: Kind, key: str) -> Value | None:
        """One value as it is now."""
        return self._values[COLLECTIONS[kind]].get(key)

    def audience(self, kind: Kind, key: str) -> Audience | None:
        """Whose matter that value is."""
        return self._audiences.get((kind, key))

    def put(self, kind: Kind, key: str, value: Value | None, audience: Audience) -> bool:
        """Tell it where it is news; None: it is gone. Whether it was news."""
        collection = self._values[COLLECTIONS[kind]]
        if collection.get(key) == value and self._audiences.get((kind, key), audience) == audience:
            return False
        before = self._audiences.get((kind, key), audience)
        self._audiences[kind, key] = before if value is None else audience
        self._tell(kind, key, value)
        if value is None:
            collection.pop(key, None)
            del self._audiences[kind, key]
        else:
            collection[key] = value
        return True

    def _tell(self, type: Type, key: str, value: Value | None, why: str | None = None) -> None:
        audience = self._audiences["pop" if type.startswith("pop") else type, key]
        self._deltas.append(Delta(type=type, key=key, value=value, why=why, audience=audience))

    # --- pops --------------------------------------------------------------------------------------------------------

    def offer(self, key: str, value: Value, audience: Audience) -> None:
        """A pop as it is now: new, or the members that changed. One that was missed begins anew."""
        self._audiences["pop", key] = audience
        if key in self._values["pops"] and key not in self._missed:
            self._update(key, value)
            return
        self._missed.pop(key, None)
        self._values["pops"][key] = value
        self._tell("pop", key, value)

    def _update(self, key: str, value: Value) -> None:
        old = self._values["pops"][key]
        changed = {
            name: now for name, now in value.items() if old.get(name) is not now and old.get(name) != now
        }
        if changed:
            self._values["pops"][key] = value
            self._tell("pop.update", key, changed)

    def close(self, key: str, why: Ending, at: Instant | None) -> None:
        """The pop is over. An abandoned call stays as missed."""
        known = self._values["pops"].pop(key, None)
        if known is None:
            return
        self._tell("pop.closed", key, None, why=why)
        if why == "abandoned":
            self._values["pops"][key] = {**known, "state": "missed"}
            self._missed[key] = at if at is not None else instant(known["offered_at"])
        else:
            del self._audiences["pop", key]

    def learn_missed(self, call: str, changed: Value) -> None:
        """What others know of a call that was missed."""
        for key in [key for key in self._missed if key.endswith(f"|{call}")]:
            self._update(key, {**self._values["pops"][key], **changed})

    def dismiss(self, key: str) -> None:
        """A missed call was seen. Pops of calls that go on stay."""
        if key in self._missed:
            self._tell("pop.closed", key, None, why="dismissed")
            del self._missed[key], self._values["pops"][key], self._audiences["pop", key]

    def forget(self, concerns: Callable[[Value], bool]) -> None:
        """Missed calls of somebody of whom nothing is to be kept."""
        for key in [key for key in self._missed if concerns(self._values["pops"][key])]:
            self.dismiss(key)

    def dismiss_all(self, seat: str) -> None:
        """What somebody missed is nothing to whoever sits there next."""
        for key in [key for key in self._missed if key.startswith(f"{seat}|")]:
            self.dismiss(key)

    def tick(self, now: Instant) -> None:
        """What is old goes: missed calls, notices."""
        for key in [key for key, at in self._missed.items() if at is None or now - at > MISSED_MS]:
            self.dismiss(key)
        for key, notice in list(self._values["notices"].items()):
            dated = isinstance(notice.get("at"), str) and not notice.get("keep")
            at = instant(notice["at"]) if dated else None
            if at is not None and now - at > NOTICE_MS:
                self.put("notice", key, None, self._audiences["notice", key])
