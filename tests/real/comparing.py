"""What a switch wrote down against what callserver logged: by the naive reader of queue_log, call by call."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from asterisk_conf import contract
from tests.calls.queue_log import LoggedVisit, visits
from tests.rig.asterisk import Asterisk
from tests.rig.service import TIMEZONE, Service

TOLERANCE_S = 1.0


def _queue_log(switch: Asterisk) -> list[list[str]]:
    if not switch.queue_log.exists():
        return []
    text = switch.queue_log.read_text("utf-8", "replace")
    return [line.split("|") for line in text.splitlines()]


def queue_log_visits(switch: Asterisk) -> list[LoggedVisit]:
    return visits(_queue_log(switch))


def last_visit(switch: Asterisk, number: str) -> LoggedVisit | None:
    """What queue_log says of the latest visit of the customer with this number."""
    callids = {line[1] for line in _queue_log(switch) if line[4:5] == ["ENTERQUEUE"] and line[6] == number}
    found = [visit for visit in queue_log_visits(switch) if visit.callid in callids]
    return found[-1] if found else None


def callers(switch: Asterisk) -> set[str]:
    """The channels that queue_log says entered a queue."""
    return {visit.callid for visit in queue_log_visits(switch)}


def cel_channels(switch: Asterisk) -> set[str]:
    """Every channel that CEL says began; none where the switch writes no CEL."""
    if not switch.cel.exists():
        return set()
    with switch.cel.open(encoding="utf-8", errors="replace", newline="") as file:
        rows = [dict(zip(contract.CEL_FIELDS, row, strict=False)) for row in csv.reader(file)]
    return {row["uniqueid"] for row in rows if row.get("eventtype") == "CHAN_START"}


def differences(switch: Asterisk, records: list[dict[str, Any]]) -> list[str]:
    """Every visit of queue_log that our records tell otherwise or not at all, in words; ours too many as well."""
    ours: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for record in records:
        for visit in record["queue_visits"]:
            ours.setdefault((visit["leg"], visit["queue"]), []).append(visit)
    found = []
    for theirs in queue_log_visits(switch):
        mine = ours.get((theirs.callid, theirs.queue), [])
        if not mine:
            found.append(f"{theirs.callid}: the visit to {theirs.queue} is missing")
            continue
        found += [f"{theirs.callid} {theirs.queue}: {words}" for words in _differ(mine.pop(0), theirs)]
    found += [f"{leg}: a visit to {queue} too many" for (leg, queue), rest in ours.items() if rest]
    return found


async def everything_is_on_record(switch: Asterisk, service: Service) -> None:
    """No call of the switch is missing, none is told otherwise than it tells it; and `callserver reconcile` agrees."""
    code, said = await service.run("reconcile", "--from", _yesterday(), "--json")
    omitted = (callers(switch) | cel_channels(switch)) - service.legs()
    assert not omitted, f"omitted: {sorted(omitted)}"
    told_otherwise = differences(switch, service.calls())
    assert not told_otherwise, "\n".join(told_otherwise)
    assert code == 0, said
    failed = service.repairs_failed()
    assert not failed, failed


def _yesterday() -> str:
    return (datetime.now(ZoneInfo(TIMEZONE)) - timedelta(days=1)).date().isoformat()


def _differ(mine: dict[str, Any], theirs: LoggedVisit) -> list[str]:
    found = []
    if theirs.end is not None and mine["end"] != theirs.end:
        found.append(f"ended {mine['end']}, the switch says {theirs.end}")
    agent = mine["agent"]["name"] if mine["agent"] else None
    if agent != theirs.agent:
        found.append(f"agent {agent}, the switch says {theirs.agent}")
    for what, said in (("wait_s", theirs.wait_s), ("talk_s", theirs.talk_s)):
        if said is not None and (mine[what] is None or abs(mine[what] - said) > TOLERANCE_S):
            found.append(f"{what} {mine[what]}, the switch says {said}")
    return found
