"""What an agent leaves behind when a call is done: in one request, once, on the versions that were on the screen."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from callserver.facts import CallId, iso
from callserver.people import Person, Profile, UserId
from callserver.people.person import Place
from callserver.seats.shift import Seat
from callserver.store import call_tickets, shifts
from callserver.tickets.record import TicketId
from tests.web.api.test_calls import PBX, call, write
from tests.web.conftest import BOTH, NOW, Said, Site
from tests.web.people import Browser, team, user

CALL = "main:1.0"
THEIRS = {"queue": "repair", "agent": {"interface": "PJSIP/1001", "name": "Li Na"}}
PHONE = {"leg": "2.0", "interface": "PJSIP/1001", "answered_at": iso(2000), "up": True, "over": False}


async def talked(site: Site, **other: Any) -> None:
    """A call of Li Na's that is over, on ticket 1 of a stranger."""
    opened = await site.ask("POST", "tickets", {"kind": "repair", "caller": "13800138000"})
    assert opened.body["id"] == 1
    await write(site.store, call(1, **{"queue_visits": [THEIRS], **other}))
    await site.store.write(lambda c: call_tickets.put(c, CallId(CALL), TicketId(1), "in: stranger", NOW))


async def li_na(site: Site, login: str = "li.na", name: str = "Li Na") -> Browser:
    await user(site, login, name=name, queues=[Profile(queue="repair")])
    browser = Browser(site)
    assert (await browser.sign_in(login)).status == 204
    return browser


async def record(browser: Browser, body: dict[str, Any], call: str = CALL) -> Said:
    return await browser.ask("POST", f"calls/{call}/record", body)


async def timeline(site: Site, ticket: int = 1) -> list[dict[str, Any]]:
    return list(reversed((await site.api(f"tickets/{ticket}/timeline"))["entries"]))


WHOLE = {
    "version": 1,
    "change": {"subject": "Burner goes out", "fields": {"fault": "ignition"}},
    "note": "Cleaned the <b>burner</b>\nwith her; مرحبا",
    "disposition": "watching",
    "status": {"to": "watching"},
    "promises": [{"preset": "72h"}],
}


@BOTH
async def test_everything_is_written_in_one_request(site: Site) -> None:
    await talked(site)
    browser = await li_na(site)
    done = await record(browser, WHOLE)
    assert done.status == 200, done
    ticket = done.body["ticket"]
    assert (ticket["status"], ticket["subject"], ticket["fields"]) == (
        "watching",
        "Burner goes out",
        {"fault": "ignition"},
    )
    assert {one["kind"] for one in ticket["promises"]} == {"watch", "return_visit"}
    assert done.headers["ETag"] == f'"{ticket["version"]}"'
    assert "closed" in ticket["next"]
    assert done.body["entry"]["body"] == {"text": WHOLE["note"], "disposition": "watching"}
    assert (done.body["entry"]["call"], done.body["entry"]["actor"]) == (CALL, "Li Na")
    assert done.body["entry"]["through"] == "screen"
    kinds = [one["kind"] for one in await timeline(site)]
    assert kinds == ["opened", "change", "note", "promise", "status", "promise"]


@BOTH
async def test_the_same_request_twice_is_done_once(site: Site) -> None:
    await talked(site)
    browser = await li_na(site)
    first, second = await asyncio.gather(record(browser, WHOLE), record(browser, WHOLE))
    assert {first.status, second.status} == {200}
    assert {first.body["again"], second.body["again"]} == {False, True}
    assert first.body["entry"] == second.body["entry"]
    assert len(await timeline(site)) == 6


async def test_a_ticket_that_somebody_changed_meanwhile_is_not_touched(site: Site) -> None:
    await talked(site)
    browser = await li_na(site)
    await site.ask("PATCH", "tickets/1", {"priority": "high"}, If_Match='"1"')
    refused = await record(browser, WHOLE)
    assert refused.status == 412
    assert [one["kind"] for one in await timeline(site)] == ["opened", "change"]
    assert (await record(browser, {"note": "a note needs no version"})).status == 200


async def test_what_changes_a_ticket_says_which_version_was_on_the_screen(site: Site) -> None:
    await talked(site)
    browser = await li_na(site)
    for part in ({"status": {"to": "closed"}}, {"change": {"subject": "x"}}, {"customer": 1}):
        assert (await record(browser, part)).fields == ["version"], part


@BOTH
async def test_a_call_that_was_moved_meanwhile_is_left_where_it_is(site: Site) -> None:
    await talked(site)
    browser = await li_na(site)
    other = (await site.ask("POST", "tickets", {"kind": "complaint"})).body
    await site.ask("PUT", f"calls/{CALL}/ticket", {"ticket": other["id"]})
    refused = await record(browser, {"was": 1, "note": "hers"})
    assert refused.status == 409
    assert other["number"] in refused.body["detail"]
    assert (await record(browser, {"was": other["id"], "note": "hers"})).body["ticket"]["id"] == other["id"]


