"""Records at several meters over one ledger while they and their database are killed, and compares their books.

    recorder.py record PROMISED.json STOP ADDRESS...   until a file STOP is there
    recorder.py check PROMISED.json ADDRESS...         what every meter counts against what was promised

A batch is delivered until somebody has answered for it, wherever, always with the same ids. PROMISED.json is written anew
as answers come: the events, tokens and deliveries so far. Meanwhile watchers move from meter to meter and must never see a
session go back.
"""

import json
import os
import sys
import threading
import time
import uuid

import grpc

from reelmeter.meter.v1 import meter_service_pb2 as meter
from reelmeter.meter.v1 import meter_service_pb2_grpc as meter_grpc
from reelmeter.meter.v1 import usage_pb2 as usage

SESSIONS = 3
BATCHES = [1, 1, 5, 20, 100]
TOKENS = 7
# How long one call may take: then another meter is asked.
CALL_TIMEOUT_S = 5
# Nothing takes longer unless it is broken.
PATIENCE_S = 90
TAKEN = (usage.RECORD_STATUS_RECORDED, usage.RECORD_STATUS_DUPLICATE)


def stub(address):
    # A meter that comes back is asked again soon.
    return meter_grpc.MeterServiceStub(grpc.insecure_channel(address, options=[("grpc.max_reconnect_backoff_ms", 500)]))


class Recorders:
    def __init__(self, promised, stop, addresses):
        self.file, self.stop, self.addresses = promised, stop, addresses
        self.lock = threading.Lock()
        self.promised = {f"s{session}": 0 for session in range(SESSIONS)}
        self.batches = self.repeated = self.shown = 0
        self.wrong = []

    def is_over(self):
        return bool(self.wrong) or os.path.exists(self.stop)

    def write(self):
        with self.lock:
            text = json.dumps({"events": self.promised, "batches": self.batches, "repeated": self.repeated,
                               "summaries": self.shown})
        with open(self.file + ".new", "w") as new:
            new.write(text)
        os.replace(self.file + ".new", self.file)

    def record(self, number, size):
        meters = [stub(address) for address in self.addresses]
        place = number
        while not self.is_over():
            sessions = [f"s{(number + event) % SESSIONS}" for event in range(size)]
            quantity = usage.Quantity(metric="input_tokens", value=TOKENS, basis=usage.QUANTITY_BASIS_REPORTED)
            events = [usage.UsageEvent(event_id=str(uuid.uuid4()), session_id=session, service="gemini",
                                       model="gemini-2.5-flash", quantities=[quantity]) for session in sessions]
            deadline = time.monotonic() + PATIENCE_S
            while True:
                try:
                    request = meter.RecordUsageRequest(events=events, recorder_id=f"recorder {number}")
                    outcomes = meters[place % len(meters)].RecordUsage(request, timeout=CALL_TIMEOUT_S).outcomes
                    break
                except grpc.RpcError as error:
                    with self.lock:
                        self.repeated += 1
                    if time.monotonic() > deadline:
                        self.wrong.append(f"nobody answered for {PATIENCE_S} s: {error}")
                        return
                    place += 1
                    time.sleep(0.05)
            for outcome in outcomes:
                if outcome.status not in TAKEN:
                    self.wrong.append(f"an event was not taken: {outcome}")
            with self.lock:
                self.batches += 1
                for session in sessions:
                    self.promised[session] += 1

    def watch(self, session):
        meters = [stub(address) for address in self.addresses]
        seen = (0, 0)
        place = 0
        while not self.is_over():
            place += 1
            request = meter.WatchSummaryRequest(session_id=session, resume_revision=seen[0])
            try:
                left = 5
                for message in meters[place % len(meters)].WatchSummary(request, timeout=CALL_TIMEOUT_S):
                    if not message.HasField("summary"):
                        continue
                    now = (message.summary.revision, message.summary.event_count)
                    if now[0] < seen[0] or now[1] < seen[1]:
                        self.wrong.append(f"{session} went back from {seen} to {now} (revision, events)")
                    seen = now
                    with self.lock:
                        self.shown += 1
                    left -= 1
                    if left == 0:
                        break
            except grpc.RpcError:
                time.sleep(0.1)

    def run(self):
        threads = [threading.Thread(target=self.record, args=it) for it in enumerate(BATCHES)]
        threads += [threading.Thread(target=self.watch, args=(session,)) for session in self.promised]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            self.write()
            time.sleep(0.1)
        self.write()
        if self.repeated == 0:
            self.wrong.append("no delivery failed: the kills were not felt")
        return self.wrong


def check(promised, addresses):
    wrong = []
    for address in addresses:
        asked = stub(address)
        for session, events in promised["events"].items():
            request = meter.GetSummaryRequest(session_id=session)
            summary = asked.GetSummary(request, timeout=30, wait_for_ready=True).summary
            counted = (summary.event_count, summary.tokens.total_token_count)
            if counted != (events, events * TOKENS):
                wrong.append(f"{address} counts {counted} events and tokens of {session}, promised were {events}")
    return wrong


def main(what, file, *rest):
    if what == "record":
        wrong = Recorders(file, rest[0], rest[1:]).run()
    else:
        wrong = check(json.load(open(file)), rest)
    for line in wrong:
        print(f"books: {line}", file=sys.stderr)
    if wrong:
        sys.exit(1)
    done = json.load(open(file))
    print(f"books: {sum(done['events'].values())} events promised in {done['batches']} batches, {done['repeated']} deliveries "
          f"repeated, {done['summaries']} summaries watched" + (f": each of {len(rest)} meters says the same" if what == "check" else ""))


if __name__ == "__main__":
    main(*sys.argv[1:])
