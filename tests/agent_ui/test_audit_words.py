"""Whatever the audit notes has a word on its page."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORDS = ROOT / "agent_ui" / "static" / "page-admin-audit-words.js"
NOTING = {"note", "Note", "_note", "_tell", "_told", "_write"}
ACTION = re.compile(r"[a-z_]+\.[a-z_]+")


def noted() -> Iterator[str]:
    for file in (ROOT / "callserver" / "store").glob("*.py"):
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in NOTING:
                given = [*call.args, *(one.value for one in call.keywords)]
                yield from (str(one.value) for one in given if isinstance(one, ast.Constant))


def test_every_action_that_is_noted_has_a_word() -> None:
    known = set(re.findall(r'"([a-z_.]+)": t\(', WORDS.read_text("utf-8")))
    actions = {one for one in noted() if ACTION.fullmatch(one)}
    assert len(actions) > 40 and not actions - known
