"""The lines of curl on the page: each can be typed as it stands."""

from __future__ import annotations

import html
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from callserver.store.engine import Store
from callserver.web.api.description import document
from callserver.web.api.documentation import page
from callserver.web.api.everything import SUBJECTS
from tests.web.conftest import TOKEN
from tests.web.threads import Served, served

LINES = re.findall(r"<pre><code>(curl .*?)</code></pre>", page(document(SUBJECTS)), re.DOTALL)


async def nothing(store: Store) -> None:
    pass


@pytest.fixture(scope="module")
def server(prepared_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    file = tmp_path_factory.mktemp("page") / "calls.db"
    file.write_bytes(prepared_file.read_bytes())
    with served(f"sqlite:///{file}", nothing) as running:
        yield running


def test_every_line_of_curl_is_understood(server: Served, tmp_path: Path) -> None:
    """What it names need not be there, and its values need not be right; it must be a request that can be served."""
    (tmp_path / "FILE").write_bytes(b"%PDF-1.4\n")
    for line in LINES:
        asked = subprocess.run(
            ["bash", "-c", html.unescape(line) + " -s -o answer -w '%{http_code}'"],
            env={"URL": server.url, "TOKEN": TOKEN, "PATH": "/usr/bin:/bin"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        status = int(asked.stdout)
        refused = (401, 403) if "X-Callserver" in line else (404, 409, 412, 422)
        assert status < 300 or status in refused, f"{line}\n{(tmp_path / 'answer').read_text()}"
