"""A switch that somebody else configured, by hand: own names for everything, members without names or state interface,
a manager user who hears every event, none of which tells its time, no CEL. Its queues are followed as they are found.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from string import Template
from typing import Any

import pytest
import pytest_asyncio

from asterisk_conf.plan import Manager, Phone, Plan, Trunk
from tests.real.comparing import everything_is_on_record
from tests.real.stages import Stage
from tests.rig import provision
from tests.rig.asterisk import Asterisk
from tests.rig.phones import FOR_EVER_MS, OUTSIDE, Customer, Phones
from tests.rig.service import Service

pytestmark = [pytest.mark.real, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

# What the rig has to know of it: where the phones register and how callserver logs in. Nothing is rendered from this.
KNOWN = Plan(
    version=(22, 1),
    managers=(Manager(user="panel", secret="by-hand"),),
    phones=tuple(Phone(endpoint=who, secret="by-hand", name=who) for who in ("anna", "bernd", "clara")),
    trunks=(Trunk(name="provider-a", host=OUTSIDE),),
)
ANNA = "Local/anna@flur/n"

CONFIGURATION = {
    "asterisk.conf": """
[directories]
astetcdir => $home/etc
astmoddir => $modules
astvarlibdir => $data
astdatadir => $data
astdbdir => $home/db
astkeydir => $home/db
astspooldir => $home/spool
astrundir => $home/run
astlogdir => $home/log
""",
    "modules.conf": """
[modules]
autoload = yes
noload = chan_iax2.so
noload = chan_mgcp.so
noload = chan_sip.so
noload = chan_skinny.so
noload = chan_unistim.so
noload = pbx_dundi.so
""",
    "manager.conf": """
[general]
enabled = yes
bindaddr = 127.0.0.1
port = $manager
[panel]
secret = by-hand
read = all
write = all
""",
    "logger.conf": """
[general]
[logfiles]
messages.log = warning,error
""",
    "pjsip.conf": """
[simpletrans]
type = transport
protocol = udp
bind = 127.0.0.1:$sip
[provider-a]
type = endpoint
context = von-draussen
disallow = all
allow = alaw
direct_media = no
[provider-a]
type = identify
endpoint = provider-a
match = $outside
"""
    + "".join(
        f"""
[{who}]
type = endpoint
context = flur
disallow = all
allow = alaw
direct_media = no
aors = {who}
auth = {who}
[{who}]
type = aor
max_contacts = 1
[{who}]
type = auth
auth_type = userpass
username = {who}
password = by-hand
"""
        for who in ("anna", "bernd", "clara")
    ),
    "queues.conf": """
[general]
[service-de]
member => Local/anna@flur/n
[abend]
strategy = ringall
timeout = 4
retry = 1
member => PJSIP/bernd
[notdienst]
strategy = linear
ringinuse = no
member => PJSIP/clara
""",
    "extensions.conf": """
[von-draussen]
exten => 0800123,1,Answer()
 same => n,Set(MANDANT=7)
 same => n,Queue(service-de,t)
 same => n,Hangup()
exten => 0800456,1,Queue(abend,,,,6)
 same => n,Goto(flur,500,1)
exten => 0800789,1,Answer()
 same => n,Goto(flur,500,1)
[flur]
exten => 500,1,Queue(notdienst)
 same => n,Hangup()
exten => _[abc].,1,Dial(PJSIP/$${EXTEN},20)
 same => n,Hangup()
