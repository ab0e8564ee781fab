"""tests/conftest.py: what the tests leave behind is noticed."""

import os
import subprocess
import uuid

import pytest

from tests import conftest
from tests.rig.debian import Unavailable


@pytest.fixture
def sleeper():
    """A process as a test would start it, and the mark that it inherited."""
    mark = uuid.uuid4().hex
    process = subprocess.Popen(["sleep", "600"], env={**os.environ, conftest.MARK: mark})
    yield process, mark
    process.kill()
    process.wait()


def test_a_process_that_still_runs_is_named(sleeper):
    process, mark = sleeper
    assert conftest.still_running(mark, grace_s=0) == [f"{process.pid}: sleep 600 "]


def test_a_process_that_has_ended_is_forgotten(sleeper):
    process, mark = sleeper
    process.kill()
    process.wait()
    assert conftest.still_running(mark, grace_s=0) == []


def test_every_process_that_tests_start_inherits_the_mark():
    said = subprocess.run(["sh", "-c", f"echo ${conftest.MARK}"], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == os.environ[conftest.MARK]


def missing() -> None:
    raise Unavailable("no kettle: apt-get install kettle")


def test_a_missing_program_fails_under_ci_and_skips_elsewhere(monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no kettle"):
        conftest.needed(missing)
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="no kettle"):
        conftest.needed(missing)
