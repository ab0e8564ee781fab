"""The description and what is served are the same; the document is OpenAPI 3.1, the page readable without a script."""

from __future__ import annotations

import re

import jsonschema_rs
from aiohttp import web
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from callserver.store.tokens import SCOPES
from callserver.web.api.description import document
from callserver.web.api.everything import SUBJECTS, operations
from tests.web.conftest import Site

DESCRIBED = document(SUBJECTS)
OPEN = {"/api/v1/openapi.json"}


def test_the_document_is_openapi() -> None:
    assert [str(wrong) for wrong in OPENAPI_31_VALIDATOR.iter_errors(DESCRIBED)] == []


def test_every_schema_is_json_schema() -> None:
    for schema in DESCRIBED["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)


async def test_what_is_served_is_described_and_the_other_way_round(site: Site) -> None:
    served = {
        (route.method, route.resource.canonical)
        for route in site.client.app.router.routes()
        if isinstance(route, web.ResourceRoute)
        and route.resource is not None
        and route.resource.canonical.startswith("/api/v1/")
        and route.resource.canonical not in OPEN
        # No request and answer: docs/stream.md has the stream, and what describes it is another document.
        and route.resource.canonical not in ("/api/v1/stream", "/api/v1/asyncapi.json")
        and route.method != "HEAD"
    }
    described = {(method.upper(), path) for path, methods in DESCRIBED["paths"].items() for method in methods}
    assert served == described


def test_every_operation_has_a_name_of_its_own_a_summary_and_a_right() -> None:
    names = [one.name for one in operations()]
    assert len(set(names)) == len(names)
    for one in operations():
        assert one.summary, one.name
        assert one.scope in SCOPES or one.tag in ("session", "me"), one.name


def test_nothing_that_is_named_is_missing() -> None:
    def names(value: object) -> set[str]:
        if isinstance(value, dict):
            inner = set().union(*(names(one) for one in value.values()))
            return inner | ({value["$ref"]} if isinstance(value.get("$ref"), str) else set())
        return set().union(*(names(one) for one in value)) if isinstance(value, list) else set()

    for name in names(DESCRIBED):
        place: object = DESCRIBED
        for part in name.removeprefix("#/").split("/"):
            assert isinstance(place, dict)
            assert part in place, name
            place = place[part]


async def test_description_page_and_style_are_open_to_whoever_can_reach_the_port(site: Site) -> None:
    described = await (await site.get("/api/v1/openapi.json")).json()
    assert described == DESCRIBED
    page = await site.get("/api/docs")
    assert page.content_type == "text/html"
    assert (await site.get("/static/api.css")).content_type == "text/css"


async def test_the_page_has_every_operation_and_needs_nothing_from_elsewhere(site: Site) -> None:
    page = await site.get("/api/docs")
    text = await page.text()
    for one in operations():
        assert f'id="{one.name}"' in text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script" not in text
    assert "style=" not in text
    assert re.findall(r'(?:src|href)="(?![#/])', text) == []


async def test_every_link_within_the_page_leads_somewhere(site: Site) -> None:
    text = await (await site.get("/api/docs")).text()
    there = set(re.findall(r'id="([^"]+)"', text))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= there
