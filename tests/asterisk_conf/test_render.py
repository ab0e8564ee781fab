"""The files say what the plan says, in the words of the version that will read them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from asterisk_conf import contract
from asterisk_conf.plan import Member, Plan, PlanError
from asterisk_conf.recommended import recommended
from asterisk_conf.render import event_filters, prompts, render

BEFORE_ADVANCED_FILTERS = [(16, 28, 0), (17, 9), (18, 25, 1), (19, 8), (20, 10), (21, 5), (22, 0), (22,)]
WITH_ADVANCED_FILTERS = [(18, 26), (20, 11, 1), (21, 6), (22, 1), (22, 10, 1)]


def rendered(tmp_path: Path, plan: Plan) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in render(tmp_path, plan)}


def section(text: str, name: str) -> str:
    found = re.search(rf"^\[{re.escape(name)}\]\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no section {name}"
    return found[1]


@pytest.mark.parametrize("version", WITH_ADVANCED_FILTERS)
def test_versions_that_know_it_get_the_advanced_filter(version: tuple[int, ...]) -> None:
    filters = event_filters(version)
    assert "eventfilter(action(include),name(QueueCallerJoin)) =" in filters
    assert filters[-2:] == [
        "eventfilter(action(include),name(VarSet),header(Variable),method(exact)) = QUEUESTATUS",
        "eventfilter(action(include),name(UserEvent),header(UserEvent),method(starts_with)) = Callserver",
    ]


@pytest.mark.parametrize("version", BEFORE_ADVANCED_FILTERS)
def test_other_versions_get_expressions_over_the_whole_message(version: tuple[int, ...]) -> None:
    assert all(line.startswith("eventfilter = ^Event: ") for line in event_filters(version))


def passes(version: tuple[int, ...], message: str) -> bool:
    """What regcomp's extended expressions make of a message, said with Python's."""
    expressions = [line.partition(" = ")[2] for line in event_filters(version)]
    patterns = [e.replace("[[:cntrl:]]", r"[\x00-\x1f\x7f]") for e in expressions]
    return any(re.search(pattern, message, re.DOTALL) for pattern in patterns)


def message(event: str, *headers: str) -> str:
    return "\r\n".join([f"Event: {event}", "Privilege: call,all", *headers]) + "\r\n\r\n"


@pytest.mark.parametrize("event", contract.EVENTS)
def test_the_expressions_let_every_wanted_event_through(event: str) -> None:
    assert passes((16, 28), message(event, "Channel: PJSIP/1001-00000000"))


@pytest.mark.parametrize("event", ["Newexten", "RTCPSent", "TestEvent", "HangupHandlerRun", "QueueEntry"])
def test_the_expressions_stop_the_rest_whatever_the_caller_is_called(event: str) -> None:
    for name in ("Zhang", "Event: Hangup", "^Event: Hangup", "Variable: QUEUESTATUS"):
        assert not passes((16, 28), message(event, f"CallerIDName: {name}", "Priority: 1"))


def test_of_all_variables_only_the_one_that_tells_why_a_caller_left_passes() -> None:
    assert passes((16, 28), message("VarSet", "Variable: QUEUESTATUS", "Value: TIMEOUT"))
    assert not passes((16, 28), message("VarSet", "Variable: DIALSTATUS", "Value: ANSWER"))
    assert not passes((16, 28), message("VarSet", "Variable: QUEUESTATUSES", "Value: x"))
    assert not passes((16, 28), message("VarSet", "Variable: X", "Value: Variable: QUEUESTATUS"))
    assert not passes((16, 28), message("VarSet", "CallerIDName: Variable: QUEUESTATUS", "Variable: X"))


def test_of_what_dialplans_tell_only_our_own_passes() -> None:
    assert passes((16, 28), message("UserEvent", "Uniqueid: 1.0", "UserEvent: CallserverKey", "Key: 5"))
    assert not passes((16, 28), message("UserEvent", "UserEvent: Queuemetrics", "Key: 5"))
    assert not passes(
        (16, 28), message("UserEvent", "CallerIDName: UserEvent: CallserverKey", "UserEvent: X")
    )


def test_the_account_has_the_rights_of_the_contract_and_no_more(tmp_path: Path) -> None:
    account = section(rendered(tmp_path, recommended((22, 1)))["manager.conf"], "callserver")
    assert "read = agent,call,dialplan,system,user\n" in account
    assert "write = agent,call,originate,reporting\n" in account


def test_nobody_but_the_owner_reads_secrets(tmp_path: Path) -> None:
    for path in render(tmp_path, recommended((22, 1))):
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_a_file_that_everybody_could_read_is_closed_when_it_is_written_again(tmp_path: Path) -> None:
    (tmp_path / "manager.conf").write_text("old")
    (tmp_path / "manager.conf").chmod(0o644)
    render(tmp_path, recommended((22, 1)))
    assert (tmp_path / "manager.conf").stat().st_mode & 0o077 == 0


def test_rendering_twice_gives_the_same_files(tmp_path: Path) -> None:
    plan = recommended((22, 1))
    assert rendered(tmp_path / "a", plan) == rendered(tmp_path / "b", plan)


def test_files_that_are_not_ours_stay(tmp_path: Path) -> None:
    (tmp_path / "chan_dahdi.conf").write_text("; mine\n")
    render(tmp_path, recommended((22, 1)))
    assert (tmp_path / "chan_dahdi.conf").read_text() == "; mine\n"


def test_a_local_member_has_a_state_interface(tmp_path: Path) -> None:
    plan = recommended((22, 1))
    queue = plan.queues[0]
    through_local = Member(phone=queue.members[0].phone, through_local=True)
    text = rendered(tmp_path, with_members(plan, (through_local,)))["queues.conf"]
    assert f"Local/{through_local.phone}@{contract.MEMBERS}/n," in text
    assert text.count(f",PJSIP/{through_local.phone}\n") == 1


def with_members(plan: Plan, members: tuple[Member, ...]) -> Plan:
    return replace(plan, queues=(replace(plan.queues[0], members=members), *plan.queues[1:]))


def test_agents_may_transfer_and_customers_may_not(tmp_path: Path) -> None:
    text = rendered(tmp_path, recommended((22, 1)))["extensions.conf"]
    for options in re.findall(r"Queue\([^,]+,([^,]*),", text):
        assert "t" in options
        assert "T" not in options


def test_a_customer_who_was_passed_on_may_not_transfer_either(tmp_path: Path) -> None:
    """They are the calling side of the second Dial; whoever may transfer there dials outside at our cost."""
    files = rendered(tmp_path, recommended((22, 1)))
    given = re.findall(r"Dial\([^,]+,[^,]+,(.*)\)\n", files["extensions.conf"])
    assert given
    phones_only = '${IF($["${CALLSERVER_PHONE}" != ""]?T)}'
    assert all("T" not in options.replace(phones_only, "") for options in given)
    trunk = section(files["pjsip.conf"], "trunk")
    assert "CALLSERVER_PHONE" not in trunk
    assert "set_var = CALLSERVER_PHONE=1001\n" in section(files["pjsip.conf"], "1001")


def test_every_call_that_nobody_takes_may_be_somebody_who_was_passed_on(tmp_path: Path) -> None:
    text = rendered(tmp_path, recommended((22, 1)))["extensions.conf"]
    for context in (contract.PHONES, contract.OUTSIDE):
        dials = re.findall(r"Dial\(.*\)\n same => n,(\S+)", section(text, context))
        assert dials
        assert set(dials) == {f"Goto({contract.BACK},s,1)"}
    assert "Goto(callserver-queues,${CALLSERVER_QUEUE},1)" in section(text, contract.BACK)


def test_without_queues_there_is_nowhere_else_to_wait(tmp_path: Path) -> None:
    plan = replace(recommended((22, 1)), queues=(), hotlines=())
    text = rendered(tmp_path, plan)["extensions.conf"]
    assert "QUEUE_PRIO" not in section(text, contract.BACK)


def test_a_production_switch_keeps_its_folders_and_loads_its_own_modules(tmp_path: Path) -> None:
    files = rendered(tmp_path, recommended((22, 1)))
    assert "[directories]" not in files["asterisk.conf"]
    assert "autoload = yes" in files["modules.conf"]


def test_every_country_has_its_tones(tmp_path: Path) -> None:
    for country in ("cn", "de", "uk", "us"):
        text = rendered(tmp_path, recommended((22, 1), country=country))["indications.conf"]
        assert f"country = {country}\n" in text
        assert "congestion = " in section(text, country)


def test_the_journal_of_channels_quotes_every_column_of_the_contract(tmp_path: Path) -> None:
    mapping = rendered(tmp_path, recommended((22, 1)))["cel_custom.conf"].splitlines()[-1]
    assert mapping.count("CSV_QUOTE(") == len(contract.CEL_FIELDS)


def with_callback_key(key: str | None) -> Plan:
    plan = recommended((22, 1))
    return replace(plan, queues=(replace(plan.queues[0], callback_key=key), *plan.queues[1:]))


def test_a_waiting_caller_is_told_of_the_key_that_keeps_the_place(tmp_path: Path) -> None:
    files = rendered(tmp_path, with_callback_key("1"))
    queue = section(files["queues.conf"], "hotline")
    assert "context = callserver-keys-hotline\n" in queue
    assert f"periodic-announce = {contract.PROMPTS}/callback-offer\n" in queue
    keys = section(files["extensions.conf"], "callserver-keys-hotline")
    assert "exten => 1,1,Set(CALLSERVER_WAITED=hotline)\n same => n,Goto(callserver-callback,s,1)" in keys


def test_without_such_a_key_or_with_another_nothing_false_is_said(tmp_path: Path) -> None:
    for key in (None, "5"):
        assert "periodic-announce" not in rendered(tmp_path, with_callback_key(key))["queues.conf"]
    with pytest.raises(PlanError, match="callback_key"):
        with_callback_key("12")


def test_the_variables_of_the_promises_contexts_are_the_contracts(tmp_path: Path) -> None:
    text = rendered(tmp_path, recommended((22, 1)))["extensions.conf"]
    for name in (
        *(contract.PROMISE_VARIABLE, contract.TO_VARIABLE, contract.AGENT_VARIABLE, contract.PROMPT_VARIABLE),
        *(contract.KEYS_VARIABLE, contract.AMD_VARIABLE, contract.PROMPTS_VARIABLE, contract.SHOWN_VARIABLE),
    ):
        assert "${" + name + "}" in text, name
    for context in (*contract.PROMISE_CONTEXTS, contract.CALLBACK):
        assert section(text, context)


def test_our_recordings_are_copied_one_folder_a_language(tmp_path: Path) -> None:
    written = prompts(tmp_path / "prompts")
    assert {file.parent.name for file in written} == {"en", "zh"}
    assert (tmp_path / "prompts" / "zh" / "survey.wav").read_bytes()[:4] == b"RIFF"
