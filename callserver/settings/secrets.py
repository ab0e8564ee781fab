"""Values that must not be shown: a secret, and a database URL with a password in it.

In: text from the settings' sources. Out: objects whose repr and str hide what they hold. Must not know: where
the text came from.
"""

from __future__ import annotations

import hmac
import re

HIDDEN = "********"
_PASSWORD = re.compile(r"(?P<before>://[^:/?#@]*:)(?P<password>.*)(?P<after>@)")
_QUERY_PASSWORD = re.compile(r"(?P<before>[?&](?:password|passfile|sslpassword)=)[^&]*")
_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}


class Secret:
    """A secret text; only `reveal` shows it. Compares in constant time."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that needs it."""
        return self._text

    def matches(self, other: str) -> bool:
        """Whether `other` is the same text, without telling by the time it takes how much of it is."""
        return hmac.compare_digest(self._text.encode(), other.encode("utf-8", "replace"))

    def shown(self) -> str:
        """What may be printed."""
        return HIDDEN

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.shown()!r})"

    def __str__(self) -> str:
        return self.shown()

    def __reduce__(self) -> str:
        raise TypeError("a secret is not to be pickled or copied")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.matches(other.reveal())

    def __hash__(self) -> int:
        return hash((Secret, self._text))


class DatabaseUrl(Secret):
    """A database URL; shown without its password. Short schemes are spelled out with the driver we use."""

    __slots__ = ()

    def __init__(self, text: str) -> None:
        scheme, colon, rest = text.strip().partition("://")
        super().__init__(_DRIVERS.get(scheme, scheme) + colon + rest)

    @property
    def scheme(self) -> str:
        """`sqlite+aiosqlite`, `postgresql+asyncpg`, or whatever was written."""
        return self.reveal().partition("://")[0]

    @property
    def sqlite_path(self) -> str | None:
        """The file of an SQLite URL (`sqlite:///relative`, `sqlite:////absolute`); None for others."""
        scheme, _, rest = self.reveal().partition("://")
        if not scheme.startswith("sqlite"):
            return None
        return rest.partition("?")[0].removeprefix("/")

    def shown(self) -> str:
        without = _PASSWORD.sub(rf"\g<before>{HIDDEN}\g<after>", self.reveal())
        return _QUERY_PASSWORD.sub(rf"\g<before>{HIDDEN}", without)
