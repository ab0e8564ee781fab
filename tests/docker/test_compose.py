"""The compose files against the program: settings, commands, ports, time-outs and health checks agree.

Whether an engine likes the files is not asked here; `docker compose config` was, see docs/docker.md.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from asterisk_conf import contract
from callserver.cli import app
from callserver.settings import NodeSettings, load

DOCKER = Path(__file__).resolve().parents[2] / "docker"
FILES = ("compose.yaml", "compose.cluster.yaml")
STAGES = 4  # of a stop: worker, node, web, store (callserver/app.py)


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DOCKER / name).read_text())
    return found


def services(name: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read(name)["services"]
    return found


def servers(name: str) -> dict[str, dict[str, Any]]:
    """The services that run `callserver serve`."""
    ours = {key: one for key, one in services(name).items() if one.get("image") == "callserver"}
    return {key: one for key, one in ours.items() if "command" not in one}


def environment(service: dict[str, Any], secrets: Path) -> dict[str, str]:
    """What the container sees, `${NAME:-default}` as its default, secrets in a folder of the test's own."""
    given = {
        key: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", str(text)) for key, text in service["environment"].items()
    }
    return {key: text.replace("/run/secrets", str(secrets)) for key, text in given.items()}


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name in ("ami", "ami-b", "web-token"):
        (folder / name).write_text(f"secret-of-{name}\n")
    (folder / "db-url").write_text("postgresql://callserver:pass@postgres/callserver\n")
    for file in folder.iterdir():
        file.chmod(0o400)
    return folder


@pytest.mark.parametrize("name", FILES)
def test_every_variable_is_a_setting_and_every_value_is_right(
    name: str, secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # no callserver.toml here
    for service in servers(name).values():
        settings = load(None, environment(service, secrets))
        assert settings.asterisk
        assert settings.warnings == ()
        assert settings.web.token is not None


@pytest.mark.parametrize("name", FILES)
def test_the_journals_are_where_asterisk_writes_them_and_are_only_read(
    name: str, secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for service in servers(name).values():
        mounts = [str(mount).split(":") for mount in service["volumes"]]
        read_only = [Path(mount[1]) for mount in mounts if mount[2:] == ["ro"]]
        for switch in load(None, environment(service, secrets)).asterisk:
            assert switch.queue_log is not None
            assert switch.cel is not None
            assert switch.queue_log.parent in read_only
            assert switch.queue_log.name == contract.QUEUE_LOG_FILE
            assert switch.cel == switch.queue_log.parent / contract.CEL_FILE


def test_the_two_callservers_differ_in_nothing_but_their_names() -> None:
    one, two = (dict(service["environment"]) for service in servers("compose.cluster.yaml").values())
    assert one.pop("CALLSERVER_NODE_NAME") != two.pop("CALLSERVER_NODE_NAME")
    assert one == two


@pytest.mark.parametrize("name", FILES)
def test_what_is_run_before_the_rest_is_a_command_that_there_is(
    name: str, secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    renders = [one["command"] for key, one in services(name).items() if key.startswith("configure")]
    assert renders
    for command in renders:
        words = [re.sub(r"\$\{\w+:-(.*?)\}", r"\1", word) for word in command]
        words = [word.replace("/run/secrets", str(secrets)) for word in words]
        done = CliRunner().invoke(app, [word.replace("/etc/asterisk", "etc") for word in words])
        assert done.exit_code == 0, done.output
        assert "secret-of-ami" in (tmp_path / "etc" / "manager.conf").read_text()


@pytest.mark.parametrize("name", FILES)
def test_nobody_outside_this_machine_reaches_more_than_sip(name: str) -> None:
    published = [str(port) for one in services(name).values() for port in one.get("ports", ())]
    assert all(port.startswith("127.0.0.1:") or port.endswith("/udp") for port in published)
    for one in servers(name).values():
        if one.get("network_mode") == "host":
            assert one["environment"]["CALLSERVER_WEB_HOST"] == "127.0.0.1"


@pytest.mark.parametrize("name", FILES)
def test_our_containers_can_write_nowhere_but_their_volumes_and_have_no_privilege(name: str) -> None:
    ours = [one for one in services(name).values() if str(one["image"]).startswith("callserver")]
    assert len(ours) >= 3
    for one in ours:
        assert one["read_only"] is True
        assert one["cap_drop"] == ["ALL"]
        assert one["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", FILES)
def test_a_stop_gets_the_time_that_its_stages_may_take(name: str) -> None:
    for one in servers(name).values():
        assert int(one["stop_grace_period"].removesuffix("s")) >= STAGES * NodeSettings().stop_s


@pytest.mark.parametrize("name", FILES)
def test_every_secret_is_a_file_that_the_script_makes(name: str) -> None:
    script = (DOCKER / "secrets.sh").read_text()
    made = set(re.findall(r"^secret ([\w-]+) ", script, flags=re.MULTILINE))
    files = {key: Path(one["file"]) for key, one in read(name)["secrets"].items()}
    assert all(file == Path("secrets") / key and key in made for key, file in files.items())
    used = {secret for one in services(name).values() for secret in one.get("secrets", ())}
    assert used == set(files)


@pytest.mark.parametrize("name", FILES)
def test_who_waits_for_a_healthy_service_waits_for_one_with_a_health_check(name: str) -> None:
    known = services(name)
    for one in known.values():
        for other, condition in one.get("depends_on", {}).items():
            if condition["condition"] == "service_healthy":
                dockerfile = DOCKER / Path(known[other].get("build", {}).get("dockerfile", "")).name
                assert "healthcheck" in known[other] or "HEALTHCHECK" in dockerfile.read_text()
