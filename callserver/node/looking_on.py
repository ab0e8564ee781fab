"""What another node writes of a switch, shown on the screens of this one.

In: the log of facts and what the store remembers. Out: facts, half a second late. Must not know: links, leases.

Wake-ups between nodes carry no data, so this is a look into the log, twice a second, by the switch's own numbers: there
is one writer a switch, so no number comes late.
"""

from __future__ import annotations

from callserver.facts import LinkRestored, PbxId
from callserver.node.watching import Watcher
from callserver.store import agents, calls
from callserver.store import log as facts_log
from callserver.store.engine import Store

EVERY_S = 0.5
_FAR_BEHIND = 5_000  # facts after which to begin anew is less work than to catch up


class LookingOn:
    """One switch that somebody else follows."""

    def __init__(self, store: Store, pbx: PbxId, watcher: Watcher) -> None:
        self._store = store
        self._pbx = pbx
        self._watcher = watcher
        self._seq: int | None = None  # of the last fact that was shown

    def begin_anew(self) -> None:
        """This node followed the switch itself meanwhile, or begins."""
        self._seq = None

    async def look(self) -> None:
        """Show what was written since the last look. Raises StoreError."""
        if self._seq is None:
            await self._begin()
            return
        found = await facts_log.facts(self._store, self._pbx, self._seq, _FAR_BEHIND)
        if len(found) == _FAR_BEHIND:
            self._seq = None
        elif found:
            self._seq = found[-1].seq
            self._watcher.feed(self._pbx, [one.fact for one in found])

    async def _begin(self) -> None:
        """What is remembered at one number; if the writer went on while it was read, the next look tries again."""
        before = await facts_log.last_seq(self._store, self._pbx)
        records = await calls.open_records(self._store, self._pbx)
        members = await agents.members(self._store, self._pbx)
        known = await facts_log.switch(self._store, self._pbx)
        if known is None or known.last_seq != before:
            return
        gaps = await facts_log.gaps(self._store, self._pbx, begin=known.seen_at)
        blind = next((gap for gap in gaps if gap.open), None)
        self._watcher.begin(
            self._pbx, records, members, blind_since=blind.lost_at if blind else known.seen_at
        )
        if blind is None:
            self._watcher.feed(self._pbx, [LinkRestored(pbx=self._pbx, at=known.seen_at)])
        self._seq = before
