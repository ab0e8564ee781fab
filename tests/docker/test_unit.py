"""systemd's unit against the program: the secrets have the names it looks for, a stop has the time it takes."""

from __future__ import annotations

import re
from pathlib import Path

from callserver.cli.ending import Ending
from callserver.settings import NodeSettings, load
from tests.docker.test_compose import STAGES

ROOT = Path(__file__).resolve().parents[2]
UNIT = (ROOT / "docker" / "callserver.service").read_text()


def values(key: str) -> list[str]:
    """Every value of a key; `#key=` is one that an operator may switch on."""
    return re.findall(rf"^#?{key}=(.*)$", UNIT, flags=re.MULTILINE)


def test_every_credential_becomes_a_secret(tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    for credential in values("LoadCredential"):
        name, _, source = credential.partition(":")
        assert Path(source).name == name
        (folder / name).write_text("postgresql://callserver@127.0.0.1/callserver" if "url" in name else name)
    config = tmp_path / "callserver.toml"
    config.write_text('[[asterisk]]\nid = "main"\n')
    settings = load(config, {"CREDENTIALS_DIRECTORY": str(folder)})
    assert settings.asterisk[0].secret.reveal() == "asterisk.main.secret"
    assert settings.web.token is not None
    assert settings.database.url.scheme.startswith("postgresql")


def test_a_stop_gets_the_time_that_its_stages_may_take() -> None:
    (seconds,) = values("TimeoutStopSec")
    assert int(seconds) >= STAGES * NodeSettings().stop_s


def test_it_is_ready_when_it_says_so_and_gives_up_only_over_settings() -> None:
    assert values("Type") == ["notify"]
    assert values("Restart") == ["on-failure"]
    codes = {int(code) for code in values("RestartPreventExitStatus")[0].split()}
    assert codes == {Ending.USAGE, Ending.SETTINGS}
