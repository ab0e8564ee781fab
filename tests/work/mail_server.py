"""A real mail server (aiosmtpd) of the test's own: it keeps what it takes, and can be made to refuse."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

SENDER = "hotline@example.com"


class MailBox:
    """What it took, in order. `answers`: what it says to the next recipients instead of taking the mail."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.answers: list[str] = []
        self.secure: list[bool] = []
        self.users: list[str] = []
        self.port = 0
        self.came = asyncio.Event()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answers:
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.secure.append(session.ssl is not None)
        self.came.set()
        return "250 OK: queued"

    def allow(self, server: Any, session: Session, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """Whoever knows the password."""
        good = isinstance(data, LoginPassword) and data.password == b"s3cret"
        self.users += [data.login.decode()] if good else []
        return AuthResult(success=good, handled=False)


@asynccontextmanager
async def mail_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[MailBox]:
    """A server on a port of its own; with `tls` it wants STARTTLS and a password."""
    box = MailBox()
    more: dict[str, Any] = {}
    if tls is not None:
        more = {
            "tls_context": tls,
            "require_starttls": True,
            "auth_required": True,
            "authenticator": box.allow,
        }

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(box, hostname="mail.test", loop=loop, **more), "127.0.0.1", 0
    )
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()
