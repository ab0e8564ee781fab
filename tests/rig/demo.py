"""`make demo`: the main job on one machine, with a real Asterisk, simulated customers and phones.

Flows in: how many seconds to run (for ever without). Flows out: what happens, call by call, and at the end a table that
counts the same calls in four places; exit code 1 where one is missing. Must not know: how callserver does it; it is
started as its operator starts it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import csv
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from asterisk_conf import contract
from asterisk_conf.plan import Hotline, Manager, Member, Phone, Plan, Trunk
from callserver.facts import MACHINE
from callserver.people import Place
from callserver.store import engine, migrations, teams, users
from callserver.tickets.number import spoken
from callserver.web.passwords import Passwords
from tests.calls.queue_log import visits
from tests.rig import archive, provision
from tests.rig.asterisk import FILTERED, Asterisk
from tests.rig.debian import Unavailable
from tests.rig.phones import OUTSIDE, Phones, Sipp
from tests.rig.scenarios import HOTLINE, hotline, repair
from tests.rig.service import Service

LOCAL = Path(__file__).resolve().parents[2] / ".local"
AGENTS = {
    "1001": "Zhang Wei 张伟",
    "1002": "Li Na 李娜",
    "1003": "Wang Fang 王芳",
    "1004": "Tom Baker",
    "1005": "Chen Jie 陈杰",
    "1006": "Anna Schmidt",
    "1007": "Sun Li 孙丽",
}
FREE = "1008"
"""The phone that whoever looks at the demo sits down at; it answers by itself."""
DEMO_AGENT = "demo"
TRUNK = "trunk"
LAST_CALLS_S = 22  # before the end: no new calls, so that the running ones can end
LEAST_S = 8  # so long there are new calls in any case
LONGEST_CALL_S = 40
FINISHED = """
select calls.seq, calls.record, tickets.number, tickets.status, customers.record,
       exists (select 1 from jobs where key = 'land:' || calls.call_id || ':ended' and done_at is null)
from calls left join call_tickets using (pbx, call_id)
     left join tickets on tickets.id = ticket_id left join customers on customers.id = customer_id
