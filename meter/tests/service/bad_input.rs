//! A row for each rule of a request that is not about a single event: what breaks it, and which field the answer's
//! `google.rpc.BadRequest` names. (The rules of an event have their table in `src/domain/validate/tests.rs`.) A rule in
//! the sources without a row here for its field fails the second test.

use std::fs;
use std::path::Path;

use prost::Message;
use prost_types::{Duration, Timestamp};
use reelmeter_proto::meter::v1 as pb;
use reelmeter_proto::meter::v1::meter_service_client::MeterServiceClient;
use tonic::Code;
use tonic_types::StatusExt;

use crate::bad_wire::Wire;
use crate::server::{Server, batch, dollars, event, quantity, record, start};

const METER: &str = "/reelmeter.meter.v1.MeterService/";
const PRICING: &str = "/reelmeter.meter.v1.PricingService/";

/// The service, the method, the request, the field that the answer names, and words of the rule.
type Row = (
    &'static str,
    &'static str,
    Vec<u8>,
    &'static str,
    &'static str,
);

fn text(bytes: usize) -> String {
    "x".repeat(bytes)
}

fn rate() -> pb::Rate {
    pb::Rate {
        service: "gemini".to_owned(),
        model: "m".to_owned(),
        metric: "images".to_owned(),
        amount: Some(dollars("1")),
        unit_size: 1,
        ..Default::default()
    }
}

fn cap(money: pb::Money) -> Option<pb::Budget> {
    Some(pb::Budget {
        limit: Some(pb::budget::Limit::Money(money)),
    })
}

fn metric_cap(service: &str, metric: &str, value: i64) -> Option<pb::Budget> {
    let amount = pb::MetricAmount {
        service: service.to_owned(),
        metric: metric.to_owned(),
        value,
    };
    Some(pb::Budget {
        limit: Some(pb::budget::Limit::MetricAmount(amount)),
    })
}

fn backlog(pending: i64, refused: i64, unconfirmed: i64) -> pb::SessionBacklog {
    pb::SessionBacklog {
        session_id: "s".to_owned(),
        pending_event_count: pending,
        refused_event_count: refused,
        unconfirmed_call_count: unconfirmed,
    }
}

fn starting(change: impl FnOnce(&mut pb::StartSessionRequest)) -> Vec<u8> {
    let mut request = pb::StartSessionRequest::default();
    change(&mut request);
    request.encode_to_vec()
}

fn setting(change: impl FnOnce(&mut pb::Rate)) -> Vec<u8> {
    let mut rate = rate();
    change(&mut rate);
    pb::SetRatesRequest { rates: vec![rate] }.encode_to_vec()
}

fn reporting(recorder_id: &str, backlogs: Vec<pb::SessionBacklog>) -> Vec<u8> {
    pb::ReportRecorderStatusRequest {
        recorder_id: recorder_id.to_owned(),
        backlogs,
    }
    .encode_to_vec()
}

fn capped(budget: Option<pb::Budget>) -> Vec<u8> {
    pb::SetBudgetRequest {
        session_id: "s".to_owned(),
        budget,
    }
    .encode_to_vec()
}

fn reserving(change: impl FnOnce(&mut pb::ReserveBudgetRequest)) -> Vec<u8> {
    let mut request = pb::ReserveBudgetRequest {
        session_id: "s".to_owned(),
        reservation_id: "r".to_owned(),
        ..Default::default()
    };
    change(&mut request);
    request.encode_to_vec()
}

fn quota(change: impl FnOnce(&mut pb::Quota)) -> Vec<u8> {
    let mut quota = pb::Quota {
        service: "elevenlabs".to_owned(),
        metric: "characters".to_owned(),
        ..Default::default()
    };
    change(&mut quota);
    pb::ReportQuotaRequest {
        session_id: "s".to_owned(),
        quota: Some(quota),
    }
    .encode_to_vec()
}

fn querying(change: impl FnOnce(&mut pb::QueryUsageRequest)) -> Vec<u8> {
    let mut request = pb::QueryUsageRequest {
        start_time: Some(Timestamp {
            seconds: 1_795_392_000,
            nanos: 0,
        }),
        end_time: Some(Timestamp {
            seconds: 1_795_478_400,
            nanos: 0,
        }),
        ..Default::default()
    };
    change(&mut request);
    request.encode_to_vec()
}

