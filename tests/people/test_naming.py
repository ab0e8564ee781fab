"""Logins, names and queues: what they may look like."""

from __future__ import annotations

import pytest

from callserver.errors import BadValue
from callserver.people import Place, Profile, naming

HOSTILE = ["", " ", "a\nb", "a\x00b", "\u202eabc", "x" * 10_000, "\ud800"]


def test_a_login_is_the_same_however_it_is_typed() -> None:
    assert naming.login(" Ｌi.Na ") == naming.login("li.na") == naming.folded("LI.NA")


@pytest.mark.parametrize(
    "text", [*HOSTILE, "王芳", "-li", "li na", "<script>", "=cmd()", "лi", "callserver", "a" * 65]
)
def test_a_login_that_could_be_mistaken_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        naming.login(text)


def test_a_name_is_anybodys_way_of_writing() -> None:
    assert naming.name("  王\n\u3000芳 ") == "王 芳"
    assert naming.same("Ａnna MÜLLER") == naming.same("anna müller")
    assert naming.name("<script>alert(1)</script>") == "<script>alert(1)</script>"  # screens show it as it is


@pytest.mark.parametrize("text", [*HOSTILE[:2], *HOSTILE[3:], "Callserver", "operator", "x" * 101])
def test_a_name_that_no_line_can_show_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        naming.name(text)


def test_queues_are_each_there_once() -> None:
    assert naming.queues(["b", "a", "b"]) == ("b", "a")


@pytest.mark.parametrize("text", [*HOSTILE, "a,b"])
def test_what_asterisk_could_not_call_a_queue_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match=r"queues\[1\]"):
        naming.queues(["repair", text])


@pytest.mark.parametrize(
    ("profile", "field"),
    [
        ([Profile(queue="a", penalty=-1)], "queues[0].penalty"),
        ([Profile(queue="a", penalty=1001)], "queues[0].penalty"),
        ([Profile(queue="a"), Profile(queue="a")], "queues[1].queue"),
        ([Profile(queue=str(one)) for one in range(201)], "queues"),
    ],
)
def test_a_profile_that_asterisk_cannot_have_is_refused(profile: list[Profile], field: str) -> None:
    with pytest.raises(BadValue) as refused:
        naming.profile(profile)
    assert refused.value.field == field


def test_a_phone_is_a_switch_and_an_interface() -> None:
    place = Place(pbx="main", interface="PJSIP/1001")
    assert naming.place(place) == place
    for interface in HOSTILE:
        with pytest.raises(BadValue):
            naming.place(Place(pbx="main", interface=interface))
