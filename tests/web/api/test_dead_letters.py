"""The API of dead letters: looked at, sent again, dropped with a reason."""

from __future__ import annotations

from callserver.store import outbox, webhooks
from callserver.store.engine import Connection
from callserver.store.outbox import Event
from callserver.store.webhook import Subscription, WebhookId
from tests.web.conftest import ADMIN, BOTH, NOW, Site

pytestmark = BOTH


async def dead(site: Site, count: int = 1) -> int:
    """A webhook that did not get so many events."""

    def put_down(connection: Connection) -> WebhookId:
        asked = Subscription(name="down", url="https://down.example.com/")
        webhook = webhooks.create(connection, asked, ADMIN, NOW).id
        for number in range(count):
            subject, body = f"ticket:{number}", {"caller": "+8613800138000"}
            event = Event(
                type="callserver.ticket.changed", key=f"{subject}:v1", subject=subject, at=NOW, body=body
            )
            outbox.tell(connection, event, now=NOW)
        webhooks.give_up(connection, webhook, "503 <b>Service</b> Unavailable", NOW)
        return webhook

    return await site.store.write(put_down)


async def test_dead_letters_are_looked_through_page_by_page(site: Site) -> None:
    webhook = await dead(site, 3)
    first = await site.api("dead-letters?limit=2")
    assert [one["subject"] for one in first["letters"]] == ["ticket:0", "ticket:1"]
    assert (
        first["letters"][0].items()
        >= {
            "webhook": webhook,
            "type": "callserver.ticket.changed",
            "error": "503 <b>Service</b> Unavailable",
            "body": {"caller": "+8613800138000"},
        }.items()
    )
    rest = await site.api(f"dead-letters?limit=2&cursor={first['cursor']}")
    assert ([one["subject"] for one in rest["letters"]], rest["cursor"]) == (["ticket:2"], None)


async def test_they_are_found_by_webhook_and_by_error(site: Site) -> None:
    webhook = await dead(site)
    assert len((await site.api(f"dead-letters?webhook={webhook}&error=503"))["letters"]) == 1
    assert (await site.api("dead-letters?webhook=99"))["letters"] == []
    assert (await site.api("dead-letters?error=%25"))["letters"] == []


async def test_what_they_say_is_for_those_who_may_see_it(site: Site) -> None:
    await dead(site)
    token = await site.token("webhooks:manage")
    letter = (await site.ask("GET", "dead-letters", token=token)).body["letters"][0]
    assert letter["body"] is None
    assert "138" not in repr(letter)


async def test_whoever_sees_what_they_say_is_noted(site: Site) -> None:
    await dead(site, 2)
    await site.ask("GET", "dead-letters", token=await site.token("webhooks:manage"))
    await site.api("dead-letters")
    lines = (await site.api("audit?action=ticket.*"))["lines"]
    assert [(one["subject"], one["actor"]) for one in lines] == [
        ("ticket:1", "operator"),
        ("ticket:0", "operator"),
    ]


async def test_one_is_sent_again_and_is_dead_no_more(site: Site) -> None:
    await dead(site)
    letter = (await site.api("dead-letters"))["letters"][0]["id"]
    assert (await site.ask("POST", f"dead-letters/{letter}/resend")).body == {"count": 1}
    assert (await site.api("dead-letters"))["letters"] == []
    assert (await site.ask("POST", f"dead-letters/{letter}/resend")).status == 404


async def test_all_of_a_webhook_are_sent_again(site: Site) -> None:
    webhook = await dead(site, 3)
    assert (await site.ask("POST", "dead-letters/resend", {"webhook": 99})).body == {"count": 0}
    assert (await site.ask("POST", "dead-letters/resend", {"webhook": webhook})).body == {"count": 3}


async def test_dropping_needs_a_reason(site: Site) -> None:
    webhook = await dead(site, 2)
    letter = (await site.api("dead-letters"))["letters"][0]["id"]
    assert (await site.ask("POST", f"dead-letters/{letter}/drop", {})).fields == ["reason"]
    assert (await site.ask("POST", f"dead-letters/{letter}/drop", {"reason": " \n"})).fields == ["reason"]
    assert (await site.ask("POST", f"dead-letters/{letter}/drop", {"reason": "old"})).body == {"count": 1}
    said = await site.ask("POST", "dead-letters/drop", {"webhook": webhook, "reason": "old"})
    assert said.body == {"count": 1}
