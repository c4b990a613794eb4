#!/usr/bin/env bash
# Runs the Python integration tests against a meter binary: tests/python/run.sh target/release/meter
# Needs python3 with venv. Keeps its environment and the generated code under target/python.
set -euo pipefail
binary=$(realpath "${1:?usage: tests/python/run.sh METER_BINARY}")
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$root/target/python
mkdir -p "$work/generated"
if ! cmp -s "$here/requirements.txt" "$work/requirements.txt"; then
    python3 -m venv --clear "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$work/requirements.txt"
fi
(cd "$root/proto" && "$work/venv/bin/python" -m grpc_tools.protoc -I . \
    --python_out="$work/generated" --grpc_python_out="$work/generated" \
    reelmeter/meter/v1/*.proto reelmeter/generator/v1/*.proto)
export METER_BINARY=$binary PYTHONPATH=$work/generated:$here PYTHONDONTWRITEBYTECODE=1
exec "$work/venv/bin/python" -m pytest -q -p no:cacheprovider "$here"