fn watching(change: impl FnOnce(&mut pb::WatchSummaryRequest)) -> Vec<u8> {
    let mut request = pb::WatchSummaryRequest {
        session_id: "s".to_owned(),
        ..Default::default()
    };
    change(&mut request);
    request.encode_to_vec()
}

fn receipt(change: impl FnOnce(&mut pb::GetReceiptRequest)) -> Vec<u8> {
    let mut request = pb::GetReceiptRequest {
        session_id: "s".to_owned(),
        ..Default::default()
    };
    change(&mut request);
    request.encode_to_vec()
}

fn estimating(calls: Vec<pb::EstimatedCall>) -> Vec<u8> {
    pb::EstimateCostRequest { calls }.encode_to_vec()
}

fn estimated(quantities: Vec<pb::Quantity>) -> pb::EstimatedCall {
    pb::EstimatedCall {
        service: "gemini".to_owned(),
        model: "gemini-2.5-flash".to_owned(),
        quantities,
        ..Default::default()
    }
}

fn events(count: usize) -> Vec<u8> {
    let events = (0..count).map(|number| event(&format!("e {number}"), "s", "images", 1));
    batch(events.collect()).encode_to_vec()
}

fn page(size: i32, token: &str) -> Vec<u8> {
    pb::ListEventsRequest {
        page_size: size,
        page_token: token.to_owned(),
        filter: None,
    }
    .encode_to_vec()
}

fn exporting(format: i32) -> Vec<u8> {
    pb::ExportEventsRequest {
        filter: None,
        format,
    }
    .encode_to_vec()
}

fn day(number: i64) -> Option<Timestamp> {
    Some(Timestamp {
        seconds: number,
        nanos: 0,
    })
}

