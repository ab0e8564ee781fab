#!/bin/sh
# The whole gate. pytest comes last, so that its own summary is the last thing said.
set -u
cd "$(dirname "$0")/.."
scripts/lint.sh
linted=$?
echo '== pytest'
.venv/bin/python -m pytest "$@" </dev/null
tested=$?
exit $((linted || tested))
