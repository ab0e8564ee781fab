"""The API of merging: one of two, two again, two of one."""

from __future__ import annotations

from tests.web.conftest import BOTH, Said, Site

pytestmark = BOTH


async def merge(site: Site, into: int, other: int, version: int = 1) -> Said:
    return await site.ask("POST", f"customers/{into}/merge", {"customer": other}, If_Match=f'"{version}"')


async def undo(site: Site, merge: int, version: int = 2) -> Said:
    return await site.ask("POST", f"merges/{merge}/undo", If_Match=f'"{version}"')


async def customer(site: Site, name: str, *numbers: str) -> int:
    made = await site.ask(
        "POST", "customers", {"name": name, "numbers": [{"received": one} for one in numbers]}
    )
    assert made.status == 201, made
    return int(made.body["id"])


async def test_two_become_one_and_come_apart_again(site: Site) -> None:
    wang, other = await customer(site, "王芳", "13800138000"), await customer(site, "王 芳", "13900139000")
    merged = await merge(site, wang, other)
    assert (merged.status, merged.body["into"], merged.body["customer"]) == (201, wang, other)
    assert (await site.api(f"customers/{other}"))["merged_into"] == wang
    assert [one["received"] for one in (await site.api(f"customers/{wang}"))["numbers"]] == [
        "13800138000",
        "13900139000",
    ]
    assert [one["id"] for one in (await site.api(f"customers/{wang}/merges"))["merges"]] == [
        merged.body["id"]
    ]
    undone = await undo(site, merged.body["id"], merged.body["version"])
    assert (undone.status, undone.body["stayed"]) == (200, [])
    assert undone.body["customer"]["merged_into"] is None
    assert (await undo(site, merged.body["id"], 3)).status == 409


async def test_who_has_not_seen_how_they_are_by_now_merges_nobody_and_takes_nothing_back(site: Site) -> None:
    wang, other = await customer(site, "王芳", "13800138000"), await customer(site, "王 芳", "13900139000")
    assert (await site.ask("POST", f"customers/{wang}/merge", {"customer": other})).status == 428
    changed = await site.ask("PATCH", f"customers/{wang}", {"vip": True}, If_Match='"1"')
    stale = await merge(site, wang, other)  # one supervisor still looks at how it was
    assert (changed.status, stale.status, stale.body["detail"]) == (
        200,
        412,
        "this is version 2 by now, the change was made on version 1",
    )
    await site.ask("PATCH", f"customers/{other}", {"vip": True}, If_Match='"1"')
    seen = {"customer": other, "version": 1}  # ... and the other one's record is stale
    assert (await site.ask("POST", f"customers/{wang}/merge", seen, If_Match='"2"')).status == 412
    merged = await merge(site, wang, other, version=2)
    assert (await merge(site, wang, other, version=2)).status == 409  # the second of two who merged at once
    assert (await undo(site, merged.body["id"], version=2)).status == 412
    assert (await undo(site, merged.body["id"], version=3)).status == 200


async def test_a_merge_of_yesterday_stays(site: Site) -> None:
    merged = await merge(site, await customer(site, "A"), await customer(site, "B"))
    site.now += 24 * 3600 * 1000 + 1
    assert (await undo(site, merged.body["id"])).status == 409


async def test_nobody_becomes_part_of_themselves_or_of_a_part_of_them(site: Site) -> None:
    one, two = await customer(site, "A"), await customer(site, "B")
    assert (await merge(site, one, one)).status == 409
    await merge(site, one, two)
    assert (await merge(site, two, one, version=2)).status == 409
    assert (await merge(site, one, 999, version=2)).status == 404


async def test_one_number_goes_to_a_new_customer(site: Site) -> None:
    wang = await customer(site, "王芳", "13800138000", "13900139000")
    said = await site.ask("POST", f"customers/{wang}/split", {"name": "王明", "numbers": [1]}, If_Match='"1"')
    assert said.status == 201
    assert said.headers["Location"] == f"/api/v1/customers/{said.body['new']['id']}"
    assert [one["received"] for one in said.body["customer"]["numbers"]] == ["13800138000"]
    assert [one["received"] for one in said.body["new"]["numbers"]] == ["13900139000"]


async def test_what_a_customer_has_goes_to_one_who_is_there(site: Site) -> None:
    wang, ming = await customer(site, "王芳", "13800138000", "13900139000"), await customer(site, "王明")
    product = (await site.ask("POST", f"customers/{wang}/products", {"category": "oven"})).body["id"]
    ticket = (await site.ask("POST", "tickets", {"kind": "repair", "customer": wang})).body["id"]
    going = {"customer": ming, "numbers": [1], "products": [product], "tickets": [ticket]}
    split = f"customers/{wang}/split"
    said = await site.ask("POST", split, going | {"name": "x"}, If_Match='"1"')
    assert (said.status, said.fields) == (422, ["name"])
    assert (await site.ask("POST", split, going | {"customer": wang}, If_Match='"1"')).status == 409
    said = await site.ask("POST", split, going, If_Match='"1"')
    assert (said.status, said.body["new"]["id"], said.body["new"]["version"]) == (201, ming, 2)
    assert [one["received"] for one in said.body["new"]["numbers"]] == ["13900139000"]
    assert [one["received"] for one in said.body["customer"]["numbers"]] == ["13800138000"]
    theirs = [await site.api(f"products/{product}"), await site.api(f"tickets/{ticket}")]
    assert [one["customer"] for one in theirs] == [ming, ming]
    gone = {"customer": ming, "was": said.body["was"], "products": [product], "tickets": [ticket]}
    assert (await site.ask("POST", f"{split}/undo", gone, If_Match='"1"')).status == 412
    back = await site.ask("POST", f"{split}/undo", gone, If_Match='"2"')
    assert (back.status, back.body["stayed"], back.body["other"]["numbers"]) == (200, [], [])
    assert [one["received"] for one in back.body["customer"]["numbers"]] == ["13800138000", "13900139000"]
    theirs = [await site.api(f"products/{product}"), await site.api(f"tickets/{ticket}")]
    assert [one["customer"] for one in theirs] == [wang, wang]
    assert (await site.ask("POST", f"{split}/undo", gone, If_Match='"3"')).status == 409


async def test_what_is_not_there_cannot_go(site: Site) -> None:
    wang = await customer(site, "王芳", "13800138000")
    said = await site.ask("POST", f"customers/{wang}/split", {"name": "x", "numbers": [3]}, If_Match='"1"')
    assert (said.status, said.fields) == (422, ["numbers[3]"])
    assert (await site.ask("POST", f"customers/{wang}/split", {"name": "x"}, If_Match='"1"')).status == 422
    assert (await site.ask("POST", f"customers/{wang}/split", {"numbers": [0]}, If_Match='"7"')).status == 412
    said = await site.ask("POST", f"customers/{wang}/split", {"name": "a\0", "numbers": [0]}, If_Match='"1"')
    assert (said.status, said.fields) == (422, ["name"])
