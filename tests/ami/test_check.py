"""A check tells what is wrong with a switch, why it matters and which line to change; what it cannot see it says."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from asterisk_conf import contract
from asterisk_conf.plan import Hotline, Manager, Member, Phone, Plan, Queue
from asterisk_conf.render import render
from callserver.ami import conf, configured
from callserver.ami.answers import Journal, numbers
from callserver.ami.check import Answers, Finding, Places, ask, findings
from callserver.ami.snapshot import assemble
from tests.ami.fake_switch import FakeSwitch, message, newchannel
from tests.ami.test_link import settings

BOOTED = {"CoreStartupDate": "2026-11-21", "CoreStartupTime": "21:28:25"}
BOOTED_AT = 1_795_296_505_000
MEMBER = {
    "Event": "QueueMember",
    "Queue": "hotline",
    "Location": "PJSIP/1001",
    "StateInterface": "PJSIP/1001",
    "Status": "1",
}
GOOD = Answers(
    user="callserver",
    address="127.0.0.1:5038",
    version="22.10.1~dfsg",
    allowed=frozenset(contract.ACTIONS),
    clock_ahead_s=0.1,
    timestamps=True,
    listened_s=3,
    heard={"Newchannel": 2, "VarSet": 1},
    snapshot=assemble([BOOTED, MEMBER]),
    journals=(
        Journal(kind="queue_log", path=Path("/q"), modified_at=BOOTED_AT),
        Journal(kind="cel", path=Path("/c"), modified_at=BOOTED_AT, last_line=",".join(['"x"'] * 20)),
    ),
    journal_settings=frozenset({"queue_log", "cel"}),
    cel_columns=20,
)
PLAN = Plan(
    version=(22, 1),
    managers=(Manager(user="callserver", secret="s3cret"),),
    phones=(Phone(endpoint="1001", secret="s", name="Zhang Wei"),),
    queues=(
        Queue(
            name="hotline",
            title="Hotline",
            extension="600",
            wrapup_s=2,
            members=(Member(phone="1001", through_local=True),),
        ),
    ),
    hotlines=(Hotline(number="4008", queue="hotline"),),
)


def wrong(answers: Answers) -> list[Finding]:
    return [finding for finding in findings(answers) if finding.severity in ("error", "warning")]


def with_snapshot(*replies: dict[str, str]) -> dict[str, Any]:
    return {"snapshot": assemble([BOOTED, *replies])}


def test_a_switch_that_is_as_it_should_be_has_nothing_wrong() -> None:
    assert wrong(GOOD) == []
    assert {finding.severity for finding in findings(GOOD)} == {"ok", "note"}


def test_whatever_is_wrong_says_why_it_matters_and_what_to_change() -> None:
    bad = Answers(
        user="u", address="a", heard={"RTCPSent": 1}, allowed=frozenset({"Command"}), clock_ahead_s=100
    )
    assert len(wrong(bad)) > 5
    assert all(finding.why and finding.fix for finding in findings(bad) if finding.severity != "ok")


@pytest.mark.parametrize(
    ("change", "severity", "what", "fix"),
    [
        ({"unreachable": "refused"}, "error", "cannot be reached", "enabled = yes"),
        ({"login": "Authentication failed"}, "error", "login refused", "[callserver]: secret"),
        ({"version": "13.38.3"}, "warning", "Asterisk 13.38.3", "install Asterisk 22"),
        ({"version": "23.0.0"}, "warning", "Asterisk 23", "install Asterisk 22"),
        (
            {"allowed": frozenset(contract.ACTIONS) - {"Originate"}},
            "warning",
            "not allowed: Originate",
            "write = agent,call,originate,reporting (missing: originate)",
        ),
        (
            {"allowed": frozenset(contract.ACTIONS) - {"CoreShowChannels", "CoreStatus", "CoreSettings"}},
            "error",
            "not allowed: CoreSettings, CoreShowChannels, CoreStatus",
            "(missing: reporting)",
        ),
        (
            {"refused": {"QueueStatus": "Invalid/unknown command"}},
            "error",
            "not allowed: QueueStatus",
            "app_queue.so",
        ),
        (
            {"allowed": frozenset(contract.ACTIONS) | {"Command"}},
            "warning",
            "may do more",
            "write = agent,call,originate",
        ),
        (
            {"heard": {"Newchannel": 1, "VarSet": 9, "RTCPSent": 10}},
            "warning",
            "50 % of what the switch sends is not needed (RTCPSent)",
            "eventfilter(action(include),name(Newchannel)) =",
        ),
        (
            {"heard": {"Newexten": 1}, "version": "16.28.0"},
            "warning",
            "100 %",
            "eventfilter = ^Event: (Newchannel|",
        ),
        ({"timestamps": False}, "warning", "no time", "timestampevents = yes"),
        ({"clock_ahead_s": -7.0}, "warning", "-7.0 s", "set-ntp"),
        ({"clock_ahead_s": 3600.0}, "error", "+3600.0 s", "set-ntp"),
        (
            with_snapshot(
                MEMBER
                | {"Location": "Local/1002@phones/n", "StateInterface": "Local/1002@phones/n", "Name": "Li"}
            ),
            "warning",
            "Local/1002@phones/n has no state interface",
            "member => Local/1002@phones/n,0,Li,hint:1002@callserver-phones",
        ),
        (with_snapshot(MEMBER | {"Status": "4"}), "warning", "PJSIP/1001 is invalid", "pjsip.conf"),
        (with_snapshot(MEMBER | {"Status": "0"}), "warning", "PJSIP/1001 is unknown", "endpoint that exists"),
        (
            with_snapshot(
                {"Event": "CoreShowChannel", "Application": "Queue", "ApplicationData": "hotline,r,,,300"}
            ),
            "warning",
            "Queue(hotline,r,,,300) lets nobody transfer",
            "Queue(hotline,rt,,,300)",
        ),
        (
            {"journal_settings": frozenset({"cel"})},
            "warning",
            "queue_log is not set",
            'queue_log = "/var/log/asterisk/queue_log"',
        ),
        (
            {"journals": (Journal(kind="cel", path=Path("/c"), trouble="Permission denied"),)},
            "error",
            "cel /c: Permission denied",
            "usermod -aG asterisk",
        ),
        (
            {"no_contexts": ("callserver-promise-auto",)},
            "warning",
            "no context callserver-promise-auto",
            "render DIR",
        ),
        (
            {"no_contexts": ("callserver-warn",)},
            "warning",
            "no context callserver-warn",
            "render DIR",
        ),
        (
            {"journals": (Journal(kind="queue_log", path=Path("/q"), modified_at=BOOTED_AT - 10_000),)},
            "error",
            "nothing was written since the switch began",
            "queue_log = yes",
        ),
        (
            {"journals": (Journal(kind="cel", path=Path("/c"), modified_at=BOOTED_AT, last_line='"a","b"'),)},
            "error",
            "2 columns, 20 are expected",
            "cel_fields",
        ),
    ],
)
def test_what_is_wrong_is_found(change: dict[str, Any], severity: str, what: str, fix: str) -> None:
    (finding,) = wrong(dataclasses.replace(GOOD, **change))
    assert finding.severity == severity
    assert what in finding.what
    assert fix in finding.fix


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"heard": {}}, "filters and read rights could not be seen"),
        ({"timestamps": None}, "could not be seen: none came"),
        ({}, "whether agents may transfer could not be seen"),
        ({}, "configuration was not read"),
        ({"version": ""}, "version is not known"),
    ],
)
def test_what_could_not_be_seen_is_not_called_well(change: dict[str, Any], what: str) -> None:
    told = findings(dataclasses.replace(GOOD, **change))
    assert [finding.severity for finding in told if what in finding.what] == ["note"]


def test_a_journal_of_a_switch_without_calls_may_be_old() -> None:
    quiet = Journal(kind="cel", path=Path("/c"), modified_at=BOOTED_AT - 10_000)
    assert wrong(dataclasses.replace(GOOD, journals=(quiet,), calls_processed=0)) == []
    assert len(wrong(dataclasses.replace(GOOD, journals=(quiet,), calls_processed=7))) == 1


@pytest.mark.parametrize(
    ("version", "read"),
    [
        ("22.10.1~dfsg+cs", (22, 10)),
        ("certified/18.9-cert5", (18, 9)),
        ("20", (20, 0)),
        ("GIT-master", None),
        ("", None),
    ],
)
def test_versions_are_read_as_they_are_written(version: str, read: tuple[int, int] | None) -> None:
    assert numbers(version) == read


@pytest.mark.parametrize(
    ("data", "lets"),
    [
        ("hotline,t", True),
        ("hotline,rT", False),
        ("hotline", False),
        ("hotline,C(t)r", False),
        ("hotline,${OPTIONS}", True),
    ],
)
def test_the_agents_transfer_option_is_seen(data: str, lets: bool) -> None:
    assert configured.lets_transfer(data) is lets
    assert configured.lets_transfer(configured.with_transfer(data))


# --- configuration files


def configured_as(folder: Path) -> Answers:
    read = {name: conf.read(folder, name) for name in configured.FILES}
    return dataclasses.replace(GOOD, config_dir=folder, config=read)


@pytest.mark.parametrize("version", [(16,), (18, 25), (20, 11), (22, 1)])
def test_what_we_render_has_nothing_wrong(tmp_path: Path, version: tuple[int, ...]) -> None:
    render(tmp_path, dataclasses.replace(PLAN, version=version))
    assert wrong(configured_as(tmp_path)) == []


@pytest.mark.parametrize(
    ("file", "before", "after", "what", "fix"),
    [
        ("manager.conf", "timestampevents = yes", "", "timestampevents", "timestampevents = yes"),
        (
            "manager.conf",
            "bindaddr = 127.0.0.1",
            "bindaddr = 0.0.0.0",
            "every address",
            "bindaddr = 127.0.0.1",
        ),
        ("manager.conf", "[callserver]", "[other]", "no account [callserver]", "[callserver] as"),
        (
            "manager.conf",
            "read = agent,call,dialplan,system,user",
            "read = call",
            "read lacks agent, dialplan, system, user",
            "read = ",
        ),
        ("manager.conf", "UserEvent", "Reload", "keeps UserEvent back", "render DIR"),
        ("manager.conf", "eventfilter", ";", "no event filter", "render DIR"),
        (
            "manager.conf",
            "writetimeout = 5000",
            "writetimeout = 100",
            "slower than 100 ms",
            "writetimeout = 5000",
        ),
        ("manager.conf", "permit = 127.0.0.1/32", "", "no permit", "permit = "),
        ("queues.conf", "wrapuptime = 2", "wrapuptime = 0", "wrapuptime is 0 s", "[hotline]: wrapuptime = 2"),
        (
            "queues.conf",
            "shared_lastcall = yes",
            "",
            "shared_lastcall is not on",
            "[general]: shared_lastcall = yes",
        ),
        ("queues.conf", "ringinuse = no", "ringinuse = yes", "ringinuse is on", "[hotline]: ringinuse = no"),
        (
            "queues.conf",
            ",Zhang Wei,PJSIP/1001",
            ",Zhang Wei",
            "no state interface",
            "hint:1001@callserver-phones",
        ),
        ("extensions.conf", "Queue(hotline,t", "Queue(hotline,", "lets no agent transfer", "Queue(hotline,"),
        ("extensions.conf", "BLINDTRANSFER", "X", "passed on", "[callserver-back]"),
        ("indications.conf", "country = cn", "", "no country", "country = cn"),
        ("features.conf", "atxfer = *2", "", "no code for attended transfers", "atxfer = *2"),
        ("cel.conf", "enable = yes", "enable = no", "CEL is off", "enable = yes"),
        ("cel_custom.conf", "=>", ";", "no file is mapped", "[mappings]"),
        ("logger.conf", "queue_log = yes", "queue_log = no", "queue_log is off", "queue_log = yes"),
    ],
)
def test_what_is_wrong_in_a_file_is_found(
    tmp_path: Path, file: str, before: str, after: str, what: str, fix: str
) -> None:
    render(tmp_path, PLAN)
    text = (tmp_path / file).read_text()
    assert before in text
    (tmp_path / file).write_text(text.replace(before, after))
    found = wrong(configured_as(tmp_path))
    assert any(what in finding.what and fix in finding.fix for finding in found), found
    assert all(finding.what.startswith(file) for finding in found)


def test_a_file_that_cannot_be_read_is_said_to_be_unread(tmp_path: Path) -> None:
    notes = [finding.what for finding in findings(configured_as(tmp_path)) if finding.severity == "note"]
    assert sum("was not read" in what for what in notes) == len(configured.FILES)
    assert wrong(configured_as(tmp_path)) == []


# --- asking


async def test_asking_only_reads(switch: FakeSwitch) -> None:
    answers = await ask(settings(switch), listen_s=0.01)
    assert answers.inside
    assert set(switch.names()) == {
        "Login", "Events", "Ping", "CoreSettings", "CoreStatus", "QueueStatus", "BridgeList", "CoreShowChannels",
        "ListCommands", "Logoff", "ShowDialPlan",
    }  # fmt: skip


async def test_what_comes_while_we_listen_is_counted(switch: FakeSwitch) -> None:
    wanted = newchannel("1.1").replace(b"\r\nUniqueid", b"\r\nPrivilege: call,all\r\nUniqueid")
    switch.after_login = wanted + message("Event: RTCPSent", "Privilege: reporting,all", "Timestamp: 1.5")
    answers = await ask(settings(switch), listen_s=0.01)
    assert answers.heard == {"Newchannel": 1, "RTCPSent": 1}
    assert answers.timestamps is True


async def test_one_refusal_spoils_no_other_answer(switch: FakeSwitch) -> None:
    switch.refuses = {"CoreShowChannels": "Permission denied", "ListCommands": "Permission denied"}
    answers = await ask(settings(switch), listen_s=0.01)
    assert answers.refused == {"CoreShowChannels": "CoreShowChannels: Permission denied"}
    assert answers.allowed is None
    assert answers.snapshot is not None


async def test_a_wrong_secret_and_a_silent_switch_are_answers_too(switch: FakeSwitch) -> None:
    switch.secret = "other"
    assert "Authentication failed" in (await ask(settings(switch))).login
    await switch.stop()
    assert (await ask(settings(switch))).unreachable


async def test_a_switch_that_stops_answering_is_an_answer(switch: FakeSwitch) -> None:
    switch.mute = {"QueueStatus"}
    assert "QueueStatus" in (await ask(settings(switch, deadline_s=0.3))).unreachable


async def test_journals_are_looked_at(switch: FakeSwitch, tmp_path: Path) -> None:
    (tmp_path / "queue_log").write_text("1795296505|NONE|NONE|NONE|QUEUESTART|\n")
    places = Places(queue_log=tmp_path / "queue_log", cel=tmp_path / "none.csv", config=tmp_path)
    answers = await ask(settings(switch), places, listen_s=0.01)
    log, cel = answers.journals
    assert log.last_line.endswith("QUEUESTART|")
    assert log.modified_at is not None
    assert "No such file" in cel.trouble
    assert cel.missing
    assert answers.journal_settings == {"queue_log", "cel"}
    assert set(answers.config) == set(configured.FILES)


async def test_a_journal_that_cannot_be_read_is_told(switch: FakeSwitch, tmp_path: Path) -> None:
    answers = await ask(settings(switch), Places(queue_log=tmp_path), listen_s=0.01)  # a folder
    assert "directory" in answers.journals[0].trouble


@pytest.mark.parametrize(("calls", "severity"), [(0, "note"), (None, "note"), (3, "error")])
def test_a_cel_file_is_missed_only_once_there_was_a_call(calls: int | None, severity: str) -> None:
    none = Journal(kind="cel", path=Path("/c"), trouble="No such file or directory", missing=True)
    (found,) = [
        one
        for one in findings(dataclasses.replace(GOOD, journals=(none,), calls_processed=calls))
        if "/c" in one.what
    ]
    assert found.severity == severity


async def test_a_dialplan_without_the_contexts_of_promises_is_told(switch: FakeSwitch) -> None:
    assert (await ask(settings(switch), listen_s=0.01)).no_contexts == ()
    switch.refuses = {"ShowDialPlan": "Did not find context callserver-promise-queue"}
    assert (await ask(settings(switch), listen_s=0.01)).no_contexts == contract.LOOKED_FOR
    switch.refuses = {"ShowDialPlan": "Permission denied"}
    assert (await ask(settings(switch), listen_s=0.01)).no_contexts == ()
