"""docs/promises.md says what the code does."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_document_s_tables_are_drawn_from_the_code():
    spec = importlib.util.spec_from_file_location("draw_promises", ROOT / "scripts" / "draw_promises.py")
    assert spec is not None and spec.loader is not None
    drawing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(drawing)
    page = (ROOT / "docs" / "promises.md").read_text("utf-8")
    assert page == drawing.drawn(page), "run scripts/draw_promises.py"
    for name in drawing.TABLES:
        assert f"<!-- drawn: {name} -->" in page
