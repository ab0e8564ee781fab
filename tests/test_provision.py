"""tests/rig/provision.py: what is on the machine is used, the rest is fetched once, whole or not at all."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.rig import debian, provision
from tests.rig.debian import Unavailable
from tests.rig.provision import Switch


@pytest.fixture(autouse=True)
def own_local(tmp_path, monkeypatch):
    """`.local/` of this test, on a machine where no Asterisk is installed."""
    monkeypatch.setattr(provision, "ROOT", tmp_path)
    monkeypatch.setattr(provision, "LOCAL", tmp_path / ".local")
    monkeypatch.setattr(provision, "SYSTEM_FOLDERS", ())
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.delenv("ASTERISK", raising=False)


def install(folder: Path, said: str) -> Path:
    """An Asterisk that only says its version, laid out as `make install` does."""
    program = folder / "sbin/asterisk"
    for file in (
        program,
        folder / "lib/asterisk/modules/app_queue.so",
        folder / "share/asterisk/sounds/hello.gsm",
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("Asterisk 22.10.1~dfsg+~cs6.16.60671435-1", (22, 10, 1)),
        ("Asterisk certified/20.7-cert2", (20, 7, 0)),
        ("Asterisk GIT-22-5d6a2c2", (22, 0, 0)),
        ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", (15, 18, 0)),
        ("", None),
    ],
)
def test_a_version_is_read_from_what_the_program_says(said, version):
    assert provision.version_in(said) == version


def test_an_asterisk_on_the_path_is_used_with_its_modules_and_sounds(tmp_path, monkeypatch):
    program = install(tmp_path / "opt", "Asterisk 20.5.0")
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    assert provision.asterisk() == Switch(
        argv=(str(program),),
        modules=tmp_path / "opt/lib/asterisk/modules",
        data=tmp_path / "opt/share/asterisk",
        version=(20, 5, 0),
    )


def test_the_asterisk_that_the_environment_names_is_preferred(tmp_path, monkeypatch):
    on_path = install(tmp_path / "path", "Asterisk 18.1.0")
    named = install(tmp_path / "named", "Asterisk 21.0.0")
    monkeypatch.setenv("PATH", f"{on_path.parent}:/usr/bin:/bin")
    monkeypatch.setenv("ASTERISK", str(named))
    assert provision.asterisk().version == (21, 0, 0)


def test_a_named_asterisk_that_is_no_program_or_too_old_is_an_error_not_a_download(tmp_path, monkeypatch):
    monkeypatch.setenv("ASTERISK", str(tmp_path / "nothing"))
    with pytest.raises(Unavailable, match="is not a program"):
        provision.asterisk()
    monkeypatch.setenv("ASTERISK", str(install(tmp_path / "old", "Asterisk 16.28.0")))
    with pytest.raises(Unavailable, match=r"is 16\.28\.0; 18 or newer is needed"):
        provision.asterisk()


def test_asked_for_16_only_a_16_of_the_machine_is_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("ASTERISK", str(install(tmp_path / "old", "Asterisk 16.28.0")))
    assert provision.asterisk(16).version == (16, 28, 0)


def test_an_old_asterisk_on_the_path_is_passed_over(tmp_path, monkeypatch):
    program = install(tmp_path / "opt", "Asterisk 13.1.0")
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setattr(debian, "fetch", refuse)
    with pytest.raises(Unavailable, match="fetched"):
        provision.asterisk()


def refuse(*_: object, **__: object) -> None:
    raise Unavailable("would have been fetched")


def test_what_cannot_be_fetched_whole_leaves_nothing(tmp_path):
    def half(prefix: Path) -> None:
        (prefix / "half").touch()
        refuse()

    with pytest.raises(Unavailable):
        provision.prefix_of("tea", half)
    assert not list((tmp_path / ".local").glob("tea*"))


def test_a_suite_that_moved_on_to_another_version_is_refused(tmp_path, monkeypatch):
    def fetch(packages: object, suite: str, into: Path, **_: object) -> None:
        install(into / "usr", "Asterisk 23.0.0")
        loader = into / "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
        loader.parent.mkdir(parents=True)
        loader.write_text('#!/bin/sh\nshift 2\nexec "$@"\n')  # what the real loader does with these arguments
        loader.chmod(0o755)

    monkeypatch.setattr(debian, "fetch", fetch)
    with pytest.raises(Unavailable, match=r"sid has Asterisk 23\.0\.0 now, not 22"):
        provision.asterisk()
    assert not (tmp_path / ".local/asterisk-22").exists()


def test_two_at_once_fetch_it_once():
    fetched: list[Path] = []
    with ThreadPoolExecutor(2) as pool:
        prefixes = list(pool.map(lambda _: provision.prefix_of("tea", fetched.append), range(2)))
    assert len(fetched) == 1
    assert prefixes[0] == prefixes[1]
    assert prefixes[0].is_dir()


def test_a_missing_tool_is_named_with_its_reason_and_ends_in_1(monkeypatch, capsys):
    monkeypatch.setattr(debian, "fetch", refuse)
    assert provision.main(["asterisk22", "kettle"]) == 1
    said = capsys.readouterr().err
    assert "asterisk22: missing: would have been fetched" in said
    assert "kettle: missing: no tool is named kettle; there are asterisk22" in said


def test_it_runs_on_the_standard_library_alone():
    """Set-up runs before any package is installed: nothing outside the standard library may be imported."""
    program = "import json, sys; import tests.rig.provision; print(json.dumps(sorted(sys.modules)))"
    root = Path(__file__).resolve().parents[1]
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(root)!r}); {program}"],
        capture_output=True,
        check=True,
    )
    packages = {name.partition(".")[0] for name in json.loads(told.stdout)}
    assert packages <= sys.stdlib_module_names | {"__main__", "tests"}


def test_a_fetched_chromium_finds_its_libraries_and_our_fonts(tmp_path, monkeypatch):
    def fetch(packages: object, suite: str, into: Path, **_: object) -> None:
        program = into / "usr/lib/chromium/chromium"
        libraries = into / "usr/lib/x86_64-linux-gnu/pulseaudio"
        for folder in (program.parent, libraries):
            folder.mkdir(parents=True)
        program.write_text("#!/bin/sh\necho 'Chromium 150.0.7871.100 built on Debian'\n")
        program.chmod(0o755)

    monkeypatch.setattr(debian, "fetch", fetch)
    monkeypatch.setattr(debian, "codename", lambda: "bookworm")
    monkeypatch.setenv("PATH", str(tmp_path))
    found = provision.chromium()
    assert found.version == (150, 0, 7871)
    assert found.program == tmp_path / ".local/chromium/usr/lib/chromium/chromium"
    assert found.environment["LD_LIBRARY_PATH"].endswith("/x86_64-linux-gnu/pulseaudio")
    fonts = Path(found.environment["FONTCONFIG_FILE"]).read_text()
    assert f"<dir>{tmp_path}/.local/fonts/usr/share/fonts</dir>" in fonts


def test_a_fetched_openssl_is_found_by_a_shell_with_its_libraries(tmp_path, monkeypatch):
    def fetch(packages: object, suite: str, into: Path) -> None:
        (into / "usr/bin").mkdir(parents=True)
        (into / "usr/lib/x86_64-linux-gnu").mkdir(parents=True)
        (into / "usr/bin/openssl").write_text("#!/bin/sh\necho OpenSSL 3.0.16 from $LD_LIBRARY_PATH\n")
        (into / "usr/bin/openssl").chmod(0o755)

    monkeypatch.setattr(debian, "fetch", fetch)
    monkeypatch.setattr(debian, "codename", lambda: "bookworm")
    monkeypatch.setenv("PATH", str(tmp_path))
    variables = provision.openssl()
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    said = subprocess.run(
        ["/bin/sh", "-c", "openssl version"], env=variables, capture_output=True, check=True
    )
    fetched = tmp_path / ".local/openssl/usr/lib"
    assert said.stdout.decode().split()[1:4:2] == ["3.0.16", f"{fetched}/x86_64-linux-gnu:{fetched}"]


def test_a_program_that_only_the_machine_can_have_is_named_where_it_is_missing():
    assert provision.on_path("sh").endswith("/sh")
    with pytest.raises(Unavailable, match="kettle is not on this machine"):
        provision.on_path("kettle")
