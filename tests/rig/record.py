"""Plays scenarios on a real Asterisk and writes their traces: `python -m tests.rig.record [--asterisk 22] [NAME ...]`.

Flows in: names of scenarios. Flows out: `tests/traces/<major>/NAME.{ami,snapshots,queue_log,cel.csv,json}`.
Must not know: callserver.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path

from tests.rig import (
    provision,
    scenarios_helping,
    scenarios_odd,
    scenarios_outbound,
    scenarios_queue,
    scenarios_transfer,
)
from tests.rig.asterisk import Asterisk
from tests.rig.phones import Phones
from tests.rig.scenarios import SCENARIOS, Scenario, Stage, links, recorded_otherwise

TRACES = Path(__file__).resolve().parents[1] / "traces"
AT_ONCE = 3
REPERTOIRE = (
    scenarios_queue,
    scenarios_transfer,
    scenarios_outbound,
    scenarios_odd,
    scenarios_helping,
)  # importing registers the plays
recorded_otherwise()


async def perform(scenario: Scenario, software: provision.Switch, folder: Path) -> str:
    """Play one scenario on a new switch and write its five files into `folder`.

    Returns what to print: a line, and what the switch complained of.
    """
    began = time.monotonic()
    async with Asterisk(scenario.plan, software=software) as switch, Phones(switch) as phones:
        await phones.register(*scenario.registered)
        director, recorder = await links(switch, scenario.account.user)
        stage = Stage(switch=switch, phones=phones, recorder=recorder, director=director)
        try:
            await scenario.play(stage)
            await stage.recorder.quiet(0.3)
        except Exception as error:
            error.add_note(
                f"last events: {[m.get('Event') for m in stage.main.messages[-8:]]}\n{phones.complaints}"
            )
            raise
        finally:
            await stage.recorder.stop()
            await stage.director.close()
        for number, part in enumerate([*stage.earlier, stage.recorder], 1):
            part.write(folder, scenario.name if number == 1 else f"{scenario.name}-{number}")
        await switch.stop()
        _write_journals(switch, folder, scenario.name)
        complaints = switch.complaints
    _write_story(stage, scenario, folder)
    taken = f"{len(stage.main.raw)} bytes, {len(stage.recorder.snapshots)} snapshots"
    return "\n  ".join([f"{scenario.name}: {taken}, {time.monotonic() - began:.1f} s", *complaints])


def _write_journals(switch: Asterisk, folder: Path, name: str) -> None:
    for journal, suffix in ((switch.queue_log, "queue_log"), (switch.cel, "cel.csv")):
        content = journal.read_bytes() if journal.exists() else b""
        (folder / f"{name}.{suffix}").write_bytes(content)


def _write_story(stage: Stage, scenario: Scenario, folder: Path) -> None:
    story = {
        "scenario": scenario.name,
        "story": scenario.story,
        "asterisk": ".".join(map(str, stage.switch.version)),
        "account": scenario.account.user,
        "timestamp_events": scenario.plan.timestamp_events,
        "callers_placed": stage.callers,
        "queues": {queue.name: queue.extension for queue in scenario.plan.queues},
        "hotlines": {hotline.number: hotline.queue for hotline in scenario.plan.hotlines},
        "phones": {phone.endpoint: phone.name for phone in scenario.plan.phones},
        "script": stage.script,
    }
    text = json.dumps(story, indent=2, ensure_ascii=False) + "\n"
    (folder / f"{scenario.name}.json").write_text(text, encoding="utf-8")


async def record(names: list[str], major: int) -> int:
    """Record these scenarios (all when none is named), a few at once; the number that failed."""
    software = provision.asterisk(major)
    folder = TRACES / str(software.version[0])
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> bool:
        async with turn:
            try:
                print(await perform(SCENARIOS[name], software, folder), flush=True)
            except Exception as error:  # one failed scenario must not lose the others
                notes = "\n".join(getattr(error, "__notes__", ()))
                print(f"{name}: FAILED: {error!r}\n{notes}", file=sys.stderr, flush=True)
                return False
            return True

    possible = [name for name in names or SCENARIOS if SCENARIOS[name].oldest <= software.version[0]]
    done = await asyncio.gather(*(one(name) for name in possible))
    return done.count(False)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Record traces of a real Asterisk.")
    parser.add_argument("--asterisk", type=int, default=22, help="major version: 22 or 16")
    parser.add_argument("scenario", nargs="*", help=f"one of: {', '.join(SCENARIOS)}")
    wanted = parser.parse_args(argv)
    if unknown := [name for name in wanted.scenario if name not in SCENARIOS]:
        parser.error(f"no scenario is named {', '.join(unknown)}")
    return 1 if asyncio.run(record(wanted.scenario, wanted.asterisk)) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
