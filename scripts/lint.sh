#!/bin/sh
# Style, types, doubled code. Every check runs, so that one run shows all there is; 1 when any found something.
set -u
cd "$(dirname "$0")/.."
failed=''
rooms=$(ls -d callserver asterisk_conf agent_ui bench 2>/dev/null)

check() {
    name=$1
    shift
    printf '== %s\n' "$name"
    "$@" </dev/null || failed="$failed, $name"
}

check 'ruff check' .venv/bin/ruff check --quiet .
check 'ruff format' .venv/bin/ruff format --quiet --check .
# shellcheck disable=SC2086  # a list of folders, on purpose
check 'mypy' .venv/bin/mypy --no-error-summary $rooms tests scripts
# shellcheck disable=SC2086
check 'doubled code' .venv/bin/pylint --rcfile pyproject.toml $rooms tests/rig

if [ -n "$failed" ]; then
    printf '== FAILED: %s\n' "${failed#, }"
    exit 1
fi
