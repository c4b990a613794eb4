//! Reports: a session's summary as a file for a program, a spreadsheet or a page.

mod csv;
mod json;
mod markdown;
mod page;
mod receipt;
mod summary_page;

use std::io::Write;
use std::path::Path;

use crate::error::Error;
use crate::facts::{Summary, Video};

pub use receipt::{Supposed, receipt_lines, render_receipt};

pub use json::{
    escape_invisible, estimate_case, pretty, price_book, rate, session_row, video, voice,
};

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For programs: exact amounts as decimal strings.
    Json,
    /// For spreadsheets: one row a cost line.
    Csv,
    /// For pages.
    #[value(name = "md", alias = "markdown")]
    Markdown,
    /// For browsers: one file that needs nothing else.
    Html,
}

impl Format {
    /// The form that a file's name asks for; JSON if it does not say.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => Self::Csv,
            Some("md" | "markdown") => Self::Markdown,
            Some("html" | "htm") => Self::Html,
            _ => Self::Json,
        }
    }
}

/// The report as text that ends with a line break.
#[must_use]
pub fn render(summary: &Summary, video: Option<&Video>, format: Format) -> String {
    match format {
        Format::Json => json::render(summary, video),
        Format::Csv => csv::render(summary),
        Format::Markdown => markdown::render(summary, video),
        Format::Html => summary_page::page(summary, video).html(),
    }
}

/// Writes the report to a file, which is whole or not there.
///
/// # Errors
/// The file cannot be written.
pub fn save(
    summary: &Summary,
    video: Option<&Video>,
    format: Format,
    path: &Path,
) -> Result<(), Error> {
    save_text(&render(summary, video, format), path)
}

/// Writes a text to a file, which is whole or not there.
///
/// # Errors
/// The file cannot be written.
pub fn save_text(text: &str, path: &Path) -> Result<(), Error> {
    let failed = |source| Error::File {
        path: path.to_owned(),
        source,
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let mut file = std::fs::File::create(&part).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&part, path).map_err(failed)
}

/// Puts a session's final figures into the log.
pub fn log(summary: &Summary) {
    if tracing::enabled!(tracing::Level::DEBUG) {
        let text = serde_json::to_string(&json::summary(summary, None)).unwrap_or_default();
        tracing::debug!(session = summary.session.id.shown(), summary = %escape_invisible(&text), "final figures");
    }
}
