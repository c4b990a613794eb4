#!/usr/bin/env bash
# Runs the official Python SDKs against a simulator binary: tests/sdk/run.sh [--all] SIMULATOR_BINARY [pytest arguments]
# --all adds the older versions of google-genai. Virtual environments are kept in REELMETER_SDK_VENVS
# (default: target/sdk-venvs) and made again when the requirements change.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
venvs="${REELMETER_SDK_VENVS:-$root/target/sdk-venvs}"
python="${PYTHON:-python3}"

all=false
if [ "${1:-}" = "--all" ]; then
    all=true
    shift
fi
if [ $# -lt 1 ] || [ ! -x "$1" ]; then
    echo "usage: tests/sdk/run.sh [--all] SIMULATOR_BINARY [pytest arguments]" >&2
    echo "build the binary first: cargo build -p reelmeter-simulator" >&2
    exit 2
fi
SIMULATOR_BINARY="$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"
export SIMULATOR_BINARY
shift

# environment NAME REQUIREMENTS: a virtual environment with what a requirements file names.
environment() {
    local venv="$venvs/$1" requirements="$2"
    local stamp="$venv/requirements.stamp"
    if ! cmp -s "$requirements" "$stamp"; then
        rm -rf "$venv"
        "$python" -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
        cp "$requirements" "$stamp"
    fi
}

mkdir -p "$venvs"
cd "$here"
if $all; then
    for version in 1.75.0 2.34.0; do
        sed -e "s/^google-genai==.*/google-genai==$version/" -e '/^elevenlabs/d' -e '/^ollama/d' requirements.txt > "$venvs/google-$version.txt"
        environment "google-$version" "$venvs/google-$version.txt"
        echo "google-genai $version"
        "$venvs/google-$version/bin/python" -m pytest -q -p no:cacheprovider test_google.py "$@"
    done
fi
environment newest requirements.txt
exec "$venvs/newest/bin/python" -m pytest -q -p no:cacheprovider . "$@"
