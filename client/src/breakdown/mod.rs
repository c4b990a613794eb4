//! The final breakdown: what a session cost, as lines of text of at most 80 columns where names allow it.

mod words;

use jiff::tz::TimeZone;
use reelmeter_proto::{METRIC_CHARACTERS, SERVICE_ELEVENLABS, SERVICE_GEMINI};

use crate::facts::{MetricTotal, ServiceTotal, Summary, Video};
use crate::figure;
use crate::printable::wrap;
use crate::table::{Side, Table};

pub use words::{
    budget_words, labelled, limit_words, open_points, other_quantities, quota_words, service_title,
    video_lines,
};

/// The width that sentences are wrapped to.
const COLUMNS: usize = 78;

/// What simulated figures are, wherever they are shown.
pub const SIMULATED: &str = "SIMULATED: a stand-in answered instead of the providers. Nothing was bought; the figures are what it would have cost.";

/// The breakdown of a session, with its video where there is one: the file's path comes last, where the eye is.
#[must_use]
pub fn lines(summary: &Summary, video: Option<&Video>, zone: &TimeZone) -> Vec<String> {
    let mut lines = heading(summary, video, zone);
    if summary.simulated || summary.session.simulated {
        lines.push(String::new());
        lines.extend(wrap(SIMULATED, COLUMNS));
    }
    lines.push(String::new());
    lines.extend(figures(summary, zone));
    if let Some(video) = video {
        lines.push(String::new());
        lines.extend(labelled(&video_lines(video)));
    }
    lines
}

/// The same for a screen, which has a title and a banner already: the file's path comes first.
#[must_use]
pub fn screen_lines(summary: &Summary, video: Option<&Video>, zone: &TimeZone) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(video) = video {
        lines.extend(labelled(&video_lines(video)));
        lines.push(String::new());
    }
    lines.extend(figures(summary, zone));
    lines.push(String::new());
    lines.extend(heading(summary, video, zone).into_iter().skip(1));
    lines
}

fn figures(summary: &Summary, zone: &TimeZone) -> Vec<String> {
    let mut lines = totals(summary);
    section(&mut lines, "By model", by_model(summary));
    let mut rest = vec![("Tokens".to_owned(), tokens(summary))];
    if let Some(voices) = voices(summary) {
        rest.push(("Characters".to_owned(), voices));
    }
    rest.push(("Calls".to_owned(), calls(summary)));
    let quotas = summary.quotas.iter();
    rest.extend(quotas.map(|quota| ("Quota".to_owned(), quota_words(quota, zone))));
    let budget = summary.budget.iter();
    rest.extend(budget.map(|budget| ("Budget".to_owned(), budget_words(budget))));
    rest.push(("Prices".to_owned(), prices(summary)));
    rest.extend(
        open_points(summary)
            .into_iter()
            .map(|point| ("Note".to_owned(), point)),
    );
    lines.push(String::new());
    lines.extend(labelled(&rest));
    section(&mut lines, "By service", by_service(summary));
    section(&mut lines, "By stage", by_stage(summary));
    lines
}

/// What it is, and whether these are its last figures. The title is the first line.
fn heading(summary: &Summary, video: Option<&Video>, zone: &TimeZone) -> Vec<String> {
    let session = &summary.session;
    let label = video
        .map(Video::label)
        .filter(|label| !label.is_empty())
        .unwrap_or_else(|| session.label());
    let mut lines = vec![crate::printable::shorten_end(label.shown(), COLUMNS)];
    let state = match (summary.settled, session.end_time) {
        (true, Some(end)) => format!("settled, ended {}", figure::date_time(end, zone)),
        (false, Some(end)) => {
            format!(
                "not all figures are in, ended {}",
                figure::date_time(end, zone)
            )
        }
        (_, None) if summary.ended => "ended".to_owned(),
        (_, None) => "still open".to_owned(),
    };
    lines.push(format!("session {}", session.id));
    lines.push(state);
    if let Some(reset) = summary.reset_time {
        lines.push(format!(
            "counted from zero again {}",
            figure::date_time(reset, zone)
        ));
    }
    lines
}

/// The total, and each service's part of it in words: Gemini's always, since it is what people ask for first.
fn totals(summary: &Summary) -> Vec<String> {
    let mut rows = vec![("Total cost".to_owned(), figure::headline(summary))];
    for part in &summary.services {
        let known = matches!(part.service.raw(), SERVICE_GEMINI | SERVICE_ELEVENLABS);
        if known || part.cost.is_some() {
            rows.push((service_title(&part.service), service_figure(part)));
        }
    }
    labelled(&rows)
}

