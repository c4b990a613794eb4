#!/usr/bin/env bash
# Compares reelmeter-rating with the genai-prices and LiteLLM packages: tests/oracle/run.sh PROGRAM [--cases N] [--seed N]
# PROGRAM is the example rate_jsonl: cargo build --release -p reelmeter-rating --example rate_jsonl
# Needs python3 with venv. Keeps its environment under target/oracle; asks no network once that is there.
set -euo pipefail
program=$(realpath "${1:?usage: tests/oracle/run.sh PROGRAM [--cases N] [--seed N]}")
shift
here=$(cd "$(dirname "$0")" && pwd)
work=$here/../../target/oracle
mkdir -p "$work"
if ! cmp -s "$here/requirements.txt" "$work/requirements.txt"; then
    python3 -m venv --clear "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$work/requirements.txt"
fi
PYTHONDONTWRITEBYTECODE=1 exec "$work/venv/bin/python" "$here/compare.py" "$program" "$@"
