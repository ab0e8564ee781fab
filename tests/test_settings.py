"""Settings: what an operator writes, what the service gets, and what it says where something is wrong."""

from __future__ import annotations

import pickle
import tomllib
from pathlib import Path

import phonenumbers
import pytest

from callserver.errors import SettingsError
from callserver.numbers import Plan
from callserver.settings import DatabaseUrl, Secret, Settings, load
from callserver.settings.countries import COUNTRIES
from callserver.settings.example import example, markdown

LEAST = '[[asterisk]]\nid = "main"\nsecret = "s3cret"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "callserver.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def read(folder: Path, text: str = LEAST, **environ: str) -> Settings:
    return load(written(folder, text), environ)


def complaint(folder: Path, text: str = LEAST, **environ: str) -> str:
    with pytest.raises(SettingsError) as error:
        read(folder, text, **environ)
    return str(error.value)


def test_one_asterisk_and_its_secret_are_enough(tmp_path: Path) -> None:
    settings = read(tmp_path)
    (switch,) = settings.asterisk
    assert (switch.id, switch.host, switch.port, switch.user) == ("main", "127.0.0.1", 5038, "callserver")
    assert switch.secret.reveal() == "s3cret"
    assert settings.web.host == "127.0.0.1"
    assert settings.switch("main") is switch
    assert settings.switch("other") is None


def test_a_secret_has_no_default(tmp_path: Path) -> None:
    said = complaint(tmp_path, '[[asterisk]]\nid = "main"\n')
    assert f"{tmp_path / 'callserver.toml'}: [[asterisk]] main secret: is missing and has no default" in said
    assert "example: secret_file = " in said


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    text = (
        LEAST
        + '[web]\ntoken = "tok3n"\n[database]\nurl = "postgresql://me:passw0rd@db/calls?sslpassword=ssl9"\n'
    )
    settings = read(tmp_path, text)
    for shown in (
        repr(settings),
        str(settings.asterisk),
        f"{settings.web.token}",
        f"{settings.database.url}",
    ):
        assert not any(secret in shown for secret in ("s3cret", "tok3n", "passw0rd", "ssl9"))
    assert settings.database.url.shown() == "postgresql+asyncpg://me:********@db/calls?sslpassword=********"


def test_a_wrong_secret_is_not_shown_in_the_complaint_either(tmp_path: Path) -> None:
    said = complaint(tmp_path, '[[asterisk]]\nid = "main"\nsecret = "very\\nsecret"\n')
    assert "one line without control characters" in said
    assert "very" not in said


def test_a_password_with_odd_letters_stays_hidden() -> None:
    assert (
        DatabaseUrl("postgresql://me:p@ss:w@db/calls").shown() == "postgresql+asyncpg://me:********@db/calls"
    )


