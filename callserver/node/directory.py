"""Which extension leads to an agent's phone or to a queue: read in the switch's own dialplan.

In: the steps of the context that phones dial from, as ShowDialPlan lists them. Out: extensions. Must not know: the
link, requests. Asterisk transfers to an extension that does not exist without a word, and the caller is gone (ran:
22.10, "Transfer succeeded", then Hangup): so what is not here is not dialled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Headers: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Extensions by the queue or by the device that they lead to."""

    queues: Mapping[str, str]
    phones: Mapping[str, str]

    @staticmethod
    def of(steps: Iterable[Headers]) -> Directory:
        """Built from the items of ShowDialPlan; patterns are left out, since they name no one extension."""
        queues: dict[str, str] = {}
        phones: dict[str, str] = {}
        for step in steps:
            exten, application = step.get("Extension", ""), step.get("Application", "")
            if not exten or exten.startswith("_"):
                continue
            first = step.get("AppData", "").partition(",")[0].strip()
            if step.get("Priority") == "hint":
                _all(phones, application, exten)
            elif application == "Queue":
                queues.setdefault(first, exten)
            elif application == "Dial":
                _all(phones, first, exten)
        return Directory(queues=queues, phones=phones)


def _all(phones: dict[str, str], devices: str, exten: str) -> None:
    for device in devices.split("&"):
        phones.setdefault(device.strip(), exten)


def included(steps: Iterable[Headers]) -> list[str]:
    """The contexts that these steps include, without the hours in which they do: what is closed now is asked then."""
    named = (step.get("IncludeContext", "").partition(",")[0].partition("|")[0] for step in steps)
    return [name for name in dict.fromkeys(named) if name]


def own_number(interface: str) -> str:
    """By custom a phone's number is its name: `PJSIP/1001` and `Local/1001@agents/n` are 1001."""
    return interface.partition("/")[2].partition("@")[0].partition("/")[0]


_EXTEN = re.compile(r"\$\{EXTEN(?::(\d+))?\}")


def dial_string(steps: Iterable[Headers], number: str) -> str | None:
    """What the dialplan dials for a number: its first Dial to one device, the number put in; None where anything else
    stands in it, which only a call could tell.
    """
    for step in steps:
        if step.get("Application") == "Dial":
            device = step.get("AppData", "").partition(",")[0].strip()
            found = _EXTEN.sub(lambda part: number[int(part[1] or 0) :], device)
            if "/" in found and not any(letter in found for letter in "${}&"):
                return found
    return None


def by_trunk(trunk: str, number: str) -> str:
    """A number by a line to the outside: `PJSIP/trunk` is dialled as `PJSIP/138@trunk`, others as `DAHDI/g1/138`."""
    technology, _, name = trunk.partition("/")
    return f"PJSIP/{number}@{name}" if technology == "PJSIP" else f"{trunk}/{number}"
