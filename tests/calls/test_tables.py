"""The tables of states, and the page drawn from them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from callserver.calls.tables import LEG, TABLES, VISIT, step

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("name", TABLES)
def test_every_step_leads_to_a_state_of_its_table(name: str) -> None:
    table = TABLES[name]
    assert {after for steps in table.values() for after in steps.values()} <= table.keys()


@pytest.mark.parametrize("name", TABLES)
def test_every_state_can_be_reached(name: str) -> None:
    table = TABLES[name]
    reached, edge = set(), {next(iter(table))}
    while edge:
        reached |= edge
        edge = {after for state in edge for after in table[state].values()} - reached
    assert reached == table.keys()


def test_a_leg_that_is_gone_never_comes_back() -> None:
    assert step(LEG, "gone", "answer") is None


def test_a_visit_that_an_agent_took_is_not_offered_again() -> None:
    assert step(VISIT, "talking", "offer") is None


def test_the_page_of_states_is_drawn_from_the_tables() -> None:
    spec = importlib.util.spec_from_file_location("draw_states", ROOT / "scripts" / "draw_states.py")
    assert spec is not None and spec.loader is not None
    drawing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(drawing)
    assert (ROOT / "docs" / "states.md").read_text("utf-8") == drawing.page()
