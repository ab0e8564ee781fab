"""A plan refuses what a configuration file would misread, and says which value it was."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asterisk_conf.plan import (
    Hotline,
    Key,
    Manager,
    Member,
    Phone,
    Plan,
    PlanError,
    Queue,
    Trunk,
)

BREAKS_OUT = (
    "a\nb",
    "a\r\n[evil]",
    "a;comment",
    "[section]",
    "a\x00b",
    'quote"',
    "back\\slash",
    "${EVIL}",
    "a|b",
    "a\u2028b",
)
MANAGER = Manager(user="callserver", secret="secret")
ZHANG = Phone(endpoint="1001", secret="secret", name="Zhang Wei 张伟")
HOTLINE = Queue(name="hotline", title="Hotline 服务热线", extension="600")


@pytest.mark.parametrize("value", BREAKS_OUT)
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda v: Phone(endpoint=v, secret="s", name="n"), id="phone"),
        pytest.param(lambda v: Phone(endpoint="1001", secret=v, name="n"), id="secret of a phone"),
        pytest.param(lambda v: Phone(endpoint="1001", secret="s", name=v), id="name of a phone"),
        pytest.param(lambda v: Member(phone=v), id="member"),
        pytest.param(lambda v: Key(digit=v, extension="600"), id="key"),
        pytest.param(lambda v: Key(digit="1", extension=v), id="extension behind a key"),
        pytest.param(lambda v: Queue(name=v, title="t", extension="600"), id="queue"),
        pytest.param(lambda v: Queue(name="q", title=v, extension="600"), id="title of a queue"),
        pytest.param(lambda v: Queue(name="q", title="t", extension=v), id="extension of a queue"),
        pytest.param(lambda v: Queue(name="q", title="t", extension="1", join_empty=v), id="join_empty"),
        pytest.param(lambda v: Hotline(number=v, queue="hotline"), id="hotline"),
        pytest.param(lambda v: Hotline(number="4008", queue="hotline", welcome=v), id="welcome"),
        pytest.param(lambda v: Trunk(name=v, host="127.0.0.2"), id="trunk"),
        pytest.param(lambda v: Trunk(name="trunk", host=v), id="host of a trunk"),
        pytest.param(lambda v: Manager(user=v, secret="s"), id="manager account"),
        pytest.param(lambda v: Manager(user="u", secret=v), id="secret of a manager account"),
        pytest.param(lambda v: Manager(user="u", secret="s", permit=(v,)), id="permitted network"),
        pytest.param(lambda v: Plan(version=(22,), managers=(MANAGER,), country=v), id="country"),
        pytest.param(lambda v: Plan(version=(22,), managers=(MANAGER,), system_name=v), id="system name"),
        pytest.param(lambda v: Plan(version=(22,), managers=(MANAGER,), codecs=(v,)), id="codec"),
    ],
)
def test_a_value_that_would_add_configuration_of_its_own_is_refused(
    make: Callable[[str], object], value: str
) -> None:
    with pytest.raises(PlanError):
        make(value)


@given(st.text(max_size=100))
def test_a_name_is_either_refused_or_stays_on_its_line(name: str) -> None:
    try:
        kept = Phone(endpoint="1001", secret="s", name=name).name
    except PlanError:
        return
    assert len(kept.splitlines()) == 1
    assert not set(kept) & set('\r\n;[]"\\')


def test_names_of_people_are_kept_as_they_are_written() -> None:
    for name in ("Zhang Wei", "李娜", "O'Brien", "José Núñez-Ångström", "𠮷野 家"):
        assert Phone(endpoint="1001", secret="s", name=name).name == name


def test_the_message_names_the_value_and_the_place() -> None:
    with pytest.raises(PlanError, match=r"name of phone 1001 'Li; Na': ';'"):
        Phone(endpoint="1001", secret="s", name="Li; Na")


@pytest.mark.parametrize("version", [(), (13,), (15, 7), (23, 1)])
def test_versions_that_were_never_tried_are_refused(version: tuple[int, ...]) -> None:
    with pytest.raises(PlanError, match="Asterisk 16 to 22"):
        Plan(version=version, managers=(MANAGER,))


def test_a_hotline_needs_its_queue() -> None:
    with pytest.raises(PlanError, match="hotline 4008: there is no queue 'hotline'"):
        Plan(version=(22,), managers=(MANAGER,), hotlines=(Hotline(number="4008", queue="hotline"),))


def test_an_overflow_needs_its_queue() -> None:
    queue = Queue(name="hotline", title="t", extension="600", overflow_to="repair")
    with pytest.raises(PlanError, match="overflow of hotline: there is no queue 'repair'"):
        Plan(version=(22,), managers=(MANAGER,), queues=(queue,))


def test_a_member_needs_a_phone() -> None:
    queue = Queue(name="hotline", title="t", extension="600", members=(Member(phone="1009"),))
    with pytest.raises(PlanError, match="queue hotline: there is no phone '1009'"):
        Plan(version=(22,), managers=(MANAGER,), phones=(ZHANG,), queues=(queue,))


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(PlanError, match="phone 1001: said more than once"):
        Plan(version=(22,), managers=(MANAGER,), phones=(ZHANG, ZHANG))
    with pytest.raises(PlanError, match="queue hotline: said more than once"):
        Plan(version=(22,), managers=(MANAGER,), queues=(HOTLINE, HOTLINE))


def test_a_plan_without_an_account_is_refused() -> None:
    with pytest.raises(PlanError, match="could not log in"):
        Plan(version=(22,), managers=())


def test_an_account_is_not_named_like_a_section() -> None:
    with pytest.raises(PlanError, match="name of a section"):
        Manager(user="general", secret="s")


@pytest.mark.parametrize("port", [0, -1, 65_536])
def test_ports_are_ports(port: int) -> None:
    with pytest.raises(PlanError, match="ports go from 1 to 65535"):
        Plan(version=(22,), managers=(MANAGER,), manager_port=port)
