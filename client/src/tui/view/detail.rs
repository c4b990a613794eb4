//! A model's cost lines: every figure explains itself.

use jiff::tz::TimeZone;
use ratatui::text::{Line, Span};

use super::parts::{heading, span, spread};
use crate::facts::{CostLine, MetricTotal, ModelTotal, PricingState, Rate, Variant};
use crate::figure;
use crate::printable::wrap;
use crate::tui::model::Model;
use crate::tui::theme::{Role, Theme};

/// The lines of the overlay.
#[must_use]
pub fn lines(
    model: &Model,
    part: &ModelTotal,
    theme: &Theme,
    columns: usize,
) -> Vec<Line<'static>> {
    let mut lines = vec![
        spread(
            vec![span(theme, Role::Title, part.label())],
            vec![span(
                theme,
                Role::Total,
                figure::group_cost(part.cost.as_ref(), &part.metrics),
            )],
            columns,
        ),
        Line::from(span(
            theme,
            Role::Muted,
            format!(
                "{}, {}",
                part.service,
                figure::counted(part.event_count, "call", "calls")
            ),
        )),
    ];
    for metric in &part.metrics {
        lines.push(Line::default());
        let title = figure::metric_title(metric.metric.shown());
        let note = format!(
            "{} {}",
            figure::count(metric.quantity),
            figure::metric_cost(metric)
        );
        lines.push(heading(theme, &title, false, &note, columns));
        if metric.lines.is_empty() {
            lines.push(Line::from(span(
                theme,
                Role::Muted,
                "  the meter sent no cost lines for this metric",
            )));
        }
        for line in &metric.lines {
            for (role, text) in explain(line, metric, &model.zone) {
                for part in wrap(&text, columns.saturating_sub(2)) {
                    lines.push(Line::from(vec![Span::raw("  "), span(theme, role, part)]));
                }
            }
        }
    }
    lines
}

/// A cost line in sentences.
fn explain(line: &CostLine, metric: &MetricTotal, zone: &TimeZone) -> Vec<(Role, String)> {
    let mut said = Vec::new();
    let quantity = figure::quantity(metric.metric.shown(), line.quantity);
    said.push((Role::Text, sum(line, &quantity)));
    said.push((Role::Muted, format!("quantity {}", line.basis.sentence())));
    if let Some(rate) = &line.rate {
        said.push((Role::Muted, rate_words(rate, line, zone)));
        if rate.origin.is_override() {
            said.push((Role::Doubt, format!("* {}", rate.origin.words())));
        }
    }
    if line.rate_model != line.model && !line.rate_model.is_empty() {
        said.push((Role::Muted, format!("priced as {}", line.rate_model)));
    }
    if !line.rated_as.is_empty() {
        said.push((
            Role::Doubt,
            format!(
                "* rated as {}: it has no rate of its own",
                figure::metric_title(line.rated_as.shown())
            ),
        ));
    }
    if line.service_default {
        said.push((
            Role::Doubt,
            "* rated with the service's default: the model has no rate of its own".to_owned(),
        ));
    }
    if line.model_retired {
        said.push((
            Role::Doubt,
            "* the model is past its shut-down date".to_owned(),
        ));
    }
    if line.clock_ahead {
        said.push((
            Role::Doubt,
            "* clock: the recorder's was ahead, so the time of receipt counts".to_owned(),
        ));
    }
    for billed in &line.provider_billed {
        let expected = if billed.expected.is_empty() {
            String::new()
        } else {
            format!(", its published multiplier gives {}", billed.expected)
        };
        let (role, mark) = if line.provider_billed_differs {
            (Role::Warning, "* ")
        } else {
            (Role::Muted, "")
        };
        said.push((
            role,
            format!(
                "{mark}the provider says it billed {} {}{expected}",
                billed.value, billed.unit
            ),
        ));
    }
    said
}

fn sum(line: &CostLine, quantity: &str) -> String {
    match (line.state, &line.rate, &line.cost) {
        (PricingState::Rated, Some(rate), Some(cost)) => {
            let per = if rate.unit_size == 1 {
                "each".to_owned()
            } else {
                format!("per {}", figure::count(rate.unit_size))
            };
            format!(
                "{quantity} at {} {per} = {}",
                figure::exact(&rate.amount),
                figure::exact(cost)
            )
        }
        (PricingState::Rated, _, Some(cost)) => format!("{quantity} = {}", figure::exact(cost)),
        (PricingState::Free, _, _) => format!("{quantity}, free: it runs on one's own machine"),
        (PricingState::Subscription, _, _) => format!("{quantity}, paid by the subscription"),
        (PricingState::Included, _, _) => {
            format!("{quantity}, included: charged through another metric of the same call")
        }
        _ => format!("{quantity}, UNPRICED: no rate is known, which is not the same as nothing"),
    }
}

fn rate_words(rate: &Rate, line: &CostLine, zone: &TimeZone) -> String {
    let mut parts = vec![format!(
        "rate from {}",
        if rate.origin.is_override() {
            "an override"
        } else {
            "book"
        }
    )];
    if !line.price_book.is_empty() && !rate.origin.is_override() {
        parts[0] = format!("rate from book \"{}\"", line.price_book);
    }
    if rate.variant != Variant::Standard {
        parts.push(format!("{} price", rate.variant.word()));
    }
    if rate.above_input_tokens > 0 {
        parts.push(format!(
            "above {} input tokens",
            figure::count(rate.above_input_tokens)
        ));
    }
    parts.push(rate.start_time.map_or_else(
        || "always in force".to_owned(),
        |time| format!("since {}", figure::day(time, zone)),
    ));
    if let Some(time) = rate.end_time {
        parts.push(format!("until {}", figure::day(time, zone)));
    }
    if !rate.source.is_empty() {
        let day = if rate.source_date.is_empty() {
            String::new()
        } else {
            format!(" ({})", rate.source_date)
        };
        parts.push(format!("source: {}{day}", rate.source));
    }
    parts.join(", ")
}
