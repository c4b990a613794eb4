//! By service: each metric with its count and cost, as the documents write it.
//!
//! ```text
//! Gemini                       $0.775
//!   Input Tokens  1,000,000   ($0.50)
//!   Images                5   ($0.20)
//! ElevenLabs             subscription
//!   Characters       5,000 characters
//!   12,400 of 100,000 used, 87,600 left, renews 1 Dec 2026
//! ```

use ratatui::text::{Line, Span};

use super::parts::{left, right, span, spans_width, spread};
use crate::breakdown::service_title;
use crate::facts::{MetricTotal, PricingState, Quota, ServiceTotal};
use crate::figure;
use crate::printable::{width, wrap};
use crate::tui::model::Model;
use crate::tui::theme::{Role, Theme};

/// Figures farther from their names than this are hard to read across.
const COLUMNS_MAX: usize = 60;

/// The lines of the panel.
#[must_use]
pub fn lines(model: &Model, theme: &Theme, columns: usize) -> Vec<Line<'static>> {
    let columns = columns.min(COLUMNS_MAX);
    let services = model.service_rows();
    let quotas = model
        .live
        .figures()
        .map_or(&[][..], |figures| figures.quotas.as_slice());
    let costs = services
        .iter()
        .flat_map(|part| &part.metrics)
        .filter(|metric| in_columns(metric))
        .map(|metric| width(&cost(metric)))
        .max()
        .unwrap_or(0);
    let mut lines = Vec::new();
    for part in &services {
        lines.push(service(part, theme, columns));
        lines.extend(
            part.metrics
                .iter()
                .flat_map(|metric| metric_lines(metric, theme, columns, costs)),
        );
        for quota in quotas.iter().filter(|quota| quota.service == part.service) {
            lines.extend(quota_lines(quota, model, theme, columns));
        }
    }
    // A quota may be known before anything was used.
    for quota in quotas
        .iter()
        .filter(|quota| services.iter().all(|part| part.service != quota.service))
    {
        let name = span(theme, Role::Title, service_title(&quota.service));
        lines.push(spread(vec![name], Vec::new(), columns));
        lines.extend(quota_lines(quota, model, theme, columns));
    }
    if lines.is_empty() {
        lines.push(Line::from(span(theme, Role::Muted, "nothing used yet")));
    }
    lines
}

fn service(part: &ServiceTotal, theme: &Theme, columns: usize) -> Line<'static> {
    let figure = figure::group_cost(part.cost.as_ref(), &part.metrics);
    let role = if part
        .metrics
        .iter()
        .any(|metric| metric.state == PricingState::Unpriced)
    {
        Role::Doubt
    } else if part.cost.is_some() {
        Role::Money
    } else {
        Role::Muted
    };
    spread(
        vec![span(theme, Role::Title, service_title(&part.service))],
        vec![span(theme, role, figure)],
        columns,
    )
}

fn in_columns(metric: &MetricTotal) -> bool {
    metric.state != PricingState::Subscription
}

fn cost(metric: &MetricTotal) -> String {
    format!("({})", figure::metric_cost(metric))
}

fn metric_lines(
    metric: &MetricTotal,
    theme: &Theme,
    columns: usize,
    costs: usize,
) -> Vec<Line<'static>> {
    let title = figure::metric_title(metric.metric.shown());
    let name = vec![Span::raw("  "), span(theme, Role::Text, title.clone())];
    let estimated = if metric.estimated_quantity > 0 {
        "~"
    } else {
        ""
    };
    if !in_columns(metric) {
        let words = figure::quantity(metric.metric.shown(), metric.quantity);
        let quantity = vec![span(theme, Role::Text, format!("{estimated}{words}"))];
        return vec![spread(name, quantity, columns)];
    }
    let role = match metric.state {
        PricingState::Rated => Role::Money,
        PricingState::Unpriced => Role::Doubt,
        _ => Role::Muted,
    };
    let quantity = vec![
        span(theme, Role::Doubt, estimated),
        span(theme, Role::Text, figure::count(metric.quantity)),
    ];
    let cost = span(theme, role, right(&cost(metric), costs));
    let together = 2 + width(&title) + 1 + spans_width(&quantity) + 1 + costs;
    if together > columns {
        // Figures are never cut to make them fit: the cost has a line of its own.
        return vec![
            spread(name, quantity, columns),
            spread(Vec::new(), vec![cost], columns),
        ];
    }
    let both = [quantity, vec![Span::raw(" "), cost]].concat();
    vec![spread(name, both, columns)]
}

fn quota_lines(quota: &Quota, model: &Model, theme: &Theme, columns: usize) -> Vec<Line<'static>> {
    let renews = quota.renew_time.map_or_else(String::new, |time| {
        format!(", renews {}", figure::day(time, &model.zone))
    });
    let words = format!(
        "{} of {} {} used, {} left{renews}",
        figure::count(quota.used),
        figure::count(quota.limit),
        quota.metric,
        figure::count(quota.left())
    );
    // Nearly used up is worth a colour: the narration of the next video may fail.
    let scarce = quota.limit > 0 && quota.left() < quota.limit / 10;
    let role = if scarce { Role::Warning } else { Role::Muted };
    wrap(&words, columns.saturating_sub(2))
        .into_iter()
        .map(|text| {
            Line::from(vec![
                Span::raw("  "),
                span(theme, role, left(&text, columns.saturating_sub(2))),
            ])
        })
        .collect()
}
