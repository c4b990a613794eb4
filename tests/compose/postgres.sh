#!/usr/bin/env bash
# Two meters over one PostgreSQL on a real Docker engine, as docs/scale.md tells to start them: usage is recorded at both
# while the database, then a meter, then both at once are cut off. Compares what every meter counts with what was promised.
#
#   tests/compose/postgres.sh FOLDER OF BUILT PROGRAMS
#
# Needs what `scripts/setup.sh --compose` installs. Everything it starts has a project name of its own and goes again.
set -euo pipefail
cd "$(dirname "$0")/../.."
programs=${1:?a folder with the programs, such as target/release}
here=tests/compose
work=target/compose
mkdir -p "$work"

say() { printf 'compose-postgres: %s\n' "$*"; }
fail() {
    printf 'error: %s\n' "$*" >&2
    compose logs --no-color --tail 40 2>&1 | sed 's/^/    /' >&2 || true
    [ ! -s "$work/recorder.log" ] || sed 's/^/    recorder: /' "$work/recorder.log" >&2
    exit 1
}
# Waits for a command to succeed, at most so many seconds.
within() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.2
    done
}

project=reelmeter-postgres-test-$$
compose() { docker compose --project-name "$project" --env-file /dev/null --profile postgres "$@" </dev/null; }
inspect() { docker inspect --format "$2" "$project-$1"; }

recorder=
. "$here/engine.sh"
tidy() {
    local code=$?
    [ -z "$recorder" ] || kill "$recorder" 2>/dev/null || true
    compose down --volumes --rmi local --timeout 10 >/dev/null 2>&1 || true
    engine_down
    exit "$code"
}
trap tidy EXIT
engine_up "$PWD/$work/engine"
for name in $(compgen -e); do
    case $name in METER_* | REELMETER_* | STORE_PASSWORD_FILE | POSTGRES_IMAGE) unset "$name" ;; esac
done
. tests/python/environment.sh

# What a person puts into .env.
SECRETS=$PWD/$work/postgres-secrets
rm -rf "$SECRETS"
mkdir -m 700 -p "$SECRETS"
python3 -c 'import secrets; print(secrets.token_urlsafe(32))' >"$SECRETS/store-password"
chmod 644 "$SECRETS/store-password"
password=$(cat "$SECRETS/store-password")
first=$(python3 - <<'PYTHON'
import socket
while True:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
        try:
            two.bind(("127.0.0.1", port + 1))
        except OSError:
            continue
        print(port)
        break
PYTHON
)
export METER_PORT=$first-$((first + 1)) METER_REPLICAS=2 STORE_PASSWORD_FILE=$SECRETS/store-password
export METER_STORE='postgres://meter@postgres:5432/ledger?sslmode=disable' BINARIES=prebuilt
addresses=("127.0.0.1:$first" "127.0.0.1:$((first + 1))")

"$here/standin.sh" runtime postgres
mkdir -p target/image
cp "$programs/meter" target/image/
start=$SECONDS
compose build meter >"$work/postgres-build.log" 2>&1 || { tail -n 30 "$work/postgres-build.log" >&2; fail "the image was not built"; }
say "image built in $((SECONDS - start)) s"
start=$SECONDS
compose up --detach --wait --wait-timeout 90 meter postgres >"$work/postgres-up.log" 2>&1 || { cat "$work/postgres-up.log" >&2; fail "they did not become healthy"; }
say "PostgreSQL and two meters healthy after $((SECONDS - start)) s"

meters=(meter-1 meter-2)
for container in "${meters[@]}" postgres-1; do
    expect() { local found; found=$(inspect "$container" "$1"); [ "$found" = "$2" ] || fail "$container: $1 is '$found', not '$2'"; }
    user=10001 published='127.0.0.1 '
    [ "$container" != postgres-1 ] || user=999 published=
    expect '{{.HostConfig.ReadonlyRootfs}}' true
    expect '{{.HostConfig.CapDrop}}' '[ALL]'
    expect '{{.HostConfig.SecurityOpt}}' '[no-new-privileges:true]'
    expect '{{.HostConfig.RestartPolicy.Name}}' unless-stopped
    expect '{{range $port, $on := .NetworkSettings.Ports}}{{range $on}}{{.HostIp}} {{end}}{{end}}' "$published"
    grep -qE '^[1-9][0-9]* [1-9][0-9]*$' <<<"$(inspect "$container" '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}')" ||
        fail "$container has no limit on memory or processes"
    status=$(docker exec "$project-$container" cat /proc/1/status)
    grep -qE '^CapEff:\s+0+$' <<<"$status" || fail "$container has capabilities"
    grep -qE '^NoNewPrivs:\s+1$' <<<"$status" || fail "$container may gain privileges"
    grep -qE "^Uid:\s+$user\s" <<<"$status" || fail "$container does not run as user $user"
    if docker exec "$project-$container" touch /usr/local/bin/x 2>/dev/null; then fail "$container can write to its root file system"; fi
    ! docker inspect "$project-$container" | grep -qF "$password" || fail "docker inspect of $container shows the password"
