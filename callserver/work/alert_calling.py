"""Calls people on duty about alerts, one after the other, until somebody takes care.

In: what is owed (store/alert_tellings.py, way `call`), which switches are seen. Out: requests to a switch, alerts
acknowledged by a key. Must not know: AMI, when an alert is raised. What is decided is in `alerts.calling`; all that is
known stands in the store, so another process goes on where this one was killed, and nobody is called twice for it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from callserver.alerts.calling import OnDuty, Owed, about, step
from callserver.facts import WARNING, Instant, LegId, PbxId
from callserver.seats.asking import Warn
from callserver.store import alert_calls, alert_tellings
from callserver.store.alert_calls import LastCall
from callserver.store.alert_tellings import Telling
from callserver.store.alerting import Alert
from callserver.store.commands import UnderWay
from callserver.store.engine import Connection, Store

log = structlog.get_logger(__name__)

NOBODY: Final = "nobody is to be called, by the settings ([alerts] call_to)"
TAKEN: Final = "acknowledged by {number}"
GIVEN_UP: Final = "nobody acknowledged it; the last call: {said}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How people on duty are called. `switches`: by which, the preferred one first."""

    duty: OnDuty
    switches: tuple[PbxId, ...]
    language: str = "en"
    caller_id: str = ""
    ring_s: int = 30


class AlertCalling:
    """`look` each second. `manner` None: nobody is to be called."""

    def __init__(
        self, store: Store, manner: Manner | None, wake: Callable[[PbxId], None] = lambda pbx: None
    ) -> None:
        self._store = store
        self._manner = manner
        self._wake = wake

    async def look(self, now: Instant, blind: frozenset[str] = frozenset()) -> None:
        """Do what is to be done now; `blind`: switches that nobody sees. Raises StoreError."""
        owed = await self._store.read(lambda connection: alert_tellings.due(connection, now, "call"))
        if not owed:
            return
        manner = self._manner
        if manner is None:
            ids = [row.id for row, _ in owed]
            await self._store.write(lambda connection: alert_tellings.dead(connection, ids, NOBODY, now))
            return
        seen = [pbx for pbx in manner.switches if pbx not in blind]
        rung = await self._store.write(lambda connection: _work(connection, manner, seen, now))
        if rung is not None:
            log.warning("somebody is called about an alert", pbx=rung)
            self._wake(rung)


def _work(connection: Connection, manner: Manner, seen: Sequence[PbxId], now: Instant) -> PbxId | None:
    """One step, as things are inside this transaction; by which switch somebody is called, if anybody is."""
    owed = {row.id: (row, alert) for row, alert in alert_tellings.due(connection, now, "call")}
    last = alert_calls.last(connection, now)
    rows = [Owed(id=id, calls=row.attempts, wanted=_wanted(alert, now)) for id, (row, alert) in owed.items()]
    found = step(manner.duty, rows, None if last is None else last.call, now)
    if last is not None and found.taken:
        number = last.call.number
        alert_calls.acknowledged(connection, {owed[id][1].id for id in found.taken}, number, now)
        alert_tellings.done(connection, found.taken, TAKEN.format(number=number), now)
    alert_tellings.done(connection, found.vain, alert_tellings.NOT_NEEDED, now)
    alert_tellings.dead(connection, found.given_up, GIVEN_UP.format(said=_last_said(last)), now)
    if found.ring is None or not seen:
        return None
    page = [owed[id] for id in found.page]
    pbx = seen[max(row.attempts for row, _ in page) % len(seen)]
    try:
        alert_calls.ring(connection, found.page, _warn(manner, found.ring, page), pbx)
    except UnderWay:
        return None
    return pbx


def _wanted(alert: Alert, now: Instant) -> bool:
    sleeps = alert.snoozed_until is not None and alert.snoozed_until > now
    return alert.open and alert.acked_at is None and not sleeps


def _last_said(last: LastCall | None) -> str:
    return "it is not known" if last is None else last.said


def _warn(manner: Manner, number: str, page: Sequence[tuple[Telling, Alert]]) -> Warn:
    """The gravest is what the recording speaks of."""
    alerts = {alert.id: alert for _, alert in page}
    lead = min(alerts.values(), key=lambda one: (one.test, one.severity != "critical", one.raised_at))
    return Warn(
        number=number,
        channel=LegId(f"{WARNING}{secrets.token_hex(12)}"),
        critical=lead.severity == "critical",
        about=about(lead.metric),
        several=len(alerts) > 1,
        test=lead.test,
        language=manner.language.partition("-")[0],
        caller_id=manner.caller_id,
        ring_s=manner.ring_s,
    )
