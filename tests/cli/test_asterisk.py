"""`callserver asterisk render`: a folder of configuration and what to do with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command


def test_the_recommended_configuration_is_written_with_a_secret_of_its_own(
    callserver: Command, tmp_path: Path
) -> None:
    said = callserver("asterisk", "render", "etc", "--version", "22.5")
    assert (said.code, said.err) == (0, "")
    secret = (tmp_path / "etc" / "callserver-ami.secret").read_text().strip()
    assert len(secret) >= 24
    assert f"secret = {secret}" in (tmp_path / "etc" / "manager.conf").read_text()
    assert (tmp_path / "etc" / "manager.conf").stat().st_mode & 0o077 == 0
    assert "[[asterisk]]" in said.out
    assert secret not in said.out


def test_the_printed_settings_work(callserver: Command, tmp_path: Path) -> None:
    said = callserver("asterisk", "render", "etc")
    (tmp_path / "callserver.toml").write_text(said.out[said.out.index("[[asterisk]]") :])
    assert callserver("config", "check").code == 0


def test_rendering_again_keeps_every_password(callserver: Command, tmp_path: Path) -> None:
    callserver("asterisk", "render", "etc")
    before = (tmp_path / "etc" / "pjsip.conf").read_text()
    callserver("asterisk", "render", "etc")
    assert (tmp_path / "etc" / "pjsip.conf").read_text() == before


def test_phones_queues_numbers_and_trunks_are_taken_from_the_command_line(
    callserver: Command, tmp_path: Path
) -> None:
    options = (
        "--phone",
        "2001=李娜",
        "--queue",
        "repair=700",
        "--hotline",
        "95000=repair",
        "--trunk",
        "isp=10.0.0.1:5062",
    )
    said = callserver("asterisk", "render", "etc", *options)
    assert said.code == 0
    assert "李娜" in (tmp_path / "etc" / "queues.conf").read_text()
    assert "10.0.0.1:5062" in (tmp_path / "etc" / "pjsip.conf").read_text()
    assert "95000" in (tmp_path / "etc" / "extensions.conf").read_text()


@pytest.mark.parametrize(
    "options",
    [
        ("--version", "15"),
        ("--version", "new"),
        ("--country", "xx"),
        ("--phone", "1001"),
        ("--phone", "1001=a]\n[b"),
        ("--queue", "hotline=6;00"),
        ("--hotline", "4008=nowhere"),
        ("--trunk", "isp=10.0.0.1:x"),
    ],
)
def test_what_would_make_a_broken_configuration_is_refused(
    callserver: Command, tmp_path: Path, options: tuple[str, ...]
) -> None:
    said = callserver("asterisk", "render", "etc", *options)
    assert said.code == 2
    assert "Traceback" not in said.err
    assert not (tmp_path / "etc" / "manager.conf").exists()


def test_a_switch_that_is_not_there_is_said_so_with_what_to_change(
    callserver: Command, settings: Path
) -> None:
    said = callserver("asterisk", "check", "--json", "--listen", "0.1")
    assert said.code == 4
    first = said.json[0]
    assert (first["pbx"], first["severity"]) == ("main", "error")
    assert "127.0.0.1:1 cannot be reached" in first["what"]
    assert first["why"]
    assert first["fix"]
    text = callserver("asterisk", "check", "--listen", "0.1").out
    assert text.startswith("error    127.0.0.1:1 cannot be reached")
    assert "\n         fix: " in text


def test_without_any_switch_in_the_settings_there_is_nothing_to_check(
    callserver: Command, tmp_path: Path
) -> None:
    (tmp_path / "callserver.toml").write_text("")
    assert callserver("asterisk", "check").code == 3
