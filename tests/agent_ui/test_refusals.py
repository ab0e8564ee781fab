"""What the server refuses in English is said in the reader's language, with the values that were in it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from playwright._impl._driver import compute_driver_executable

from callserver.web import texts

SCRIPT = Path(__file__).parents[2] / "agent_ui" / "static" / "refusals.js"
NAMERS = "name({ status: (one) => ({ closed: '已关闭' })[one] ?? one, field: (path) => `<${path}>` });"
CASES: list[tuple[str, list[dict[str, str]]]] = [
    ("there is no such call", []),
    ("ticket T260101-1 is closed: reopen it, and then promise", []),
    ("customer 17 was merged into customer 4", []),
    ("has 1,200 characters, 200 are the most", []),
    ("nobody translated this: {x} (.*", []),
    ("is empty" * 1_000, []),
    (
        "name: is missing; numbers[0]: must be a list",
        [{"field": "name", "message": "is missing"}, {"field": "numbers[0]", "message": "must be a list"}],
    ),
]


def said(folder: Path, refusals: Any) -> list[str]:
    """What the module makes of the cases, in a Node with this catalog."""
    shutil.copy(SCRIPT, folder / "refusals.mjs")
    module = (folder / "refusals.mjs").read_text("utf-8").replace("./texts.js", "./texts.mjs")
    (folder / "refusals.mjs").write_text(module, "utf-8")
    (folder / "texts.mjs").write_text(
        f"const all = {json.dumps(refusals)}; export const refusals = () => all;", "utf-8"
    )
    (folder / "main.mjs").write_text(
        f"import {{ name, told }} from './refusals.mjs'; {NAMERS}"
        f"console.log(JSON.stringify({json.dumps(CASES)}.map(([detail, errors]) => told(detail, errors))));",
        "utf-8",
    )
    node, _ = compute_driver_executable()
    done = subprocess.run([node, "main.mjs"], cwd=folder, capture_output=True, check=True, timeout=30)
    found: list[str] = json.loads(done.stdout)
    return found


def test_refusals_are_said_in_chinese_with_their_values(tmp_path: Path):
    assert said(tmp_path, dict(texts.every()["zh-CN"].refusals)) == [
        "没有这次通话",
        "工单 T260101-1 为“已关闭”：请先重新打开，再约定回访",
        "客户 17 已并入客户 4",
        "有 1,200 个字符，最多 200 个",
        CASES[4][0],
        CASES[5][0],
        "<name>: 未填写; <numbers[0]>: 须为列表",
    ]


def test_in_english_they_stay_as_the_server_said_them(tmp_path: Path):
    assert said(tmp_path, dict(texts.every()["en"].refusals)) == [detail for detail, _ in CASES]
