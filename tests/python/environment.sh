# Sourced: a Python with gRPC and the generated code of the contract, under target/python. Sets `python` and PYTHONPATH.
# Needs python3 with venv.
python_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python_work=$python_root/target/python
python=$python_work/venv/bin/python
mkdir -p "$python_work/generated"
if ! cmp -s "$python_root/tests/python/requirements.txt" "$python_work/requirements.txt"; then
    python3 -m venv --clear "$python_work/venv"
    "$python_work/venv/bin/pip" install --quiet --disable-pip-version-check -r "$python_root/tests/python/requirements.txt"
    cp "$python_root/tests/python/requirements.txt" "$python_work/requirements.txt"
fi
(cd "$python_root/proto" && "$python" -m grpc_tools.protoc -I . \
    --python_out="$python_work/generated" --grpc_python_out="$python_work/generated" \
    reelmeter/meter/v1/*.proto reelmeter/generator/v1/*.proto)
export PYTHONPATH=$python_work/generated PYTHONDONTWRITEBYTECODE=1
