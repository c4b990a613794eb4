//! The final breakdown: what a session cost, as lines of text of at most 80 columns where names allow it.

use jiff::tz::TimeZone;
use reelmeter_proto::{METRIC_CHARACTERS, SERVICE_ELEVENLABS, SERVICE_GEMINI};

use crate::facts::{
    Budget, CostSource, Limit, MetricTotal, ModelTotal, Quota, ServiceTotal, Summary, Video,
    VideoState,
};
use crate::figure;
use crate::printable::{Text, wrap};
use crate::table::{Side, Table};

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

/// The name that people know a service by.
#[must_use]
pub fn service_title(service: &Text) -> String {
    match service.raw() {
        SERVICE_GEMINI => "Gemini".to_owned(),
        SERVICE_ELEVENLABS => "ElevenLabs".to_owned(),
        reelmeter_proto::SERVICE_OLLAMA => "Ollama".to_owned(),
        _ => service.to_string(),
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
    if !summary.adds_up() {
        points.push(
            "THE PARTS DO NOT ADD UP TO THE TOTAL: please report this as a fault of the meter"
                .to_owned(),
        );
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
