#!/bin/sh
# Builds both images on a Debian machine that has no container engine: buildah and mmdebstrap, as root.
#
#   docker/build.sh [callserver|asterisk|all] [-- MORE ARGUMENTS FOR buildah bud]
#
# The base images are made from Debian's own archive (the one that this machine's apt uses) and are given the very
# names that the Dockerfiles say, so that nothing is pulled. They are made once; FRESH=1 makes them again.
# What a machine needs to reach its package index from inside the build goes after `--`, never into a file here:
#   docker/build.sh callserver -- --volume /etc/ssl/certs:/etc/ssl/certs:ro --volume /etc/pip.conf:/etc/pip.conf:ro
set -eu
cd "$(dirname "$0")/.."

what=${1:-all}
[ $# -eq 0 ] || shift
[ "${1:-}" != -- ] || shift

for tool in buildah mmdebstrap; do
    command -v "$tool" >/dev/null || {
        echo "docker/build.sh: $tool is missing: apt-get install -y $tool" >&2
        exit 1
    }
done
if [ "$(id -u)" != 0 ]; then
    echo "docker/build.sh: run it as root (mmdebstrap and the chroot of buildah need it)" >&2
    exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# base NAME SUITE: a minimal Debian under the name of a base image
base() {
    if [ -z "${FRESH:-}" ] && buildah inspect --type image "$1" >/dev/null 2>&1; then
        return
    fi
    echo "docker/build.sh: making $1 from Debian $2 ..." >&2
    # An archive may be older than its promise (a mirror without updates, a machine whose clock is ahead).
    mmdebstrap --quiet --variant=minbase --aptopt='Acquire::Check-Valid-Until "false"' "$2" "$work/base.tar"
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$work/base.tar" / >/dev/null
    buildah config --cmd bash "$container"
    buildah commit --quiet --rm "$container" "$1" >/dev/null
    rm "$work/base.tar"
}

# image NAME DOCKERFILE CONTEXT [ARGUMENTS...]: docker format, because OCI's has no health check
image() {
    name=$1 file=$2 context=$3
    shift 3
    buildah bud --isolation chroot --network=host --pull=never --format docker \
        --file "$file" --tag "$name" "$@" "$context"
}

if [ "$what" = callserver ] || [ "$what" = all ]; then
    base debian:bookworm-slim bookworm
    image callserver docker/callserver.Dockerfile . --ignorefile docker/callserver.Dockerfile.dockerignore "$@"
fi
if [ "$what" = asterisk ] || [ "$what" = all ]; then
    base debian:sid-slim sid
    image callserver-asterisk docker/asterisk.Dockerfile docker "$@"
fi
