"""Alerts on the screens, and what the screens know as numbers that can be watched.

In: alerts on record, the live screens. Out: values of the stream's collection `alerts`; readings of queues. Must not
know: rules, who watches.

Alerts of this process's own transactions are shown at once; every few seconds those of other processes, too.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import structlog

from callserver.alerts.rule import Subject
from callserver.errors import StoreError
from callserver.facts import Instant, instant, iso
from callserver.metrics.live import Live
from callserver.push.hub import Hub
from callserver.push.views import Audience, Queues, Scope
from callserver.store import alerting
from callserver.store.alerting import Alert, AlertsChanged
from callserver.store.engine import Store

log = structlog.get_logger(__name__)

LOOK_S: Final = 2.0
READERS: Final = Scope("alerts:read")


class Alerting:
    """Shows what is wrong; `run` until `stop`."""

    def __init__(self, store: Store, hub: Hub, look_s: float = LOOK_S) -> None:
        self._store = store
        self._hub = hub
        self._look_s = look_s
        self._shown: dict[str, tuple[Audience, dict[str, Any]]] = {}
        self._awake = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Show what changes, until stopped."""
        quiet = self._store.on_told(self._told)
        try:
            while not self._stopping:
                await self.look()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._look_s):
                        await self._awake.wait()
                self._awake.clear()
        finally:
            quiet()

    def stop(self) -> None:
        """`run` returns soon."""
        self._stopping = True
        self._awake.set()

    async def look(self) -> None:
        """Show what is wrong now, and take away what is over."""
        try:
            found = await self._store.read(alerting.open_alerts)
        except StoreError as error:
            log.warning("nobody knows which alerts there are", why=str(error))
            return
        shown = {str(one.id): (audience(one), alert_told(one)) for one in found if one.screens}
        for key, (whose, _) in self._shown.items():
            if key not in shown:
                self._hub.put("alert", key, None, whose)
        for key, (whose, value) in shown.items():
            if self._shown.get(key) != (whose, value):
                self._hub.put("alert", key, value, whose)
        self._shown = shown

    def _told(self, said: Sequence[Any]) -> None:
        if any(isinstance(one, AlertsChanged) for one in said):
            self._awake.set()


def audience(alert: Alert) -> Audience:
    """A queue's alert is for who sees the queue; the right to read alerts is asked besides (push.views.NEEDS)."""
    return Queues(frozenset({alert.subject.name})) if alert.subject.name else READERS


def what_is_wrong(alert: Alert) -> dict[str, Any]:
    """What an alert is about, and by how much; the stream and the API tell it alike."""
    return {
        "id": alert.id,
        "rule": alert.rule,
        "title": dict(alert.title),
        "severity": alert.severity,
        "metric": alert.metric,
        "about": alert.subject.about,
        "pbx": alert.subject.pbx or None,
        "queue": alert.subject.name or None,
        "side": alert.side,
        "threshold": alert.threshold,
        "value": alert.value,
    }


def alert_told(alert: Alert) -> dict[str, Any]:
    """An alert as the stream has it."""
    return {
        **what_is_wrong(alert),
        "raised_at": iso(alert.raised_at),
        "told_at": iso(alert.told_at),
        "acked_at": iso(alert.acked_at),
        "acked_by": alert.acked_by,
        "ack_why": alert.ack_why,
        "snoozed_until": iso(alert.snoozed_until),
        "snoozed_by": alert.snoozed_by,
        "snooze_why": alert.snooze_why,
        "test": alert.test,
    }


def numbers_now(hub: Hub, live: Live, clock: Callable[[], Instant]) -> dict[Subject, dict[str, float | None]]:
    """The day's numbers of each queue; who waits and who is ready as the screens show it, which hear of it first."""
    now = clock()
    found = {Subject(*one): live.of(one, now) for one in live.subjects() if one[0] == "queue"}
    for queue in hub.screen.snapshot(kinds=["queue"])["queues"].values():
        subject = Subject("queue", queue["pbx"], queue["name"])
        found[subject] = found.get(subject, {}) | _numbers(queue, now)
    return found


def _numbers(queue: Mapping[str, Any], now: Instant) -> dict[str, float | None]:
    waiting = len(queue["waiting"])
    since = instant(queue["waiting"][0]["since"]) if waiting else None
    return {
        "waiting": float(waiting),
        "longest_wait": max(0, now - since) / 1000 if since is not None else None,
        "agents_ready": float(queue["ready"]),
        "nobody_ready_with_callers": 0.0 if queue["ready"] else float(waiting),
    }