where not calls.open and calls.seq >= ? order by calls.seq, calls.ended_at"""
LOST = """
select count(*) from calls left join call_tickets using (pbx, call_id)
where direction = 'inbound' and not open and ticket_id is null"""


def plan() -> Plan:
    """A hotline with five agents, and a repair desk where callers go who wait too long. Secrets are made up anew."""
    return Plan(
        version=(22, 1),
        managers=(Manager(user=FILTERED.user, secret=secrets.token_hex(16)),),
        phones=tuple(
            Phone(endpoint=number, secret=secrets.token_hex(16), name=name)
            for number, name in {**AGENTS, FREE: "Demo Agent"}.items()
        ),
        queues=(
            hotline(
                strategy="rrmemory",
                ring_s=5,
                wrapup_s=contract.WRAP_UP_S,
                max_wait_s=12,
                overflow_to="repair",
                members=tuple(Member(phone=number) for number in ("1001", "1002", "1003", "1004", "1005")),
            ),
            repair(
                strategy="rrmemory",
                ring_s=5,
                wrapup_s=contract.WRAP_UP_S,
                members=tuple(Member(phone=number) for number in ("1006", "1007")),
            ),
        ),
        hotlines=(Hotline(number=HOTLINE, queue="hotline"),),
        trunks=(Trunk(name=TRUNK, host=OUTSIDE),),
    )


@dataclass(slots=True)
class Demo:
    """One run of it."""

    switch: Asterisk
    phones: Phones
    service: Service
    crowds: list[Sipp] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)
    seen: int = 0
    """The switch's last fact when calls were shown last: calls that ended later have a higher one."""

    async def people_at_work(self) -> None:
        """Most agents answer and talk; one refuses now and then, one is away from the desk, one hands over."""
        await self.phones.answer_together("1001", "1002", "1006", "1007", ring_ms=900, stay_ms=5_000)
        await self.phones.answers_and_refers(
            "1003", ring_ms=700, hold_after_ms=1_500, refer_after_ms=700, to="601"
        )
        await self.phones.rejects("1004")
        await self.phones.never_answers("1005")
        await self.phones.answers(FREE, ring_ms=4_000, stay_ms=40_000)
        await self.phones.register("1003", "1004", "1005", FREE)

    async def customers_call(self) -> None:
        """A patient crowd, and some who hang up after four seconds."""
        people = [(person.number, person.name.replace(";", " ")) for person in archive.PEOPLE]
        many = 100_000
        self.crowds = [
            await self.phones.crowd(people, dialed=HOTLINE, calls=many, rate_per_s=0.6, at_once=30),
            await self.phones.crowd(people, dialed=HOTLINE, calls=many, rate_per_s=0.15, stay_ms=4_000),
        ]

    async def show(self, until: float | None, stopping: asyncio.Event) -> None:
        """One line a finished call, until the time is up or somebody presses Ctrl-C."""
        while not stopping.is_set() and (until is None or time.monotonic() < until):
            self.show_finished()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), 0.5)

    def show_finished(self) -> None:
        """Up to the first call that still looks for its ticket."""
        for seq, record, number, status, customer, waiting in self.service.rows(FINISHED, self.seen):
            if waiting:
                return
            call = json.loads(record)
            if call["id"] not in self.shown:
                self.shown.add(call["id"])
                say(told(call) + ticket(number, status, customer))
            self.seen = seq

    async def wind_down(self) -> None:
        """No new calls; the running ones may end, what is left after a while is hung up."""
        for crowd in self.crowds:
            crowd.enough()
        try:
            async with asyncio.timeout(LONGEST_CALL_S):
                while any(crowd.running for crowd in self.crowds):
                    self.show_finished()
                    await asyncio.sleep(0.3)
        except TimeoutError:
            await self.switch.rx("channel request hangup all")
            for crowd in self.crowds:
                await crowd.finished(60)
        await self.service.until(lambda: self.service.open_calls() == 0, 90, "the last call to be on record")
        await self.service.until(lambda: not self.service.landings_waiting(), 90, "the last call's ticket")
        self.show_finished()

    async def table(self) -> int:
        """The same calls counted in four places; the exit code."""
        placed = sum(crowd.counts.placed for crowd in self.crowds)
        queued, begun = self.queued(), self.begun()
        legs = self.service.legs()
        logged = len(self.service.calls("direction = 'inbound'"))
        omitted = max(len((queued | begun) - legs), placed - logged, 0)
        lost = self.service.number(LOST)
        code, said = await self.service.run("reconcile", "--json")
        say("")
        for what, count in (
            ("calls placed by SIPp", placed),
            ("calls in Asterisk's queue_log", len(queued)),
            ("calls in Asterisk's CEL", len(begun)),
            ("calls logged by callserver", logged),
            ("of these on no ticket", lost),
            ("tickets", self.service.number("select count(*) from tickets")),
            ("callbacks owed", self.service.number("select count(*) from promises where settled_at is null")),
            ("omitted", omitted),
            ("omitted, parts per million", round(1e6 * omitted / placed) if placed else 0),
        ):
            say(f"  {what:<32}{count:>7}")
        say(f"  {'`callserver reconcile` finds':<32}{'differences' if code else 'nothing':>7}")
        if code:
            say(said)
        return int(bool(omitted or lost) or code != 0)

    def queued(self) -> set[str]:
        """The callers whom queue_log saw enter a queue, by their channels."""
        lines = _text(self.switch.queue_log).splitlines()
        return {visit.callid for visit in visits([line.split("|") for line in lines])}

    def begun(self) -> set[str]:
        """The channels on which customers came in, as CEL saw them."""
        rows = csv.reader(_text(self.switch.cel).splitlines(keepends=True))
        named = [dict(zip(contract.CEL_FIELDS, row, strict=False)) for row in rows]
        return {
            row["uniqueid"]
            for row in named
            if row.get("eventtype") == "CHAN_START" and row["channame"].startswith(f"PJSIP/{TRUNK}-")
        }


def _text(journal: Path) -> str:
    """A journal as far as it is written; before the first call there is none."""
    return journal.read_text("utf-8", "replace") if journal.exists() else ""


def say(line: str) -> None:
    print(line, flush=True)


def told(call: dict[str, Any]) -> str:
    """A finished call in one line for people."""
    at = datetime.fromisoformat(call["started_at"]).astimezone().strftime("%H:%M:%S")
    who = f"{call['caller_name'] or ''} {call['caller_number'] or 'number withheld'}".strip()
    steps = [(visit["entered_at"] or "", _visit(visit)) for visit in call["queue_visits"]]
    steps += [(one["at"] or "", f"{one['kind']} transfer to {one['to']}") for one in call["transfers"]]
    story = "; ".join(step for _, step in sorted(steps))
    return f"  {at}  {who}  ->  {call['dialed']}  {call['outcome'].upper()}  {story}"


def ticket(number: str | None, status: str, customer: str | None) -> str:
    """Which ticket the call is on, and whose."""
    if number is None:
        return "  [no ticket]"
    owner = json.loads(customer)["name"] if customer else "nobody known"
    return f"  [ticket {spoken(number)}, {owner}, {status}]"


def _visit(visit: dict[str, Any]) -> str:
    waited = f"{visit['queue']}: waited {visit['wait_s'] or 0:.0f} s"
    if visit["end"] != "answered":
        return f"{waited}, {visit['end'].replace('_', ' ')}"
    return f"{waited}, {visit['agent']['name']} talked {visit['talk_s'] or 0:.0f} s"


