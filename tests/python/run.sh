#!/usr/bin/env bash
# Runs the Python integration tests against a meter binary: tests/python/run.sh target/release/meter
# Needs python3 with venv. Keeps its environment and the generated code under target/python.
set -euo pipefail
binary=$(realpath "${1:?usage: tests/python/run.sh METER_BINARY}")
here=$(cd "$(dirname "$0")" && pwd)
. "$here/environment.sh"
export METER_BINARY=$binary PYTHONPATH=$PYTHONPATH:$here
exec "$python" -m pytest -q -p no:cacheprovider "$here"
