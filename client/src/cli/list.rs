//! The lists: sessions, videos, voices.

use super::{Commands, JsonArg, ListArgs};
use crate::error::Error;
use crate::figure;
use crate::printable::shorten_end;
use crate::remote::Remote;
use crate::report;
use crate::table::{Side, Table};

/// Titles and prompts are cut to this; the whole one is in the JSON.
const TITLE_COLUMNS: usize = 40;

pub(super) async fn sessions(
    commands: &Commands,
    remote: &Remote,
    args: &ListArgs,
) -> Result<(), Error> {
    let rows = remote.sessions(usize::from(args.number), false).await?;
    if args.json {
        let values: Vec<_> = rows.iter().map(report::session_row).collect();
        return Ok(commands.out.text(&report::pretty(&values.into()))?);
    }
    if rows.is_empty() {
        return Ok(commands.out.line("no sessions yet")?);
    }
    let mut table = Table::new(&[
        ("Session", Side::Left),
        ("Started", Side::Left),
        ("State", Side::Left),
        ("Title", Side::Left),
        ("Calls", Side::Right),
        ("Cost", Side::Right),
    ]);
    for row in &rows {
        let unpriced = if row.unpriced_metric_count > 0 {
            " + unpriced"
        } else {
            ""
        };
        let simulated = if row.session.simulated {
            ", simulated"
        } else {
            ""
        };
        table.row([
            row.session.id.to_string(),
            row.session
                .start_time
                .map(|time| figure::date_time(time, &commands.zone))
                .unwrap_or_default(),
            format!(
                "{}{simulated}",
                if row.session.ended { "ended" } else { "active" }
            ),
            shorten_end(row.session.title.shown(), TITLE_COLUMNS),
            figure::count(row.event_count),
            format!("{}{unpriced}", row.total_cost.screen()),
        ]);
    }
    Ok(commands.out.lines(table.lines())?)
}

pub(super) async fn videos(
    commands: &Commands,
    remote: &Remote,
    args: &ListArgs,
) -> Result<(), Error> {
    let videos = remote.videos(usize::from(args.number)).await?;
    if args.json {
        let values: Vec<_> = videos.iter().map(report::video).collect();
        return Ok(commands.out.text(&report::pretty(&values.into()))?);
    }
    if videos.is_empty() {
        return Ok(commands.out.line("no videos yet")?);
    }
    let mut table = Table::new(&[
        ("Video", Side::Left),
        ("Asked for", Side::Left),
        ("State", Side::Left),
        ("Title", Side::Left),
        ("Length", Side::Right),
        ("File", Side::Left),
    ]);
    for video in &videos {
        let simulated = if video.simulated { ", simulated" } else { "" };
        let length = if video.duration_ms > 0 {
            figure::duration(video.duration_ms / 1000)
        } else {
            String::new()
        };
        table.row([
            video.id.to_string(),
            video
                .create_time
                .map(|time| figure::date_time(time, &commands.zone))
                .unwrap_or_default(),
            format!("{}{simulated}", video.state.word()),
            shorten_end(video.label().shown(), TITLE_COLUMNS),
            length,
            video.file_path.to_string(),
        ]);
    }
    Ok(commands.out.lines(table.lines())?)
}

pub(super) async fn voices(
    commands: &Commands,
    remote: &Remote,
    args: &JsonArg,
) -> Result<(), Error> {
    let voices = remote.voices().await?;
    if args.json {
        let values: Vec<_> = voices.iter().map(report::voice).collect();
        return Ok(commands.out.text(&report::pretty(&values.into()))?);
    }
    if voices.is_empty() {
        return Ok(commands.out.line("the provider offers no voices")?);
    }
    let mut table = Table::new(&[
        ("Voice", Side::Left),
        ("Name", Side::Left),
        ("", Side::Left),
        ("Described as", Side::Left),
    ]);
    for voice in &voices {
        let labels: Vec<_> = voice
            .labels
            .iter()
            .map(|(_, value)| value.to_string())
            .collect();
        table.row([
            voice.id.to_string(),
            voice.name.to_string(),
            if voice.is_default {
                "default".to_owned()
            } else {
                String::new()
            },
            labels.join(", "),
        ]);
    }
    Ok(commands.out.lines(table.lines())?)
}