// One row a line.
#[rustfmt::skip]
fn rows(damaged_token: &str) -> Vec<Row> {
    let no_id = |id: &str| {
        pb::GetSummaryRequest {
            session_id: id.to_owned(),
        }
        .encode_to_vec()
    };
    let control = "a\u{1b}b";
    vec![
        (METER, "RecordUsage", events(0), "events", "has 0 entries; send 1 to "),
        (METER, "RecordUsage", events(1001), "events", " entries; send 1 to "),
        (METER, "RecordUsage", pb::RecordUsageRequest { events: vec![event("e", "s", "images", 1)], backlogs: vec![backlog(1, 0, 0)], ..Default::default() }.encode_to_vec(), "recorder_id", "must name the recorder whose backlogs these are"),
        (METER, "ReportRecorderStatus", reporting("r", vec![backlog(0, 0, 0); 1001]), "backlogs", " entries; at most 1000 are read"),
        (METER, "ReportRecorderStatus", reporting("r", vec![backlog(-1, 0, 0)]), "backlogs[0].pending_event_count", "must not be negative"),
        (METER, "ReportRecorderStatus", reporting("r", vec![backlog(0, -1, 0)]), "backlogs[0].refused_event_count", "must not be negative"),
        (METER, "ReportRecorderStatus", reporting("r", vec![backlog(0, 0, -1)]), "backlogs[0].unconfirmed_call_count", "must not be negative"),
        (METER, "ReportRecorderStatus", reporting("r", vec![pb::SessionBacklog::default()]), "backlogs[0].session_id", "must not be empty"),
        (METER, "ReportRecorderStatus", reporting(control, vec![]), "recorder_id", "must not hold control"),
        (METER, "StartSession", starting(|r| r.session_id = text(129)), "session_id", "128"),
        (METER, "StartSession", starting(|r| r.title = text(257)), "title", "256"),
        (METER, "StartSession", starting(|r| r.title = control.to_owned()), "title", "must not hold control"),
        (METER, "StartSession", starting(|r| r.labels = [(String::new(), String::new())].into()), "labels[]", "its key must not be empty"),
        (METER, "StartSession", starting(|r| r.budget = cap(dollars("-1"))), "budget.money.amount", "must not be negative"),
        (METER, "StartSession", starting(|r| r.budget = Some(pb::Budget::default())), "budget", "must hold money or a metric_amount; leave it out for none"),
        (METER, "GetSummary", no_id(""), "session_id", "must not be empty"),
        (METER, "GetSummary", no_id(control), "session_id", "must not hold control"),
        (METER, "EndSession", no_id(""), "session_id", "must not be empty"),
        (METER, "ResetSession", no_id(""), "session_id", "must not be empty"),
        (METER, "GetSession", no_id(""), "session_id", "must not be empty"),
        (METER, "ListSessions", page(-1, ""), "page_size", "must not be negative; 0 gives the default"),
        (METER, "ListSessions", page(0, "x"), "page_token", "is not one of this listing"),
        (METER, "ListSessions", pb::ListSessionsRequest { state: 9, ..Default::default() }.encode_to_vec(), "state", "is not known to this meter"),
        (METER, "ListSessions", pb::ListSessionsRequest { start_time_min: Some(Timestamp { seconds: 0, nanos: -1 }), ..Default::default() }.encode_to_vec(), "start_time_min", "is not a time between"),
        (METER, "ListEvents", page(-1, ""), "page_size", "must not be negative; 0 gives the default"),
        (METER, "ListEvents", page(0, "7.0123456789abcdef"), "page_token", "is not one of this listing; use next_page_token with the same filter, or leave it empty"),
        (METER, "ListEvents", page(0, damaged_token), "page_token", "is damaged; use next_page_token as it was given"),
        (METER, "ExportEvents", exporting(0), "format", "must be said: JSON_LINES or CSV"),
        (METER, "ExportEvents", exporting(7), "format", "the value 7 is not known to this meter"),
        (METER, "WatchSummary", watching(|r| r.min_interval = Some(Duration { seconds: -1, nanos: 0 })), "min_interval", "must not be negative"),
        (METER, "WatchSummary", watching(|r| r.min_interval = Some(Duration { seconds: 1, nanos: -1 })), "min_interval", "is not a duration: seconds and nanos must have one sign"),
        (METER, "WatchSummary", watching(|r| r.resume_revision = -1), "resume_revision", "must not be negative"),
        (METER, "GetReceipt", receipt(|r| r.rates = vec![rate(); 1001]), "rates", " entries; at most 1000 are read"),
        (METER, "GetReceipt", receipt(|r| r.rates = vec![pb::Rate { unit_size: 0, ..rate() }]), "rates[0].unit_size", "must be 1 or more, for example 1000000"),
        (METER, "QueryUsage", querying(|r| r.end_time = r.start_time), "end_time", "must be after start_time"),
        (METER, "QueryUsage", querying(|r| r.group_by = vec![1; 6]), "group_by", " entries; at most 5 make sense"),
        (METER, "QueryUsage", querying(|r| r.group_by = vec![0]), "group_by[0]", "must be said: DAY, SERVICE, MODEL, SESSION or LABEL"),
        (METER, "QueryUsage", querying(|r| r.group_by = vec![9]), "group_by[0]", "the value 9 is not known"),
        (METER, "QueryUsage", querying(|r| r.group_by = vec![1, 1]), "group_by[1]", "stands twice"),
        (METER, "QueryUsage", querying(|r| r.group_by = vec![5]), "label_key", "must not be empty"),
        (METER, "QueryUsage", querying(|r| r.start_time = day(i64::MAX)), "start_time", "is not a time between"),
        (METER, "SetBudget", capped(cap(dollars("-0.1"))), "budget.money.amount", "must not be negative"),
        (METER, "SetBudget", capped(cap(dollars("1e3"))), "budget.money.amount", "has an exponent"),
        (METER, "SetBudget", capped(cap(dollars("one"))), "budget.money.amount", ""),
        (METER, "SetBudget", capped(cap(pb::Money { currency_code: "EUR".to_owned(), amount: "1".to_owned() })), "budget.money.currency_code", ", the only currency so far"),
        (METER, "SetBudget", capped(metric_cap("", "", 1)), "budget.metric_amount.metric", "must not be empty"),
        (METER, "SetBudget", capped(metric_cap(control, "images", 1)), "budget.metric_amount.service", "must not hold control"),
        (METER, "SetBudget", capped(metric_cap("", "images", -1)), "budget.metric_amount.value", "must not be negative"),
        (METER, "ReserveBudget", reserving(|r| r.lifetime = Some(Duration { seconds: 86_401, nanos: 0 })), "lifetime", "must be more than nothing and at most 24 hours"),
        (METER, "ReserveBudget", reserving(|r| r.lifetime = Some(Duration { seconds: -1, nanos: 0 })), "lifetime", "must be more than nothing and at most 24 hours"),
        (METER, "ReserveBudget", reserving(|r| r.reservation_id.clear()), "reservation_id", "must not be empty"),
        (METER, "ReserveBudget", reserving(|r| r.amount = metric_cap("", "images", -1)), "amount.metric_amount.value", "must not be negative"),
        (METER, "ReleaseReservation", pb::ReleaseReservationRequest { session_id: "s".to_owned(), ..Default::default() }.encode_to_vec(), "reservation_id", "must not be empty"),
        (METER, "ReportQuota", pb::ReportQuotaRequest { session_id: "s".to_owned(), quota: None }.encode_to_vec(), "quota", "must be there"),
        (METER, "ReportQuota", quota(|q| q.used_count = -1), "quota.used_count", "must not be negative"),
        (METER, "ReportQuota", quota(|q| q.service.clear()), "quota.service", "must not be empty"),
        (METER, "ReportQuota", quota(|q| q.renew_time = Some(Timestamp { seconds: 0, nanos: -1 })), "quota.renew_time", "is not a time between"),
        (PRICING, "SetRates", pb::SetRatesRequest { rates: vec![] }.encode_to_vec(), "rates", " entries; set 1 to "),
        (PRICING, "SetRates", setting(|r| r.service.clear()), "rates[0].service", "must not be empty"),
        (PRICING, "SetRates", setting(|r| r.metric.clear()), "rates[0].metric", "must not be empty"),
        (PRICING, "SetRates", setting(|r| r.source = text(257)), "rates[0].source", "256"),
        (PRICING, "SetRates", setting(|r| r.amount = None), "rates[0].amount", "must be there, for example currency_code USD and amount 0.30"),
        (PRICING, "SetRates", setting(|r| r.amount = Some(dollars("-1"))), "rates[0].amount.amount", "must not be negative"),
        (PRICING, "SetRates", setting(|r| r.unit_size = -1), "rates[0].unit_size", "must be 1 or more, for example 1000000"),
        (PRICING, "SetRates", setting(|r| r.unit_size = 3), "rates[0]", ""),
        (PRICING, "SetRates", setting(|r| r.above_input_tokens = -1), "rates[0].above_input_tokens", "must not be negative; 0 is for every call"),
        (PRICING, "SetRates", setting(|r| r.above_input_tokens = 12), "rates[0]", ""),
        (PRICING, "SetRates", setting(|r| r.source_date = "last year".to_owned()), "rates[0].source_date", "must be a day as YYYY-MM-DD"),
        (PRICING, "SetRates", setting(|r| r.variant = 17), "rates[0].variant", "is not known to this meter"),
        (PRICING, "ResetRates", pb::ResetRatesRequest { model: "m".to_owned(), ..Default::default() }.encode_to_vec(), "service", "must name the service of the model or metric"),
        (PRICING, "EstimateCost", estimating(vec![]), "calls", " entries; send 1 to "),
        (PRICING, "EstimateCost", estimating(vec![estimated((0..33).map(|n| quantity(&format!("m{n}"), 1)).collect())]), "calls[0].quantities", " entries; at most 32 are read"),
        (PRICING, "EstimateCost", estimating(vec![estimated(vec![quantity("images", -1)])]), "calls[0].quantities[0].value", "must not be negative"),
        (PRICING, "EstimateCost", estimating(vec![pb::EstimatedCall { service: String::new(), ..estimated(vec![]) }]), "calls[0].service", "must not be empty"),
    ]
}

