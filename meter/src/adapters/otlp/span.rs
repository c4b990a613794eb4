//! A span of a call to a generative model as a usage event.
//!
//! Names of attributes: OpenTelemetry semantic conventions for generative AI (`gen_ai.*`, 1.38 to 1.42), with the older
//! names that instrumentations still send.

use std::collections::BTreeMap;
use std::fmt::Write;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use reelmeter_rating::metric::{
    CACHE_WRITE_INPUT_TOKENS, CACHED_INPUT_TOKENS, INPUT_TOKENS, OUTPUT_TOKENS, THINKING_TOKENS,
};
use reelmeter_rating::service::GEMINI;
use reelmeter_rating::{Basis, Outcome, Variant};

use super::attributes::{Attributes, Number};
use crate::domain::event::{Sent, SentEvent, SentQuantity, SentTime};
use crate::domain::problem::Problem;

const PROVIDER: [&str; 2] = ["gen_ai.provider.name", "gen_ai.system"];
const MODEL: [&str; 2] = ["gen_ai.response.model", "gen_ai.request.model"];
const OPERATION: [&str; 1] = ["gen_ai.operation.name"];
const INPUT: [&str; 2] = ["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"];
const OUTPUT: [&str; 2] = [
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
];
const CACHED: [&str; 3] = [
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.input_tokens.cached",
];
const CACHE_WRITE: [&str; 3] = [
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.input_tokens.cache_write",
];
const REASONING: [&str; 3] = [
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "gen_ai.usage.output_tokens.reasoning",
];
const TIER: [&str; 4] = [
    "openai.response.service_tier",
    "gen_ai.openai.response.service_tier",
    "openai.request.service_tier",
    "gen_ai.openai.request.service_tier",
];
const OWN_SESSION: [&str; 1] = ["reelmeter.session.id"];
const CONVERSATION: [&str; 2] = ["gen_ai.conversation.id", "session.id"];
const STAGE: [&str; 1] = ["reelmeter.stage"];
const SCENE: [&str; 1] = ["reelmeter.scene"];
const ATTEMPT: [&str; 1] = ["reelmeter.attempt"];
const SIMULATED: &str = "reelmeter.simulated";
const ERROR: [&str; 1] = ["error.type"];

/// Attributes that are kept as labels of the event: never a prompt, never an answer.
const LABELS: [&str; 2] = ["service.name", "gen_ai.agent.name"];
/// The label of an event whose provider's counts do not add up.
const ODD_COUNTS: &str = "otel.counts";

/// Operations whose usage is that of calls which have spans of their own, where they run in the same process.
const SUMS_OF_CALLS: [&str; 2] = ["invoke_agent", "invoke_workflow"];
/// Operations that are no call to a model, whatever they carry.
const NO_CALLS: [&str; 3] = ["create_agent", "execute_tool", "retrieval"];

/// The provider's names for what the price books call `gemini`: the Gemini API and whatever Google's own library asks.
/// Vertex AI has prices of its own and stays what it is.
const GEMINI_NAMES: [&str; 4] = [GEMINI, "gcp.gemini", "gcp.gen_ai", "google"];

/// The event of a span; `None` if the span is not that of a call which used something.
pub(super) fn event(span: &Span, resource: &[KeyValue]) -> Option<Result<SentEvent, Problem>> {
    let attributes = Attributes {
        span: &span.attributes,
        resource,
    };
    let operation = attributes.text(&OPERATION).unwrap_or_default();
    let is_sum = SUMS_OF_CALLS.contains(&operation) && span.kind() != SpanKind::Client;
    if is_sum || NO_CALLS.contains(&operation) {
        return None;
    }
    let counts = Counts::read(&attributes)?;
    Some(call(span, &attributes, operation, counts))
}

fn call(
    span: &Span,
    attributes: &Attributes<'_>,
    operation: &str,
    counts: Result<Counts, Problem>,
) -> Result<SentEvent, Problem> {
    let counts = counts?;
    let missing = |field: &str, names: &[&str]| {
        let names = names.join(" or ");
        Problem::new(field, format!("the span names none in {names}"))
    };
    let provider = attributes
        .text(&PROVIDER)
        .ok_or_else(|| missing("service", &PROVIDER))?;
    let model = attributes
        .text(&MODEL)
        .ok_or_else(|| missing("model", &MODEL))?;
    if span.trace_id.len() != 16 || span.span_id.len() != 8 {
        return Err(Problem::new(
            "event_id",
            "is made of the trace id (16 bytes) and the span id (8 bytes), which the span has not",
        ));
    }
    let trace = hex(&span.trace_id);
    let mut labels: BTreeMap<String, String> = LABELS
        .iter()
        .filter_map(|name| {
            let text = attributes.text_anywhere(&[name])?;
            Some(((*name).to_owned(), text.to_owned()))
        })
        .collect();
    let (quantities, odd) = counts.disjoint();
    if let Some(odd) = odd {
        labels.insert(ODD_COUNTS.to_owned(), odd);
    }
    let failed = span
        .status
        .as_ref()
        .is_some_and(|status| status.code() == StatusCode::Error)
        || attributes.text(&ERROR).is_some();
    Ok(SentEvent {
        event_id: format!("otel/{trace}/{}", hex(&span.span_id)),
        session_id: attributes
            .text_anywhere(&OWN_SESSION)
            .or_else(|| attributes.text(&CONVERSATION))
            .map_or_else(|| format!("trace-{trace}"), str::to_owned),
        service: if GEMINI_NAMES.contains(&provider) {
            GEMINI.to_owned()
        } else {
            provider.to_owned()
        },
        // Gemini's resource name of a model.
        model: model.strip_prefix("models/").unwrap_or(model).to_owned(),
        quantities,
        occur_time: end_time(span),
        stage: attributes
            .text_anywhere(&STAGE)
            .unwrap_or(operation)
            .to_owned(),
        scene: small(attributes, "scene", &SCENE)?,
        attempt: small(attributes, "attempt", &ATTEMPT)?,
        outcome: Sent::Known(if failed {
            Outcome::Failed
        } else {
            Outcome::Succeeded
        }),
        variant: variant(attributes.text(&TIER)),
        labels,
        simulated: attributes.flag(SIMULATED).unwrap_or(false),
        ..SentEvent::default()
    })
}

