"""Prompts over HTTP: a recording is checked, converted, handed out as a telephone plays it."""

from __future__ import annotations

import io
import wave

import pytest

from tests.test_recordings import tone
from tests.web.conftest import BOTH, TOKEN, Said, Site

PATH = "/api/v1/prompts/zh/return_visit"


async def put(site: Site, body: bytes, path: str = PATH, token: str = TOKEN) -> Said:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "audio/wav"}
    response = await site.client.put(path, data=body, headers=headers)
    return Said(response.status, await response.json(content_type=None), response.headers)


@BOTH
async def test_a_recording_takes_the_place_of_the_shipped_one_until_it_is_taken_away(site: Site) -> None:
    said = await put(site, tone(440, rate=44_100, channels=2))
    assert (said.status, said.body["version"], said.body["seconds"]) == (200, 1, 0.5), said.body
    assert (await put(site, tone(880, rate=16_000))).body["version"] == 2
    (listed,) = (await site.api("prompts"))["prompts"]
    assert (listed["language"], listed["name"]) == ("zh", "return_visit")
    answer = await site.get(PATH, TOKEN)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    with wave.open(io.BytesIO(await answer.read())) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
    assert (await site.ask("DELETE", "prompts/zh/return_visit")).status == 204
    assert (await site.get(PATH, TOKEN)).status == 404
    assert (await site.ask("DELETE", "prompts/zh/return_visit")).status == 404


@pytest.mark.parametrize("body", [b"", b"<script>", b"RIFF____WAVE", tone(440)[:60]])
async def test_what_is_no_sound_is_refused_with_the_reason(site: Site, body: bytes) -> None:
    said = await put(site, body)
    assert said.status in (400, 422), said.body
    assert said.body["detail"]
    assert (await site.api("prompts"))["prompts"] == []


@pytest.mark.parametrize("path", ["zh/..%2f..%2fetc", "fr/return_visit", "zh/Return Visit", "zh/" + "x" * 41])
async def test_no_name_leads_out_of_the_folder(site: Site, path: str) -> None:
    assert (await put(site, tone(440), f"/api/v1/prompts/{path}")).status in (404, 422)


async def test_who_may_not_change_policies_records_nothing(site: Site) -> None:
    assert (await put(site, tone(440), token=await site.token("promises:manage"))).status == 403


async def test_the_shipped_recordings_can_be_heard_whatever_is_played(site: Site) -> None:
    known = (await site.api("prompts"))["shipped"]
    assert {one["language"] for one in known} == {"en", "zh"}
    assert {"return_visit", "digit-0"} <= {one["name"] for one in known}
    assert all(one["seconds"] > 0 for one in known)
    heard = await site.get("/api/v1/prompts/zh/return_visit/shipped", TOKEN)
    assert (heard.status, (await heard.read())[:4]) == (200, b"RIFF")
    for missing in ("zh/nothing", "fr/return_visit"):
        assert (await site.get(f"/api/v1/prompts/{missing}/shipped", TOKEN)).status in (404, 422)
