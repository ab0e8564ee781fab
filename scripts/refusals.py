"""The words in which the server refuses what an agent asked for, found where they are raised.

In: the source of the rooms that an agent's requests reach. Out: messages, with `{name}` where a value stands. Must not
know: catalogs, languages. `python -m scripts.texts` brings them into `agent_ui/locale/refusals/`: the API says them in
English, as it says everything, and the screen in the reader's language.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent / "callserver"
ROOMS = tuple(
    "alerts/rule.py store/alerting.py store/alert_rules.py "
    "customers/*.py numbers/*.py people/passwords.py promises/*.py seats/shift.py tickets/changing.py "
    "tickets/filling.py tickets/presets.py tickets/tables.py store/call_tickets.py store/commands.py "
    "store/customers.py store/drafts.py store/merging.py store/parting.py store/products.py store/promises.py "
    "store/recording.py store/shifts.py store/tickets.py store/timeline.py store/turns.py web/door.py "
    "web/guard.py web/api/asking.py web/api/at_phone.py web/api/calls.py web/api/drafts.py "
    "web/api/entry.py web/api/keeping.py web/api/me.py web/api/phone.py web/api/promises.py "
    "web/api/records.py web/api/rights.py web/api/seats.py store/attempts.py store/dialling.py "
    "store/policies.py web/api/serving.py web/api/tickets.py web/api/timeline.py "
    "web/api/whose_phone.py people/naming.py store/password_links.py store/teams.py store/tokens.py "
    "store/attachments.py web/api/attachments.py web/api/merging.py "
    "store/users.py store/webhook.py store/webhooks.py web/api/tokens.py web/api/users.py "
    "web/api/webhooks.py web/api/floor.py web/api/floor_rights.py web/api/floor_agents.py "
    "web/api/floor_messages.py store/floor_deeds.py "
    "store/queue_settings.py store/queue_renaming.py store/site_days.py store/prompts.py store/kinds.py "
    "store/categories.py store/campaigns.py tickets/defining.py recordings.py web/api/site_days.py web/api/switches.py "
    "web/api/kinds.py web/api/report_asking.py web/api/misses.py".split()
)
"""What the desk, the pages of promises and of the administration ask for goes through these."""
OF_MSGSPEC = ("is required", "expected str of length <= {most}", "expected str of length >= {least}")
"""What the shape of a body is refused with, where somebody may have typed it."""
_PLACES = {
    "BadValue": 1,
    "Refused": 1,
    "wrong": 1,
    "Conflict": 0,
    "NotFound": 0,
    "Outdated": 0,
    "Forbidden": 0,
}
"""Which argument says why. `append((field, why))`, `yield field, why` and `return why` in functions of these names say
it, too."""
_TELLING = frozenset({"_what_for", "_wrong_day", "_span", "_wrong_url", "forbidden"})
_NAME = re.compile(r"[A-Za-z]\w*")


def messages(root: Path = ROOT) -> list[str]:
    """Every message of these rooms, each once, sorted."""
    trees = [ast.parse(file.read_text("utf-8")) for room in ROOMS for file in sorted(root.glob(room))]
    constants = dict(chain.from_iterable(map(_constants, trees)))
    found = chain.from_iterable(_read(said, constants) for tree in trees for said in _said(tree))
    return sorted({*OF_MSGSPEC, *(one for one in found if re.search(r"[a-z]{2}", one))})


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            for name in node.targets:
                if isinstance(name, ast.Name) and isinstance(node.value.value, str):
                    yield name.id, node.value.value


def _said(tree: ast.Module) -> Iterator[ast.expr]:
    """The expressions that are words for why."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _of_call(node)
        elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 2:
            yield node.value.elts[1]
        elif isinstance(node, ast.FunctionDef) and node.name in _TELLING:
            yield from (
                one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value is not None
            )


def _of_call(call: ast.Call) -> Iterator[ast.expr]:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    place = 0 if _is_words(name, call) else _PLACES.get(name)
    if place is not None and len(call.args) > place:
        yield call.args[place]
    elif name == "append" and isinstance(call.args[0], ast.Tuple) and len(call.args[0].elts) == 2:
        yield call.args[0].elts[1]


def _is_words(name: str, call: ast.Call) -> bool:
    """An error that knows its own words gives them to the one that it is a case of."""
    return name == "__init__" and bool(call.args) and isinstance(call.args[0], ast.JoinedStr)


def _read(said: ast.expr, constants: dict[str, str]) -> list[str]:
    """The messages that an expression may give; none where its words come from elsewhere."""
    match said:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=parts):
            return [_joined(parts)]
        case ast.IfExp(body=one, orelse=other):
            return _read(one, constants) + _read(other, constants)
        case ast.BinOp(left=begin, op=ast.Add()):
            return [f"{text}{{values}}" for text in _read(begin, constants)]
        case ast.Name(id=name) if name in constants:
            return [constants[name]]
        case _:
            return []


def _joined(parts: list[ast.expr]) -> str:
    text, used = "", Counter[str]()
    for part in parts:
        if isinstance(part, ast.FormattedValue):
            name = _named(part.value)
            used[name] += 1
            text += f"{{{name}{used[name] if used[name] > 1 else ''}}}"
        elif isinstance(part, ast.Constant):
            text += str(part.value)
    return text


def _named(value: ast.expr) -> str:
    """What a value is called: the last word of what gives it; `kind.name` is a kind."""
    if isinstance(value, ast.Call):
        return "values" if isinstance(value.func, ast.Attribute) and value.func.attr == "join" else "value"
    if isinstance(value, ast.Attribute) and value.attr == "name":
        return _named(value.value)
    names = _NAME.findall(ast.unparse(value)) if isinstance(value, ast.Name | ast.Attribute) else []
    return names[-1].lower() if names else "value"
