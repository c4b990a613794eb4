//! Markdown for pages. Everything from elsewhere is escaped: a title can be neither a heading nor a link nor HTML.

use jiff::tz::TimeZone;

use super::summary_page::book_words;
use crate::breakdown;
use crate::facts::{Summary, Video};
use crate::figure;
use crate::printable::Text;

/// The report. Times are in UTC, since a page is read elsewhere.
#[must_use]
pub fn render(summary: &Summary, video: Option<&Video>) -> String {
    let zone = TimeZone::UTC;
    let session = &summary.session;
    let label = video
        .map(Video::label)
        .filter(|label| !label.is_empty())
        .unwrap_or_else(|| session.label());
    let mut text = format!("# {}\n\n", escape(label));
    if summary.simulated || session.simulated {
        text.push_str(&format!("> **{}**\n\n", breakdown::SIMULATED));
    }
    text.push_str(&format!(
        "**{}**\n\n",
        escape_shown(&figure::headline(summary))
    ));
    text.push_str(&format!(
        "- Session `{}`, {}\n",
        code(&session.id),
        if summary.settled {
            "settled"
        } else {
            "not settled"
        }
    ));
    if let (Some(start), Some(end)) = (session.start_time, session.end_time) {
        text.push_str(&format!(
            "- {} to {} UTC\n",
            figure::date_time(start, &zone),
            figure::date_time(end, &zone)
        ));
    }
    text.push_str(&format!(
        "- {} input tokens, {} output tokens, {} in all, {} recorded calls\n",
        figure::count(summary.tokens.input),
        figure::count(summary.tokens.output),
        figure::count(summary.tokens.total),
        figure::count(summary.event_count)
    ));
    if let Some(book) = &summary.price_book {
        text.push_str(&format!("- {}\n", escape_shown(&book_words(book))));
    }
    for quota in &summary.quotas {
        text.push_str(&format!(
            "- {}\n",
            escape_shown(&breakdown::quota_words(quota, &zone))
        ));
    }
    for point in breakdown::open_points(summary) {
        text.push_str(&format!("- {}\n", escape_shown(&point)));
    }
    by_service(&mut text, summary);
    by_model(&mut text, summary);
    lines(&mut text, summary);
    if let Some(video) = video {
        text.push_str("\n## Video\n\n");
        for (label, value) in breakdown::video_lines(video) {
            text.push_str(&format!("- {label} {}\n", escape_shown(&value)));
        }
    }
    text
}

fn by_service(text: &mut String, summary: &Summary) {
    text.push_str(
        "\n## By service\n\n| Service | Metric | Quantity | Cost |\n|---|---|---:|---:|\n",
    );
    for part in &summary.services {
        for metric in &part.metrics {
            text.push_str(&format!(
                "| {} | {} | {} | {} |\n",
                escape(&part.service),
                escape_shown(&figure::metric_title(metric.metric.shown())),
                figure::count(metric.quantity),
                figure::metric_cost(metric)
            ));
        }
    }
}

fn by_model(text: &mut String, summary: &Summary) {
    text.push_str("\n## By model\n\n| Model | Input | Output | All tokens | Other | Cost |\n|---|---:|---:|---:|---|---:|\n");
    for part in &summary.models {
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            escape_shown(&part.label()),
            figure::count(part.tokens.input),
            figure::count(part.tokens.output),
            figure::count(part.tokens.total),
            escape_shown(&breakdown::other_quantities(part)),
            figure::group_cost(part.cost.as_ref(), &part.metrics)
        ));
    }
    text.push_str(&format!(
        "| **Total** | {} | {} | {} | | **{}** |\n",
        figure::count(summary.tokens.input),
        figure::count(summary.tokens.output),
        figure::count(summary.tokens.total),
        escape_shown(&figure::headline(summary))
    ));
}

fn lines(text: &mut String, summary: &Summary) {
    text.push_str("\n## Cost lines\n\nAmounts are exact.\n\n");
    text.push_str("| Model | Metric | Quantity | Basis | Rate | Origin | Source | Cost |\n|---|---|---:|---|---|---|---|---:|\n");
    for part in &summary.models {
        for line in part.metrics.iter().flat_map(|metric| &metric.lines) {
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
            text.push_str(&format!(
                "| {} | {} | {} | {} | {rate} | {} | {} | {} |\n",
                escape_shown(&part.label()),
                escape(&line.metric),
                figure::count(line.quantity),
                line.basis.word(),
                line.rate.as_ref().map_or("", |rate| rate.origin.word()),
                line.rate
                    .as_ref()
                    .map(|rate| escape(&rate.source))
                    .unwrap_or_default(),
                line.cost
                    .map(|cost| figure::exact(&cost))
                    .unwrap_or_default()
            ));
        }
    }
}

fn escape(text: &Text) -> String {
    escape_shown(text.shown())
}

/// Every character that means something to Markdown or HTML is written so that it means itself.
pub(super) fn escape_shown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '!' | '|' | '~' => {
                escaped.push('\\');
                escaped.push(c);
            }
            // An address would become a link by itself.
            ':' if escaped.ends_with("http") || escaped.ends_with("https") => {
                escaped.push_str("&#58;")
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// For a code span, in which nothing but a backtick means anything.
fn code(text: &Text) -> String {
    text.shown().replace('`', "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_neither_a_link_nor_html_nor_a_table_cell() {
        assert_eq!(
            escape_shown("[x](http://y) <script> a|b"),
            "\\[x\\]\\(http&#58;//y\\) &lt;script&gt; a\\|b"
        );
    }
}
