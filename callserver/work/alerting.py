"""Watches the live numbers and raises alerts: once a second, in one process of a cluster.

In: what the floor measures (a callable), what only the database and the disk know, rules. Out: alerts on record with
everybody who is to be told; they are told by `alert_telling`. Must not know: screens, SMTP, what a rule means.

The lease keeps two from working in vain; that nobody is told twice is kept by the store. What was not written down
because the database was away is seen again by the next look, for as long as it is wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final

import structlog

from callserver.alerts.judging import Cleared, Event, Judge, Raised
from callserver.alerts.rule import Readings, Rule, RuleId, Subject
from callserver.errors import StoreError
from callserver.facts import Instant
from callserver.store import alert_rules, alerting
from callserver.store.alert_rules import RulesChanged
from callserver.store.alerting import Alert, AlertsChanged
from callserver.store.engine import Connection, Store
from callserver.work.alert_calling import AlertCalling
from callserver.work.alert_gauges import Gauges
from callserver.work.alert_telling import Telling
from callserver.work.leading import Leading

log = structlog.get_logger(__name__)

LEASE: Final = "alerts"
LEASE_S: Final = 10.0
TICK_S: Final = 1.0
RULES_S: Final = 5.0
"""How long another process's change of a rule, or an acknowledgement there, may be overlooked."""

Numbers = Callable[[], Readings]


class Watch:
    """`run` until `stop`."""

    def __init__(
        self,
        store: Store,
        numbers: Numbers,
        gauges: Gauges,
        telling: Telling,
        calling: AlertCalling,
        *,
        holder: str,
        node: str,
        zone: tzinfo,
        clock: Callable[[], Instant],
        tick_s: float = TICK_S,
    ) -> None:
        self._store = store
        self._numbers = numbers
        self._gauges = gauges
        self._telling = telling
        self._calling = calling
        self._leading = Leading(store, LEASE, holder=holder, node=node, ttl_s=LEASE_S)
        self._led = False
        self._zone = zone
        self._clock = clock
        self._tick_s = tick_s
        self._judge = Judge()
        self._rules: Mapping[RuleId, Rule] = {}
        self._open: list[Alert] = []
        self._stale = True  # rules and alerts are to be read again
        self._read_at = 0.0
        self._awake = asyncio.Event()
        self._stopping = False

    # --- running -----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Look every second, and at once when somebody changed a rule."""
        quiet = self._store.on_told(self._told)
        try:
            while not self._stopping:
                await self._try()
                await self._rest()
        finally:
            quiet()
            await self._telling.close()
            await self._leading.give_up()

    def stop(self) -> None:
        """`run` comes to its end after the look under way."""
        self._stopping = True
        self._awake.set()

    def _told(self, said: Sequence[Any]) -> None:
        if any(isinstance(one, RulesChanged | AlertsChanged) for one in said):
            self._stale = True
            self._awake.set()

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._tick_s):
                await self._awake.wait()
        self._awake.clear()

    async def _try(self) -> None:
        try:
            if await self._leads():
                await self.look(self._clock())
        except StoreError as error:
            log.warning("nothing is watched", why=str(error))
        except Exception:  # one number that nobody can read must not end the watching of all others
            log.exception("nothing is watched by a mistake in callserver")

    # --- the lease ---------------------------------------------------------------------------------------------------

    async def _leads(self) -> bool:
        """Whether this process watches now."""
        leads = await self._leading.ours()
        if leads and not self._led:
            await self._begin()
        self._led = leads
        return leads

    async def _begin(self) -> None:
        """What is on record as an alert is one; of everything else nobody knows since when it is so."""
        found = await self._store.read(alerting.open_alerts)
        self._judge.begin((one.rule, one.subject) for one in found if not one.test)
        self._stale = True

    # --- a look ------------------------------------------------------------------------------------------------------

    async def look(self, now: Instant) -> None:
        """One look at everything. Raises StoreError; the next look makes up for it."""
        await self._read(asyncio.get_running_loop().time())
        measured = await self._gauges.read(now)
        readings = merged(self._numbers(), measured.readings)
        events = self._judge.look(self._rules.values(), readings, measured.blind, now)
        for event in events:
            await self._happened(event)
        await self._remind(now)
        await self._telling.look(now)
        await self._calling.look(now, measured.blind)

    async def _read(self, now: float) -> None:
        if not self._stale and now - self._read_at < RULES_S:
            return
        self._stale = False
        self._rules, self._open = await self._store.read(_rules_and_alerts)
        self._read_at = now

    async def _happened(self, event: Event) -> None:
        await self._store.write(lambda connection: self._write(connection, event))
        self._judge.settle(event)
        if isinstance(event, Raised):
            log.warning(
                "alert", rule=event.rule.id, subject=event.subject.key, value=event.value,
                severity=event.rule.severity,
            )  # fmt: skip
        else:
            log.info("alert is over", rule=event.rule, subject=event.subject.key, why=event.why)

    def _write(self, connection: Connection, event: Event) -> None:
        if isinstance(event, Cleared):
            alerting.cleared(connection, event, self._rules.get(event.rule), self._zone)
        else:
            alerting.raised(connection, event, self._zone)

    async def _remind(self, now: Instant) -> None:
        """Nobody has acknowledged it, or it was put off until now."""
        if any(one.test and now - one.raised_at >= alerting.TEST_MS for one in self._open):
            await self._store.write(lambda connection: alerting.end_tests(connection, now, self._zone))
        for one in self._open:
            rule = self._rules.get(one.rule)
            if rule is not None and not one.test and reminder_due(one, rule, now):
                await self._store.write(
                    lambda c, one=one, rule=rule: alerting.remind(c, one, rule, now, self._zone)  # type: ignore[misc]
                )


def reminder_due(alert: Alert, rule: Rule, now: Instant) -> bool:
    """Whether an alert that goes on is to be told again at this moment."""
    if alert.acked_at is not None:
        return False
    if alert.snoozed_until is not None:
        return alert.snoozed_until <= now
    return rule.repeat_s > 0 and now - alert.told_at >= rule.repeat_s * 1000


def merged(one: Readings, other: Readings) -> dict[Subject, Mapping[str, float | None]]:
    """The numbers of both; a subject may have some here and some there."""
    return {
        subject: {**one.get(subject, {}), **other.get(subject, {})} for subject in one.keys() | other.keys()
    }


def _rules_and_alerts(connection: Connection) -> tuple[Mapping[RuleId, Rule], list[Alert]]:
    return alert_rules.every(connection), alerting.open_alerts(connection)