def test_a_secret_compares_by_its_text() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a").matches("a")
    assert not Secret("a").matches("\udc80")
    assert len({Secret("a"), Secret("a")}) == 1


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    said = complaint(tmp_path, LEAST + 'prot = 5\n[web]\nport = "x"\n[sait]\n[log]\nlevel = "loud"\n')
    lines = said.splitlines()
    assert len(lines) == 4
    assert any("[[asterisk]] main prot: is no setting; did you mean 'port'?" in line for line in lines)
    assert any("[web] port: 'x' is not a whole number (example: port = 8088)" in line for line in lines)
    assert any("[sait]: is no section; did you mean 'site'?" in line for line in lines)
    assert any("[log] level: 'loud' is none of debug, info, warning, error" in line for line in lines)
    assert all(str(tmp_path / "callserver.toml") in line for line in lines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[asterisk]]\nid = "Main Office"\nsecret = "s"\n', "use small letters"),
        ('[[asterisk]]\nid = "a"\nsecret = "s"\nport = 0\n', "from 1 to 65535"),
        ('[[asterisk]]\nid = "a"\nsecret = "s"\nport = true\n', "is not a whole number"),
        ('[[asterisk]]\nid = "a"\nsecret = "s"\nheartbeat_s = 20\n', "must be more than heartbeat_s"),
        ('[[asterisk]]\nid = "a"\nsecret = "s"\nheartbeat_s = nan\n', "must be more than 0"),
        ('[[asterisk]]\nid = "a"\nsecret = "s"\nhost = "a b"\n', "a host name or an IP address"),
        ('[[asterisk]]\nid = "a"\nsecret = "s"\nuser = "a\\nb"\n', "printable text on one line"),
        ('[[asterisk]]\nid = "a"\nsecret = "s"\ntrunks = "PJSIP/t"\n', "must be a list of texts"),
        ('[[asterisk]]\nid = "a"\nsecret = "s"\nqueue_log = 3\n', "is not a path"),
        ('[[asterisk]]\nid = "a-b"\nsecret = "s"\n[[asterisk]]\nid = "a_b"\nsecret = "s"\n', "another block has"),
        ('[[asterisk]]\nid = "a"\nsecret = "s"\nsecret_file = "f"\n', "is given twice"),
        ('[asterisk]\nid = "a"\n', "two brackets"),
        ('asterisk = 3\n', "two brackets"),
        ('web = 3\n', "must be a table"),
        ('queues = 3\n', "table of tables"),
        ('[queues]\nhotline = 3\n', "must be a table"),
        ('[site]\ntimezone = "Asia/Qingdao"\n', "is no IANA time zone"),
        ('[site]\ntimezone = "../../etc/passwd"\n', "is no IANA time zone"),
        ('[site]\ncountry = "China"\n', "two small letters"),
        ('[site]\ncountry = "zz"\n', "two small letters"),
        ('[site]\ncountry = "uk"\n', "the United Kingdom is gb"),
        ('[site]\narea_code = "0532-"\n', "up to 6 digits"),
        ('[site]\narea_code = 532\n', "is not a text"),
        ('[site]\ntrunk_prefixes = ["9,"]\n', "1 to 6 digits"),
        ('[site]\ntrunk_prefixes = [""]\n', "must be a list of texts"),
        ('[site]\nextension_digits = "4-3"\n', "such as 3-4"),
        ('[site]\nextension_digits = "4"\n', "such as 3-4"),
        ('[database]\nurl = "mysql://x"\n', "only sqlite:// and postgresql://"),
        ('[database]\nurl = "sqlite://"\n', "name a file"),
        ('[trace]\nmax_mb = -1\n', "must be more than 0"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_and_explained(tmp_path: Path, text: str, said: str) -> None:
    assert said in complaint(tmp_path, text)


def test_text_that_is_no_toml_or_no_text_is_said_so(tmp_path: Path) -> None:
    assert "is not valid TOML" in complaint(tmp_path, "[web\n")
    path = tmp_path / "latin.toml"
    path.write_bytes(b'[site]\ncountry = "\xe9"\n')
    with pytest.raises(SettingsError, match="is not UTF-8 text"):
        load(path, {})
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path, {})