fn service_figure(part: &ServiceTotal) -> String {
    let cost = figure::group_cost(part.cost.as_ref(), &part.metrics);
    let characters = part
        .metrics
        .iter()
        .find(|metric| metric.metric.raw() == METRIC_CHARACTERS);
    match characters {
        Some(characters) => format!(
            "{cost}, {}",
            figure::quantity(METRIC_CHARACTERS, characters.quantity)
        ),
        None => cost,
    }
}

fn by_service(summary: &Summary) -> Table {
    let mut table = Table::new(&[
        ("", Side::Left),
        ("Metric", Side::Left),
        ("Quantity", Side::Right),
        ("Cost", Side::Right),
    ]);
    for part in &summary.services {
        let mut title = service_title(&part.service);
        for metric in &part.metrics {
            table.row([
                std::mem::take(&mut title),
                figure::metric_title(metric.metric.shown()),
                quantity(metric),
                figure::metric_cost(metric),
            ]);
        }
    }
    table
}

fn quantity(metric: &MetricTotal) -> String {
    let mark = if metric.estimated_quantity > 0 {
        "~"
    } else {
        ""
    };
    format!("{mark}{}", figure::count(metric.quantity))
}

fn by_model(summary: &Summary) -> Table {
    let mut table = Table::new(&[
        ("", Side::Left),
        ("Input", Side::Right),
        ("Output", Side::Right),
        ("Other", Side::Left),
        ("Cost", Side::Right),
    ]);
    for part in &summary.models {
        let has_tokens = part.tokens.total > 0;
        let tokens = |value| {
            if has_tokens {
                figure::count(value)
            } else {
                String::new()
            }
        };
        table.row([
            part.label(),
            tokens(part.tokens.input),
            tokens(part.tokens.output),
            other_quantities(part),
            figure::group_cost(part.cost.as_ref(), &part.metrics),
        ]);
    }
    table
}

fn by_stage(summary: &Summary) -> Table {
    let mut table = Table::new(&[
        ("", Side::Left),
        ("Calls", Side::Right),
        ("Cost", Side::Right),
    ]);
    // One stage tells nothing that the total does not.
    if summary.stages.len() > 1 {
        for part in &summary.stages {
            let name = if part.stage.is_empty() {
                "(none)".to_owned()
            } else {
                figure::metric_title(part.stage.shown())
            };
            table.row([
                name,
                figure::count(part.event_count),
                figure::group_cost(part.cost.as_ref(), &part.metrics),
            ]);
        }
    }
    table
}

fn tokens(summary: &Summary) -> String {
    format!(
        "{} input, {} output, {} in all",
        figure::count(summary.tokens.input),
        figure::count(summary.tokens.output),
        figure::count(summary.tokens.total)
    )
}

fn voices(summary: &Summary) -> Option<String> {
    let voices: Vec<String> = summary
        .models
        .iter()
        .filter(|part| part.quantity(METRIC_CHARACTERS) > 0)
        .map(|part| {
            format!(
                "{} spoken by {}",
                figure::count(part.quantity(METRIC_CHARACTERS)),
                part.label()
            )
        })
        .collect();
    (!voices.is_empty()).then(|| voices.join("; "))
}

fn calls(summary: &Summary) -> String {
    let mut text = format!("{} recorded", figure::count(summary.event_count));
    if summary.failed_calls > 0 {
        text.push_str(&format!(
            ", of which {} failed or thrown away ({})",
            figure::count(summary.failed_calls),
            summary.failed_cost.screen()
        ));
    }
    text
}

fn prices(summary: &Summary) -> String {
    let Some(book) = &summary.price_book else {
        return "the meter did not name its price book".to_owned();
    };
    let mut text = format!(
        "book \"{}\" of {}, {}",
        book.name,
        book.as_of_date,
        figure::age(book.age_days)
    );
    if book.stale {
        text.push_str(", STALE: prices may have moved since");
    }
    if book.override_count > 0 {
        text.push_str(&format!(
            ", {}",
            figure::counted(book.override_count, "override", "overrides")
        ));
    }
    if book.frozen {
        text.push_str(", as it was when the session ended");
    }
    text
}

fn section(lines: &mut Vec<String>, title: &str, table: Table) {
    if table.is_empty() {
        return;
    }
    lines.push(String::new());
    // The title stands where the first column's heading would: one line less.
    for (place, line) in table.lines_within(COLUMNS).into_iter().enumerate() {
        if place == 0 {
            let title_columns = title.chars().count();
            let free = line.chars().take_while(|c| *c == ' ').count();
            if free > title_columns {
                lines.push(format!("{title}{}", &line[title_columns..]));
                continue;
            }
            lines.push(title.to_owned());
        }
        lines.push(line);
    }
}
