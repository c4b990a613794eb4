"""A simulator for the tests: started once, reset before each test."""

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest

KEY = "sim"


class Simulator:
    """Where the simulator is, and what it says that it was asked."""

    def __init__(self, url, control):
        self.url = url
        self.control = control

    def post(self, path, body, headers=None, url=None):
        """Posts JSON; gives status, headers and the raw body, also of an error."""
        headers = {"content-type": "application/json", "x-goog-api-key": KEY, "xi-api-key": KEY, **(headers or {})}
        request = urllib.request.Request((url or self.url) + path, json.dumps(body).encode(), headers)
        return self._open(request)

    def get(self, path, headers=None, url=None):
        """Gets; gives status, headers and the raw body."""
        headers = {"x-goog-api-key": KEY, **(headers or {})}
        return self._open(urllib.request.Request((url or self.url) + path, headers=headers))

    def _open(self, request):
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def faults(self, rules):
        """What goes wrong next."""
        status, _, body = self.post("/_simulator/faults", {"rules": rules}, url=self.control)
        assert status == 200, body

    def reset(self):
        self.post("/_simulator/reset", {}, url=self.control)

    def count(self, operation):
        """How many calls of an operation there were, however they ended."""
        _, _, body = self.get("/_simulator/requests", url=self.control)
        return sum(count["requests"] for count in json.loads(body)["counts"] if count["operation"] == operation)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_healthy(url, process, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the simulator ended with code {process.returncode}"
        try:
            with urllib.request.urlopen(url + "/healthz", timeout=1) as response:
                if response.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"no simulator at {url} within {seconds} s")


@pytest.fixture(scope="session")
def running():
    """The simulator under test: the one that a control names, or one of our own."""
    url = os.environ.get("SIMULATOR_URL")
    if url:
        yield Simulator(url, os.environ["SIMULATOR_CONTROL_URL"])
        return
    binary = os.environ.get("SIMULATOR_BINARY")
    assert binary, "set SIMULATOR_BINARY, or run tests/sdk/run.sh"
    port = free_port()
    environment = {**os.environ, "SIMULATOR_LATENCY": "0", "SIMULATOR_FAULTS": ""}
    process = subprocess.Popen([binary, "--simulator-listen", f"127.0.0.1:{port}"], env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_healthy(url, process)
        yield Simulator(url, url)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


@pytest.fixture
def simulator(running):
    running.reset()
    return running
