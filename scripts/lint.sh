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
# Each of these two keeps one core busy for half a minute: side by side, and told one after the other.
types=$(mktemp)
# shellcheck disable=SC2086  # a list of folders, on purpose
.venv/bin/mypy --no-error-summary $rooms tests scripts </dev/null >"$types" 2>&1 &
typing=$!
# shellcheck disable=SC2086
check 'doubled code' .venv/bin/pylint --rcfile pyproject.toml $rooms tests/rig
told() { wait "$typing"; result=$?; cat "$types"; rm -f "$types"; return "$result"; }
check 'mypy' told

if [ -n "$failed" ]; then
    printf '== FAILED: %s\n' "${failed#, }"
    exit 1
fi
