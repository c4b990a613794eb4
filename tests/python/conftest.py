"""Starts the real meter on a free port of its own for each test that asks for one."""

import os
import socket
import subprocess
import time

import grpc
import pytest


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Meter:
    """A meter process over one folder; it can be killed and started again."""

    def __init__(self, folder):
        self.folder = folder
        self.address = f"127.0.0.1:{free_port()}"
        self.process = None
        self.start()

    def start(self):
        self.log = open(self.folder / "meter.log", "ab")
        self.process = subprocess.Popen(
            [os.environ["METER_BINARY"], "--meter-listen", self.address,
             "--meter-store", f"sqlite://{self.folder}/meter.db"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            env={k: v for k, v in os.environ.items() if not k.startswith("METER_") or k == "METER_BINARY"},
        )
        deadline = time.monotonic() + 30
        while True:
            with grpc.insecure_channel(self.address) as channel:
                try:
                    grpc.channel_ready_future(channel).result(timeout=1)
                    return
                except grpc.FutureTimeoutError:
                    assert self.process.poll() is None, (self.folder / "meter.log").read_text()
                    assert time.monotonic() < deadline, "the meter did not come up within 30 s"

    def kill(self):
        self.process.kill()
        self.process.wait(10)

    def stop(self):
        self.process.terminate()
        assert self.process.wait(15) == 0, (self.folder / "meter.log").read_text()


@pytest.fixture
def meter(tmp_path):
    meter = Meter(tmp_path)
    yield meter
    if meter.process.poll() is None:
        meter.stop()
