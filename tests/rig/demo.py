"""`make demo`: the main job on one machine, with a real Asterisk, simulated customers and phones.

Flows in: how many seconds to run (for ever without). Flows out: what happens, call by call, and at the end a table that
counts the same calls in four places; exit code 1 where one is missing. Must not know: how callserver does it; it is
started as its operator starts it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
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

from asterisk_conf.plan import Hotline, Member, Phone, Plan, Trunk
from tests.calls.queue_log import visits
from tests.rig import archive, provision
from tests.rig.asterisk import FILTERED, SECRET, UNFILTERED, Asterisk
from tests.rig.debian import Unavailable
from tests.rig.phones import OUTSIDE, Phones, Sipp
from tests.rig.scenarios import HOTLINE, hotline, repair
from tests.rig.service import TOKEN, Service

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
LAST_CALLS_S = 22  # before the end: no new calls, so that the running ones can end
LONGEST_CALL_S = 40


def plan() -> Plan:
    """A hotline with five agents, and a repair desk where callers go who wait too long."""
    desk = repair(title="Repair 维修", strategy="rrmemory", ring_s=5)
    return Plan(
        version=(22, 1),
        managers=(FILTERED, UNFILTERED),
        phones=tuple(Phone(endpoint=number, secret=SECRET, name=name) for number, name in AGENTS.items()),
        queues=(
            hotline(
                strategy="rrmemory",
                ring_s=5,
                max_wait_s=12,
                overflow_to="repair",
                members=tuple(Member(phone=number) for number in ("1001", "1002", "1003", "1004", "1005")),
            ),
            type(desk)(**{**_fields(desk), "members": (Member(phone="1006"), Member(phone="1007"))}),
        ),
        hotlines=(Hotline(number=HOTLINE, queue="hotline"),),
        trunks=(Trunk(name="trunk", host=OUTSIDE),),
    )


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


@dataclass(slots=True)
class Demo:
    """One run of it."""

    switch: Asterisk
    phones: Phones
    service: Service
    crowds: list[Sipp] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)

    async def people_at_work(self) -> None:
        """Most agents answer and talk; one refuses now and then, one is away from the desk, one hands over."""
        await self.phones.answer_together("1001", "1002", "1006", "1007", ring_ms=900, stay_ms=5_000)
        await self.phones.answers_and_refers(
            "1003", ring_ms=700, hold_after_ms=1_500, refer_after_ms=700, to="601"
        )
        await self.phones.rejects("1004")
        await self.phones.never_answers("1005")
        await self.phones.register("1003", "1004", "1005")

    async def customers_call(self) -> None:
        """A patient crowd, and some who hang up after four seconds."""
        people = [(person.number, person.name.replace(";", " ")) for person in archive.PEOPLE]
        many = 100_000
        self.crowds = [
            await self.phones.crowd(people, dialed=HOTLINE, calls=many, rate_per_s=0.7, at_once=30),
            await self.phones.crowd(people, dialed=HOTLINE, calls=many, rate_per_s=0.15, stay_ms=4_000),
        ]

    async def show(self, until: float | None, stopping: asyncio.Event) -> None:
        """One line a finished call, until the time is up or somebody presses Ctrl-C."""
        while not stopping.is_set() and (until is None or time.monotonic() < until):
            self.show_finished()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), 0.5)

    def show_finished(self) -> None:
        for call in self.service.calls():
            if not call["open"] and call["id"] not in self.shown:
                self.shown.add(call["id"])
                say(told(call))

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
                await crowd.finished(10)
        await self.service.until(lambda: self.service.open_calls() == 0, 30, "the last call to be on record")
        self.show_finished()

    async def table(self) -> int:
        """The same calls counted in four places; the exit code."""
        placed = sum(crowd.counts.placed for crowd in self.crowds)
        lines = self.switch.queue_log.read_text("utf-8", "replace").splitlines()
        queued = {visit.callid for visit in visits([line.split("|") for line in lines])}
        records = [call for call in self.service.calls() if call["direction"] == "inbound"]
        missing = queued - self.service.legs()
        code, said = await self.service.run("reconcile", "--json")
        compared = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        omitted = max(len(missing), placed - len(records), 0)
        say("")
        say("  calls placed by SIPp                 " + f"{placed:>6}")
        say("  calls in Asterisk's queue_log        " + f"{len(queued):>6}")
        say("  calls logged by callserver           " + f"{len(records):>6}")
        say("  omitted                              " + f"{omitted:>6}")
        say("  `callserver reconcile` finds         " + ("nothing" if code == 0 else "differences"))
        if code:
            say(json.dumps(compared, ensure_ascii=False, indent=1) if compared else said)
        return int(bool(omitted) or code != 0)


def say(line: str) -> None:
    print(line, flush=True)


def told(call: dict[str, Any]) -> str:
    """A finished call in one line for people."""
    at = datetime.fromisoformat(call["started_at"]).astimezone().strftime("%H:%M:%S")
    who = f"{call['caller_name'] or ''} {call['caller_number'] or 'number withheld'}".strip()
    steps = [_visit(visit) for visit in call["queue_visits"]]
    steps += [f"({one['kind']} transfer to {one['to']})" for one in call["transfers"]]
    return f"  {at}  {who}  ->  {call['dialed']}  {call['outcome'].upper()}  {'; '.join(steps)}"


def _visit(visit: dict[str, Any]) -> str:
    waited = f"{visit['queue']}: waited {visit['wait_s'] or 0:.0f} s"
    if visit["end"] != "answered":
        return f"{waited}, {visit['end'].replace('_', ' ')}"
    return f"{waited}, {visit['agent']['name']} talked {visit['talk_s'] or 0:.0f} s"


def greet(demo: Demo, customers: Path, seconds: int | None) -> None:
    url = f"http://127.0.0.1:{demo.service.web}"
    say("")
    say("callserver follows a real Asterisk " + ".".join(map(str, demo.switch.version)))
    say(f"  status page    {url}/")
    say(f"  health         {url}/healthz   {url}/readyz   {url}/metrics")
    say(f"  calls (API)    curl -H 'Authorization: Bearer {TOKEN}' {url}/api/v1/calls")
    say(f"  live facts     .venv/bin/callserver tail -c {demo.service.settings}")
    say(f"  customers      {customers}")
    say(f"  hotline {HOTLINE}, agents " + ", ".join(AGENTS.values()))
    say(f"  ends by itself after {seconds} s" if seconds else "  Ctrl-C ends it")
    say("")


@contextlib.contextmanager
def home() -> Iterator[Path]:
    """A folder of this run's own, gone afterwards."""
    LOCAL.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="demo-", dir=LOCAL))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def run(seconds: int | None) -> int:
    """The whole demo; its exit code."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    began = time.monotonic()
    until = None if seconds is None else began + max(8, seconds - LAST_CALLS_S)
    with home() as folder:
        customers = archive.write(folder / "customers.csv")
        switch = Asterisk(plan(), software=provision.asterisk(), home=folder)
        try:
            await switch.start()
            async with Phones(switch, sound=False) as phones, Service(switch) as service:
                demo = Demo(switch, phones, service)
                await demo.people_at_work()
                greet(demo, customers, seconds)
                await demo.customers_call()
                await demo.show(until, stopping)
                for number in (signal.SIGINT, signal.SIGTERM):  # a second Ctrl-C ends at once
                    loop.remove_signal_handler(number)
                say("\n  no new calls; waiting for the running ones to end (Ctrl-C: at once)")
                await demo.wind_down()
                code = await demo.table()
                stopped = await service.stop()
                return code or int(stopped != 0)
        finally:
            await switch.close()


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
