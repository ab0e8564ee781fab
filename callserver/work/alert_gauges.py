"""What is measured beside the floor: links, trunks, the disk, omissions, what is late.

In: the store, the disk. Out: readings, and which switches nobody sees. Must not know: rules, live numbers.

Links are asked at each look; the rest changes slowly and is asked every few seconds. Work that fails leaves its numbers
out, so that no alert begins or ends by it.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from callserver.alerts.rule import Readings, Subject
from callserver.facts import Instant, PbxId
from callserver.store import alert_gauges as gauges
from callserver.store.engine import Connection, Store

log = structlog.get_logger(__name__)

SLOW_S: Final = 5.0
TRUNKS_MS: Final = 300_000
"""How far back failures of trunks are counted."""
SITE: Final = Subject("site")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one look gave. `blind`: the switches that nobody sees."""

    readings: Readings
    blind: frozenset[str]


class Gauges:
    """`pbxs`: each switch, with how its trunks' channels begin. `disk`: a folder on the disk that must not fill up."""

    def __init__(self, store: Store, pbxs: Mapping[PbxId, Sequence[str]], disk: Path, begun: Instant) -> None:
        self._store = store
        self._pbxs = pbxs
        self._disk = disk
        self._begun = begun
        self._slow: dict[Subject, dict[str, float | None]] = {}
        self._slow_at: Instant | None = None
        self._seq: dict[PbxId, int] = {}  # of the last fact that was looked at
        self._refused: dict[PbxId, deque[Instant]] = {pbx: deque() for pbx in pbxs}

    async def read(self, now: Instant) -> Measured:
        """One look. Raises StoreError."""
        lost = await self._store.read(lambda c: gauges.unseen(c, self._pbxs, self._begun))
        if self._slow_at is None or not 0 <= now - self._slow_at < SLOW_S * 1000:
            self._slow = await self._read_slowly(now)
            self._slow_at = now
        readings: dict[Subject, dict[str, float | None]] = {}
        for pbx in self._pbxs:
            since = lost.get(pbx)
            down_s = 0.0 if since is None else max(0, now - since) / 1000
            subject = Subject("switch", pbx)
            readings[subject] = {**self._slow.get(subject, {}), "link_down_s": down_s}
        readings[SITE] = dict(self._slow.get(SITE, {}))
        return Measured(readings=readings, blind=frozenset(lost))

    async def _read_slowly(self, now: Instant) -> dict[Subject, dict[str, float | None]]:
        site: dict[str, float | None] = {}
        if (free := await asyncio.to_thread(free_ratio, self._disk)) is not None:
            site["disk_free_ratio"] = free
        site |= await self._store.report(partial(_late, now=now))
        attempts = await self._store.report(lambda c: gauges.refused_attempts(c, now - TRUNKS_MS))
        found: dict[Subject, dict[str, float | None]] = {SITE: site}
        for pbx in self._pbxs:
            refused = await self._refusals(pbx, now) + len(attempts.get(pbx, ()))
            omitted = await self._store.report(partial(gauges.omission, pbx=pbx))
            found[Subject("switch", pbx)] = {"trunk_failures": float(refused), "omission_ppm": omitted}
        return found

    async def _refusals(self, pbx: PbxId, now: Instant) -> int:
        """Read along in the log of facts; what was before we began is not counted."""
        last = await self._store.report(partial(gauges.last_fact, pbx=pbx))
        after = self._seq.setdefault(pbx, last)
        if last > after:
            look = partial(gauges.refused_by_trunks, pbx=pbx, after=after, upto=last, trunks=self._pbxs[pbx])
            self._refused[pbx].extend(await self._store.report(look))
        self._seq[pbx] = last
        kept = self._refused[pbx]
        while kept and kept[0] < now - TRUNKS_MS:
            kept.popleft()
        return len(kept)


def free_ratio(folder: Path) -> float | None:
    """How much of the disk is free for us, of 1; None where nobody can say."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError as error:
        log.warning("nobody knows how full the disk is", folder=str(folder), why=error.strerror)
        return None
    return usage.free / usage.total if usage.total else None


def _late(connection: Connection, now: Instant) -> dict[str, float | None]:
    landings = gauges.landings(connection)
    return {
        "landings_waiting": float(landings.waiting),
        "landings_oldest_s": landings.oldest_s,
        "promises_late": float(gauges.late_promises(connection, now)),
        "promises_broken": float(gauges.broken_promises(connection)),
        "jobs_late": float(gauges.late_jobs(connection)),
    }
