#!/bin/sh
# The whole gate. pytest comes last, so that its own summary is the last thing said.
set -u
cd "$(dirname "$0")/.."
scripts/lint.sh
linted=$?
echo '== pytest'
# Two processes more than there are cores: whoever drives a switch or a browser mostly waits for it.
.venv/bin/python -m pytest -n "${WORKERS:-$(($(nproc) + 2))}" --dist loadfile --no-loadscope-reorder "$@" </dev/null
tested=$?
exit $((linted || tested))
