#!/bin/sh
# Writes the lock files from pyproject.toml: hashes, no address of any index. UPGRADE=1 takes the newest versions.
set -eu
cd "$(dirname "$0")/.."
lock() {
    output=$1
    shift
    .venv/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --quiet \
        --no-header --no-emit-index-url --no-emit-find-links ${UPGRADE:+--upgrade} \
        --extra postgres --extra uvloop "$@" --output-file "$output" >/dev/null
}
lock requirements-dev.lock --group dev
# What is shipped is what was tested: the smaller lock takes its versions from the larger one.
lock requirements.lock --constraint requirements-dev.lock --no-annotate