done
! compose logs --no-color 2>&1 | grep -qF "$password" || fail "the logs show the password"
[ "$(inspect postgres-1 '{{range $name, $on := .NetworkSettings.Networks}}{{$name}} {{end}}')" = "${project}_store " ] ||
    fail "PostgreSQL is on another network than the meters' own"
[ "$(docker network inspect --format '{{.Internal}}' "${project}_store")" = true ] || fail "the store's network leads out"
refused=$(docker exec --env PGPASSWORD=wrong "$project-postgres-1" psql --host=127.0.0.1 --username=meter --dbname=ledger --command='SELECT 1' 2>&1) &&
    fail "PostgreSQL takes a wrong password: $refused"
say "all locked down; the password is a secret by file, and needed"

# --- Usage at both while they are cut off. ---
cut() { kill -KILL "$(inspect "$1" '{{.State.Pid}}')"; }
healthy() { [ "$(inspect "$1" '{{.State.Health.Status}}')" = healthy ]; }
came_back() { [ "$(inspect "$1" '{{.RestartCount}}')" -ge "$2" ] && healthy "$1"; }
batches() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["batches"])' "$work/promised.json"; }
more() { [ "$(batches)" -ge "$1" ]; }
goes_on() { within 60 more $(($(batches) + $1)) || fail "nothing more was acknowledged $2"; }

rm -f "$work/promised.json" "$work/recorder-stop"
"$python" "$here/recorder.py" record "$work/promised.json" "$work/recorder-stop" "${addresses[@]}" >"$work/recorder.log" 2>&1 &
recorder=$!
within 30 more 50 || fail "nothing was acknowledged"
start=$SECONDS
cut postgres-1
within 60 came_back postgres-1 1 || fail "the engine did not bring PostgreSQL back"
goes_on 50 "after the database was killed"
say "database killed, back, and usage recorded again in $((SECONDS - start)) s"
start=$SECONDS
cut meter-1
goes_on 20 "at the meter that was left"
within 60 came_back meter-1 1 || fail "the engine did not bring the meter back"
goes_on 50 "after a meter was killed"
say "meter killed, the other went on, and it is back after $((SECONDS - start)) s"
start=$SECONDS
cut postgres-1
cut meter-2
within 60 came_back postgres-1 2 || fail "the engine did not bring PostgreSQL back"
within 60 came_back meter-2 1 || fail "the engine did not bring the meter back"
goes_on 50 "after both were killed"
say "database and a meter killed at once, both back after $((SECONDS - start)) s"
touch "$work/recorder-stop"
wait "$recorder" || fail "the recorders saw what must not be"
recorder=
cat "$work/recorder.log"
"$python" "$here/recorder.py" check "$work/promised.json" "${addresses[@]}" || fail "the books are wrong"

# --- All of it stops in good order, and the ledger is in its volume. ---
start=$SECONDS
compose stop >/dev/null 2>&1
for container in "${meters[@]}" postgres-1; do
    code=$(inspect "$container" '{{.State.ExitCode}}')
    [ "$code" = 0 ] || fail "$container ended with code $code when it was asked to stop"
done
[ $((SECONDS - start)) -le 20 ] || fail "stopping took $((SECONDS - start)) s"
compose down >/dev/null 2>&1
compose up --detach --wait --wait-timeout 60 meter postgres >"$work/postgres-up.log" 2>&1 || { cat "$work/postgres-up.log" >&2; fail "they did not come up again"; }
"$python" "$here/recorder.py" check "$work/promised.json" "${addresses[@]}" || fail "the books are wrong after a new start"
verified=$(docker exec "$project-meter-1" meter verify 2>&1) || fail "the ledger does not verify: $verified"
say "stopped in good order, made anew over the same volume, verified: $verified"
say "done"
