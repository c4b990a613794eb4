//! The generator's words in the metering contract's.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use reelmeter_proto::meter::v1 as wire;
use reelmeter_rating::RateTable;
use reelmeter_recorder::{Intent, Permit, Used};

use crate::application::ports::{Announcement, Attempts, Spent};
use crate::domain::estimate::StageUse;
use crate::domain::job::{Budget, Job};
use crate::domain::quota::Quota;
use crate::domain::usage::{Basis, Provider, Quantity, Usage, Variant};

/// The longest title that the meter takes, in bytes.
const TITLE_BYTES_MAX: usize = 256;
/// The longest name that the meter takes, in bytes.
const NAME_BYTES_MAX: usize = 128;
/// The longest value of a label that the meter takes, in bytes.
const LABEL_BYTES_MAX: usize = 256;
/// The label that tells the second picture of a scene from the first.
const LABEL_NUMBER: &str = "number";
/// What the call failed by, as one word.
const LABEL_FAILURE: &str = "failure";
/// What was odd about how the provider told its usage.
const LABEL_ANOMALIES: &str = "anomalies";
/// The provider's own id of the call.
const LABEL_REQUEST: &str = "request_id";
/// The model that answered, where its name is not the one that was asked for.
const LABEL_MODEL_VERSION: &str = "model_version";

pub(super) fn start_session(job: &Job, simulated: bool) -> wire::StartSessionRequest {
    let first_line = job.spec.prompt.lines().next().unwrap_or_default();
    wire::StartSessionRequest {
        session_id: job.session_id.clone(),
        title: cut(first_line, TITLE_BYTES_MAX),
        labels: job.spec.labels.clone(),
        simulated,
        budget: job.spec.budget.as_ref().map(budget),
    }
}

pub(super) fn budget(budget: &Budget) -> wire::Budget {
    let limit = match budget {
        Budget::Usd(amount) => wire::budget::Limit::Money(wire::Money {
            currency_code: "USD".to_owned(),
            amount: amount.clone(),
        }),
        Budget::Metric {
            service,
            metric,
            value,
        } => wire::budget::Limit::MetricAmount(wire::MetricAmount {
            service: service.clone(),
            metric: metric.clone(),
            value: *value,
        }),
    };
    wire::Budget { limit: Some(limit) }
}

pub(super) fn quota(provider: Provider, quota: &Quota, now: Timestamp) -> wire::Quota {
    wire::Quota {
        service: provider.as_str().to_owned(),
        metric: reelmeter_proto::METRIC_CHARACTERS.to_owned(),
        used_count: count(quota.used),
        limit_count: count(quota.limit),
        renew_time: quota
            .renews_unix_s
            .map(|seconds| prost_types::Timestamp { seconds, nanos: 0 }),
        observe_time: Some(timestamp(now)),
        first_used_count: 0,
        tier: quota.tier.clone().unwrap_or_default(),
    }
}

/// How a call is announced to the outbox.
pub(super) fn intent(call: Announcement, permit: Option<Permit>) -> Intent {
    let mut labels = BTreeMap::new();
    if call.number > 1 {
        labels.insert(LABEL_NUMBER.to_owned(), call.number.to_string());
    }
    Intent {
        session_id: call.session_id,
        service: call.provider.as_str().to_owned(),
        model: call.model,
        rate_model: call.rate_model,
        model_display_name: call.display_name,
        stage: call.stage.to_owned(),
        scene: i32::try_from(call.scene).unwrap_or(i32::MAX),
        attempt: i32::try_from(call.attempt).unwrap_or(i32::MAX),
        simulated: call.simulated,
        labels,
        permit,
    }
}

