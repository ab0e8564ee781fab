"""E-mails go to a real server: taken, refused for good, or tried again; in any script; with and without TLS."""

from __future__ import annotations

import ssl
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from callserver.work.mailing import Failed, Fate, Letter, MailServer, Refused, Taken, send
from tests.work.mail_server import SENDER, mail_server

LETTER = Letter(
    to="night@example.com",
    subject="ALERT: 有人排队但无空闲座席 <b>\r\nBcc: all@example.com",
    text="Callers waiting 3 (above 0), queue 维修热线 😀\n.\nthe dot above does not end it\n",
    keys=["alert:1:raised:mail:night@example.com"],
    at=datetime(2026, 11, 22, 12, tzinfo=UTC),
)


def server(port: int) -> MailServer:
    return MailServer(host="127.0.0.1", port=port, sender=SENDER, tls="none")


async def test_a_letter_arrives_as_it_was_written() -> None:
    async with mail_server() as box:
        assert isinstance(await send(server(box.port), LETTER), Taken)
    (found,) = box.letters
    assert found["Subject"] == "ALERT: 有人排队但无空闲座席 <b> Bcc: all@example.com"
    assert (found["To"], found["Bcc"], found["Auto-Submitted"]) == (LETTER.to, None, "auto-generated")
    assert found.get_content().replace("\r\n", "\n") == LETTER.text


async def test_a_second_copy_is_known_by_its_id() -> None:
    async with mail_server() as box:
        for keys in (LETTER.keys, LETTER.keys, ["another"]):
            await send(server(box.port), replace(LETTER, keys=keys))
    first, second, other = (one["Message-ID"] for one in box.letters)
    assert first == second != other
    assert first.endswith("@example.com>")


@pytest.mark.parametrize(
    ("answer", "fate"),
    [("550 no such user", Refused), ("451 try later", Failed), ("452 mailbox full", Failed)],
)
async def test_what_is_refused_for_good_is_not_what_is_refused_now(answer: str, fate: type[Fate]) -> None:
    async with mail_server() as box:
        box.answers = [answer]
        found = await send(server(box.port), LETTER)
    assert isinstance(found, fate)
    assert answer[4:] in found.said


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    async with mail_server() as box:
        port = box.port
    assert isinstance(await send(server(port), LETTER), Failed)


async def test_with_tls_and_a_password(tmp_path: Path) -> None:
    authority, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    async with mail_server(context) as box:
        plain = server(box.port)
        secure = replace(
            plain, tls="starttls", user="hotline", password="s3cret", ca_file=tmp_path / "ca.pem"
        )
        assert isinstance(await send(secure, LETTER), Taken)
        assert isinstance(await send(replace(secure, password="wrong"), LETTER), Failed)
        assert isinstance(await send(replace(secure, ca_file=None), LETTER), Failed)
        assert not isinstance(await send(plain, LETTER), Taken)
    assert (box.users, box.secure) == (["hotline"], [True])
    assert "s3cret" not in repr(secure)