def greet(demo: Demo, customers: Path, seconds: int | None, password: str) -> None:
    url = f"http://127.0.0.1:{demo.service.web}"
    say("")
    say(f"  YOUR DESK      {url}/   login {DEMO_AGENT}   password {password}")
    say(f"                 begin work at the phone that is proposed ({FREE}): it answers by itself")
    say("")
    say("callserver follows a real Asterisk " + ".".join(map(str, demo.switch.version)))
    say(f"  status page    {url}/status")
    say(f"  health         {url}/healthz   {url}/readyz   {url}/metrics")
    say(f"  calls (API)    curl -H 'Authorization: Bearer {demo.service.token}' {url}/api/v1/calls")
    say(f"  live facts     .venv/bin/callserver tail -c {demo.service.settings}")
    say(f"  customers      {customers}")
    say(
        f"  ports          SIP {demo.switch.ports.sip}/udp, AMI {demo.switch.ports.manager}, all on 127.0.0.1"
    )
    say(f"  hotline {HOTLINE}, agents " + ", ".join(AGENTS.values()))
    say(f"  ends by itself after about {seconds} s" if seconds else "  Ctrl-C ends it")
    say("")


@dataclass(slots=True)
class Folder:
    """A folder of this run's own, gone afterwards unless something is to be looked at."""

    path: Path
    keep: bool = False


@contextlib.contextmanager
def folder() -> Iterator[Folder]:
    LOCAL.mkdir(exist_ok=True)
    made = Folder(Path(tempfile.mkdtemp(prefix=f"demo-{os.getpid()}-", dir=LOCAL)))
    try:
        yield made
    finally:
        if made.keep:
            say(f"\n  kept to look at: {made.path}")
        else:
            shutil.rmtree(made.path, ignore_errors=True)


@dataclass(slots=True)
class CtrlC:
    """While customers call, the first Ctrl-C (or SIGTERM) ends the demo in good order; any other ends it at once."""

    task: asyncio.Task[Any]
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    calling: bool = False

    def __call__(self) -> None:
        if self.calling and not self.asked.is_set():
            self.asked.set()
        else:
            self.task.cancel()


async def run(seconds: int | None) -> int:
    """The whole demo; its exit code."""
    task = asyncio.current_task()
    assert task is not None
    ctrl_c = CtrlC(task)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ctrl_c)
    began = time.monotonic()
    with folder() as home:
        customers = archive.write(home.path / "customers.csv")
        switch = Asterisk(plan(), software=provision.asterisk(), home=home.path)
        try:
            await switch.start()
            service = Service(switch)
            await imported(service, customers)
            password = await hired(service)
            async with Phones(switch, sound=False) as phones, service:
                demo = Demo(switch, phones, service)
                await demo.people_at_work()
                greet(demo, customers, seconds, password)
                code = await played(demo, ctrl_c, None if seconds is None else began + seconds)
                home.keep = code != 0
                return code
        finally:
            await switch.close()


async def imported(service: Service, customers: Path) -> None:
    """The archive is what the program's own import makes of the list."""
    await migrations.upgrade(f"sqlite:///{service.database}")
    await service.must("customers", "import", str(customers))


async def hired(service: Service) -> str:
    """Somebody who may sit down at the free phone: the password of `DEMO_AGENT`, made up anew.

    Put down here, not by the program's commands: starting it takes two seconds each time.
    """
    password = secrets.token_urlsafe(9)
    agent = users.Wanted(
        login=DEMO_AGENT,
        name="Demo Agent",
        role="agent",
        teams=("demo",),
        seat=Place(pbx="main", interface=f"PJSIP/{FREE}"),
        password=await Passwords().hashed(password),
    )
    store = await engine.open(f"sqlite:///{service.database}")
    try:
        now = await store.now()
        await store.write(lambda c: teams.add(c, "demo", ("hotline",), MACHINE, now))
        await store.write(lambda c: users.add(c, agent, MACHINE, now))
    finally:
        await store.close()
    return password


async def played(demo: Demo, ctrl_c: CtrlC, end: float | None) -> int:
    """Customers call until shortly before `end` or until Ctrl-C; then the last calls, the table, an orderly stop."""
    await demo.customers_call()
    ctrl_c.calling = True
    last_call = None if end is None else max(time.monotonic() + LEAST_S, end - LAST_CALLS_S)
    await demo.show(last_call, ctrl_c.asked)
    ctrl_c.asked.set()
    say("\n  no new calls; waiting for the running ones to end (Ctrl-C: at once)")
    await demo.wind_down()
    code = await demo.table()
    stopped = await demo.service.stop()
    return code or int(stopped != 0)


def main() -> int:
    reader = argparse.ArgumentParser(prog="make demo", description=(__doc__ or "").splitlines()[0])
    reader.add_argument("--seconds", type=int, help="end by itself after about so many seconds")
    arguments = reader.parse_args()
    try:
        return asyncio.run(run(arguments.seconds))
    except Unavailable as missing:
        print(missing, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130


if __name__ == "__main__":
    sys.exit(main())
