//! Reading `reelmeter.toml`: keys at the top level, each with the line it stands in.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::SettingsError;

/// One key of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The key as written.
    pub key: String,
    /// Its values as text; more than one for a list.
    pub values: Vec<String>,
    /// `reelmeter.toml:3`.
    pub place: String,
}

/// Reads the file. A file that is not there has no entries, unless a person named it.
pub(super) fn read(path: &Path, shown: &Path, named: bool) -> Result<Vec<Entry>, SettingsError> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text, shown),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !named => Ok(Vec::new()),
        Err(source) => Err(SettingsError::Unreadable {
            path: PathBuf::from(shown),
            source,
        }),
    }
}

fn parse(text: &str, shown: &Path) -> Result<Vec<Entry>, SettingsError> {
    let place = |offset: usize| format!("{}:{}", shown.display(), line(text, offset));
    let table = DeTable::parse(text).map_err(|error| SettingsError::Syntax {
        place: place(error.span().map_or(0, |span| span.start)),
        message: error.message().to_owned(),
    })?;
    let mut entries: Vec<(usize, Entry)> = Vec::new();
    for (key, value) in table.get_ref() {
        let offset = key.span().start;
        let name = key.get_ref().to_string();
        let place = place(offset);
        let values = values(value.get_ref()).ok_or_else(|| SettingsError::Kind {
            place: place.clone(),
            key: name.clone(),
        })?;
        entries.push((
            offset,
            Entry {
                key: name,
                values,
                place,
            },
        ));
    }
    entries.sort_by_key(|(offset, _)| *offset);
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
}

fn values(value: &DeValue<'_>) -> Option<Vec<String>> {
    match value {
        DeValue::Array(items) => items.iter().map(|item| scalar(item.get_ref())).collect(),
        other => scalar(other).map(|text| vec![text]),
    }
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Integer(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// The line of a byte offset, counted from one.
fn line(text: &str, offset: usize) -> usize {
    text.bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}
