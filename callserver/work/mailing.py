"""E-mails on their way: one message to one address, by the site's mail server.

In: a server, a message in words. Out: what became of it. Must not know: what it is about, when it is tried again.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Final, Literal, TypeAlias

import aiosmtplib

from callserver.tickets.wording import line

Tls = Literal["none", "starttls", "tls"]
TIMEOUT_S: Final = 20.0
LONGEST_SUBJECT: Final = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mails are handed in. `sender`: the From address. `ca_file`: certificates that are trusted as well."""

    host: str
    port: int
    sender: str
    tls: Tls = "starttls"
    user: str | None = None
    password: str | None = None
    ca_file: Path | None = None

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port})"  # the password is in no traceback

    def context(self) -> ssl.SSLContext:
        """What is trusted. Raises OSError for a file that cannot be read, ssl.SSLError for one that is no PEM."""
        found = ssl.create_default_context()
        if self.ca_file is not None:
            found.load_verify_locations(cafile=self.ca_file)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What to say to whom. The same `keys` make the same Message-ID, by which a second copy is known."""

    to: str
    subject: str
    text: str
    keys: Sequence[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """The server has it."""

    said: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never take it: the address or the sender is wrong."""

    said: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Not now."""

    said: str


Fate: TypeAlias = Taken | Refused | Failed


async def send(server: MailServer, letter: Letter) -> Fate:
    """Hand one in. Never raises but when cancelled."""
    try:
        _, said = await aiosmtplib.send(
            message(server, letter),
            sender=server.sender,
            recipients=[letter.to],
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.tls == "tls",
            start_tls=server.tls == "starttls",
            tls_context=None if server.tls == "none" else server.context(),
            timeout=TIMEOUT_S,
        )
    except aiosmtplib.SMTPRecipientsRefused as error:
        return _refused(error.recipients[0].code, error.recipients[0].message)
    except aiosmtplib.SMTPAuthenticationError as error:  # the secret may be mended
        return Failed(f"{error.code} {line(error.message, 200)}")
    except aiosmtplib.SMTPResponseException as error:
        return _refused(error.code, error.message)
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        return Failed(line(f"{type(error).__name__}: {error}", 200))
    return Taken(line(said, 200))


def _refused(code: int, said: str) -> Fate:
    words = f"{code} {line(said, 200)}"
    return Refused(words) if 500 <= code < 600 else Failed(words)


def message(server: MailServer, letter: Letter) -> EmailMessage:
    """The letter as it is sent: plain text, any script."""
    made = EmailMessage()
    made["From"] = f"callserver <{server.sender}>"
    made["To"] = letter.to
    made["Subject"] = line(letter.subject, LONGEST_SUBJECT)
    made["Date"] = format_datetime(letter.at)
    digest = hashlib.sha256("\n".join(letter.keys).encode()).hexdigest()[:32]
    made["Message-ID"] = f"<{digest}@{server.sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    made.set_content(letter.text)
    return made
