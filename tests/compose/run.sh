#!/usr/bin/env bash
# Brings everything up on a real Docker engine and makes three videos: the meter is cut off in the middle of the first,
# the generator in the middle of the second, and the meter is away for the third. Plays them back and compares the meter's
# books with what the simulator was asked.
#
#   tests/compose/run.sh [FOLDER OF BUILT PROGRAMS]
#
# With a folder (target/release) the images take the programs from there; without, they are compiled in the image.
# Needs what `scripts/setup.sh --compose` installs. Everything it starts has a project name of its own and goes again.
set -euo pipefail
cd "$(dirname "$0")/../.."
programs=${1:-}
here=tests/compose
work=target/compose
mkdir -p "$work"

say() { printf 'compose: %s\n' "$*"; }
fail() {
    printf 'error: %s\n' "$*" >&2
    compose logs --no-color --tail 40 2>&1 | sed 's/^/    /' >&2 || true
    [ ! -s "$work/generate.log" ] || { echo "    --- the client said:"; tail -n 40 "$work/generate.log" | sed 's/^/    /'; } >&2
    exit 1
}
# Waits for a command to succeed, at most so many seconds.
within() {
    local seconds=$1 deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.2
    done
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

project=reelmeter-test-$$
compose() { docker compose --project-name "$project" --env-file /dev/null --file docker-compose.yml --file "$here/secrets.yml" "$@" </dev/null; }
inspect() { docker inspect --format "$2" "$(compose ps --all --quiet "$1")"; }

. "$here/engine.sh"
tidy() {
    local code=$?
    compose --profile client down --volumes --rmi local --timeout 10 >/dev/null 2>&1 || true
    engine_down
    exit "$code"
}
trap tidy EXIT
engine_up "$PWD/$work/engine"

# Nothing of the person's own may decide what the test does.
for name in $(compgen -e); do
    case $name in GEMINI_* | ELEVENLABS_* | OLLAMA_* | METER_* | GENERATOR_* | SIMULATOR_* | REELMETER_* | VIDEOS_VOLUME) unset "$name" ;; esac
done
SECRETS=$PWD/$work/secrets
export SECRETS
rm -rf "$SECRETS"
mkdir -m 700 -p "$SECRETS"
# Compose looks at the files before they are made.
touch "$SECRETS"/{tokens.toml,generator,client}
METER_PORT=$(free_port) GENERATOR_PORT=$(free_port) SIMULATOR_PORT=$(free_port)
export METER_PORT GENERATOR_PORT SIMULATOR_PORT

if [ -n "$programs" ]; then
    "$here/standin.sh" runtime
    mkdir -p target/image
    for program in meter generator simulator client; do
        cp "$programs/$program" target/image/
    done
    export BINARIES=prebuilt
else
    "$here/standin.sh" runtime rust
    export BINARIES=build
fi
start=$SECONDS
compose --profile client build >"$work/build.log" 2>&1 || { tail -n 30 "$work/build.log" >&2; fail "the images were not built"; }
say "images built in $((SECONDS - start)) s: $(docker images --format '{{.Repository}} {{.Size}}' | grep "^$project" | sed "s/^$project-//" | sort | paste -sd, | sed 's/,/, /g')"

