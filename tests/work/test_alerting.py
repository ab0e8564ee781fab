"""From a number that is bad to a mail in a box: watched, told once, reminded, put off by quiet hours, cleared."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest_asyncio
from sqlalchemy import Connection, func, insert, select, update

from callserver.alerts.calling import OnDuty
from callserver.alerts.rule import Quiet, Rule, Subject
from callserver.facts import Actor, PbxId, instant, iso
from callserver.seats.asking import Warn, from_json
from callserver.store import alert_rules, alert_tellings, alerting, leases, schema, text
from callserver.store.alerting import Alert
from callserver.store.at_work import commands as command_table
from callserver.store.engine import Store
from callserver.work import mailing
from callserver.work.alert_calling import AlertCalling, Manner
from callserver.work.alert_gauges import Gauges, free_ratio
from callserver.work.alert_telling import Style, Telling
from callserver.work.alerting import Watch
from callserver.work.mailing import MailServer
from tests.web.conftest import prepared_file, store
from tests.work.mail_server import SENDER, MailBox, mail_server

__all__ = ["prepared_file", "store"]

PBX = PbxId("main")
REPAIR, SALES = Subject("queue", "main", "repair"), Subject("queue", "main", "sales")
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = instant("2026-11-22T12:00:00+08:00") or 0
S, MINUTE = 1_000, 60_000
ANNA = Actor(name="anna", through="screen")
NIGHT = Quiet(days=(0, 1, 2, 3, 4, 5, 6), begin=22 * 60, end=30 * 60)


class Hotline:
    """A site with a mail server. `numbers` is what the floor measures; `at` looks once at that moment.

    Its disk is nowhere: this machine's may be full, which is another alert.
    """

    def __init__(self, store: Store, box: MailBox, disk: Path) -> None:
        self.store = store
        self.box = box
        self.disk = disk
        self.manner: Manner | None = None
        self.numbers: dict[Subject, dict[str, float | None]] = {REPAIR: {}}
        self.now = NOON
        self.restart()

    def restart(self, mail: bool = True) -> None:
        server = MailServer(host="127.0.0.1", port=self.box.port, sender=SENDER, tls="none")
        style = Style(language="en", zone=SHANGHAI, url="https://hotline.example.com/")
        self.telling = Telling(self.store, style, partial(mailing.send, server) if mail else None)
        self.watch = Watch(
            self.store,
            lambda: self.numbers,
            Gauges(self.store, {PBX: ("PJSIP/trunk",)}, self.disk, NOON),
            self.telling,
            AlertCalling(self.store, self.manner),
            holder="node/1",
            node="node",
            zone=SHANGHAI,
            clock=lambda: self.now,
        )

    async def at(self, second: float, **numbers: float | None) -> None:
        if numbers:
            self.numbers[REPAIR] = dict(numbers)
        self.now = NOON + round(second * S)
        self.watch._stale = True  # as after the five seconds, or what this process wrote itself
        await self.watch.look(self.now)
        await self.telling.rest()

    async def rule(self, id: str, **changes: Any) -> Rule:
        def put(connection: Any) -> Rule:
            before = alert_rules.get(connection, id)
            made = replace(before, **{"mail": ("night@example.com",), **changes})
            return alert_rules.put(connection, made, before.version, ANNA, self.now)

        return await self.store.write(put)

    async def alerts(self) -> list[Alert]:
        return await self.store.read(alerting.open_alerts)

    def subjects(self) -> list[str]:
        return [str(one["Subject"]) for one in self.box.letters]


@pytest_asyncio.fixture
async def hotline(store: Store, tmp_path: Path) -> AsyncIterator[Hotline]:
    """Its switch is seen: somebody holds its lease, and it was seen a moment ago."""
    await leases.acquire(store, leases.lease_of(PBX), "node/1", 600)
    row = insert(schema.switches).values(pbx=PBX, last_seq=0, seen_at=NOON)
    await store.write(lambda c: c.execute(row))
    async with mail_server() as box:
        yield Hotline(store, box, tmp_path / "nowhere")


async def test_a_bad_number_becomes_a_mail_and_so_does_its_end(hotline: Hotline) -> None:
    await hotline.rule("long_wait")
    for second in (0, 29, 30, 31, 60):
        await hotline.at(second, longest_wait=61.0 + second)
    (alert,) = await hotline.alerts()
    assert (alert.rule, alert.subject, alert.value) == ("long_wait", REPAIR, 91.0)
    assert hotline.subjects() == ["[callserver] ALERT: A caller waits too long - queue repair (main)"]
    body = hotline.box.letters[0].get_content()
    assert "Longest wait 1 min 31 s (above 60 s), queue repair (main)" in body
    assert "2026-11-22 12:00:30" in body and "https://hotline.example.com/alerts" in body
    for second in (61, 71):
        await hotline.at(second, longest_wait=3.0)
    assert await hotline.alerts() == []
    assert hotline.subjects()[1:] == ["[callserver] over: A caller waits too long - queue repair (main)"]


async def test_what_happens_together_is_one_mail(hotline: Hotline) -> None:
    await hotline.rule("long_wait", for_s=0.0)
    await hotline.rule("nobody_ready", for_s=0.0)
    hotline.numbers[SALES] = {"longest_wait": 99.0}
    await hotline.at(0, longest_wait=99.0, nobody_ready_with_callers=2.0)
    assert hotline.subjects() == [
        "[callserver] ALERT: Callers wait and nobody is ready (+2) - queue repair (main)"
    ]
    assert hotline.box.letters[0].get_content().count("ALERT") == 3


async def test_a_mail_server_that_is_away_is_tried_until_it_is_back(hotline: Hotline) -> None:
    await hotline.rule("long_wait", for_s=0.0)
    hotline.box.answers = ["451 not now", "451 not yet"]
    for second in (0, 5, 15, 20, 45, 46):
        await hotline.at(second, longest_wait=99.0)
    assert len(hotline.subjects()) == 1
    (alert,) = await hotline.alerts()
    (told,) = await hotline.store.read(lambda c: alert_tellings.of_alert(c, alert.id))
    assert (told.attempts, told.done_at) == (2, NOON + 45 * S)


async def test_an_address_that_is_refused_is_given_up_with_the_reason(hotline: Hotline) -> None:
    await hotline.rule("long_wait", for_s=0.0, mail=("gone@example.com", "night@example.com"))
    hotline.box.answers = ["550 no such user"]
    for second in (0, 20, 3600):
        await hotline.at(second, longest_wait=99.0)
    (alert,) = await hotline.alerts()
    fates = await hotline.store.read(lambda c: alert_tellings.of_alert(c, alert.id))
    assert sorted(one.dead_at is not None for one in fates) == [False, True]
    assert len(hotline.subjects()) == 1


async def test_at_night_nobody_is_woken_for_what_is_over_in_the_morning(hotline: Hotline) -> None:
    await hotline.rule("long_wait", for_s=0.0, clear_for_s=0.0, quiet=(NIGHT,))
    night = 11 * 3600  # 23:00
    await hotline.at(night, longest_wait=99.0)
    await hotline.at(night + 60, longest_wait=1.0)
    await hotline.at(night + 120, longest_wait=99.0)
    assert hotline.subjects() == []
    await hotline.at(18 * 3600, longest_wait=99.0)  # 06:00
    assert hotline.subjects() == ["[callserver] ALERT: A caller waits too long - queue repair (main)"]


async def test_who_acknowledges_is_not_reminded(hotline: Hotline) -> None:
    await hotline.rule("long_wait", for_s=0.0, repeat_s=60.0)
    await hotline.at(0, longest_wait=99.0)
    await hotline.at(59)
    await hotline.at(60)
    assert [one.partition(":")[0] for one in hotline.subjects()] == [
        "[callserver] ALERT",
        "[callserver] STILL",
    ]
    (alert,) = await hotline.alerts()
    await hotline.store.write(lambda c: alerting.ack(c, alert.id, "", ANNA, hotline.now))
    await hotline.at(600)
    assert len(hotline.subjects()) == 2


async def test_what_was_put_off_is_told_again_if_it_goes_on(hotline: Hotline) -> None:
    await hotline.rule("long_wait", for_s=0.0)
    await hotline.at(0, longest_wait=99.0)
    (alert,) = await hotline.alerts()
    await hotline.store.write(lambda c: alerting.snooze(c, alert.id, 10, "known", ANNA, hotline.now))
    await hotline.at(599)
    assert len(hotline.subjects()) == 1
    await hotline.at(600)
    assert len(hotline.subjects()) == 2
    (alert,) = await hotline.alerts()
    assert (alert.snoozed_until, alert.told_at) == (None, NOON + 600 * S)


async def test_after_a_restart_nobody_is_told_twice(hotline: Hotline) -> None:
    await hotline.rule("long_wait", for_s=0.0)
    await hotline.at(0, longest_wait=99.0)
    hotline.restart()
    assert await hotline.watch._leads()
    for second in (1, 40, 80):
        await hotline.at(second, longest_wait=99.0)
    assert len(hotline.subjects()) == len(await hotline.alerts()) == 1


async def test_a_test_goes_all_the_ways_and_is_over_by_itself(hotline: Hotline) -> None:
    rule = await hotline.rule("long_wait", quiet=(replace(NIGHT, begin=0, end=1440),))
    await hotline.store.write(lambda c: alerting.test(c, rule, ANNA, NOON, SHANGHAI))
    await hotline.at(1)
    assert hotline.subjects() == ["[callserver TEST] ALERT: A caller waits too long - the whole site"]
    await hotline.at(61)
    assert await hotline.alerts() == []


async def test_without_a_mail_server_it_is_said(hotline: Hotline) -> None:
    hotline.restart(mail=False)
    await hotline.rule("long_wait", for_s=0.0)
    await hotline.at(0, longest_wait=99.0)
    (alert,) = await hotline.alerts()
    (told,) = await hotline.store.read(lambda c: alert_tellings.of_alert(c, alert.id))
    assert told.dead_at is not None and "[mail] host" in told.said


async def test_a_switch_that_is_lost_is_the_only_alert_of_it(hotline: Hotline) -> None:
    await hotline.rule("long_wait", for_s=0.0)
    lost = insert(schema.gaps).values(pbx=PBX, seq=1, lost_at=NOON, open=True, restarted=False, reason="cut")
    await hotline.store.write(lambda c: c.execute(lost))
    for second in (5, 11, 60):
        await hotline.at(second, longest_wait=99.0)
    (alert,) = await hotline.alerts()
    assert (alert.rule, alert.subject, alert.severity) == ("link_lost", Subject("switch", "main"), "critical")


async def test_it_runs_and_stops(hotline: Hotline) -> None:
    await hotline.rule("long_wait", for_s=0.0)
    hotline.numbers[REPAIR] = {"longest_wait": 99.0}
    running = asyncio.create_task(hotline.watch.run())
    await asyncio.wait_for(hotline.box.came.wait(), 60)
    hotline.watch.stop()
    await running
    assert await leases.acquire(hotline.store, "alerts", "another", 10) is not None


def test_the_disk_is_measured(tmp_path: Path) -> None:
    found = free_ratio(tmp_path)
    assert found is not None and 0 < found < 1
    assert free_ratio(tmp_path / "not there") is None


# --- telephone calls -------------------------------------------------------------------------------------------------

ON_DUTY = Manner(duty=OnDuty(numbers=("111", "222"), rounds=1, pause_s=10), switches=(PBX,))


async def begin_calling(hotline: Hotline) -> None:
    hotline.manner = ON_DUTY
    hotline.restart()
    await hotline.rule("long_wait", for_s=0.0, mail=(), call=True, severity="critical")
    await hotline.at(0, longest_wait=99.0)


async def asked(hotline: Hotline) -> list[Warn]:
    """The calls that were asked for."""
    rows = await hotline.store.read(lambda c: c.execute(select(command_table.c.body)).scalars().all())
    found = [from_json("warn", text.load(one)) for one in rows]
    return [one for one in found if isinstance(one, Warn)]


async def ends(hotline: Hotline, code: str, keys: str = "") -> None:
    """The call under way is over; whoever answered has pressed these keys."""
    channel = (await asked(hotline))[-1].channel
    record = {
        "keys": [{"menu": "alert", "key": key} for key in keys],
        "open": False,
        "ended_at": iso(hotline.now),
    }
    call = {"pbx": PBX, "call_id": f"main:{channel}"}

    def write(connection: Connection) -> None:
        state = "done" if code == "answered" else "refused"
        last = select(func.max(command_table.c.id)).scalar_subquery()
        over = {"state": state, "code": code, "said": f"it was {code}", "ended_at": hotline.now}
        connection.execute(update(command_table).where(command_table.c.id == last).values(over))
        if code == "answered":
            row = {"seq": 1, "gap": False, "open": False, "record": text.dump(record)}
            connection.execute(insert(schema.calls).values(**call, **row))
            connection.execute(insert(schema.legs).values(**call, leg=channel))

    await hotline.store.write(write)


async def test_people_are_called_one_after_the_other_and_the_key_of_one_takes_the_alert(
    hotline: Hotline,
) -> None:
    await begin_calling(hotline)
    await hotline.at(1)
    (first,) = await asked(hotline)
    assert (first.number, first.critical, first.about, first.several) == ("111", True, "queues", False)
    await ends(hotline, "busy")
    for second in (5, 12):
        await hotline.at(second)
    assert [one.number for one in await asked(hotline)] == ["111", "222"]
    await ends(hotline, "answered", keys="1")
    await hotline.at(13)
    (alert,) = await hotline.alerts()
    assert (alert.acked_by, alert.open) == ("222", True)
    (told,) = await hotline.store.read(lambda c: alert_tellings.of_alert(c, alert.id))
    assert (told.attempts, told.target, told.said) == (2, "222", "acknowledged by 222")
    await hotline.at(60)
    assert len(await asked(hotline)) == 2


async def test_nobody_is_called_any_more_when_all_were_or_it_is_over_and_a_crash_calls_nobody_twice(
    hotline: Hotline,
) -> None:
    await begin_calling(hotline)
    hotline.restart()  # as after a crash
    await hotline.at(1)
    assert len(await asked(hotline)) == 1
    await ends(hotline, "no_answer")
    await hotline.at(12)
    await ends(hotline, "answered")  # a machine, perhaps
    for second in (13, 30):
        await hotline.at(second)
    (alert,) = await hotline.alerts()
    (told,) = await hotline.store.read(lambda c: alert_tellings.of_alert(c, alert.id))
    assert told.said == "nobody acknowledged it; the last call: 222 answered and pressed no key"
    for second in (40, 51, 52):
        await hotline.at(second, longest_wait=0.0)
    hotline.manner = None
    hotline.restart()
    await hotline.at(60, longest_wait=99.0)
    (again,) = await hotline.alerts()
    (told,) = await hotline.store.read(lambda c: alert_tellings.of_alert(c, again.id))
    assert told.dead_at is not None and "call_to" in told.said
    assert len(await asked(hotline)) == 2
