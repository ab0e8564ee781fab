"""What a pop says of its caller: the same as the look-up says, read in one hop."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson

from callserver.facts import CallId, PbxId
from callserver.numbers import Plan
from callserver.push.details import CallerAsk
from callserver.store import call_tickets, engine
from callserver.store.desk import customers as customer_table
from callserver.tickets.record import TicketId
from callserver.web.popping import Popping
from tests.web.api.test_looking_up import household
from tests.web.conftest import BOTH, NOW, Site

PLAN = Plan(area_code="0532")


def ask(number: str | None, call: str = "main:1.1") -> CallerAsk:
    return CallerAsk(pbx=PbxId("main"), call=CallId(call), number=number, name=None, queue="service")


def popping(site: Site) -> Popping:
    return Popping(store=site.store, plan=PLAN, clock=site.tick)


async def popped(site: Site, number: str | None, call: str = "main:1.1") -> Any:
    details = await popping(site).details(ask(number, call))
    assert details is not None
    return orjson.loads(orjson.dumps(details))


async def full_house(site: Site) -> None:
    """A household with everything that a look-up tells."""
    await household(site)
    await site.ask("PATCH", "customers/1", {"vip": True, "caution": "dog <script>"}, If_Match='"1"')
    await site.ask("POST", "tickets/1/notes", {"text": "مرحبا <script>\nsecond line"})
    await site.ask("POST", "tickets/1/promises", {"kind": "watch", "number": "13800138000", "why": "look"})
    address = {"line": "Road 1", "city": "青岛"}
    await site.ask("PATCH", "customers/2", {"addresses": [address], "zone": "Asia/Shanghai"}, If_Match='"1"')


@BOTH
async def test_a_pop_says_what_the_look_up_says(site: Site) -> None:
    await full_house(site)
    await site.ask("POST", "tickets", {"kind": "complaint", "caller": "13900139000", "subject": "cold"})
    for number in ("13800138000", "13900139000", "13700137000", "anonymous", "8001", "' OR 1=1"):
        looked_up = await site.api(f"lookup?number={number}")
        assert (await popped(site, number))["caller"] == looked_up, number
    assert looked_up["customers"] == []


@BOTH
async def test_a_customer_written_by_another_version_is_told_as_the_look_up_tells_it(site: Site) -> None:
    await full_house(site)
    await site.store.write(_older)
    looked_up = await site.api("lookup?number=13800138000")
    assert (await popped(site, "13800138000"))["caller"] == looked_up
    assert looked_up["customers"][0]["customer"]["zone"] is None


def _older(connection: engine.Connection) -> None:
    """A record without a field that we have, and with one that we do not have."""
    rows = connection.execute(customer_table.select()).all()
    for row in rows:
        record = row.record.replace('"zone":null,', '"shoe_size":43,').replace('"note":"",', "")
        changed = customer_table.update().where(customer_table.c.id == row.id).values(record=record)
        connection.execute(changed)


@BOTH
async def test_who_cannot_be_looked_up_is_told_so(site: Site) -> None:
    unknown = ((None, "withheld"), ("anonymous", "withheld"), ("8001", "extension"), ("\ufffd", "rubbish"))
    for number, kind in unknown:
        details = await popped(site, number)
        assert (details["number"]["kind"], details["number"]["e164"]) == (kind, None)
        assert (details["caller"]["customers"], details["repeat"], details["ticket"]) == ([], 0, None)


@BOTH
async def test_a_call_that_is_on_a_ticket_already_says_so(site: Site) -> None:
    await household(site)
    call = CallId("main:7.7")
    await site.store.write(lambda c: call_tickets.put(c, call, TicketId(1), "in: customer", NOW))
    assert (await popped(site, "13800138000", call))["ticket"] == {"id": 1, "number": "1000015"}
    assert (await popped(site, None, call))["ticket"] == {"id": 1, "number": "1000015"}


async def test_a_pop_without_a_database_has_no_details(prepared_file: Path, tmp_path: Path) -> None:
    shutil.copy(prepared_file, tmp_path / "calls.db")
    store = await engine.open(f"sqlite:///{tmp_path}/calls.db")
    await store.close()
    popping = Popping(store=store, plan=PLAN, clock=lambda: NOW)
    assert await popping.details(ask("13800138000")) is None