/// What a span says was used, as the conventions count: input includes cached, output includes reasoning.
#[derive(Clone, Copy, Debug)]
struct Counts {
    input: Option<i64>,
    cached: Option<i64>,
    cache_write: Option<i64>,
    output: Option<i64>,
    reasoning: Option<i64>,
}

impl Counts {
    /// `None`: the span says nothing about usage.
    fn read(attributes: &Attributes<'_>) -> Option<Result<Self, Problem>> {
        let counts = [&INPUT[..], &CACHED, &CACHE_WRITE, &OUTPUT, &REASONING].map(|names| {
            attributes.number(names).map(|number| match number {
                Number::Whole(count) if count >= 0 => Ok(count),
                Number::Whole(_) | Number::Unreadable => Err(Problem::new(
                    "quantities",
                    format!("{} is not a whole number of tokens", names.join(" or ")),
                )),
            })
        });
        if counts.iter().all(Option::is_none) {
            return None;
        }
        let [input, cached, cache_write, output, reasoning] = counts;
        Some((|| {
            Ok(Self {
                input: input.transpose()?,
                cached: cached.transpose()?,
                cache_write: cache_write.transpose()?,
                output: output.transpose()?,
                reasoning: reasoning.transpose()?,
            })
        })())
    }

    /// The counts with nothing counted twice; and what is odd about them. A part that is more than its whole was not
    /// counted in it, so that nothing is taken off.
    fn disjoint(self) -> (Vec<SentQuantity>, Option<String>) {
        let mut odd = Vec::new();
        let mut rest = |whole: Option<i64>, parts: i64, said: &str| {
            let rest = whole?.checked_sub(parts).filter(|rest| *rest >= 0);
            if rest.is_none() {
                odd.push(format!("{parts} {said}, of {} in all", whole?));
            }
            rest.or(whole)
        };
        let cached = self
            .cached
            .unwrap_or(0)
            .saturating_add(self.cache_write.unwrap_or(0));
        let input = rest(self.input, cached, "tokens of input were cached");
        let output = rest(
            self.output,
            self.reasoning.unwrap_or(0),
            "tokens of output were reasoning",
        );
        let quantities = [
            (INPUT_TOKENS, input),
            (CACHED_INPUT_TOKENS, self.cached.filter(|count| *count > 0)),
            (
                CACHE_WRITE_INPUT_TOKENS,
                self.cache_write.filter(|count| *count > 0),
            ),
            (OUTPUT_TOKENS, output),
            (THINKING_TOKENS, self.reasoning.filter(|count| *count > 0)),
        ]
        .into_iter()
        .filter_map(|(metric, count)| {
            Some(SentQuantity {
                metric: metric.to_owned(),
                value: count?,
                basis: Sent::Known(Basis::Reported),
                provider_billed: None,
            })
        })
        .collect();
        (quantities, (!odd.is_empty()).then(|| odd.join("; ")))
    }
}

fn small(attributes: &Attributes<'_>, field: &str, names: &[&str]) -> Result<i32, Problem> {
    match attributes.number(names) {
        None => Ok(0),
        Some(Number::Whole(number)) => i32::try_from(number)
            .map_err(|_| Problem::new(field, format!("{number} is beyond 32 bits"))),
        Some(Number::Unreadable) => Err(Problem::new(field, "is not a whole number")),
    }
}

fn end_time(span: &Span) -> Option<SentTime> {
    const NANOSECONDS: u64 = 1_000_000_000;
    if span.end_time_unix_nano == 0 {
        return None;
    }
    Some(SentTime {
        seconds: i64::try_from(span.end_time_unix_nano / NANOSECONDS).ok()?,
        nanoseconds: i32::try_from(span.end_time_unix_nano % NANOSECONDS).ok()?,
    })
}

fn variant(tier: Option<&str>) -> Sent<Variant> {
    match tier {
        Some("flex") => Sent::Known(Variant::Flex),
        Some("priority") => Sent::Known(Variant::Priority),
        Some("batch") => Sent::Known(Variant::Batch),
        _ => Sent::Unspecified,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
