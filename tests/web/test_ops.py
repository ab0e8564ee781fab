"""Alive, ready, metrics, the status page: what a watcher and a person are told."""

from __future__ import annotations

import asyncio

from prometheus_client.parser import text_string_to_metric_families

from callserver.vitals import Check, Vitals
from callserver.web.ops import watch_lag
from callserver.web.status import page
from tests.web.conftest import Site


async def test_alive_while_the_loop_turns(site: Site) -> None:
    response = await site.get("/healthz")
    assert response.status == 200
    assert (await response.json())["alive"] is True
    site.vitals.loop_lag_s = 60
    assert (await site.get("/healthz")).status == 503


async def test_not_ready_says_each_reason(site: Site) -> None:
    site.vitals.stage = "running"
    site.vitals.database = "disk full"
    site.vitals.switch("main").change("refused", "user 'x': Authentication failed")
    response = await site.get("/readyz")
    assert response.status == 503
    body = await response.json()
    assert body["ready"] is False
    assert {check["name"]: check["reason"] for check in body["checks"]} == {
        "process": "",
        "database": "disk full",
        "asterisk main": "link refused: user 'x': Authentication failed",
    }


async def test_ready_when_every_switch_is_followed_by_us_or_by_another_node(site: Site) -> None:
    site.vitals.stage = "running"
    site.vitals.switch("main").change("up")
    site.vitals.switch("east").change("elsewhere")
    response = await site.get("/readyz")
    assert (response.status, (await response.json())["ready"]) == (200, True)


async def test_facts_that_cannot_be_written_make_us_unready_though_the_link_is_up(site: Site) -> None:
    site.vitals.stage = "running"
    switch = site.vitals.switch("main")
    switch.change("up")
    switch.trouble = "disk full"
    assert (await site.get("/readyz")).status == 503


async def test_metrics_are_prometheus_text_with_every_switch(site: Site) -> None:
    switch = site.vitals.switch("main")
    switch.change("up")
    switch.facts, switch.gaps, switch.ppm = 7, 2, 0.0
    switch.heard = lambda: {"Newchannel": 3}
    switch.road = lambda: 4
    site.vitals.commit_seconds.observe(0.004)
    site.vitals.job_done("reconcile:main", "done")
    text = await (await site.get("/metrics")).text()
    values = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    main = (("pbx", "main"),)
    assert values["callserver_link_up", main] == 1
    assert values["callserver_facts_total", main] == 7
    assert values["callserver_gaps_total", main] == 2
    assert values["callserver_road_depth", main] == 4
    assert values["callserver_omission_ppm", main] == 0
    assert values["callserver_events_total", (("event", "Newchannel"), ("pbx", "main"))] == 3
    assert values["callserver_commit_seconds_count", ()] == 1
    assert values["callserver_jobs_total", (("kind", "reconcile:main"), ("result", "done"))] == 1
    assert values["callserver_ready", ()] == 0
    assert values["callserver_landings_waiting", ()] == 0
    assert values["callserver_landings_oldest_age_seconds", ()] == 0


async def test_what_is_not_known_yet_is_not_a_number(site: Site) -> None:
    site.vitals.switch("main")
    text = await (await site.get("/metrics")).text()
    assert 'callserver_omission_ppm{pbx="main"}' not in text


async def test_the_page_shows_the_state_and_escapes_it(site: Site) -> None:
    site.vitals.switch("main", "127.0.0.1:5038").change("down", "<script>alert(1)</script>")
    response = await site.get("/status")
    text = await response.text()
    assert response.content_type == "text/html"
    assert "not ready" in text
    assert "127.0.0.1:5038" in text
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_a_page_without_any_switch_is_a_page() -> None:
    assert "starting" in page(Vitals("n"))


async def test_every_answer_has_its_security_headers(site: Site) -> None:
    for path in ("/", "/healthz", "/metrics", "/api/v1/calls", "/nowhere"):
        headers = (await site.get(path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Server"] == "callserver"


async def test_a_loop_that_is_held_up_is_noticed() -> None:
    vitals = Vitals("n")
    watching = asyncio.create_task(watch_lag(vitals, every_s=0.01))
    await asyncio.sleep(0.03)
    loop = asyncio.get_running_loop()
    until = loop.time() + 0.15
    while loop.time() < until:  # nobody else gets a turn
        pass
    for _ in range(100):  # the watcher's turn comes within a few rounds of the loop
        if vitals.loop_lag_s > 0.1:
            break
        await asyncio.sleep(0)
    assert vitals.loop_lag_s > 0.1
    watching.cancel()


def test_conditions_are_values() -> None:
    assert Check("database", True) == Check("database", True, "")
