"""The configuration that we recommend, for a switch that has none yet.

Flows in: a version, and what the operator wants to be different. Flows out: a `Plan` for `render`.
Must not know: settings files and command lines. Two queues (hotline, repair) that overflow into each other's agents
only when told so, a handful of phones, one trunk: enough to see a call go through, small enough to read.
"""

from __future__ import annotations

import secrets

from asterisk_conf import contract
from asterisk_conf.plan import Hotline, Manager, Member, Phone, Plan, Queue, Trunk

PHONES = (
    ("1001", "Zhang Wei 张伟"),
    ("1002", "Li Na 李娜"),
    ("1003", "Wang Fang 王芳"),
    ("1004", "Chen Jie 陈杰"),
)


def recommended(
    version: tuple[int, ...],
    *,
    country: str = "cn",
    manager: Manager | None = None,
    trunk: Trunk | None = None,
    phone_secret: str | None = None,
) -> Plan:
    """A hotline (number 4008, queue `hotline`) and a repair line (4009, queue `repair`) with four agents.

    Secrets that are not given are made up, differently at each call. Raises PlanError.
    """
    manager = manager or Manager(user="callserver", secret=secrets.token_urlsafe(24))
    phones = tuple(
        Phone(endpoint=endpoint, secret=phone_secret or secrets.token_urlsafe(18), name=name)
        for endpoint, name in PHONES
    )
    members = tuple(Member(phone=phone.endpoint) for phone in phones)
    return Plan(
        version=version,
        managers=(manager,),
        phones=phones,
        queues=(
            Queue(
                name="hotline",
                title="Hotline 服务热线",
                extension="600",
                wrapup_s=contract.WRAP_UP_S,
                max_wait_s=120,
                overflow_to="repair",
                members=members[:3],
            ),
            Queue(
                name="repair",
                title="Repair 维修",
                extension="601",
                wrapup_s=contract.WRAP_UP_S,
                members=members[2:],
            ),
        ),
        hotlines=(Hotline(number="4008", queue="hotline"), Hotline(number="4009", queue="repair")),
        trunks=(trunk or Trunk(name="trunk", host="127.0.0.2"),),
        country=country,
    )
