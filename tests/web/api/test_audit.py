"""The API of the audit: looked through by whoever may, and noted itself; a changed line shows."""

from __future__ import annotations

import pytest

from tests.web.conftest import BOTH, Site

pytestmark = BOTH


async def customer(site: Site, name: str = "王芳") -> int:
    return int((await site.ask("POST", "customers", {"name": name})).body["id"])


async def test_who_read_and_changed_a_customer_is_told_newest_first(site: Site) -> None:
    id = await customer(site)
    await site.api(f"customers/{id}")
    lines = (await site.api(f"audit?subject=customer:{id}"))["lines"]
    assert [(one["action"], one["actor"], one["through"]) for one in lines] == [
        ("customer.read", "operator", "api"),
        ("customer.create", "operator", "api"),
    ]
    assert lines[0]["detail"] == {"operation": "read_customer"}
    assert lines[0]["at"] == "2026-11-18T11:06:40.000Z"


async def test_the_audit_is_read_page_by_page(site: Site) -> None:
    for name in "ABC":
        await customer(site, name)
    first = await site.api("audit?action=customer.*&limit=2")
    rest = await site.api(f"audit?action=customer.*&limit=2&cursor={first['cursor']}")
    found = [*first["lines"], *rest["lines"]]
    assert [one["subject"] for one in found] == ["customer:3", "customer:2", "customer:1"]
    assert rest["cursor"] is None


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("actor=operator", 1),
        ("actor=nobody", 0),
        ("through=api", 1),
        ("through=cli", 0),
        ("action=customer.create", 1),
        ("action=%25*", 0),
        ("action=customer", 0),
        ("since=2026-11-18T11:06:40Z", 1),
        ("until=2026-11-18T11:06:40Z", 0),
        ("subject=customer:1'%20OR%201=1", 0),
    ],
)
async def test_lines_are_found_by_what_is_asked(site: Site, query: str, count: int) -> None:
    await customer(site)
    assert len((await site.api(f"audit?{query}"))["lines"]) == count


async def test_who_reads_the_audit_is_in_it(site: Site) -> None:
    await site.api("audit")
    (line,) = (await site.api("audit?subject=audit"))["lines"]
    assert (line["action"], line["detail"]) == ("audit.read", {"operation": "list_audit"})


async def test_a_whole_chain_is_followed_to_its_end(site: Site) -> None:
    await customer(site)
    said = await site.api("audit/chain")
    assert (said["whole"], said["lines"], said["broken_at"]) == (True, 1, None)
    again = await site.api(f"audit/chain?anchor={said['end']}")
    assert (again["whole"], again["lines"]) == (True, 2)


async def test_a_line_that_was_changed_or_cut_off_shows(site: Site) -> None:
    await customer(site)
    wrong = await site.api(f"audit/chain?anchor=1:{'0' * 64}")
    assert (wrong["whole"], wrong["broken_at"]) == (False, 1)
    missing = await site.api(f"audit/chain?anchor=99:{'0' * 64}")
    assert missing["whole"] is False
    said = await site.ask("GET", "audit/chain?anchor=1:zz")
    assert (said.status, said.fields) == (400, ["anchor"])


async def test_only_who_may_read_the_audit_does(site: Site) -> None:
    token = await site.token("customers:read", "personal:read", "privacy:manage")
    assert (await site.ask("GET", "audit", token=token)).status == 403
    assert (await site.ask("GET", "audit/chain", token=token)).status == 403