""",
}


@dataclass(slots=True)
class Watched:
    """The foreign switch, and a callserver that knows nothing of it but its address."""

    stage: Stage
    service: Service

    def of(self, number: str) -> dict[str, Any]:
        (call,) = self.service.calls(f"caller_number = '{number}'")
        return call

    async def over(self, calls: int) -> None:
        """Waits until so many calls are over on record."""
        await self.service.until(
            lambda: len(self.service.calls("not open")) == calls, 60, f"{calls} calls to be over"
        )

    async def talks(self, number: str) -> None:
        """Waits until an agent of a queue talks with this customer."""

        def talking() -> bool:
            calls = self.service.calls(f"caller_number = '{number}'")
            return any(visit["agent"] for call in calls for visit in call["queue_visits"])

        await self.service.until(talking, 60, f"{number} to talk")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watched(asterisk_22: provision.Switch, sipp: list[str]) -> AsyncIterator[Watched]:
    """All that happens there: a call answered at once, one by the second queue, one given up, one between phones."""
    switch = Asterisk(KNOWN, software=asterisk_22)
    try:
        _configure_by_hand(switch)
        await switch.start()
        async with (
            Phones(switch, sound=False) as phones,
            Service(switch, user="panel", journals=("queue_log",)) as service,
        ):
            watched = Watched(Stage(switch, phones), service)
            await _the_day(watched)
            yield watched
    finally:
        await switch.close()


def _configure_by_hand(switch: Asterisk) -> None:
    places = {
        "home": switch.home,
        "modules": switch.software.modules,
        "data": switch.software.data,
        "manager": switch.ports.manager,
        "sip": switch.ports.sip,
        "outside": OUTSIDE,
    }
    etc = switch.home / "etc"
    for rendered in etc.iterdir():
        rendered.unlink()
    for name, text in CONFIGURATION.items():
        (etc / name).write_text(Template(text).substitute(places), encoding="utf-8")


async def _the_day(watched: Watched) -> None:
    phones, service, hang_up = watched.stage.phones, watched.service, watched.stage.hang_up
    await phones.answers("anna", ring_ms=300)
    await phones.rejects("bernd")
    await phones.answers("clara", ring_ms=300)
    await phones.register("anna", "bernd", "clara")
    await phones.call(Customer(number="030111", dialed="0800123", display="Jörg Groß"))
    await watched.talks("030111")
    await phones.call(Customer(number="030222", dialed="0800456"))
    await watched.talks("030222")
    await phones.call(Customer(number="030333", dialed="0800789", stay_ms=4000))
    await watched.over(1)
    for number in ("030111", "030222"):
        await hang_up(number)
    await watched.over(3)
    await phones.dial("bernd", "anna", stay_ms=FOR_EVER_MS)
    await service.until(lambda: any(map(_answered, service.calls("open"))), 60, "phones to talk")
    await hang_up("bernd")
    await watched.over(4)


def _answered(call: dict[str, Any]) -> bool:
    return bool(call["answered_at"])


async def test_its_calls_are_on_record_as_it_wrote_them_down(watched: Watched) -> None:
    await everything_is_on_record(watched.stage.switch, watched.service)


async def test_its_queues_and_members_need_no_configuration(watched: Watched) -> None:
    call = watched.of("030111")
    (visit,) = call["queue_visits"]
    assert (call["direction"], call["outcome"], call["caller_name"]) == ("inbound", "answered", "Jörg Groß")
    assert (visit["queue"], visit["agent"]["interface"]) == ("service-de", ANNA)


async def test_a_timeout_leads_to_the_second_queue_in_the_same_call(watched: Watched) -> None:
    first, second = watched.of("030222")["queue_visits"]
    assert (first["queue"], first["end"], first["agent"]) == ("abend", "timed_out", None)
    assert {(ring["interface"], ring["result"]) for ring in first["rings"]} >= {("PJSIP/bernd", "rejected")}
    assert (second["queue"], second["end"], second["agent"]["interface"]) == (
        "notdienst",
        "answered",
        "PJSIP/clara",
    )


async def test_a_caller_gives_up_while_the_only_agent_talks(watched: Watched) -> None:
    call = watched.of("030333")
    assert (call["outcome"], call["queue_visits"][0]["end"]) == ("abandoned", "abandoned")
    assert call["queue_visits"][0]["rings"] == []


async def test_a_call_between_phones_is_an_internal_one(watched: Watched) -> None:
    (call,) = watched.service.calls("direction = 'internal'")
    assert (call["outcome"], call["dialed"], call["queue_visits"]) == ("answered", "anna", [])


async def test_times_are_those_of_the_hearer_and_that_is_said(watched: Watched) -> None:
    for call in watched.service.calls():
        assert call["started_at"] <= call["answered_at"] if call["answered_at"] else True
        assert call["started_at"] <= call["ended_at"]
    assert "timestampevents" in watched.service.log
