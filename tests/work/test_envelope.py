"""The signature: as the standard says, and as our own document tells integrators to check it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from playwright._impl._driver import compute_driver_executable

from callserver.work import envelope
from tests.conftest import needed
from tests.rig import provision

GUIDE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text("utf-8")
KEY, OTHER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "QUJD" * 8
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330_000, b'{"test": 2432232314}'


def told(language: str) -> str:
    """The code that the document gives."""
    found = re.search(rf"```{language}\n(.*?)```", GUIDE.partition("By hand")[2], re.DOTALL)
    assert found is not None
    return found[1]


def headers(*keys: str) -> dict[str, str]:
    return envelope.headers(keys, ID, AT, BODY, {})


def test_the_standards_own_example_comes_out():
    assert (
        envelope.signature([KEY], ID, AT // 1000, BODY) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_an_event_is_the_same_bytes_whatever_its_key():
    assert len(envelope.event_id("ticket:17:v3 é\ufffd" * 100)) == 32
    assert envelope.event_id("a") != envelope.event_id("b")


def test_the_python_of_the_document_knows_ours_from_others():
    space: dict[str, Any] = {}
    exec(told("python"), space)
    ours, now = space["ours"], AT / 1000
    assert ours(KEY, headers(KEY), BODY, now)
    assert ours(KEY, headers(OTHER, KEY), BODY, now)
    assert not ours(KEY, headers(OTHER), BODY, now)
    assert not ours(KEY, headers(KEY), BODY + b" ", now)
    assert not ours(KEY, headers(KEY), BODY, now + 301)
    assert not ours(KEY, {**headers(KEY), "Webhook-Id": "other"}, BODY, now)


def test_the_javascript_of_the_document_knows_ours_from_others():
    script = told("js") + (
        "const {key, headers, body, now} = JSON.parse(process.argv[1]);"
        "console.log(ours(key, headers, Buffer.from(body), now));"
    )

    node, _ = compute_driver_executable()  # what Playwright's wheel brings along

    def said(key: str, body: bytes = BODY, late_s: int = 0) -> str:
        small = {name.lower(): value for name, value in headers(OTHER, KEY).items()}
        case = {"key": key, "headers": small, "body": body.decode(), "now": AT // 1000 + late_s}
        command = [node, "-e", script, json.dumps(case)]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()

    assert [said(KEY), said(OTHER)] == ["true", "true"]
    assert [said("whsec_" + "A" * 32), said(KEY, BODY + b" "), said(KEY, late_s=301)] == ["false"] * 3


def test_the_shell_of_the_document_prints_the_same_signature(tmp_path):
    (tmp_path / "body.json").write_bytes(BODY)
    variables = {"KEY": KEY, "ID": ID, "TIMESTAMP": str(AT // 1000), **needed(provision.openssl)}
    command = ["sh", "-c", told("sh")]
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, check=True, text=True)
    assert f"v1,{done.stdout.strip()}" == envelope.signature([KEY], ID, AT // 1000, BODY)
