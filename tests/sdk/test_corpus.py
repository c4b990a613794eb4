"""The simulator's bodies have the key sets and types of bodies that were seen in public.

Each file in corpus/ names its source, the request that should give such a body, keys that the public body
has and ours may leave out (`optional`), keys that ours has beyond it (`extra`), and the body.
"""

import json
import pathlib

import pytest

import asks

CORPUS = sorted((pathlib.Path(__file__).parent / "corpus").glob("*.json"))


def kind(value):
    """The JSON type; whole and broken numbers are one, as they are in JSON."""
    if value is None or isinstance(value, bool):
        return type(value).__name__
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def shape(value, path=""):
    """Every path in a body, with the JSON types seen there; the items of a list share one path."""
    found = {path: {kind(value)}} if path else {}
    if isinstance(value, dict):
        inner = [(f"{path}.{name}" if path else name, item) for name, item in value.items()]
    elif isinstance(value, list):
        inner = [(f"{path}[]", item) for item in value]
    else:
        inner = []
    for place, item in inner:
        for name, kinds in shape(item, place).items():
            found.setdefault(name, set()).update(kinds)
    return found


def asked(simulator, ask):
    headers = dict(ask.get("headers", {}))
    if "fault" in ask:
        headers["x-simulator-fault"] = ask["fault"]
    if "get" in ask:
        return simulator.get(ask["get"], {"xi-api-key": "sim", **headers})
    return simulator.post(getattr(asks, ask["path"]), getattr(asks, ask["body"]), headers)


def words(message):
    """A message without what differs from call to call: figures, names, quoted text."""
    return [word for word in message.split() if word.isalpha()]


@pytest.mark.parametrize("file", CORPUS, ids=[file.stem for file in CORPUS])
def test_a_body_has_the_shape_of_the_public_one(simulator, file):
    entry = json.loads(file.read_text())
    status, _, raw = asked(simulator, entry["ask"])
    assert status == entry["ask"].get("status", 200), raw
    ours, public = shape(json.loads(raw)), shape(entry["body"])
    missing = set(public) - set(ours) - set(entry["optional"])
    beyond = set(ours) - set(public) - set(entry["extra"])
    assert not missing and not beyond, f"missing {missing}, beyond {beyond}"
    differing = {path: (ours[path], public[path]) for path in set(ours) & set(public) if ours[path] != public[path]}
    assert not differing, differing


@pytest.mark.parametrize("file", [file for file in CORPUS if "_error_" in file.stem], ids=lambda file: file.stem)
def test_an_error_says_what_the_public_one_says(simulator, file):
    entry = json.loads(file.read_text())
    _, _, raw = asked(simulator, entry["ask"])
    ours, public = json.loads(raw), entry["body"]

    def sentence(body):
        error = body.get("error", body.get("detail"))
        if isinstance(error, list):
            error = error[0]
        return error if isinstance(error, str) else error.get("message", error.get("msg"))

    theirs = [word for word in words(sentence(public)) if word != "X"]
    said = words(sentence(ours))
    assert [word for word in theirs if word not in said] == []


def test_the_corpus_is_there():
    assert len(CORPUS) >= 20
