#!/bin/sh
# Makes the secrets that the compose files mount, once; what is there stays. Run as root: the containers' user
# (10001) is the only one who may read them.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets

# secret NAME TEXT
secret() {
    [ -s "secrets/$1" ] || printf '%s\n' "$2" > "secrets/$1"
}

random() {
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}

secret ami "$(random)"                 # the manager user in Asterisk
secret ami-b "$(random)"               # the same in the cluster's second Asterisk
secret web-token "$(random)"           # bearer token of the API
secret db-password "$(random)"         # the cluster's PostgreSQL
secret db-url "postgresql://callserver:$(cat secrets/db-password)@postgres/callserver"

if ! chown -R 10001:10001 secrets 2>/dev/null; then
    echo "docker/secrets.sh: not root, so the containers' user 10001 cannot read docker/secrets: sudo $0" >&2
    exit 1
fi
echo "docker/secrets.sh: made or kept:" secrets/*
