//! A session's summary as a page.

use jiff::tz::TimeZone;

use super::page::{Page, PageTable};
use crate::breakdown;
use crate::facts::{CostLine, PriceBookName, Summary, Video};
use crate::figure;
use crate::table::Side::{Left, Right};

/// The page. Times are in UTC, since it is read elsewhere.
pub(super) fn page(summary: &Summary, video: Option<&Video>) -> Page {
    let zone = TimeZone::UTC;
    let session = &summary.session;
    let label = video
        .map(Video::label)
        .filter(|label| !label.is_empty())
        .unwrap_or_else(|| session.label());
    let settled = if summary.settled {
        "settled"
    } else {
        "not settled"
    };
    let mut facts = vec![format!("Session {}, {settled}", session.id)];
    if let (Some(start), Some(end)) = (session.start_time, session.end_time) {
        facts.push(format!(
            "{} to {} UTC",
            figure::date_time(start, &zone),
            figure::date_time(end, &zone)
        ));
    }
    facts.push(format!(
        "{} input tokens, {} output tokens, {} in all, {} recorded calls",
        figure::count(summary.tokens.input),
        figure::count(summary.tokens.output),
        figure::count(summary.tokens.total),
        figure::count(summary.event_count)
    ));
    facts.extend(summary.price_book.as_ref().map(book_words));
    facts.extend(
        summary
            .quotas
            .iter()
            .map(|quota| breakdown::quota_words(quota, &zone)),
    );
    facts.extend(breakdown::open_points(summary));
    if let Some(video) = video {
        let lines = breakdown::video_lines(video).into_iter();
        facts.extend(lines.map(|(label, value)| format!("{label} {value}")));
    }
    Page {
        title: label.shown().to_owned(),
        warning: (summary.simulated || session.simulated).then(|| breakdown::SIMULATED.to_owned()),
        headline: figure::headline(summary),
        facts,
        tables: vec![by_service(summary), by_model(summary), lines(summary)],
    }
}

/// The price book in a sentence.
pub(super) fn book_words(book: &PriceBookName) -> String {
    let stale = if book.stale {
        ", STALE: prices may have moved since"
    } else {
        ""
    };
    let frozen = if book.frozen {
        ", as it was when the session ended"
    } else {
        ""
    };
    format!(
        "Price book {} of {}, {}{stale}{frozen}",
        book.name,
        book.as_of_date,
        figure::age(book.age_days)
    )
}

fn by_service(summary: &Summary) -> PageTable {
    let mut rows = Vec::new();
    for part in &summary.services {
        for metric in &part.metrics {
            rows.push(vec![
                part.service.shown().to_owned(),
                figure::metric_title(metric.metric.shown()),
                figure::count(metric.quantity),
                figure::metric_cost(metric),
            ]);
        }
    }
    PageTable {
        heading: "By service",
        columns: &[
            ("Service", Left),
            ("Metric", Left),
            ("Quantity", Right),
            ("Cost", Right),
        ],
        rows,
    }
}

fn by_model(summary: &Summary) -> PageTable {
    let mut rows: Vec<Vec<String>> = summary
        .models
        .iter()
        .map(|part| {
            vec![
                part.label(),
                figure::count(part.tokens.input),
                figure::count(part.tokens.output),
                figure::count(part.tokens.total),
                breakdown::other_quantities(part),
                figure::group_cost(part.cost.as_ref(), &part.metrics),
            ]
        })
        .collect();
    rows.push(vec![
        "Total".to_owned(),
        figure::count(summary.tokens.input),
        figure::count(summary.tokens.output),
        figure::count(summary.tokens.total),
        String::new(),
        figure::headline(summary),
    ]);
    PageTable {
        heading: "By model",
        columns: &[
            ("Model", Left),
            ("Input", Right),
            ("Output", Right),
            ("All tokens", Right),
            ("Other", Left),
            ("Cost", Right),
        ],
        rows,
    }
}

fn lines(summary: &Summary) -> PageTable {
    let mut rows = Vec::new();
    for part in &summary.models {
        for line in part.metrics.iter().flat_map(|metric| &metric.lines) {
            let mut row = vec![part.label()];
            row.extend(line_cells(line));
            rows.push(row);
        }
    }
    PageTable {
        heading: "Cost lines, exact",
        columns: &[
            ("Model", Left),
            ("Metric", Left),
            ("Quantity", Right),
            ("Basis", Left),
            ("Rate", Left),
            ("Source", Left),
            ("Cost", Right),
            ("Marks", Left),
        ],
        rows,
    }
}

/// What a line says from its metric on: metric, quantity, basis, rate, source, cost, marks.
pub(super) fn line_cells(line: &CostLine) -> [String; 7] {
    let rate = line.rate.as_ref().map_or_else(
        || line.state.word().to_owned(),
        |rate| {
            format!(
                "{} per {}",
                figure::exact(&rate.amount),
                figure::count(rate.unit_size)
            )
        },
    );
    let source = line.rate.as_ref().map(|rate| {
        if rate.origin.is_override() {
            format!("{}: {}", rate.origin.words(), rate.source)
        } else {
            rate.source.to_string()
        }
    });
    [
        line.metric.to_string(),
        figure::count(line.quantity),
        line.basis.word().to_owned(),
        rate,
        source.unwrap_or_default(),
        line.cost
            .map_or_else(|| line.state.word().to_owned(), |cost| figure::exact(&cost)),
        marks(line).join("; "),
    ]
}

/// What a reader should know of a line before trusting it.
pub(super) fn marks(line: &CostLine) -> Vec<String> {
    let mut marks = Vec::new();
    if !line.rate_model.is_empty() && line.rate_model != line.model {
        marks.push(format!("priced as {}", line.rate_model));
    }
    if !line.rated_as.is_empty() {
        marks.push(format!("rated as {}", line.rated_as));
    }
    if line.service_default {
        marks.push("the service's default rate".to_owned());
    }
    if line.model_retired {
        marks.push("the model is past its shut-down date".to_owned());
    }
    if line.clock_ahead {
        marks.push("clock: the time of receipt counts".to_owned());
    }
    for billed in &line.provider_billed {
        let expected = if line.provider_billed_differs && !billed.expected.is_empty() {
            format!(" where {} were expected: DIFFERS", billed.expected)
        } else if line.provider_billed_differs {
            ": DIFFERS from what was expected".to_owned()
        } else {
            String::new()
        };
        marks.push(format!(
            "the provider billed {} {}{expected}",
            billed.value, billed.unit
        ));
    }
    marks
}
