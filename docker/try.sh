#!/bin/sh
# Runs both images together as compose.yaml would, on a machine without a container engine, and makes one call.
#
#   docker/build.sh && docker/try.sh          (as root)
#
# What compose.yaml asks of the engine is done here by hand: read-only root, user 10001 without any capability, no new
# privileges, secrets as files, volumes filled from the image, the health checks of the images. Both run in a network
# namespace of their own, so that nothing on this machine is touched. Ends with 0 when the call was written down.
set -eu
cd "$(dirname "$0")/.."
if [ "${1:-}" != inside ]; then
    [ "$(id -u)" = 0 ] || { echo "docker/try.sh: run it as root" >&2; exit 1; }
    exec unshare --net --mount --propagation private "$0" inside
fi
ip link set lo up

work=$(mktemp -d)
containers=''
running=''
finish() {
    # shellcheck disable=SC2086  # lists of ids, on purpose
    [ -z "$running" ] || kill -KILL $running 2>/dev/null || true
    # shellcheck disable=SC2086
    [ -z "$containers" ] || buildah rm $containers >/dev/null 2>&1
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

say() {
    printf 'try: %s\n' "$*"
}

# root IMAGE: a writable copy of the image as a folder; it is mounted read-only where something runs in it
root() {
    container=$(buildah from --pull-never "$1")
    containers="$containers $container"
    root=$(buildah mount "$container")
}

root callserver-asterisk
switch=$root
root callserver
server=$root

# volume NAME ROOT PLACE: a folder that begins as what the image has there, owner included
volume() {
    cp --archive "$2$3" "$work/$1"
}

volume etc "$server" /etc/asterisk
volume log "$switch" /var/log/asterisk
volume lib "$switch" /var/lib/asterisk
volume spool "$switch" /var/spool/asterisk
volume server-lib "$server" /var/lib/callserver
mkdir "$work/secrets"
od -An -N24 -tx1 /dev/urandom | tr -d ' \n' > "$work/secrets/ami"
od -An -N24 -tx1 /dev/urandom | tr -d ' \n' > "$work/secrets/web-token"
chown -R 10001:10001 "$work/secrets"
chmod -R go= "$work/secrets"

# within ROOT 'MOUNTS' COMMAND...: MOUNTS are words SOURCE:PLACE[:ro]; a SOURCE `tmpfs` is an empty one
within() {
    within_root=$1 within_mounts=$2
    shift 2
    # Places to mount on are made while the copy is still writable, as an engine does.
    for mount in $within_mounts; do
        place=${mount#*:}
        mkdir -p "$within_root${place%:ro}"
    done
    # shellcheck disable=SC2016  # the inner shell's variables, on purpose
    ROOT=$within_root MOUNTS=$within_mounts exec unshare --mount --pid --fork --kill-child sh -eu -c '
        mount --bind "$ROOT" "$ROOT"
        mount -o remount,bind,ro "$ROOT"
        mount -t proc proc "$ROOT/proc"
        mount --rbind /dev "$ROOT/dev"
        for mount in $MOUNTS; do
            source=${mount%%:*}; place=${mount#*:}
            if [ "$source" = tmpfs ]; then
                mount -t tmpfs -o uid=10001,gid=10001,mode=0750 tmpfs "$ROOT$place"
            else
                mount --bind "$source" "$ROOT${place%:ro}"
                case $place in *:ro) mount -o remount,bind,ro "$ROOT${place%:ro}" ;; esac
            fi
        done
        cd "$ROOT"
        exec chroot "$ROOT" setpriv --reuid=10001 --regid=10001 --clear-groups --no-new-privs \
            --bounding-set=-all --inh-caps=-all -- "$@"' sh "$@"
}

switch_mounts="$work/etc:/etc/asterisk:ro $work/log:/var/log/asterisk $work/lib:/var/lib/asterisk"
switch_mounts="$switch_mounts $work/spool:/var/spool/asterisk tmpfs:/run/asterisk tmpfs:/tmp"
server_mounts="$work/server-lib:/var/lib/callserver $work/log:/var/log/asterisk:ro"
server_mounts="$server_mounts $work/secrets:/run/secrets:ro tmpfs:/tmp"

# inside PID ROOT COMMAND...: as `docker exec` does, for the health checks
inside() {
    inside_pid=$1 inside_root=$2
    shift 2
    child=$(cat "/proc/$inside_pid/task/$inside_pid/children")
    nsenter --target "${child%% *}" --mount --pid -- chroot "$inside_root" \
        setpriv --reuid=10001 --regid=10001 --clear-groups -- "$@"
}

# until_healthy WHAT PID ROOT COMMAND...
until_healthy() {
    what=$1
    shift
    for _ in $(seq 60); do
        if inside "$@" > "$work/health" 2>&1; then
            say "$what is healthy"
            return
        fi
        kill -0 "$1" 2>/dev/null || break
        sleep 0.5
    done
    say "$what is not healthy:"
    cat "$work/health"
    tail -n 30 "$work"/*.out
    exit 1
}

say "configure: callserver asterisk render"
(within "$server" "$work/etc:/etc/asterisk $work/secrets:/run/secrets:ro" /opt/callserver/bin/callserver \
    asterisk render /etc/asterisk --version=22 --secret-file=/run/secrets/ami --country=cn) > "$work/configure.out"
head -n 1 "$work/configure.out"

(within "$switch" "$switch_mounts" asterisk -f -n) > "$work/asterisk.out" 2>&1 &
switch_pid=$!
running=$switch_pid
until_healthy asterisk "$switch_pid" "$switch" asterisk -rx 'core waitfullybooted'

(
    export CALLSERVER_ASTERISK_MAIN_HOST=127.0.0.1 \
        CALLSERVER_ASTERISK_MAIN_SECRET_FILE=/run/secrets/ami \
        CALLSERVER_ASTERISK_MAIN_QUEUE_LOG=/var/log/asterisk/queue_log \
        CALLSERVER_ASTERISK_MAIN_CEL=/var/log/asterisk/cel-custom/callserver.csv \
        CALLSERVER_DATABASE_URL=sqlite:////var/lib/callserver/callserver.db \
        CALLSERVER_WEB_HOST=127.0.0.1 CALLSERVER_WEB_TOKEN_FILE=/run/secrets/web-token CALLSERVER_LOG_JSON=true \
        PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 LANG=C.UTF-8
    within "$server" "$server_mounts" /opt/callserver/bin/callserver serve
) > "$work/callserver.out" 2>&1 &
server_pid=$!
running="$running $server_pid"
# The very command of the image's HEALTHCHECK.
check=$(buildah inspect --type image --format '{{index .Docker.Config.Healthcheck.Test 3}}' callserver)
until_healthy callserver "$server_pid" "$server" python3 -c "$check"

# ask PATH: what callserver answers
ask() {
    python3 -c 'import sys, urllib.request as http
request = http.Request("http://127.0.0.1:8088" + sys.argv[1])
request.add_header("Authorization", "Bearer " + open(sys.argv[2]).read().strip())
print(http.urlopen(request, timeout=5).read().decode())' "$1" "$work/secrets/web-token"
}

# until_said WHAT PATH WORDS: ask until the answer has WORDS in it
until_said() {
    for _ in $(seq 60); do
        if ask "$2" > "$work/answer" 2>&1 && grep -q "$3" "$work/answer"; then
            say "$1: $(cut -c1-300 "$work/answer")"
            return
        fi
        sleep 0.5
    done
    say "$1: not seen at $2 within 30 s"
    tail -n 5 "$work/answer"
    tail -n 30 "$work"/*.out
    exit 1
}

until_said ready /readyz '"ready": *true'
say "one call to 4008, which waits in the queue and hangs up"
inside "$switch_pid" "$switch" asterisk -rx \
    'channel originate Local/4008@callserver-inbound application Wait 3' >/dev/null
until_said 'the call' '/api/v1/calls?open=false' '"queue":"hotline"'

say "stopping both with SIGTERM"
for pid in "$server_pid" "$switch_pid"; do
    kill -TERM "$(cut -d' ' -f1 "/proc/$pid/task/$pid/children")"
    code=0
    wait "$pid" || code=$?
    say "ended with exit code $code"
    [ "$code" = 0 ] || { tail -n 20 "$work"/*.out; exit 1; }
done
running=''
tail -n 3 "$work/callserver.out"
if (within "$server" "$server_mounts" touch /opt/callserver/written) 2>/dev/null; then
    say "the root file system was writable: what was tried here is not what compose.yaml says"
    exit 1
fi
if grep -iE 'permission denied|read-only file system' "$work/log/messages.log" "$work"/*.out; then
    exit 1
fi
say "nothing was refused, with a read-only root and without any capability"