async def test_a_ticket_that_was_closed_meanwhile_takes_the_note_only(site: Site) -> None:
    await talked(site)
    browser = await li_na(site)
    await site.ask("POST", "tickets/1/status", {"to": "cancelled", "why": "moved"}, If_Match='"1"')
    assert (await record(browser, {"version": 2, "change": {"subject": "x"}})).status == 409
    assert (await record(browser, {"promises": [{"preset": "30m"}]})).status == 409
    assert (await record(browser, {"note": "called again"})).status == 200
    again = {"version": 2, "status": {"to": "reopened", "why": "not over"}, "change": {"subject": "x"}}
    assert (await record(browser, again)).body["ticket"]["subject"] == "x"


async def test_a_call_goes_to_another_ticket_with_its_record(site: Site) -> None:
    await talked(site)
    browser = await li_na(site)
    await site.ask("POST", "tickets", {"kind": "install"})
    assert (await record(browser, {"ticket": 2, "was": 1, "note": "about the other one"})).status == 200
    assert (await site.api(f"calls/{CALL}"))["ticket"]["id"] == 2
    assert [one["kind"] for one in await timeline(site, 2)] == ["opened", "call_moved_here", "note"]


@BOTH
async def test_a_call_opens_a_new_ticket_with_its_record(site: Site) -> None:
    await talked(site)
    browser = await li_na(site)
    new = {"kind": "install", "subject": "new stove"}
    done = await record(browser, {"new": new, "note": "wants another", "promises": [{"preset": "30m"}]})
    assert done.status == 200, done
    assert (done.body["ticket"]["kind"], done.body["ticket"]["caller"]) == ("install", "+8613800138000")
    assert (await site.api(f"calls/{CALL}"))["ticket"]["id"] == 2
    assert (await record(browser, {"new": new, "ticket": 1})).fields == ["new"]


async def test_a_call_on_no_ticket_asks_for_one(site: Site) -> None:
    await write(site.store, call(1, queue_visits=[THEIRS]))
    browser = await li_na(site)
    assert (await record(browser, {"note": "whose?"})).status == 409
    assert (await record(browser, {"note": "hers", "new": {"kind": "repair"}})).status == 200


async def test_a_record_gives_the_ticket_to_a_customer(site: Site) -> None:
    await talked(site)
    browser = await li_na(site)
    zone = {"name": "Ann", "zone": "Europe/Berlin", "numbers": [{"received": "13800138000"}]}
    await site.ask("POST", "customers", {**zone, "numbers": [{"received": "13900139000"}]})
    done = await record(
        browser, {"version": 1, "customer": 1, "promises": [{"preset": "at", "at": "2026-11-23T15:00"}]}
    )
    assert done.status == 200, done
    assert done.body["ticket"]["customer_name"] == "Ann"
    assert done.body["promises"][0]["due_at"] == "2026-11-23T14:00:00.000Z", "her clock, not ours"


NOT_TO_BE_KEPT: list[tuple[dict[str, Any], str]] = [
    ({}, "promises[0].kind"),
    ({"preset": "at"}, "promises[0].due_at"),
    ({"preset": "at", "at": "2026-02-30T15:00"}, "promises[0].at"),
    ({"preset": "at", "at": "2026-11-01T15:00"}, "promises[0].due_at"),
    ({"kind": "sale", "due_at": "2036-11-23T15:00:00Z"}, "promises[0].due_at"),
    ({"preset": "30m", "number": "12"}, "promises[0].number"),
]


async def test_a_promise_that_cannot_be_kept_is_not_made(site: Site) -> None:
    await talked(site)
    browser = await li_na(site)
    for promise, field in NOT_TO_BE_KEPT:
        given = {"note": "x", "promises": [promise]}
        assert (await record(browser, given)).fields == [field], promise
    assert len(await timeline(site)) == 1


UNFIT: list[tuple[dict[str, Any], str]] = [
    ({"disposition": "complaint_taken", "note": "rude"}, "disposition"),
    ({"disposition": "no such"}, "disposition"),
    ({"disposition": "passed_on"}, "note"),
    ({"disposition": "passed_on", "note": " \n "}, "note"),
    ({"note": "x" * 10_001}, "note"),
]


async def test_a_verdict_fits_its_ticket_and_has_its_note(site: Site) -> None:
    await talked(site)
    browser = await li_na(site)
    for given, field in UNFIT:
        assert (await record(browser, given)).fields == [field], given


