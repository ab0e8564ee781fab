"""A real Asterisk takes the configuration as it is meant: no complaints, least rights, the right events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from asterisk_conf import contract
from asterisk_conf.plan import Key, Manager, Member, Plan, Queue
from asterisk_conf.recommended import recommended
from asterisk_conf.render import render
from tests.rig import provision
from tests.rig.asterisk import FILTERED, SECRET, UNFILTERED, Asterisk, until
from tests.rig.recorder import ManagerConnection, Message

pytestmark = pytest.mark.real
OWN_FILES = ("manager.conf", "pjsip.conf", "queues.conf", "extensions.conf", "cel", "logger.conf", "features")


@pytest.fixture(params=["asterisk_22", "asterisk_16"])
def software(request: pytest.FixtureRequest) -> provision.Switch:
    found: provision.Switch = request.getfixturevalue(request.param)
    return found


def plan(**changes: object) -> Plan:
    usual = replace(recommended((22, 1)), managers=(FILTERED, UNFILTERED))
    return replace(usual, **changes)  # type: ignore[arg-type]


@asynccontextmanager
async def logged_in(switch: Asterisk, user: str) -> AsyncIterator[ManagerConnection]:
    connection = ManagerConnection(switch.ports.manager, user)
    await connection.open()
    try:
        yield connection
    finally:
        await connection.close()


async def test_a_whole_plan_boots_without_a_complaint(software: provision.Switch) -> None:
    whole = plan()
    hotline = replace(
        whole.queues[0],
        strategy="ringall",
        wrapup_s=5,
        max_waiting=20,
        join_empty="unavailable,invalid,unknown",
        leave_when_empty="unavailable,invalid,unknown",
        keys=(Key(digit="1", extension="601"), Key(digit="0", extension="1001")),
        members=(Member(phone="1001", penalty=1), Member(phone="1002", through_local=True)),
    )
    whole = replace(whole, queues=(hotline, *whole.queues[1:]), system_name="main")
    async with Asterisk(whole, software=software) as switch:
        assert switch.complaints == []
        queues = await switch.rx("queue show")
        assert "Li Na 李娜" in queues
        assert "callserver" in await switch.rx("manager show users")
        assert "CEL Event Subscriber: CEL Custom CSV Logging" in await switch.rx("cel show status")


async def test_a_production_switch_that_loads_all_it_has_does_not_complain_about_our_files(
    software: provision.Switch,
) -> None:
    switch = Asterisk(plan(), software=software)
    switch.plan = replace(switch.plan, listed_modules=False)
    render(switch.home / "etc", switch.plan)
    async with switch:
        ours = [line for line in switch.complaints if any(f"'{name}" in line for name in OWN_FILES)]
        assert ours == []
        assert "hotline" in await switch.rx("queue show")
        assert "CEL Custom CSV Logging" in await switch.rx("cel show status")


async def test_every_action_needs_exactly_the_class_that_the_contract_says(
    software: provision.Switch,
) -> None:
    classes = {needed for needed in contract.ACTIONS.values() if needed}
    switch = Asterisk(plan(), software=software)
    with (switch.home / "etc" / "manager.conf").open("a") as accounts:
        for name in sorted(classes):
            accounts.write(f"\n[only-{name}]\nsecret = {SECRET}\nwrite = {name}\n")
        accounts.write(f"\n[nothing]\nsecret = {SECRET}\n")
    async with switch:
        for needed in [None, *sorted(classes)]:
            async with logged_in(switch, f"only-{needed}" if needed else "nothing") as connection:
                for action, wanted in contract.ACTIONS.items():
                    if action not in ("Login", "Logoff") and wanted in (None, needed):
                        assert await permitted(connection, action), f"{action} with {needed}"
                    elif wanted and needed is None:
                        assert not await permitted(connection, action), f"{action} without rights"


async def permitted(connection: ManagerConnection, action: str) -> bool:
    """Whether the account may ask: a complaint about missing headers means yes."""
    answer = (await connection.ask(action))[0]
    return "ermission denied" not in answer.get("Message", "")


async def test_the_account_may_not_run_commands_nor_programs(software: provision.Switch) -> None:
    async with Asterisk(plan(), software=software) as switch, logged_in(switch, FILTERED.user) as link:
        for action in ("Command", "UpdateConfig", "GetConfig", "Filter", "ModuleLoad", "Reload"):
            assert not await permitted(link, action), action
        refused = await link.ask(
            "Originate",
            Channel="Local/600@callserver-queues",
            Application="System",
            Data="true",
            Async="true",
        )
        assert refused[0]["Response"] == "Error"


async def test_a_wrong_secret_and_a_foreign_address_are_refused(software: provision.Switch) -> None:
    elsewhere = Manager(user="elsewhere", secret=SECRET, permit=("198.51.100.7/32",))
    async with Asterisk(plan(managers=(FILTERED, elsewhere)), software=software) as switch:
        for user, secret in ((FILTERED.user, "wrong"), (elsewhere.user, SECRET)):
            connection = ManagerConnection(switch.ports.manager, user, secret)
            with pytest.raises(PermissionError):
                await connection.open()
            await connection.close()


@pytest.mark.parametrize("advanced", [True, False], ids=["as the version has it", "as expressions"])
async def test_events_pass_the_filter_by_kind_and_of_variables_only_the_reason(
    software: provision.Switch, advanced: bool
) -> None:
    """A caller called like an event waits one second in a queue; both accounts listen, with and without filters."""
    short = Queue(name="hotline", title="Hotline", extension="600", max_wait_s=1)
    if not advanced and not contract.has_advanced_event_filters(software.version):
        return  # told by the other case
    switch = Asterisk(plan(queues=(short,), hotlines=()), software=software)
    if not advanced:
        render(switch.home / "etc", replace(switch.plan, version=(22, 0)))
    async with (
        switch,
        logged_in(switch, FILTERED.user) as filtered,
        logged_in(switch, UNFILTERED.user) as everything,
    ):
        await filtered.ask(
            "Originate",
            Channel="Local/600@callserver-queues/n",
            Application="Echo",
            CallerID='"Event: Newexten" <Variable: QUEUESTATUS>',
            Variable=["HOSTILE=Variable: QUEUESTATUS", "QUEUESTATUSES=x", "EVENT=Event: Hangup"],
            Async="true",
        )
        reason = await filtered.event("VarSet", Variable=contract.QUEUE_STATUS_VARIABLE)
        assert reason["Value"] == "TIMEOUT"
        await filtered.event("Hangup", count=2)
        await everything.event("Hangup", count=2)
        seen = kinds(filtered.messages)
        assert {"Newchannel", "QueueCallerJoin", "QueueCallerAbandon", "Hangup", "VarSet"} <= seen
        assert seen <= {*contract.EVENTS, "VarSet"}
        assert {"Newexten", "VarSet"} <= kinds(everything.messages)
        assert variables(filtered.messages) == {contract.QUEUE_STATUS_VARIABLE}
        assert {"HOSTILE", "QUEUESTATUSES"} <= variables(everything.messages)
        with contextlib.suppress(
            TimeoutError
        ):  # states of devices come a moment later, to each when it is written to
            await until(lambda: not differing(filtered.messages, everything.messages), 5, "the last events")
        assert not differing(filtered.messages, everything.messages)


def differing(filtered: list[Message], everything: list[Message]) -> set[str]:
    """Wanted kinds of events that one of them heard more often."""
    wanted = kinds(everything) & set(contract.EVENTS) - {"FullyBooted"}
    return {one for one in wanted if count(filtered, one) != count(everything, one)}


def kinds(messages: list[Message]) -> set[str]:
    return {message["Event"] for message in messages if "Event" in message}


def variables(messages: list[Message]) -> set[str]:
    return {message["Variable"] for message in messages if message.get("Event") == "VarSet"}


def count(messages: list[Message], event: str) -> int:
    return sum(message.get("Event") == event for message in messages)


async def test_events_tell_their_time_only_when_the_plan_says_so(software: provision.Switch) -> None:
    for told in (True, False):
        async with (
            Asterisk(plan(timestamp_events=told), software=software) as switch,
            logged_in(switch, FILTERED.user) as link,
        ):
            await link.ask("QueuePause", Interface="PJSIP/1001", Paused="true")
            assert ("Timestamp" in await link.event("QueueMemberPause")) is told


async def test_a_switch_comes_back_on_the_same_ports_after_a_kill(software: provision.Switch) -> None:
    async with Asterisk(plan(), software=software) as switch:
        async with logged_in(switch, FILTERED.user) as link:
            await switch.kill()
            await asyncio.wait_for(link.lost.wait(), 5)
        await switch.start()
        async with logged_in(switch, FILTERED.user) as link:
            assert (await link.ask("Ping"))[0]["Response"] == "Success"