/// How a call ended.
///
/// The model on record is the one that was asked for: the price list names it and the person chose it. Only where that
/// is an alias (`gemini-flash-latest`) does the model that answered set the price. Otherwise what the provider calls the
/// answering model is a mark: `models/x` or `x-001` is the same model at the same price.
pub(super) fn used(outcome: wire::CallOutcome, asked: &str, spent: Spent) -> Used {
    let mut used = Used::new(outcome, quantities(&spent.usage));
    used.variant = match spent.variant {
        Variant::Standard => wire::RateVariant::Standard,
        Variant::Batch => wire::RateVariant::Batch,
        Variant::Flex => wire::RateVariant::Flex,
        Variant::Priority => wire::RateVariant::Priority,
    };
    used.simulated = spent.simulated;
    let version = spent.model_version.unwrap_or_default();
    let version = version.strip_prefix("models/").unwrap_or(&version);
    let (alias, other) = (
        asked.ends_with("-latest"),
        !version.is_empty() && version != asked,
    );
    if alias && other {
        used.rate_model = Some(cut(version, NAME_BYTES_MAX));
    }
    let anomalies: Vec<&str> = spent
        .usage
        .anomalies
        .iter()
        .map(|anomaly| anomaly.code())
        .collect();
    for (name, value) in [
        (LABEL_FAILURE, spent.failure_code),
        (LABEL_ANOMALIES, &anomalies.join(",")),
        (LABEL_REQUEST, &spent.request_id.unwrap_or_default()),
        (LABEL_MODEL_VERSION, if other { version } else { "" }),
    ] {
        if !value.is_empty() {
            used.labels
                .insert(name.to_owned(), cut(value, LABEL_BYTES_MAX));
        }
    }
    used
}

/// The record that takes the place of a call's whose result was thrown away after all. Its key follows from the call's,
/// so that it is the same one however often it is said.
pub(super) fn discarded(event: &wire::UsageEvent, why: &str) -> wire::UsageEvent {
    let mut discarded = event.clone();
    discarded.event_id = format!("{}-discarded", event.event_id);
    discarded.replaces_event_id.clone_from(&event.event_id);
    discarded.outcome = wire::CallOutcome::Discarded.into();
    discarded
        .labels
        .insert(LABEL_FAILURE.to_owned(), cut(why, LABEL_BYTES_MAX));
    discarded
}

/// The calls that were corrections, or tries after the first; of two records of one call the later one. Each version of a
/// section is looked at anew: a later look is no retry.
pub(super) fn again(events: &[wire::UsageEvent]) -> Vec<wire::UsageEvent> {
    const CORRECTIONS: [&str; 3] = [
        reelmeter_proto::STAGE_CORRECTION,
        reelmeter_proto::STAGE_VISUAL_FIX,
        reelmeter_proto::STAGE_LAST_ATTEMPT,
    ];
    let replaced = replaced(events);
    let again = |event: &&wire::UsageEvent| {
        let retry = event.attempt > 1 && event.stage != reelmeter_proto::STAGE_VISUAL_CHECK;
        (CORRECTIONS.contains(&event.stage.as_str()) || retry)
            && !replaced.contains(event.event_id.as_str())
    };
    events.iter().filter(again).cloned().collect()
}

/// The keys of records that a later one takes the place of.
fn replaced(events: &[wire::UsageEvent]) -> BTreeSet<&str> {
    events
        .iter()
        .map(|event| event.replaces_event_id.as_str())
        .filter(|id| !id.is_empty())
        .collect()
}

/// What calls used together, by stage; of two records of one call the later one counts.
pub(super) fn used_by_stage(events: &[wire::UsageEvent]) -> BTreeMap<String, StageUse> {
    let replaced = replaced(events);
    let mut stages: BTreeMap<String, StageUse> = BTreeMap::new();
    for event in events {
        if replaced.contains(event.event_id.as_str()) {
            continue;
        }
        let stage = stages.entry(event.stage.clone()).or_default();
        stage.calls += 1;
        for quantity in &event.quantities {
            let sum = stage.metrics.entry(quantity.metric.clone()).or_default();
            *sum = sum.saturating_add(u64::try_from(quantity.value).unwrap_or_default());
        }
    }
    stages
}

/// Everything that a call used, in the contract's words.
pub(super) fn quantities(usage: &Usage) -> Vec<wire::Quantity> {
    usage.quantities.iter().map(quantity).collect()
}

/// What calls would cost at worst, for a person.
pub(super) fn price(table: &RateTable, calls: &[Announcement]) -> String {
    let events: Vec<wire::UsageEvent> = calls
        .iter()
        .map(|call| wire::UsageEvent {
            service: call.provider.as_str().to_owned(),
            model: call.model.clone(),
            rate_model: call.rate_model.clone(),
            quantities: quantities(&call.worst_case),
            ..wire::UsageEvent::default()
        })
        .collect();
    reelmeter_recorder::headline(&events, table)
}

