"""OpenTelemetry's own Python exporter against the real meter: a tool that has never heard of it is metered."""

from decimal import Decimal

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, Status, StatusCode
from reelmeter.meter.v1 import meter_service_pb2 as pb
from reelmeter.meter.v1 import meter_service_pb2_grpc as pb_grpc
from reelmeter.meter.v1 import usage_pb2


class Kept(SpanExporter):
    """Keeps the finished spans, so that a test can export them as often as it likes."""

    def __init__(self):
        self.spans = []

    def export(self, spans):
        self.spans.extend(spans)
        return SpanExportResult.SUCCESS


@pytest.fixture
def stub(meter):
    with grpc.insecure_channel(meter.address) as channel:
        yield pb_grpc.MeterServiceStub(channel)


def exporter(meter, compression=None):
    return OTLPSpanExporter(endpoint=f"http://{meter.address}", insecure=True, timeout=20, compression=compression)


def tool(**resource):
    kept = Kept()
    provider = TracerProvider(resource=Resource.create({"service.name": "a tool", **resource}))
    provider.add_span_processor(SimpleSpanProcessor(kept))
    return provider.get_tracer("test"), kept


def chat(tracer, model="gemini-2.5-flash", provider="gcp.gemini", **usage):
    with tracer.start_as_current_span(f"chat {model}", kind=SpanKind.CLIENT) as span:
        span.set_attribute("gen_ai.operation.name", "chat")
        span.set_attribute("gen_ai.provider.name", provider)
        span.set_attribute("gen_ai.request.model", model)
        span.set_attribute("gen_ai.response.model", model)
        span.set_attribute("gen_ai.input.messages", "a prompt that nobody else shall read")
        for name, value in usage.items():
            span.set_attribute("gen_ai.usage." + name.replace("__", "."), value)
        return span


def summary(stub, session_id):
    return stub.GetSummary(pb.GetSummaryRequest(session_id=session_id), timeout=20).summary


def quantities(s):
    return {m.metric: m.quantity for e in s.by_model for m in e.metrics}


def test_a_call_is_metered_once_however_often_its_span_is_exported(meter, stub):
    tracer, kept = tool(**{"reelmeter.session.id": "run"})
    chat(tracer, input_tokens=1_000_000, cache_read__input_tokens=400_000,
         output_tokens=50_000, reasoning__output_tokens=20_000)
    out = exporter(meter)
    for _ in range(3):
        assert out.export(kept.spans) is SpanExportResult.SUCCESS
    s = summary(stub, "run")
    assert s.event_count == 1
    assert quantities(s) == {"input_tokens": 600_000, "cached_input_tokens": 400_000,
                             "output_tokens": 30_000, "thinking_tokens": 20_000}
    assert Decimal(s.total_cost.amount) == Decimal("0.575")
    event = stub.ListEvents(pb.ListEventsRequest(), timeout=20).events[0].event
    assert "nobody else" not in str(event)
    assert event.labels["service.name"] == "a tool"
    assert event.stage == "chat"


def test_the_exporters_compression_is_understood(meter, stub):
    tracer, kept = tool(**{"reelmeter.session.id": "run"})
    chat(tracer, input_tokens=7, output_tokens=3)
    assert exporter(meter, grpc.Compression.Gzip).export(kept.spans) is SpanExportResult.SUCCESS
    assert quantities(summary(stub, "run")) == {"input_tokens": 7, "output_tokens": 3}


def test_a_trace_is_a_session_where_nothing_else_says_so(meter, stub):
    tracer, kept = tool()
    with tracer.start_as_current_span("invoke_agent planner") as agent:
        agent.set_attribute("gen_ai.operation.name", "invoke_agent")
        agent.set_attribute("gen_ai.usage.input_tokens", 30)
        chat(tracer, input_tokens=10, output_tokens=1)
        chat(tracer, input_tokens=20, output_tokens=2)
    with tracer.start_as_current_span("no call at all"):
        pass
    exporter(meter).export(kept.spans)
    trace = format(kept.spans[0].context.trace_id, "032x")
    s = summary(stub, f"trace-{trace}")
    assert s.event_count == 2, "the agent's sum of its calls is not another call"
    assert s.tokens.input_token_count == 30


def test_a_failed_call_and_an_unknown_model_say_what_they_are(meter, stub):
    tracer, kept = tool(**{"reelmeter.session.id": "run"})
    with tracer.start_as_current_span("chat") as span:
        span.set_attribute("gen_ai.system", "openai")
        span.set_attribute("gen_ai.request.model", "gpt-nobody-knows")
        span.set_attribute("gen_ai.usage.prompt_tokens", 11)
        span.set_status(Status(StatusCode.ERROR, "cut off"))
    exporter(meter).export(kept.spans)
    s = summary(stub, "run")
    assert s.failed_call_count == 1
    assert [(u.service, u.metric, u.quantity) for u in s.unpriced] == [("openai", "input_tokens", 11)]
    listed = stub.ListEvents(pb.ListEventsRequest(), timeout=20).events[0].event
    assert listed.outcome == usage_pb2.CALL_OUTCOME_FAILED


def test_a_span_that_cannot_be_recorded_is_counted_and_named(meter, stub):
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
    tracer, kept = tool(**{"reelmeter.session.id": "run"})
    chat(tracer, input_tokens=1, output_tokens=1)
    chat(tracer, input_tokens=-1, output_tokens=1)
    with grpc.insecure_channel(meter.address) as channel:
        response = TraceServiceStub(channel).Export(encode_spans(kept.spans), timeout=20)
    assert response.partial_success.rejected_spans == 1
    assert "not a whole number" in response.partial_success.error_message
    assert summary(stub, "run").event_count == 1