# A token for each who calls, made by the meter's own image; the services get the hashes, each caller its token by a file.
token() {
    compose run --rm -T --no-deps --user 0 --cap-add DAC_OVERRIDE --volume "$SECRETS:/made" --env REELMETER_TOKENS=/made/made.toml meter \
        tokens add "$@" 2>"$work/tokens.log" || { cat "$work/tokens.log" >&2; fail "no token was made: $*"; }
}
token --name generator --role record --role read --tenant '*' >"$SECRETS/generator"
token --name client --role generate --role read --expires-in 1d >"$SECRETS/client"
mv "$SECRETS/made.toml" "$SECRETS/tokens.toml"
chmod 644 "$SECRETS"/*

start=$SECONDS
compose up --detach --wait --wait-timeout 60 >"$work/up.log" 2>&1 || { cat "$work/up.log" >&2; fail "the services did not become healthy"; }
say "meter, generator and simulator healthy after $((SECONDS - start)) s"

for service in meter generator simulator; do
    expect() { local found; found=$(inspect "$service" "$1"); [ "$found" = "$2" ] || fail "$service: $1 is '$found', not '$2'"; }
    expect '{{.Config.User}}' 10001:10001
    expect '{{.HostConfig.ReadonlyRootfs}}' true
    expect '{{.HostConfig.CapDrop}}' '[ALL]'
    expect '{{.HostConfig.SecurityOpt}}' '[no-new-privileges:true]'
    expect '{{.HostConfig.RestartPolicy.Name}}' unless-stopped
    expect '{{range $port, $on := .NetworkSettings.Ports}}{{range $on}}{{.HostIp}} {{end}}{{end}}' '127.0.0.1 '
    grep -qE '^[1-9][0-9]* [1-9][0-9]*$' <<<"$(inspect "$service" '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}')" ||
        fail "$service has no limit on memory or processes"
    # What the kernel says, not what was asked for: no capability, no way to new ones, another user than root.
    status=$(compose exec -T "$service" cat /proc/1/status)
    grep -qE '^CapEff:\s+0+$' <<<"$status" || fail "$service has capabilities"
    grep -qE '^NoNewPrivs:\s+1$' <<<"$status" || fail "$service may gain privileges"
    grep -qE '^Uid:\s+10001\s' <<<"$status" || fail "$service does not run as user 10001"
    if compose exec -T "$service" touch /usr/local/bin/x 2>/dev/null; then fail "$service can write to its root file system"; fi
done
say "all run without root, without capabilities, on a read-only file system, with limits, on loopback ports"

# A token is in no environment, no argument and no log that anybody could read.
for file in generator client; do
    secret=$(cat "$SECRETS/$file")
    [ ${#secret} -ge 64 ] || fail "the token of the $file is '$secret'"
    for service in meter generator; do
        ! docker inspect "$(compose ps --all --quiet "$service")" | grep -qF "$secret" || fail "docker inspect of $service shows the token of the $file"
    done
    ! compose logs --no-color 2>&1 | grep -qF "$secret" || fail "the logs show the token of the $file"
done
grep -qE 'Max core file size +0 +0 ' <<<"$(compose exec -T meter cat /proc/1/limits)" || fail "the meter would write its memory into a core file"
refused=$(compose run --rm -T --env REELMETER_TOKEN_FILE= client summary --json 2>&1) && fail "a client without a token was answered: $refused"
grep -q REELMETER_TOKEN <<<"$refused" || fail "a client without a token is not told what to do: $refused"
say "tokens by secrets: in no inspection and no log, and nobody is answered without one"

client() { compose run --rm -T client "$@"; }
summary() { client summary --json 2>/dev/null; }
# Reads a value out of JSON on standard input by a Python expression over `it`.
json() { python3 -c "import json, sys; it = json.load(sys.stdin); print($1)"; }
recorded() { [ "$(summary | json 'it["event_count"]')" -ge "$1" ]; }
# What the simulator says it was asked, from its own account.
requests() { python3 -c "import urllib.request as r; print(r.urlopen('http://127.0.0.1:$SIMULATOR_PORT/_simulator/requests', timeout=10).read().decode())"; }

forget_requests() { python3 -c "import urllib.request as r; r.urlopen(r.Request('http://127.0.0.1:$SIMULATOR_PORT/_simulator/reset', method='POST'), timeout=10)"; }
settled() { [ "$(summary | json 'it["settled"]')" = True ]; }
healthy() { [ "$(inspect "$1" '{{.State.Health.Status}}')" = healthy ]; }
restarted() { [ "$(inspect "$1" '{{.RestartCount}}')" -ge 1 ] && healthy "$1"; }
# Cuts a service off as a power failure would, behind the engine's back, so that its restart policy is what brings it back.
cut() { kill -KILL "$(inspect "$1" '{{.State.Pid}}')"; }
# check_books NAME [UNCONFIRMED_MAX]: the newest session's figures against what the simulator was asked since it last forgot.
check_books() {
    within 60 settled || fail "the summary did not settle: $(summary)"
    summary >"$work/$1-summary.json"
    requests >"$work/$1-requests.json"
    python3 "$here/check_books.py" "$work/$1-summary.json" "$work/$1-requests.json" "${@:2}" || fail "the books are wrong: $work/$1-summary.json"
}

# --- The meter is cut off in the middle. ---
start=$SECONDS
client generate --plain --yes "Why do volcanoes erupt?" >"$work/generate.log" 2>&1 &
generating=$!
within 60 recorded 4 || fail "no usage reached the meter within 60 s"
kill -0 "$generating" 2>/dev/null || fail "the video was finished before the meter could be killed"
cut meter
say "meter killed after $((SECONDS - start)) s, with at least 4 calls recorded"
within 60 restarted meter || fail "the engine did not bring the meter back"
wait "$generating" || fail "the client ended with code $?"
say "meter came back by itself, video made in $((SECONDS - start)) s"
check_books meter-killed

# --- The generator is cut off in the middle, and the video resumed. ---
first=$(summary | json 'it["session"]["session_id"]')
another() { [ "$(summary | json 'it["session"]["session_id"] != "'"$first"'" and it["event_count"] >= 3')" = True ]; }
forget_requests
start=$SECONDS
client generate --plain --yes --scenes 4 --resolution 360 "How do tides work?" >"$work/generate.log" 2>&1 &
generating=$!
within 60 another || fail "no usage of the second video reached the meter within 60 s"
cut generator
say "generator killed after $((SECONDS - start)) s, with at least 3 calls recorded"
wait "$generating" && fail "the client says that all is well although the generator was killed"
within 60 restarted generator || fail "the engine did not bring the generator back"
client resume --plain >"$work/generate.log" 2>&1 || fail "the video could not be resumed: code $?"
say "generator came back by itself, video resumed and made in $((SECONDS - start)) s"
# At most the calls in flight at the kill: four images and four narrations at once.
check_books generator-killed 8
second=$(summary | json 'it["session"]["title"]')

# --- The meter is away for the whole run. ---
forget_requests
start=$SECONDS
compose stop meter >/dev/null 2>&1
compose run --rm -T --no-deps client generate --plain --yes --scenes 3 --resolution 360 "Why is the sky blue?" >"$work/generate.log" 2>&1 ||
    fail "no video without the meter: code $?"
compose start meter >/dev/null 2>&1
within 60 healthy meter || fail "the meter did not come up again"
third() { [ "$(summary | json 'it["session"]["title"]')" != "$second" ]; }
within 60 third || fail "the usage of the video made without the meter did not arrive"
say "video made without the meter, its usage delivered later, in $((SECONDS - start)) s"
check_books meter-away

rm -rf "$work/videos"
compose cp generator:/videos "$work/videos" >/dev/null 2>&1 || fail "the videos cannot be copied out"
mapfile -t videos < <(find "$work/videos" -name '*.mp4')
[ ${#videos[@]} = 3 ] || fail "expected three videos, found ${#videos[@]}"
for video in "${videos[@]}"; do
    scripts/playback.sh "$video" 10
done

start=$SECONDS
compose stop >/dev/null 2>&1
for service in meter generator simulator; do
    code=$(inspect "$service" '{{.State.ExitCode}}')
    [ "$code" = 0 ] || fail "$service ended with code $code when it was asked to stop"
done
[ $((SECONDS - start)) -le 10 ] || fail "stopping took $((SECONDS - start)) s"
say "all stopped in good order in $((SECONDS - start)) s"

say "done"
