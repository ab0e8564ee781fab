"""What the office puts down about customers before they call, through the API.

Flows in: a stage and whoever can send requests. Flows out: customers, tickets, promises. Must not know: screens.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import APIRequestContext

from tests.browser.stage import Stage


class Api:
    """The API, asked as the operator may, or as whoever is signed in in that browser (`theirs`)."""

    def __init__(self, requests: APIRequestContext, stage: Stage, *, theirs: bool = False) -> None:
        self._requests, self._root = requests, f"{stage.base}/api/v1"
        operator = {"Authorization": f"Bearer {stage.service.token}"}
        self._said = {"X-Callserver": "1", "Origin": stage.base} if theirs else operator

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = await self._requests.fetch(
            f"{self._root}/{path}", method=method, data=body, headers={**self._said, **headers}
        )
        assert answer.ok, f"{method} {path}: {answer.status} {await answer.text()}"
        return await answer.json()

    async def customer(self, number: str, **more: Any) -> int:
        """Who has this number; `more` is put down of them."""
        found = await self.ask("GET", f"lookup?number={number}")
        id = int(found["customers"][0]["customer"]["id"])
        if more:
            await self.ask("PATCH", f"customers/{id}", more, **{"If-Match": "*"})
        return id

    async def ticket(self, customer: int, number: str, kind: str, subject: str, *notes: str) -> int:
        said = {"kind": kind, "subject": subject, "customer": customer, "caller": number}
        made = await self.ask("POST", "tickets", said)
        for note in notes:
            await self.ask("POST", f"tickets/{made['id']}/notes", {"text": note})
        return int(made["id"])

    async def owed(self, ticket: int, kind: str, why: str, due: timedelta) -> Any:
        """The promise as it was made."""
        at = (datetime.now(UTC) + due).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return await self.ask("POST", f"tickets/{ticket}/promises", {"kind": kind, "why": why, "due_at": at})