fn quantity(quantity: &Quantity) -> wire::Quantity {
    let basis = match quantity.basis {
        Basis::Reported => wire::QuantityBasis::Reported,
        Basis::Counted => wire::QuantityBasis::Counted,
        Basis::Estimated => wire::QuantityBasis::Estimated,
    };
    wire::Quantity {
        metric: quantity.metric.as_str().to_owned(),
        value: count(quantity.value),
        basis: basis.into(),
        provider_billed: quantity
            .provider_billed
            .as_ref()
            .map(|billed| wire::ProviderBilled {
                value: billed.value.to_string(),
                unit: billed.unit.to_owned(),
                expected_value: billed
                    .expected_value()
                    .map(|value| value.to_string())
                    .unwrap_or_default(),
            }),
    }
}

/// How often each item was tried, by the events of the session.
pub(super) fn attempts(events: &[wire::UsageEvent]) -> Attempts {
    let mut attempts = Attempts::new();
    for event in events {
        let number = event
            .labels
            .get(LABEL_NUMBER)
            .and_then(|number| number.parse().ok());
        let scene = u32::try_from(event.scene).unwrap_or_default();
        let made = attempts
            .entry((event.stage.clone(), scene, number.unwrap_or(1)))
            .or_default();
        *made = u32::try_from(event.attempt).unwrap_or_default().max(*made);
    }
    attempts
}

pub(super) fn timestamp(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: time.as_second(),
        nanos: time.subsec_nanosecond(),
    }
}

fn count(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// At most so many bytes, no character cut in two, no line breaks or other controls.
fn cut(text: &str, bytes_max: usize) -> String {
    let mut cut = String::new();
    for character in text.chars().filter(|c| !c.is_control()) {
        if cut.len() + character.len_utf8() > bytes_max {
            break;
        }
        cut.push(character);
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(stage: &str, scene: i32, attempt: i32, number: Option<&str>) -> wire::UsageEvent {
        let label = |number: &str| (LABEL_NUMBER.to_owned(), number.to_owned());
        wire::UsageEvent {
            stage: stage.to_owned(),
            scene,
            attempt,
            labels: number.map(label).into_iter().collect(),
            ..Default::default()
        }
    }

    #[test]
    fn attempts_are_counted_by_item_over_all_runs() {
        let events = [
            event("script", 0, 1, None),
            event("image", 2, 1, None),
            event("image", 2, 3, None),
            event("image", 2, 1, Some("2")),
        ];
        let attempts = attempts(&events);
        assert_eq!(attempts.get(&("script".to_owned(), 0, 1)), Some(&1));
        assert_eq!(attempts.get(&("image".to_owned(), 2, 1)), Some(&3));
        assert_eq!(attempts.get(&("image".to_owned(), 2, 2)), Some(&1));
    }

    #[test]
    fn a_discarded_call_is_counted_once_and_keeps_what_it_used() {
        let mut call = event("code", 2, 1, None);
        call.event_id = "e".to_owned();
        call.quantities = vec![wire::Quantity {
            metric: "output_tokens".to_owned(),
            value: 900,
            ..Default::default()
        }];
        let discarded = discarded(&call, "raised");
        assert_eq!(discarded.outcome(), wire::CallOutcome::Discarded);
        assert_eq!(discarded.replaces_event_id, "e");
        assert_eq!(discarded.quantities, call.quantities);
        assert_eq!(
            super::discarded(&call, "raised").event_id,
            discarded.event_id
        );
        let used = used_by_stage(&[call, discarded]);
        assert_eq!(used["code"].calls, 1);
        assert_eq!(used["code"].metrics["output_tokens"], 900);
    }

    #[test]
    fn corrections_and_later_tries_are_told_apart_from_first_calls_and_looks() {
        let events = [
            event("code", 1, 1, None),
            event("code", 2, 2, None),
            event("correction", 2, 1, None),
            event("visual_check", 2, 2, None),
            event("last_attempt", 2, 1, None),
        ];
        let stages: Vec<String> = again(&events).into_iter().map(|it| it.stage).collect();
        assert_eq!(stages, ["code", "correction", "last_attempt"]);
    }

    #[test]
    fn a_title_is_cut_between_characters() {
        assert_eq!(cut(&"ä".repeat(200), 256).len(), 256);
        assert_eq!(cut("a\u{1b}[2Jb", 256), "a[2Jb");
    }
}
