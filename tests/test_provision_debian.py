"""tests/rig/debian.py: which archive this machine uses, and apt at work beside the system's own."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from tests.conftest import needed
from tests.rig import debian, provision
from tests.rig.debian import Source, Unavailable

MIRROR = "http://mirror.example/debian"
INSTALLER = f"""\
# deb cdrom:[Debian 12]/ bookworm main
deb cdrom:[Debian]/ bookworm main
deb http://security.example/debian-security bookworm-security main
deb-src {MIRROR} bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg,/usr/share/keyrings/b.gpg] {MIRROR} bookworm main # mine
"""
CLOUD = f"""\
Types: deb deb-src
# kept out of the way
URIs: {MIRROR}
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
Enabled: no
"""
KEY_WRITTEN_OUT = f"""\
Types: deb
URIs: {MIRROR}
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEY
 -----END PGP PUBLIC KEY BLOCK-----
"""


def write(folder: Path, **files: str) -> Path:
    (folder / "sources.list.d").mkdir(parents=True)
    for name, text in files.items():
        (folder / name.replace("__", "/").replace("_", ".")).write_text(text)
    return folder


def test_the_old_one_line_form_is_read_with_its_options():
    (security, own) = [s for s in debian.one_line_sources(INSTALLER) if not s.uri.startswith("cdrom")]
    assert security.suites == ("bookworm-security",)
    assert own == Source(
        uri=MIRROR,
        suites=("bookworm",),
        components=("main",),
        signed_by="/usr/share/keyrings/a.gpg /usr/share/keyrings/b.gpg",
    )


def test_the_new_form_is_read_and_a_switched_off_stanza_is_not():
    (own,) = debian.deb822_sources(CLOUD)
    assert own.uri == MIRROR
    assert own.suites == ("bookworm", "bookworm-updates")
    assert own.signed_by == "/usr/share/keyrings/debian-archive-keyring.gpg"


def test_a_key_that_is_written_out_in_a_source_is_carried_over_whole():
    (own,) = debian.deb822_sources(KEY_WRITTEN_OUT)
    again = debian.stanza(own, "sid")
    assert "Suites: sid\n" in again
    assert next(iter(debian.deb822_sources(again))).signed_by == own.signed_by
    assert "\n mDMEY\n" in again


@pytest.mark.parametrize(
    "files",
    [{"sources_list": INSTALLER}, {"sources.list.d__debian_sources": CLOUD}],
    ids=["installer", "cloud"],
)
def test_the_main_archive_is_found_in_either_form(tmp_path, files):
    assert debian.main_archive(debian.sources(write(tmp_path / "apt", **files)), "bookworm").uri == MIRROR


def test_a_machine_whose_apt_knows_no_debian_archive_is_told_what_to_add(tmp_path):
    folder = write(tmp_path / "apt", sources_list="deb http://other.example/x stable-of-x main\n")
    with pytest.raises(Unavailable, match="no source for bookworm main"):
        debian.main_archive(debian.sources(folder), "bookworm")


def test_another_distribution_is_told_to_install_by_hand(tmp_path):
    (tmp_path / "os-release").write_text("ID=ubuntu\nVERSION_CODENAME=noble\n")
    with pytest.raises(Unavailable, match="not Debian"):
        debian.codename(tmp_path / "os-release")


def test_debian_is_known_by_its_codename_and_unstable_has_none(tmp_path):
    (tmp_path / "stable").write_text('PRETTY_NAME="Debian"\nID=debian\nVERSION_CODENAME=bookworm\n')
    (tmp_path / "unstable").write_text("ID=debian\n")
    assert debian.codename(tmp_path / "stable") == "bookworm"
    assert debian.codename(tmp_path / "unstable") == "sid"


@pytest.fixture
def archive(tmp_path: Path, monkeypatch):
    """A machine whose archive is a folder: `sid` has tea, which depends on water; each ships one file."""
    needed(lambda: provision.on_path("apt-get"))
    monkeypatch.setattr(debian, "OS_RELEASE", tmp_path / "os-release")
    debian.OS_RELEASE.write_text("ID=debian\nVERSION_CODENAME=bookworm\n")
    monkeypatch.setattr(debian, "SOURCES", tmp_path / "apt")
    write(debian.SOURCES, sources_list=f"deb [trusted=yes] file:{tmp_path}/archive bookworm main\n")
    listing = tmp_path / f"archive/dists/sid/main/binary-{debian.architecture()}/Packages"
    listing.parent.mkdir(parents=True)
    listing.write_text(
        build(tmp_path / "archive", "tea", "Depends: water\n") + build(tmp_path / "archive", "water")
    )
    return tmp_path


def build(archive: Path, name: str, more: str = "") -> str:
    """A real package in the archive; gives its entry for the archive's index."""
    tree = archive.parent / f"{name}.tree"
    for shipped in (f"usr/bin/{name}", f"lib/{name}.so", f"usr/share/doc/{name}/copyright"):
        (tree / shipped).parent.mkdir(parents=True, exist_ok=True)
        (tree / shipped).write_text(name)
    control = f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: us <us@example.org>\n{more}"
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN/control").write_text(f"{control}Description: {name}\n")
    file = archive / f"{name}.deb"
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", tree, file], check=True, capture_output=True)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return f"{control}Filename: {file.name}\nSize: {file.stat().st_size}\nSHA256: {digest}\n\n"


def test_a_package_and_what_it_depends_on_land_in_the_prefix_and_nothing_else_remains(archive):
    prefix = archive / "prefix"
    prefix.mkdir()
    debian.fetch(["tea"], "sid", prefix)
    assert (prefix / "usr/bin/tea").read_text() == "tea"
    assert (prefix / "usr/bin/water").read_text() == "water"
    assert (prefix / "usr/lib/tea.so").exists(), "/lib is merged into /usr/lib"
    assert not (prefix / "usr/share/doc").exists()
    assert not (archive / "prefix.apt").exists()


def test_a_package_that_is_not_wanted_is_left_packed(archive):
    prefix = archive / "prefix"
    prefix.mkdir()
    debian.fetch(["tea"], "sid", prefix, without=("wat",))
    assert (prefix / "usr/bin/tea").exists()
    assert not (prefix / "usr/bin/water").exists()


def test_what_the_archive_does_not_have_is_said_in_apts_own_words(archive):
    (archive / "prefix").mkdir()
    with pytest.raises(Unavailable, match=r"coffee could not be fetched from sid; apt says:\n.*coffee"):
        debian.fetch(["coffee"], "sid", archive / "prefix")
    assert not (archive / "prefix.apt").exists()


def test_a_suite_that_the_archive_does_not_have_is_said_so(archive):
    (archive / "prefix").mkdir()
    with pytest.raises(Unavailable, match="the index of bullseye could not be fetched"):
        debian.fetch(["tea"], "bullseye", archive / "prefix")


def test_a_spoilt_package_is_refused(archive):
    (archive / "archive/tea.deb").write_bytes((archive / "archive/water.deb").read_bytes())
    (archive / "prefix").mkdir()
    with pytest.raises(Unavailable):
        debian.fetch(["tea"], "sid", archive / "prefix")
    assert not (archive / "prefix/usr/bin/tea").exists()
