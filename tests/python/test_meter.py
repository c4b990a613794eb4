"""grpcio against the real meter: the contract as a stranger's generated code sees it."""

import subprocess
import sys
import threading
import uuid
from decimal import Decimal
from pathlib import Path

import grpc
import pytest
from reelmeter.meter.v1 import meter_service_pb2 as pb
from reelmeter.meter.v1 import meter_service_pb2_grpc as pb_grpc
from reelmeter.meter.v1 import pricing_pb2, pricing_service_pb2, pricing_service_pb2_grpc
from reelmeter.meter.v1 import money_pb2, usage_pb2

from meter_my_tool import call_event, headline


@pytest.fixture
def channel(meter):
    with grpc.insecure_channel(meter.address) as channel:
        yield channel


@pytest.fixture
def stub(channel):
    return pb_grpc.MeterServiceStub(channel)


def record(stub, *events):
    response = stub.RecordUsage(pb.RecordUsageRequest(events=events), timeout=20)
    return [usage_pb2.RecordStatus.Name(o.status).removeprefix("RECORD_STATUS_") for o in response.outcomes]


def summary(stub, session_id):
    return stub.GetSummary(pb.GetSummaryRequest(session_id=session_id), timeout=20).summary


def assert_sums(s):
    total = Decimal(s.total_cost.amount or "0")
    assert sum(Decimal(e.cost.amount) for e in s.by_model if e.HasField("cost")) == total
    assert sum(Decimal(e.cost.amount) for e in s.by_service if e.HasField("cost")) == total


def test_the_example_of_the_documents_comes_out_exactly(stub):
    record(stub, call_event("s", "gemini-2.5-flash", input_tokens=1_000_000, output_tokens=50_000, images=5))
    s = summary(stub, "s")
    costs = {m.metric: m.cost.amount for m in s.by_model[0].metrics}
    assert {k: Decimal(v) for k, v in costs.items()} == {
        "input_tokens": Decimal("0.50"), "output_tokens": Decimal("0.075"), "images": Decimal("0.20")}
    assert Decimal(s.total_cost.amount) == Decimal("0.775")
    assert_sums(s)


def test_a_subscription_shows_characters_and_no_money(stub):
    event = usage_pb2.UsageEvent(
        event_id=str(uuid.uuid4()), session_id="s", service="elevenlabs", model="JBFqnCBsd6RMkjVDRZzb",
        rate_model="eleven_multilingual_v2", model_display_name="George",
        quantities=[usage_pb2.Quantity(metric="characters", value=5000, basis=usage_pb2.QUANTITY_BASIS_COUNTED)])
    assert record(stub, event) == ["RECORDED"]
    model = summary(stub, "s").by_model[0]
    assert model.display_name == "George"
    assert model.metrics[0].quantity == 5000
    assert model.metrics[0].state == pricing_pb2.PRICING_STATE_SUBSCRIPTION
    assert not model.HasField("cost") and not model.metrics[0].HasField("cost")


def test_an_unknown_model_is_unpriced_and_in_the_headline(stub):
    event = call_event("s", "gpt-99", input_tokens=10)
    event.service = "somebody"
    record(stub, event)
    s = summary(stub, "s")
    assert headline(s) == "$0 + 10 input_tokens unpriced"
    assert s.by_model[0].metrics[0].state == pricing_pb2.PRICING_STATE_UNPRICED
    assert not s.by_model[0].metrics[0].HasField("cost")


def test_every_event_of_a_batch_gets_its_own_outcome(stub):
    good = call_event("s", "gemini-2.5-flash", input_tokens=1)
    other = usage_pb2.UsageEvent()
    other.CopyFrom(good)
    other.quantities[0].value = 2
    bad = call_event("s", "gemini-2.5-flash", input_tokens=-1)
    response = stub.RecordUsage(pb.RecordUsageRequest(events=[good, good, other, bad]))
    names = [usage_pb2.RecordStatus.Name(o.status).removeprefix("RECORD_STATUS_") for o in response.outcomes]
    assert names == ["RECORDED", "DUPLICATE", "CONFLICT", "INVALID"]
    assert response.outcomes[3].field == "quantities[0].value"
    assert response.outcomes[3].reason
    assert summary(stub, "s").event_count == 1


def test_a_watcher_sees_each_change_and_the_settled_end(stub):
    seen, settled = [], threading.Event()
    stub.StartSession(pb.StartSessionRequest(session_id="s"))
    watch = stub.WatchSummary(pb.WatchSummaryRequest(session_id="s"), timeout=60)

    def read():
        for message in watch:
            if message.HasField("summary"):
                assert_sums(message.summary)
                seen.append(message.summary)
        settled.set()

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    for _ in range(5):
        record(stub, call_event("s", "gemini-2.5-flash", images=1))
    stub.EndSession(pb.EndSessionRequest(session_id="s"))
    assert settled.wait(30), "the stream of an ended session ends"
    revisions = [s.revision for s in seen]
    assert revisions == sorted(revisions)
    assert seen[-1].settled and seen[-1].ended
    assert Decimal(seen[-1].total_cost.amount) == Decimal("0.2")


def test_an_override_prices_the_running_session_and_not_the_ended_one(stub, channel):
    prices = pricing_service_pb2_grpc.PricingServiceStub(channel)
    for session in ("ended", "running"):
        record(stub, call_event(session, "gemini-2.5-flash", input_tokens=1_000_000))
    stub.EndSession(pb.EndSessionRequest(session_id="ended"))
    prices.SetRates(pricing_service_pb2.SetRatesRequest(rates=[pricing_pb2.Rate(
        service="gemini", model="gemini-2.5-flash", metric="input_tokens", unit_size=1_000_000,
        amount=money_pb2.Money(currency_code="USD", amount="0.30"))]))
    assert Decimal(summary(stub, "running").total_cost.amount) == Decimal("0.30")
    assert Decimal(summary(stub, "ended").total_cost.amount) == Decimal("0.50")
    prices.ResetRates(pricing_service_pb2.ResetRatesRequest())
    assert Decimal(summary(stub, "running").total_cost.amount) == Decimal("0.50")


def test_a_killed_meter_has_everything_that_it_acknowledged(meter):
    acknowledged = []
    for _ in range(3):
        with grpc.insecure_channel(meter.address) as channel:
            stub = pb_grpc.MeterServiceStub(channel)
            for _ in range(20):
                event = call_event("s", "gemini-2.5-flash", input_tokens=7)
                assert record(stub, event) == ["RECORDED"]
                acknowledged.append(event)
        meter.kill()
        meter.start()
    with grpc.insecure_channel(meter.address) as channel:
        stub = pb_grpc.MeterServiceStub(channel)
        assert summary(stub, "s").event_count == len(acknowledged)
        assert record(stub, *acknowledged) == ["DUPLICATE"] * len(acknowledged)
        assert summary(stub, "s").by_model[0].metrics[0].quantity == 7 * len(acknowledged)


def test_a_bad_request_names_the_field(stub):
    with pytest.raises(grpc.RpcError) as error:
        stub.StartSession(pb.StartSessionRequest(session_id="x" * 129))
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "session_id" in error.value.details()


def test_the_example_program_works_as_it_stands(meter):
    example = Path(__file__).with_name("meter_my_tool.py")
    out = subprocess.run([sys.executable, example, meter.address], capture_output=True, text=True, timeout=60)
    assert out.returncode == 0, out.stderr
    assert "recorded: RECORD_STATUS_RECORDED" in out.stdout
    assert "sent again: RECORD_STATUS_DUPLICATE" in out.stdout
    assert "$0.775" in out.stdout
