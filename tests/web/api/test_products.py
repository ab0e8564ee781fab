"""The API of products: what a customer owns."""

from __future__ import annotations

from tests.web.conftest import Site


async def owner(site: Site) -> int:
    return int((await site.ask("POST", "customers", {"name": "王芳"})).body["id"])


async def test_a_product_gets_its_warranty_from_the_rule_of_its_category(site: Site) -> None:
    wang = await owner(site)
    made = await site.ask(
        "POST",
        f"customers/{wang}/products",
        {"category": "washing_machine", "model": "XQG100", "serial": "SN-1234567", "bought_on": "2025-03-01"},
    )
    assert made.status == 201, made
    assert made.body["warranty_until"] > "2025-03-01"
    assert made.headers["Location"] == f"/api/v1/products/{made.body['id']}"
    assert (await site.api(f"customers/{wang}/products"))["products"] == [made.body]
    assert await site.api(f"products/{made.body['id']}") == made.body


async def test_a_product_changes_and_goes_by_its_version(site: Site) -> None:
    made = await site.ask("POST", f"customers/{await owner(site)}/products", {"category": "refrigerator"})
    path = f"products/{made.body['id']}"
    assert (await site.ask("PATCH", path, {"seller": "国美"})).status == 428
    assert (await site.ask("PATCH", path, {"seller": "国美"}, If_Match='"1"')).body["version"] == 2
    assert (await site.ask("DELETE", path, If_Match='"1"')).status == 412
    gone = await site.ask("DELETE", path, If_Match='"2"')
    assert (gone.status, gone.body) == (204, None)
    assert (await site.ask("GET", path)).status == 404
    versions = (await site.api(f"{path}/history"))["versions"]
    assert [(one["version"], one["product"]["seller"]) for one in versions] == [(2, "国美"), (1, "")]


async def test_days_that_do_not_exist_are_refused_by_name(site: Site) -> None:
    path = f"customers/{await owner(site)}/products"
    said = await site.ask("POST", path, {"category": "refrigerator", "bought_on": "2025-02-30"})
    assert (said.status, said.fields) == (422, ["bought_on"])
    assert (await site.ask("POST", path, {})).fields == ["category"]


async def test_the_serial_number_is_masked_without_the_right_to_it(site: Site) -> None:
    path = f"customers/{await owner(site)}/products"
    made = await site.ask("POST", path, {"category": "refrigerator", "serial": "SN-1234567"})
    token = await site.token("customers:read", "customers:write")
    assert (await site.ask("GET", path, token=token)).body["products"][0]["serial"] == "****4567"
    said = await site.ask(
        "PATCH", f"products/{made.body['id']}", {"serial": "x"}, token=token, If_Match='"1"'
    )
    assert said.status == 403


async def test_a_product_that_never_was_has_no_history(site: Site) -> None:
    assert (await site.ask("GET", "products/7/history")).status == 404
    assert (await site.ask("POST", "customers/7/products", {"category": "x"})).status == 404