def test_a_file_that_is_not_there_is_an_error_when_asked_for(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no such file; `callserver config example"):
        load(tmp_path / "none.toml", {})
    with pytest.raises(SettingsError, match="there is no such file"):
        load(None, {"CALLSERVER_CONFIG": str(tmp_path / "none.toml")})


def test_the_file_in_the_current_directory_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, LEAST)
    monkeypatch.chdir(tmp_path)
    assert load(None, {}).origin == Path("callserver.toml")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        LEAST + "[web]\nport = 1\n",
        CALLSERVER_WEB_PORT="2",
        CALLSERVER_LOG_JSON="yes",
        CALLSERVER_ASTERISK_MAIN_HOST="10.0.0.5",
        CALLSERVER_ASTERISK_MAIN_TRUNKS="PJSIP/a, PJSIP/b",
        CALLSERVER_ASTERISK_MAIN_HEARTBEAT_S="1.5",
        CALLSERVER_ASTERISK_MAIN_QUEUE_LOG="/var/log/asterisk/queue_log",
    )
    (switch,) = settings.asterisk
    assert (settings.web.port, settings.log.json, switch.host) == (2, True, "10.0.0.5")
    assert (switch.trunks, switch.heartbeat_s) == (("PJSIP/a", "PJSIP/b"), 1.5)
    assert switch.queue_log == Path("/var/log/asterisk/queue_log")


def test_the_environment_alone_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(None, {"CALLSERVER_ASTERISK_EAST_2_SECRET": "s", "PATH": "/bin"})
    assert [switch.id for switch in settings.asterisk] == ["east_2"]
    assert settings.origin is None


def test_a_block_with_a_hyphen_is_reached_from_the_environment(tmp_path: Path) -> None:
    text = '[[asterisk]]\nid = "east-2"\nsecret = "s"\n'
    (switch,) = read(tmp_path, text, CALLSERVER_ASTERISK_EAST_2_PORT="5039").asterisk
    assert (switch.id, switch.port) == ("east-2", 5039)


def test_a_variable_that_means_nothing_is_an_error(tmp_path: Path) -> None:
    said = complaint(tmp_path, CALLSERVER_WEB_PROT="1", CALLSERVER_ASTERISK_HOST="x", CALLSERVER_X="1")
    assert "environment: CALLSERVER_WEB_PROT is no setting; did you mean 'CALLSERVER_WEB_PORT'?" in said
    assert "CALLSERVER_ASTERISK_HOST is no setting" in said
    assert "CALLSERVER_X is no setting" in said


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    assert "environment: CALLSERVER_WEB_PORT: 'x' is not a whole number" in complaint(
        tmp_path, CALLSERVER_WEB_PORT="x"
    )
    assert "CALLSERVER_LOG_JSON: 'maybe' is not true or false" in complaint(
        tmp_path, CALLSERVER_LOG_JSON="maybe"
    )


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "ami.secret").write_text("from a file\n")
    (switch,) = read(tmp_path, '[[asterisk]]\nid = "main"\nsecret_file = "ami.secret"\n').asterisk
    assert switch.secret.reveal() == "from a file"


def test_the_environments_secret_file_replaces_the_files_secret(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("newer")
    (switch,) = read(tmp_path, CALLSERVER_ASTERISK_MAIN_SECRET_FILE=str(tmp_path / "run")).asterisk
    assert switch.secret.reveal() == "newer"


def test_systemds_credentials_are_used_where_nothing_else_is_given(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "asterisk.main.secret").write_text("by systemd\n")
    (credentials / "web.token").write_text("token\n")
    (credentials / "database.url").write_text("postgresql://u:p@h/d\n")
    settings = read(tmp_path, '[[asterisk]]\nid = "main"\n', CREDENTIALS_DIRECTORY=str(credentials))
    assert settings.asterisk[0].secret.reveal() == "by systemd"
    assert settings.web.token == Secret("token")
    assert settings.database.url.reveal() == "postgresql+asyncpg://u:p@h/d"
    assert (
        read(tmp_path, LEAST, CREDENTIALS_DIRECTORY=str(credentials)).asterisk[0].secret.reveal() == "s3cret"
    )


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read"), (b"\n", "is empty"), (b"\xff", "is not UTF-8 text")]
)
def test_a_bad_secret_file_is_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "file").write_bytes(content)
    text = '[[asterisk]]\nid = "main"\nsecret_file = "file"\n'
    assert f"main secret_file: {tmp_path / 'file'} {said}" in complaint(tmp_path, text)


def test_a_secret_file_must_be_a_path(tmp_path: Path) -> None:
    assert "must be the path of a file" in complaint(tmp_path, '[[asterisk]]\nid = "main"\nsecret_file = 3\n')
    assert "cannot be read" in complaint(tmp_path, '[[asterisk]]\nid = "main"\nsecret_file = "a\\u0000b"\n')


def test_secrets_that_everybody_can_read_are_warned_of(tmp_path: Path) -> None:
    path = written(tmp_path, LEAST)
    path.chmod(0o644)
    assert "every user of this machine can read" in load(path, {}).warnings[0]
    path.chmod(0o600)
    assert load(path, {}).warnings == ()


def test_a_settings_file_without_secrets_may_be_read_by_everybody(tmp_path: Path) -> None:
    (tmp_path / "ami.secret").write_text("s3cret\n")
    path = written(tmp_path, '[[asterisk]]\nid = "main"\nsecret_file = "ami.secret"\n')
    path.chmod(0o644)
    (tmp_path / "ami.secret").chmod(0o600)
    assert load(path, {}).warnings == ()
    (tmp_path / "ami.secret").chmod(0o644)
    (warning,) = load(path, {}).warnings
    assert "ami.secret" in warning


def test_relative_files_belong_to_the_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    settings = read(
        tmp_path, LEAST + '[database]\nurl = "sqlite:///calls.db?timeout=5"\n[trace]\ndir = "t"\n'
    )
    assert settings.database.url.reveal() == f"sqlite+aiosqlite:///{tmp_path}/calls.db?timeout=5"
    assert settings.trace.dir == tmp_path / "t"
    assert read(tmp_path).database.url.reveal() == f"sqlite+aiosqlite:///{tmp_path}/callserver.db"
    absolute = read(tmp_path, LEAST + '[database]\nurl = "sqlite:////var/calls.db"\n')
    assert absolute.database.url.reveal() == "sqlite+aiosqlite:////var/calls.db"


def test_queues_get_titles_targets_and_kinds(tmp_path: Path) -> None:
    text = LEAST + '[queues.hotline]\ntitle = "维修热线"\ntarget_s = 20\n[queues."a b"]\nkind = "complaint"\n'
    queues = read(tmp_path, text).queues
    assert (queues["hotline"].title, queues["hotline"].target_s) == ("维修热线", 20.0)
    assert queues["a b"].kind == "complaint"


def test_the_site_says_how_numbers_are_read(tmp_path: Path) -> None:
    assert read(tmp_path).number_plan == Plan()
    text = '[site]\ncountry = "de"\narea_code = "030"\ntrunk_prefixes = []\nextension_digits = "3-4"\n'
    plan = Plan(country="de", area_code="030", trunk_prefixes=(), extension_digits=(3, 4))
    assert read(tmp_path, LEAST + text).number_plan == plan
    assert read(tmp_path, CALLSERVER_SITE_TRUNK_PREFIXES="9, 0").number_plan.trunk_prefixes == ("9", "0")


def test_the_countries_are_those_that_have_numbers() -> None:
    assert {country.lower() for country in phonenumbers.SUPPORTED_REGIONS} == COUNTRIES


def test_settings_are_frozen(tmp_path: Path) -> None:
    settings = read(tmp_path)
    with pytest.raises(AttributeError):
        settings.web.port = 1  # type: ignore[misc]


def test_the_example_file_is_what_the_code_says_and_works(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[1] / "callserver.example.toml"
    assert shipped.read_text("utf-8") == example()
    (tmp_path / "ami.secret").write_text("s")
    (tmp_path / "ami.secret").chmod(0o600)
    settings = read(tmp_path, example())
    assert settings.asterisk[0].id == "main"
    assert settings.warnings == ()


def test_every_line_that_is_off_in_the_example_is_right_when_switched_on(tmp_path: Path) -> None:
    (tmp_path / "ami.secret").write_text("s")
    (tmp_path / "token").write_text("t")
    (tmp_path / "password").write_text("p")
    lines = [line[2:] if line.startswith("# ") and " = " in line and line[2].islower() else line
             for line in example().splitlines()]  # fmt: skip
    text = "\n".join(line for line in lines if not line.startswith("#"))
    assert "cel_fields" in tomllib.loads(text)["asterisk"][0]
    assert read(tmp_path, text).queues["hotline"].target_s == 20


def test_every_setting_is_in_the_operators_guide() -> None:
    guide = (Path(__file__).parents[1] / "docs" / "operators.md").read_text("utf-8")
    assert markdown() in guide


def test_a_secret_does_not_slip_out_by_pickling() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret("s3cret"))
