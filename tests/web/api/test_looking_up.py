"""The API of the look-up: who calls, as much of it as the asker may see."""

from __future__ import annotations

from typing import Any

from tests.web.conftest import Site


async def household(site: Site) -> None:
    for name in ("王芳", "王明"):
        made = await site.ask("POST", "customers", {"name": name, "numbers": [{"received": "13800138000"}]})
        await site.ask(
            "POST",
            f"customers/{made.body['id']}/products",
            {"category": "refrigerator", "warranty_until": "2026-11-18"},
        )
        opened = await site.ask("POST", "tickets", {"kind": "repair", "customer": made.body["id"]})
        assert opened.status == 201, opened


async def looked_up(site: Site, number: str) -> Any:
    return await site.api(f"lookup?number={number}")


async def test_everybody_of_a_household_is_offered_with_products_and_open_tickets(site: Site) -> None:
    await household(site)
    found = await looked_up(site, "013800138000")
    assert found["number"]["e164"] == "+8613800138000"
    assert [one["customer"]["name"] for one in found["customers"]] == ["王芳", "王明"]
    for one in found["customers"]:
        assert [owned["warranty"] for owned in one["products"]] == ["in"]
        assert [ticket["kind"] for ticket in one["dealings"]["tickets"]] == ["repair"]
    assert found["more"] is False


async def test_the_same_caller_in_any_writing(site: Site) -> None:
    await household(site)
    for number in ("%2B8613800138000", "+8613800138000", "008613800138000", "9013800138000", "138-0013-8000"):
        assert len((await looked_up(site, number))["customers"]) == 2, number


async def test_who_withholds_their_number_is_nobody(site: Site) -> None:
    await household(site)
    for number in ("anonymous", "%3Cunknown%3E", "8001", "110", "-", "%F0%9F%93%9E", "' OR 1=1"):
        found = await looked_up(site, number)
        assert (found["customers"], found["number"]["e164"]) == ([], None), number


async def test_each_right_shows_its_part(site: Site) -> None:
    await household(site)
    token = await site.token("customers:read")
    found = (await site.ask("GET", "lookup?number=13800138000", token=token)).body
    first = found["customers"][0]
    assert first["dealings"] == {"tickets": [], "contacts": [], "promises": []}
    assert first["customer"]["numbers"][0]["e164"] == "138****8000"
    assert found["calls"] == []
    assert (await site.ask("GET", "lookup?number=1", token=await site.token("calls:read"))).status == 403


async def test_who_looks_a_stranger_up_is_in_the_audit_of_their_ticket(site: Site) -> None:
    opened = await site.ask("POST", "tickets", {"kind": "repair", "caller": "13800138000"})
    await looked_up(site, "13800138000")
    line = (await site.api(f"audit?subject=ticket:{opened.body['id']}"))["lines"][0]
    assert (line["action"], line["detail"]) == ("ticket.read", {"operation": "look_up"})


async def test_no_number_is_no_question(site: Site) -> None:
    assert (await site.ask("GET", "lookup")).fields == ["number"]
    assert (await site.ask("GET", "lookup?number=1%00")).fields == ["number"]
    assert (await site.ask("GET", "lookup?number=1&number=2")).fields == ["number"]
