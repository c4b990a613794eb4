//! The parts of a breakdown that screens and pages use too, each in words.

use jiff::tz::TimeZone;
use reelmeter_proto::{SERVICE_ELEVENLABS, SERVICE_GEMINI, SERVICE_OLLAMA};

use super::COLUMNS;
use crate::facts::{Budget, CostSource, Limit, ModelTotal, Quota, Summary, Video, VideoState};
use crate::figure;
use crate::printable::{Text, wrap};

/// The name that people know a service by.
#[must_use]
pub fn service_title(service: &Text) -> String {
    match service.raw() {
        SERVICE_GEMINI => "Gemini".to_owned(),
        SERVICE_ELEVENLABS => "ElevenLabs".to_owned(),
        SERVICE_OLLAMA => "Ollama".to_owned(),
        _ => service.to_string(),
    }
}

/// The quantities of a model that are no tokens: `6 images`, `1,234 characters`.
#[must_use]
pub fn other_quantities(part: &ModelTotal) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut named: Vec<&str> = Vec::new();
    for metric in &part.metrics {
        let name = metric.metric.raw();
        if name.ends_with("_tokens") || named.contains(&name) {
            continue;
        }
        named.push(name);
        words.push(figure::quantity(metric.metric.shown(), part.quantity(name)));
    }
    words.join(", ")
}

/// A quota in words: `elevenlabs characters: 12,400 of 100,000 used, 87,600 left, renews 1 Dec 2026`.
#[must_use]
pub fn quota_words(quota: &Quota, zone: &TimeZone) -> String {
    let renews = quota.renew_time.map_or_else(String::new, |time| {
        format!(", renews {}", figure::day(time, zone))
    });
    let here = quota.used.saturating_sub(quota.first_used);
    let here = if here > 0 {
        format!(", {} of them since this began", figure::count(here))
    } else {
        String::new()
    };
    let tier = if quota.tier.is_empty() {
        String::new()
    } else {
        format!(" ({})", quota.tier)
    };
    format!(
        "{}{tier} {}: {} of {} used{here}, {} left{renews}",
        quota.service,
        quota.metric,
        figure::count(quota.used),
        figure::count(quota.limit),
        figure::count(quota.left())
    )
}

/// A limit in words: `$1.00`, `5,000 characters`.
#[must_use]
pub fn limit_words(limit: &Limit) -> String {
    match limit {
        Limit::Money(amount) => amount.screen(),
        Limit::Metric { metric, value, .. } => figure::quantity(metric.shown(), *value),
    }
}

/// A budget in words: `$0.25 of $1.00 spent`.
#[must_use]
pub fn budget_words(budget: &Budget) -> String {
    let spent = budget
        .spent
        .as_ref()
        .map_or_else(|| "nothing".to_owned(), limit_words);
    let exceeded = if budget.exceeded { ", EXCEEDED" } else { "" };
    format!("{spent} of {} spent{exceeded}", limit_words(&budget.limit))
}

/// Everything that keeps the total from being the last word: estimates, unpriced quantities, events on their way,
/// refused ones, calls of which nobody knows what they used.
#[must_use]
pub fn open_points(summary: &Summary) -> Vec<String> {
    let mut points = Vec::new();
    if !summary.estimated_cost.is_zero() {
        points.push(format!(
            "{} of the total rests on estimated quantities (~)",
            summary.estimated_cost.screen()
        ));
    } else if summary
        .models
        .iter()
        .flat_map(|part| &part.metrics)
        .any(|metric| metric.estimated_quantity > 0)
    {
        points.push("some quantities are estimated (~)".to_owned());
    }
    for part in &summary.unpriced {
        let reason = if part.reason.is_empty() {
            String::new()
        } else {
            format!(": {}", part.reason)
        };
        points.push(format!(
            "{} of {} {} have no price{reason}",
            figure::quantity(part.metric.shown(), part.quantity),
            part.service,
            part.rate_model
        ));
    }
    if summary.pending > 0 {
        points.push(format!(
            "{} still on their way to the meter",
            figure::counted(summary.pending, "event is", "events are")
        ));
    }
    if summary.refused > 0 {
        points.push(format!(
            "{} refused by the meter and kept by the recorder: not counted",
            figure::counted(summary.refused, "event was", "events were")
        ));
    }
    match summary.unconfirmed {
        i64::MIN..=0 => {}
        1 => points.push(
            "1 call is unconfirmed: nobody knows whether it was made or what it used, so it is not in the total"
                .to_owned(),
        ),
        count => points.push(format!(
            "{} calls are unconfirmed: nobody knows whether they were made or what they used, so they are not in \
             the total",
            figure::count(count)
        )),
    }
    for recorder in summary.recorders.iter().filter(|recorder| recorder.silent) {
        points.push(format!(
            "recorder {} has gone silent while it held events",
            recorder.id
        ));
    }
    points.extend(marked_lines(summary));
    if !summary.adds_up() {
        points.push(
            "THE PARTS DO NOT ADD UP TO THE TOTAL: please report this as a fault of the meter"
                .to_owned(),
        );
    }
    points
}