/// A broken rule as an answer's details have it: the field, and what is wrong with it.
type Violation = (String, String);

/// Asks everything; gives what the answers' details name.
async fn answers() -> Vec<Violation> {
    let server = Server::start().await;
    let wire = Wire::to(&server).await;
    let mut meter = MeterServiceClient::new(wire.channel.clone());
    start(&mut meter, "s").await;
    record(
        &mut meter,
        vec![event("1", "s", "images", 1), event("2", "s", "images", 1)],
    )
    .await;
    let first = pb::ListEventsRequest {
        page_size: 1,
        ..Default::default()
    };
    let token = meter
        .list_events(first)
        .await
        .unwrap()
        .into_inner()
        .next_page_token;
    let damaged = format!("x.{}", token.rsplit_once('.').unwrap().1);
    let (mut told, mut wrong) = (Vec::new(), Vec::new());
    for (service, method, request, field, rule) in rows(&damaged) {
        let status = wire.status(&format!("{service}{method}"), &request).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{method}: {status:?}");
        let details = status.get_error_details();
        let violations: Vec<Violation> = details
            .bad_request()
            .map(|bad| bad.field_violations.clone())
            .unwrap_or_default()
            .into_iter()
            .map(|violation| (violation.field, violation.description))
            .collect();
        // One rule is broken, and one is named; the words for people say the same.
        match &violations[..] {
            [(named, why)]
                if named == field && why.contains(rule) && status.message().contains(why) => {}
            _ => wrong.push(format!(
                "{method}: {violations:?}, and in words {:?}; expected {field}: {rule}",
                status.message()
            )),
        }
        told.extend(violations);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(wire.connections(), 1);
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn each_broken_rule_of_a_request_is_named_with_its_field() {
    assert!(answers().await.len() > 60);
}

/// Rules whose test stands elsewhere, by a part of their words.
const ELSEWHERE: [&str; 1] = [
    // It takes ten thousand rows: tests/contract/reports.rs asks the store for them.
    " rows; ask for a shorter time or fewer groups",
];

/// A rule as the sources have it: the field with holes where it is put together, empty where it is not written there,
/// and the longest fixed part of what is wrong.
#[derive(Debug)]
struct Rule {
    field: String,
    words: String,
}

impl Rule {
    /// Whether it is this rule that an answer names, for this field or one that holds it.
    fn is(&self, (field, why): &Violation) -> bool {
        why.contains(&self.words) && self.is_of(field)
    }

    fn is_of(&self, field: &str) -> bool {
        let mut pieces = self.field.rsplit("{}");
        // The end first: what stands before is where the message lies.
        let Some(mut rest) = field.strip_suffix(pieces.next().unwrap_or_default()) else {
            return false;
        };
        for piece in pieces {
            let Some(at) = rest.rfind(piece) else {
                return false;
            };
            rest = &rest[..at];
        }
        self.field.is_empty()
            || rest.is_empty()
            || rest.ends_with('.')
            || self.field.starts_with("{}")
    }
}

/// What each `Problem::new(...)` of a source file says.
fn rules(source: &str) -> Vec<Rule> {
    let code = source.split("#[cfg(test)]").next().unwrap();
    let mut found = Vec::new();
    for (at, begin) in code.match_indices("Problem::new(") {
        let call = arguments(&code[at + begin.len()..]);
        let [field, words] = &call[..] else {
            panic!("two arguments: {call:?}");
        };
        let fixed = literals(words)
            .iter()
            .flat_map(|literal| {
                with_holes(literal)
                    .split("{}")
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            // A rule is a sentence; the rest names what it is about.
            .filter(|part| part.trim().contains(' '))
            .max_by_key(String::len);
        if let Some(words) = fixed {
            let field = literals(field)
                .first()
                .map_or_else(String::new, |field| with_holes(field));
            found.push(Rule { field, words });
        }
    }
    found
}

/// The arguments of a call, from behind its opening bracket.
fn arguments(code: &str) -> Vec<String> {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    let mut arguments = vec![String::new()];
    for letter in code.chars() {
        if quoted {
            quoted = escaped || letter != '"';
            escaped = letter == '\\' && !escaped;
        } else {
            match letter {
                '"' => quoted = true,
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' if depth == 0 => break,
                ')' | ']' | '}' => depth -= 1,
                ',' if depth == 0 => {
                    arguments.push(String::new());
                    continue;
                }
                _ => {}
            }
        }
        arguments.last_mut().unwrap().push(letter);
    }
    arguments.retain(|argument| !argument.trim().is_empty());
    arguments
}

fn literals(code: &str) -> Vec<String> {
    code.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// A format with `{}` for each of its holes.
fn with_holes(format: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for letter in format.chars() {
        match letter {
            '{' => inside = true,
            '}' => {
                inside = false;
                text.push_str("{}");
            }
            _ if !inside => text.push(letter),
            _ => {}
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn no_rule_of_the_sources_is_without_a_row() {
    let told = answers().await;
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files: Vec<_> = fs::read_dir(sources.join("adapters/grpc"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.extend(
        [
            "application/reports.rs",
            "application/meter.rs",
            "application/record_usage.rs",
            "domain/quota.rs",
            "domain/budget.rs",
        ]
        .map(|file| sources.join(file)),
    );
    let (mut seen, mut missing) = (0, Vec::new());
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "rs"))
    {
        for rule in rules(&fs::read_to_string(file).unwrap()) {
            seen += 1;
            let covered = told.iter().any(|violation| rule.is(violation))
                || ELSEWHERE.iter().any(|part| rule.words.contains(part));
            if !covered {
                missing.push(format!("{}: {rule:?}", file.display()));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "no row of this table breaks, for its field,\n{}",
        missing.join("\n")
    );
    assert!(seen > 25, "the scan finds the rules: {seen}");
}
