"""The Dockerfiles against the repository: what they copy, install, run and ask is what there is."""

from __future__ import annotations

import fnmatch
import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any, cast

import pytest

from callserver.settings import WebSettings
from callserver.vitals import Vitals
from callserver.web import ops

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
DOCKERFILES = ("callserver.Dockerfile", "asterisk.Dockerfile")


def instructions(name: str) -> list[tuple[str, str]]:
    """(`RUN`, its text) and so on; continued lines joined, comments gone."""
    lines = [line for line in (DOCKER / name).read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", "")
    found = (line.partition(" ") for line in joined.splitlines() if line.strip())
    return [(word, rest.strip()) for word, _, rest in found]


def of(name: str, word: str) -> list[str]:
    return [rest for found, rest in instructions(name) if found == word]


def health_check(name: str) -> list[str]:
    (text,) = of(name, "HEALTHCHECK")
    return cast("list[str]", json.loads(text.partition(" CMD ")[2]))


@pytest.mark.parametrize("name", DOCKERFILES)
def test_an_image_begins_with_a_debian_named_by_its_tag(name: str) -> None:
    bases = [base.partition("=")[2] for base in of(name, "ARG") if base.startswith("BASE=")]
    assert len(bases) == 1
    assert re.fullmatch(r"debian:[a-z]+-slim", bases[0])  # no host: the engine's own default
    assert all(stage.startswith("${BASE}") for stage in of(name, "FROM"))


@pytest.mark.parametrize("name", DOCKERFILES)
def test_nothing_runs_as_root(name: str) -> None:
    assert of(name, "USER") == ["10001:10001"]
    assert [word for word, _ in instructions(name)].index("USER") > [
        index for index, (word, _) in enumerate(instructions(name)) if word == "RUN"
    ][-1]


def test_every_package_was_pinned_by_its_hash() -> None:
    installs = [run for run in of("callserver.Dockerfile", "RUN") if "pip install" in run]
    commands = [piece for run in installs for piece in run.split("&&") if "pip install" in piece]
    assert len(commands) == 3
    for command in commands:
        assert "--require-hashes" in command or "--no-deps --no-build-isolation --no-index" in command
        assert "http" not in command


def test_the_build_back_end_is_cut_out_of_the_lock_with_its_hashes() -> None:
    text = (DOCKER / "callserver.Dockerfile").read_text()
    program = re.search(r"sed -n '([^']+)' requirements-dev\.lock", text)
    assert program is not None
    cut = subprocess.run(
        ["sed", "-n", program[1], ROOT / "requirements-dev.lock"], capture_output=True, text=True, check=True
    )
    name, *hashes = cut.stdout.replace("\\\n", " ").split()
    assert name.startswith("setuptools==")
    assert hashes
    assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", one) for one in hashes)


def test_the_build_sees_our_packages_and_nothing_secret() -> None:
    ignored = (DOCKER / "callserver.Dockerfile.dockerignore").read_text().splitlines()
    allowed = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    assert "*" in ignored
    assert all(any(fnmatch.fnmatch(one, wanted) for one in allowed) for wanted in packages["include"])
    assert not allowed & {".", "docker", ".local", ".venv", "tests", "callserver.toml"}


def test_the_health_check_asks_what_the_server_answers() -> None:
    python, option, program = health_check("callserver.Dockerfile")
    assert (python, option) == ("python3", "-c")
    compile(program, "healthcheck", "exec")
    assert str(WebSettings().port) in program

    async def measure() -> None: ...

    paths = [cast("Any", route).path for route in ops.routes(Vitals("here"), measure)]
    assert re.search(r"'(/\w+)'", program)[1] in paths  # type: ignore[index]


def test_asterisk_is_healthy_when_it_has_booted() -> None:
    assert health_check("asterisk.Dockerfile") == ["asterisk", "-rx", "core waitfullybooted"]


def test_both_images_know_the_folder_that_they_share_and_the_same_user() -> None:
    for name in DOCKERFILES:
        runs = " ".join(of(name, "RUN"))
        assert "/etc/asterisk" in runs
        assert "--uid 10001 --gid 10001" in runs
