"""The running API, asked everything that its description allows, and what it does not.

The inputs are derived from the description, the same in every run; every answer must be one that the description
promises, and nothing may be a mistake of the server's.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, assume, settings
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test

from callserver.customers import checking
from callserver.facts import Actor
from callserver.numbers import Plan
from callserver.store import (
    attachments,
    customers,
    products,
    promises,
    teams,
    tickets,
    timeline,
    users,
    webhooks,
)
from callserver.store.attachments import NewFile
from callserver.store.engine import Connection, Store
from callserver.store.users import Wanted
from callserver.store.webhook import Subscription
from callserver.tickets.changing import Draft
from callserver.tickets.promise import owed
from callserver.web.api.description import document
from callserver.web.api.everything import SUBJECTS, operations
from callserver.web.api.serving import ROOT
from tests.web.conftest import NOW, TOKEN
from tests.web.threads import Served, served

ASKED = 5  # times, each operation, of each kind of input
ASKING = settings(
    max_examples=ASKED,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
URL_MOST = 8000  # what is longer is refused before it is a request
CONFIG = {
    "checks": {
        # 428: the version that a change was made on is a header that must be there.
        "missing_required_header": {"expected-statuses": [400, 401, 403, 422, 428]},
        "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 412, 413, 415, 422, 428]},
        # What is right by its shape may still be refused: a time zone that there is not, a version of yesterday.
        "positive_data_acceptance": {"enabled": False},
    }
}


LI = Actor(name="Li Na", through="cli")


async def some_of_everything(store: Store) -> None:
    """So that the first ids lead somewhere."""
    for name in ("王芳", "Anna Müller", "王明"):
        await store.write(partial(_customer_with_a_ticket, name=name))
    asked = Subscription(name="down", url="https://down.example.com/")
    await store.write(lambda c: webhooks.create(c, asked, LI, NOW))
    await store.write(lambda c: teams.add(c, "repair", ["repair"], LI, NOW))
    await store.write(lambda c: users.add(c, Wanted(login="li", name="Li", role="agent"), LI, NOW))


def _customer_with_a_ticket(connection: Connection, name: str) -> None:
    draft = checking.customer({"name": name, "numbers": ["13800138000"]}, Plan())
    customer = customers.create(connection, draft, LI, NOW).id
    products.create(connection, customer, checking.product({"category": "refrigerator"}), LI, NOW)
    new = Draft(kind="information", customer=customer, caller="+8613800138000")
    ticket = tickets.open_ticket(connection, new, LI, NOW).id
    timeline.note(connection, ticket, "rang in the evening", LI, NOW)
    promises.owe(connection, owed("callback", ticket, NOW), NOW)
    file = NewFile(name="E4.txt", type="text/plain", content=name.encode())
    attachments.attach(connection, ticket, file, LI, NOW)


@pytest.fixture(scope="module")
def server(prepared_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    file = tmp_path_factory.mktemp("asked") / "calls.db"
    shutil.copy(prepared_file, file)
    with served(f"sqlite:///{file}", some_of_everything) as running:
        yield running


@pytest.fixture(scope="module")
def described() -> Any:
    load_all_checks()
    return schemathesis.openapi.from_dict(document(SUBJECTS), config=SchemathesisConfig.from_dict(CONFIG))


# schemathesis' own `parametrize` thinks out what to ask while tests are looked for: twenty seconds of each process.
@pytest.mark.parametrize("label", [f"{one.method.upper()} {ROOT}{one.path}" for one in operations()])
def test_every_answer_is_as_described(label: str, described: Any, server: Served) -> None:
    def ask(case: schemathesis.Case[Any]) -> None:
        sent = requests.Request(**case.as_transport_kwargs(base_url=server.url)).prepare()
        assume(len(sent.url or "") < URL_MOST)
        case.call_and_validate(base_url=server.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60)

    build_operation_test(
        config=described.config,
        operation=described.find_operation_by_label(label),
        test_func=ask,
        given_kwargs={},
        feedback=FeedbackSources(),
        explicit_settings=ASKING,
    )()
