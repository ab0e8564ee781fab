#!/bin/sh
# The whole gate. pytest comes last, so that its own summary is the last thing said.
set -u
cd "$(dirname "$0")/.."
scripts/lint.sh
linted=$?
# Else each of pytest's processes, which begin side by side, would compile all of it.
.venv/bin/python -m compileall -q callserver asterisk_conf
echo '== pytest'
# One process more than there are cores: whoever drives a switch mostly waits for it. With two more, browsers get too slow.
.venv/bin/python -m pytest -n "${WORKERS:-$(($(nproc) + 1))}" --dist loadfile --no-loadscope-reorder "$@" </dev/null
tested=$?
exit $((linted || tested))
