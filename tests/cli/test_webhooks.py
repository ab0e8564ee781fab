"""`callserver webhooks`: as an operator uses it, with a receiver at the other end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from callserver.store import engine, migrations
from callserver.store.webhook import WebhookId
from callserver.store.webhooks import give_up
from tests.cli.conftest import Command
from tests.work.receivers import AT, told


class Answering(BaseHTTPRequestHandler):
    """200 for /well, 422 for everything else."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200 if self.path == "/well" else 422)
        self.end_headers()
        self.wfile.write(b"said \x1b[31m so")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def there() -> Iterator[str]:
    """The URL of a server in a thread: the command has the loop."""
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def url(settings: Path, tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/webhooks.db"
    settings.write_text(settings.read_text() + f'[database]\nurl = "{url}"\n')
    asyncio.run(migrations.prepare(url))
    return url


def given_up(url: str, *numbers: int) -> None:
    """Events that webhook 1 never got."""

    async def do() -> None:
        store = await engine.open(url)
        await told(store, *numbers)
        await store.write(lambda c: give_up(c, WebhookId(1), "given up: 503 gone fishing", AT))
        await store.close()

    asyncio.run(do())


def test_the_key_of_a_new_webhook_is_printed_once_and_never_again(callserver: Command, url: str, there: str):
    made = callserver("webhooks", "add", "crm", f"{there}/well", "--header", "Authorization=Bearer geheim")
    assert made.code == 0
    key = made.out.strip()
    assert key.startswith("whsec_")
    listed = callserver("webhooks", "list").out + callserver("webhooks", "list", "--json").out
    assert key not in listed
    assert "geheim" not in listed
    assert f"crm  on  {there}/well  *" in listed


def test_a_key_of_the_other_sides_is_taken_from_a_file(
    callserver: Command, url: str, there: str, tmp_path: Path
):
    file = tmp_path / "key"
    file.write_text("whsec_" + "QUJD" * 8 + "\n")
    assert callserver("webhooks", "add", "crm", there, "--secret-file", str(file)).out == file.read_text()


def test_a_new_key_replaces_the_old_one(callserver: Command, url: str, there: str):
    old = callserver("webhooks", "add", "crm", there).out
    new = callserver("webhooks", "rotate", "1", "--overlap", "1", "--json").json[0]
    assert new["secret"] not in old
    assert [key["until"] is None for key in new["keys"]] == [True, False]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ftp://x"], "url: must be http"),
        (["http://a:b@x"], "url: holds a name"),
        (["http://169.254.169.254/"], "url: is a link-local"),
        (["http://x", "-e", "nonsense"], "events[0]: fits none"),
        (["http://x", "--header", "Host=a"], "headers: only Authorization"),
        (["http://x", "--header", "X-A"], "--header: write NAME=VALUE"),
        (["http://x", "--timeout", "900"], "timeout_s: 1 to 30"),
    ],
)
def test_what_is_wrong_is_said_with_its_field(callserver: Command, url: str, arguments: list[str], said: str):
    ended = callserver("webhooks", "add", "crm", *arguments)
    assert ended.code == 2
    assert said in ended.err
    assert callserver("webhooks", "list").out.startswith("no webhooks")


def test_a_test_event_says_what_came_back(callserver: Command, url: str, there: str):
    callserver("webhooks", "add", "crm", f"{there}/well")
    callserver("webhooks", "add", "crm", f"{there}/ill")
    well, ill = callserver("webhooks", "test", "1"), callserver("webhooks", "test", "2", "--json")
    assert (well.code, ill.code) == (0, 1)
    assert well.out.startswith("200 after")
    assert "\x1b" not in well.out
    assert ill.json[0]["status"] == 422
    with contextlib.closing(socket.socket()) as nobody:
        nobody.bind(("127.0.0.1", 0))
        callserver("webhooks", "add", "crm", f"http://127.0.0.1:{nobody.getsockname()[1]}/")
        away = callserver("webhooks", "test", "3")
    assert (away.code, away.out.startswith("no answer after")) == (1, True)
    assert callserver("webhooks", "test", "9").code == 2


def test_paused_and_resumed(callserver: Command, url: str, there: str):
    callserver("webhooks", "add", "crm", there)
    assert callserver("webhooks", "pause", "1").out == "webhook 1: paused\n"
    assert callserver("webhooks", "list", "--json").json[0]["webhooks"][0]["state"] == "paused"
    assert callserver("webhooks", "resume", "1").out == "webhook 1: on\n"
    assert callserver("webhooks", "remove", "1").out == "webhook 1: removed\n"
    assert callserver("webhooks", "pause", "1").code == 2


def test_dead_letters_are_looked_at_sent_again_and_dropped(callserver: Command, url: str, there: str):
    callserver("webhooks", "add", "crm", there)
    assert callserver("webhooks", "dead").code == 0
    given_up(url, 1, 2, 3)
    looked = callserver("webhooks", "dead")
    assert looked.code == 1
    assert looked.out.count("given up: 503 gone fishing") == 3
    assert "0 unsent, 3 dead" in callserver("webhooks", "list").out
    assert callserver("webhooks", "dead", "--error", "422").out == ""
    assert callserver("webhooks", "resend", "1").out == "1 will be sent again\n"
    assert callserver("webhooks", "drop", "2", "--reason", "by hand").out == "1 dropped\n"
    assert (
        callserver("webhooks", "resend", "--webhook", "1", "--error", "given up").out
        == "1 will be sent again\n"
    )
    assert callserver("webhooks", "resend", "2").code == 2
    assert callserver("webhooks", "resend").code == 2
    (crm,) = callserver("webhooks", "list", "--json").json[0]["webhooks"]
    assert (crm["unsent"], crm["dead"]) == (2, 0)
