# Sourced by the container test: makes sure that a Docker engine runs, and stops only what it started.
#
#   . tests/compose/engine.sh
#   engine_up FOLDER     uses the engine that is running, or starts one that keeps everything in FOLDER
#   engine_down          stops the engine if engine_up started it
#
# Our engine listens on a socket of its own (DOCKER_HOST says which) and its images lie in FOLDER: the machine's own
# engine, where there is one, is neither used nor touched by it.

ENGINE_PID=
ENGINE_RUN=

engine_up() {
    local folder=$1
    if docker info >/dev/null 2>&1; then
        echo "engine: using the one that is running"
        return
    fi
    if [ "$(id -u)" != 0 ]; then
        echo "error: no Docker engine is running, and only root can start one: start it, or run this as root" >&2
        return 1
    fi
    mkdir -p "$folder"
    # A socket's path may have 107 characters, which a work tree's often has already.
    ENGINE_RUN=$(mktemp -d /tmp/reelmeter-engine.XXXXXX)
    local socket=unix://$ENGINE_RUN/docker.sock
    dockerd --host "$socket" --data-root "$folder/data" --exec-root "$ENGINE_RUN/exec" --pidfile "$ENGINE_RUN/pid" \
        >"$folder/dockerd.log" 2>&1 </dev/null &
    ENGINE_PID=$!
    export DOCKER_HOST=$socket
    local second
    for second in $(seq 60); do
        if docker info >/dev/null 2>&1; then
            echo "engine: started in ${second} s ($(docker version --format '{{.Server.Version}}'))"
            return
        fi
        kill -0 "$ENGINE_PID" 2>/dev/null || break
        sleep 1
    done
    echo "error: the Docker engine did not come up; the end of $folder/dockerd.log:" >&2
    tail -n 15 "$folder/dockerd.log" >&2
    engine_down
    return 1
}

engine_down() {
    [ -n "$ENGINE_PID" ] || return 0
    kill "$ENGINE_PID" 2>/dev/null || true
    wait "$ENGINE_PID" 2>/dev/null || true
    rm -rf "$ENGINE_RUN"
    ENGINE_PID=
    unset DOCKER_HOST
}
