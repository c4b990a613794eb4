"""Record a tool's own usage in a running meter and watch what it costs.

This is the whole integration: generate the stubs from the .proto files, then two calls. Run it against a meter:

    python meter_my_tool.py 127.0.0.1:50051
"""

import sys
import time
import uuid

import grpc

from reelmeter.meter.v1 import meter_service_pb2 as meter
from reelmeter.meter.v1 import meter_service_pb2_grpc as meter_grpc
from reelmeter.meter.v1 import pricing_pb2 as pricing
from reelmeter.meter.v1 import usage_pb2 as usage


def call_event(session_id, model, **quantities):
    """One provider call, as the meter wants to hear of it."""
    return usage.UsageEvent(
        # Chosen before the provider is called, so that sending it again counts once.
        event_id=str(uuid.uuid4()),
        session_id=session_id,
        service="gemini",
        model=model,
        quantities=[
            usage.Quantity(metric=metric, value=value, basis=usage.QUANTITY_BASIS_REPORTED)
            for metric, value in quantities.items()
        ],
    )


def headline(summary):
    """`$0.775 + 2 images unpriced`: what has no price is said, never taken for zero."""
    parts = [f"${summary.total_cost.amount or '0'}"]
    parts += [f"{u.quantity} {u.metric} unpriced" for u in summary.unpriced]
    return " + ".join(parts)


def main(address):
    with grpc.insecure_channel(address) as channel:
        stub = meter_grpc.MeterServiceStub(channel)
        session_id = f"my-tool-{uuid.uuid4()}"
        stub.StartSession(
            meter.StartSessionRequest(session_id=session_id, title="My own tool", labels={"team": "films"})
        )
        watch = stub.WatchSummary(meter.WatchSummaryRequest(session_id=session_id))
        event = call_event(
            session_id, "gemini-2.5-flash", input_tokens=1_000_000, output_tokens=50_000, images=5
        )
        outcome = stub.RecordUsage(meter.RecordUsageRequest(events=[event])).outcomes[0]
        print("recorded:", usage.RecordStatus.Name(outcome.status))
        # A lost answer is no problem: the same id counts once.
        again = stub.RecordUsage(meter.RecordUsageRequest(events=[event])).outcomes[0]
        print("sent again:", usage.RecordStatus.Name(again.status))
        stub.EndSession(meter.EndSessionRequest(session_id=session_id))
        for message in watch:
            if not message.HasField("summary"):
                continue  # a heartbeat
            print(time.strftime("%H:%M:%S"), headline(message.summary))
            for model in message.summary.by_model:
                for metric in model.metrics:
                    state = pricing.PricingState.Name(metric.state).removeprefix("PRICING_STATE_").lower()
                    print(f"  {model.model} {metric.metric} {metric.quantity:,} {state} {metric.cost.amount}")
            if message.summary.settled:
                break


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:50051")
