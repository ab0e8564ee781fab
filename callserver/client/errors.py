"""What can go wrong between a program and a callserver; the branch says what to do about it.

ClientError
+-- Unreachable   nobody answered, or not in time: try again later
+-- SignedOut     the token is wrong, revoked or expired: another token is needed
+-- Refused       the server understood and said no; its reasons are in it
+-- Misread       what came is no message of this version of the stream
"""

from __future__ import annotations


class ClientError(Exception):
    """Root of everything that this package raises on purpose."""


class Unreachable(ClientError):
    """There is no connection, or the answer was never seen."""


class SignedOut(ClientError):
    """The token opens nothing, or does not any more."""


class Refused(ClientError):
    """The server says no. `status`: of HTTP, or the code with which it closed a stream; `fields`: what is wrong with
    each, by the path of the field.
    """

    def __init__(self, status: int, words: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(f"{status}: {words}")
        self.status = status
        self.words = words
        self.fields = fields or {}


class Misread(ClientError):
    """A message that cannot be understood."""