async def test_an_agent_records_own_calls_and_a_supervisor_those_of_the_team(site: Site) -> None:
    await talked(site)
    await team(site, "repair")
    stranger = await li_na(site, "bo", "Bo")
    refused = await record(stranger, {"note": "mine?"})
    assert (refused.status, "had no part" in refused.body["detail"]) == (403, True)
    for login, teams, status in (("sup", ["repair"], 200), ("other.sup", [], 403)):
        await user(site, login, "supervisor", teams=teams)
        browser = Browser(site)
        await browser.sign_in(login)
        assert (await record(browser, {"note": "heard"})).status == status, login
    assert (await site.ask("POST", f"calls/{CALL}/record", {"note": "a program's"})).status == 200


async def test_a_direct_call_is_of_whoever_sits_at_the_phone_that_answered(site: Site) -> None:
    ringing = {**PHONE, "answered_at": None, "up": False, "interface": "PJSIP/1002"}
    await talked(site, queue_visits=[], legs=[PHONE, ringing])
    for number, status in ((1, 200), (2, 403)):
        login, phone = f"agent{number}", f"PJSIP/100{number}"
        browser = await li_na(site, login, login)
        person = Person(
            id=UserId(number), login=login, name=login, role="agent", seat=Place(pbx="main", interface=phone)
        )
        seat = Seat(pbx=PBX, interface=phone, state_interface=phone)
        await site.store.write(partial(shifts.sign_in, person=person, seat=seat, now=NOW))
        assert (await record(browser, {"note": "spoke"})).status == status, phone


async def test_a_forged_call_is_none(site: Site) -> None:
    browser = await li_na(site)
    for forged in ("main:9.9", "%00", "a" * 300, "..%2F..", "main:1.0' OR 1=1"):
        assert (await record(browser, {"note": "x"}, forged)).status in (404, 422), forged


async def test_a_note_of_a_megabyte_is_refused_before_it_is_read(site: Site) -> None:
    await talked(site)
    browser = await li_na(site)
    assert (await record(browser, {"note": "x" * 300_000})).status == 413
    assert (await record(browser, {"note": "a\x00b\u202e=cmd()"})).body["entry"]["body"][
        "text"
    ] == "a\ufffdb\u202e=cmd()"


async def test_a_draft_goes_with_its_record_unless_another_tab_has_saved_since(site: Site) -> None:
    await talked(site)
    browser = await li_na(site)
    for counter, left in ((2, []), (1, [f"call:{CALL}"])):
        for text in ("he", "hers"):
            saved = await browser.ask("PUT", f"me/drafts/call:{CALL}", {"text": text})
        assert saved.body["counter"] == 2
        assert (await record(browser, {"note": f"{counter}", "draft": counter})).status == 200
        assert [one["subject"] for one in (await browser.ask("GET", "me/drafts")).body["drafts"]] == left


@BOTH
async def test_what_was_recorded_is_taken_back_as_far_as_it_can_be(site: Site) -> None:
    await talked(site)
    browser = await li_na(site)
    new = {"kind": "install", "subject": "x"}
    done = await record(
        browser, {"new": new, "note": "wrong", "disposition": "solved", "promises": [{"preset": "72h"}]}
    )
    undone = await browser.ask("POST", f"calls/{CALL}/record/undo")
    assert undone.status == 200, undone
    assert len(undone.body["back"]) == 4
    assert (await site.api(f"calls/{CALL}"))["ticket"]["id"] == 1
    last = [one["kind"] for one in await timeline(site, done.body["ticket"]["id"])]
    assert last[-3:] == ["correction", "promise", "call_moved_away"]
    assert (await browser.ask("POST", f"calls/{CALL}/record/undo")).status == 404


async def test_taking_a_note_back_leaves_a_colleagues_verdict(site: Site) -> None:
    both = [THEIRS, {"queue": "repair", "agent": {"interface": "PJSIP/1002", "name": "Wang"}}]
    await talked(site, queue_visits=both)
    li, wang = await li_na(site), await li_na(site, "wang", "Wang")
    assert (await record(li, {"note": "done", "disposition": "solved"})).status == 200
    site.now += 1000
    assert (await record(wang, {"note": "by mistake"})).status == 200
    assert (await wang.ask("POST", f"calls/{CALL}/record/undo")).body["back"] == ["the note, by a correction"]
    assert (await li.ask("POST", f"calls/{CALL}/record/undo")).body["back"][-1] == "the verdict"


async def test_only_its_writer_takes_a_record_back_and_not_for_ever(site: Site) -> None:
    await talked(site)
    browser = await li_na(site)
    await record(browser, {"note": "hers"})
    assert (await site.ask("POST", f"calls/{CALL}/record/undo")).status == 403
    site.now += 11 * 60_000
    assert (await browser.ask("POST", f"calls/{CALL}/record/undo")).status == 409


async def test_an_agent_waives_nothing_and_hears_who_may(site: Site) -> None:
    await talked(site)
    browser = await li_na(site)
    await record(browser, {"promises": [{"preset": "72h"}]})
    refused = await record(browser, {"version": 1, "status": {"to": "closed", "why": "she hung up"}})
    assert refused.status == 403, refused
    assert "supervisor" in refused.body["detail"]