/// What the marks of cost lines say, a sentence for each kind and model.
fn marked_lines(summary: &Summary) -> Vec<String> {
    let mut points = Vec::new();
    let mut say = |point: String| {
        if !points.contains(&point) {
            points.push(point);
        }
    };
    for part in &summary.models {
        let label = part.label();
        for line in part.metrics.iter().flat_map(|metric| &metric.lines) {
            if line.model_retired {
                say(format!(
                    "{label} is past its shut-down date and keeps the price that it had"
                ));
            }
            if line.service_default {
                say(format!(
                    "{label} has no price of its own for {} and takes its service's default",
                    line.metric
                ));
            }
            if line.clock_ahead {
                say(format!(
                    "clock: calls of {label} came from a clock that is ahead, and are priced by their time of receipt"
                ));
            }
            if line.provider_billed_differs {
                let billed: Vec<String> = line
                    .provider_billed
                    .iter()
                    .map(|billed| format!("{} {}", billed.value, billed.unit))
                    .collect();
                say(format!(
                    "what the provider says it billed for {label} ({}) is not what its published multiplier gives",
                    billed.join(", ")
                ));
            }
        }
    }
    points
}

/// What became of a video, as label and text.
#[must_use]
pub fn video_lines(video: &Video) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    match video.state {
        VideoState::Succeeded => {
            let seconds = video.duration_ms / 1000;
            let mut facts = Vec::new();
            if video.duration_ms > 0 {
                facts.push(figure::duration(seconds));
            }
            if video.width_px > 0 {
                facts.push(format!("{}x{}", video.width_px, video.height_px));
            }
            if video.size_bytes > 0 {
                facts.push(figure::size(video.size_bytes));
            }
            rows.push(("Video".to_owned(), video.file_path.to_string()));
            if !facts.is_empty() {
                rows.push((String::new(), facts.join(", ")));
            }
            if !video.subtitles_path.is_empty() {
                rows.push(("Subtitles".to_owned(), video.subtitles_path.to_string()));
            }
        }
        state => {
            rows.push(("Video".to_owned(), format!("{} {}", state.word(), video.id)));
            if !video.error_message.is_empty() {
                rows.push(("Why".to_owned(), video.error_message.to_string()));
            }
        }
    }
    if video.retry_calls > 0 {
        rows.push((
            "Of it".to_owned(),
            format!(
                "corrections and retries: {}, {}",
                figure::counted(video.retry_calls, "call", "calls"),
                video.retry_cost.screen()
            ),
        ));
    }
    rows.extend(
        video
            .notices
            .iter()
            .map(|notice| ("Note".to_owned(), notice.to_string())),
    );
    if video.cost_source == CostSource::Pending && video.pending > 0 {
        rows.push((
            "Note".to_owned(),
            format!(
                "{} on the way to the meter: its figures are not complete yet",
                figure::counted(video.pending, "event is", "events are")
            ),
        ));
    }
    rows
}

/// Labels in a column, texts beside them, wrapped. A path is never broken, so that it can be copied.
#[must_use]
pub fn labelled(rows: &[(String, String)]) -> Vec<String> {
    const LABEL_COLUMNS: usize = 12;
    let mut lines = Vec::new();
    for (label, text) in rows {
        let parts = if text.contains(' ') {
            wrap(text, COLUMNS - LABEL_COLUMNS)
        } else {
            vec![text.clone()]
        };
        for (place, part) in parts.into_iter().enumerate() {
            let label = if place == 0 { label.as_str() } else { "" };
            lines.push(
                format!("{label:<LABEL_COLUMNS$}{part}")
                    .trim_end()
                    .to_owned(),
            );
        }
    }
    lines
}
