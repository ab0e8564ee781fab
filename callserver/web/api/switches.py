"""The API of switches: how this process is connected with each Asterisk, and what is wrong there.

In: nothing. Out: links, findings. Must not know: AMI, how a switch is looked over (`Site.check_switch`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from callserver.errors import Conflict, NotFound
from callserver.vitals import SwitchVitals
from callserver.web.api.operation import Asked, Done, Operations
from callserver.web.api.shapes import Moment, moment

api = Operations("switches", "How each Asterisk is connected, and what is wrong there.")

PbxName = Annotated[str, Meta(max_length=150, description="Its id in the settings.", examples=["main"])]


class AsteriskShown(Struct, frozen=True, kw_only=True):
    """An Asterisk. `link`: up, connecting, down, idle, or elsewhere (another process follows it). `problem`: why it is
    not followed as it should be, empty: it is. `timestamps`: whether its events carry their time. `queues`: that it
    had when we connected; null: not asked yet.
    """

    pbx: str
    address: str
    link: str
    problem: str
    since: Moment | None
    version: str
    timestamps: bool | None
    queues: list[str] | None


class AsterisksShown(Struct, frozen=True, kw_only=True):
    """Every Asterisk of the settings."""

    switches: list[AsteriskShown]


class FindingShown(Struct, frozen=True, kw_only=True):
    """One thing that was looked at; `why` it matters and what to change (`fix`) are empty where all is well."""

    severity: Literal["error", "warning", "note", "ok"]
    what: str
    why: str
    fix: str


class Findings(Struct, frozen=True, kw_only=True):
    """Everything that was looked at, in the order in which it is best mended."""

    findings: list[FindingShown]


@api("GET", "/switches", scope="queues:manage")
async def list_switches(asked: Asked) -> Done[AsterisksShown]:
    """How each Asterisk is connected now."""
    return Done(AsterisksShown(switches=[_shown(one) for one in asked.site.vitals.switches.values()]))


@api("POST", "/switches/{pbx}/check", scope="queues:manage", guarded=False, long=True, errors=(404, 409))
async def check_switch(asked: Asked, pbx: PbxName) -> Done[Findings]:
    """Look an Asterisk over: login and rights, modules, events, clock, journals. It only reads, for some seconds."""
    if pbx not in asked.site.vitals.switches:
        raise NotFound("there is no such switch in the settings")
    if asked.site.check_switch is None:
        raise Conflict("this process follows no switch")
    found = await asked.site.check_switch(pbx)
    return Done(
        Findings(
            findings=[
                FindingShown(severity=one.severity, what=one.what, why=one.why, fix=one.fix) for one in found
            ]
        )
    )


def _shown(one: SwitchVitals) -> AsteriskShown:
    return AsteriskShown(
        pbx=one.pbx,
        address=one.address,
        link=one.link,
        problem=one.problem,
        since=moment(one.since),
        version=one.version,
        timestamps=one.timestamps,
        queues=None if one.queues is None else sorted(one.queues),
    )
