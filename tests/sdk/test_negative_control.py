"""The suite itself is tested: against answers that a proxy breaks, it must fail."""

import os
import pathlib
import subprocess
import sys

import pytest

pytest.importorskip("elevenlabs")

import breaking_proxy  # noqa: E402

HERE = pathlib.Path(__file__).parent

STRICT = "test_strict.py"
# What is broken, and a test that must notice. Each of these tests passes when nothing is broken.
CONTROLS = [
    ("snake_case_usage", "test_google.py::test_a_script_is_written_under_every_version"),
    ("without_overage", f"{STRICT}::test_elevenlabs_bodies_have_every_required_field"),
    ("without_overage", "test_corpus.py::test_a_body_has_the_shape_of_the_public_one[elevenlabs_subscription]"),
    ("events_run_together", f"{STRICT}::test_google_stream_events_are_separated_and_pass_the_strict_model"),
    ("counts_as_text", f"{STRICT}::test_google_bodies_pass_the_strict_model"),
    ("counts_as_text", "test_corpus.py::test_a_body_has_the_shape_of_the_public_one[gemini_text]"),
    ("unknown_field", f"{STRICT}::test_google_bodies_pass_the_strict_model"),
    ("without_eval_count", f"{STRICT}::test_ollama_bodies_have_every_required_key"),
    ("without_cost", "test_elevenlabs.py::test_the_cost_is_in_the_header"),
]


def run(simulator, name, tests):
    url, stop = breaking_proxy.start(simulator.url, breaking_proxy.BREAKS[name])
    try:
        environment = {**os.environ, "SIMULATOR_URL": url, "SIMULATOR_CONTROL_URL": simulator.control}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
        return subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=120)
    finally:
        stop()


@pytest.mark.parametrize("name,test", CONTROLS, ids=[f"{name}-{test.split('::')[1][:40]}" for name, test in CONTROLS])
def test_a_broken_simulator_is_noticed(simulator, name, test):
    done = run(simulator, name, [test])
    assert done.returncode == 1, f"{test} did not notice {name}:\n{done.stdout}{done.stderr}"


def test_the_same_tests_pass_when_the_proxy_breaks_nothing(simulator):
    done = run(simulator, "nothing", sorted({test for _, test in CONTROLS}))
    assert done.returncode == 0, done.stdout + done.stderr
