//! `--print-config`: what is in force, and why.

use std::fmt;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use super::layers::Layers;

/// Where a setting's value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A flag, as it is called (`--meter-listen`).
    Flag(String),
    /// An environment variable, by its name.
    Environment(String),
    /// The settings file, by file and line (`reelmeter.toml:3`).
    File(String),
    /// Nobody set it.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "flag {flag}"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::File(place) => f.write_str(place),
            Self::Default => f.write_str("default"),
        }
    }
}

/// One setting as it is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The name in the settings file.
    pub name: String,
    /// The value as text; none where the setting is not set. Secrets and passwords are hidden.
    pub value: Option<String>,
    /// Where it came from.
    pub source: Source,
}

pub(super) fn lines(command: &Command, matches: &ArgMatches, layers: &Layers) -> Vec<Line> {
    let mut lines = Vec::new();
    for arg in command
        .get_arguments()
        .filter(|arg| layers.is_setting(arg.get_id().as_str()))
    {
        let id = arg.get_id().as_str();
        let raw = matches.get_raw(id).map(|values| {
            values
                .map(|value| without_password(&value.to_string_lossy()))
                .collect::<Vec<_>>()
                .join(",")
        });
        let source = match matches.value_source(id) {
            Some(ValueSource::CommandLine) => {
                Source::Flag(format!("--{}", arg.get_long().unwrap_or(id)))
            }
            _ => layers.source(id).cloned().unwrap_or(Source::Default),
        };
        lines.push(Line {
            name: id.to_owned(),
            value: raw,
            source,
        });
    }
    lines
}

/// The lines as a table: name, value, source.
#[must_use]
pub fn render(lines: &[Line]) -> String {
    let shown = |line: &Line| {
        line.value
            .as_ref()
            .map_or_else(|| "(not set)".to_owned(), |value| quote(value))
    };
    let name_width = lines
        .iter()
        .map(|line| line.name.len())
        .max()
        .unwrap_or_default();
    let value_width = lines
        .iter()
        .map(|line| shown(line).chars().count())
        .max()
        .unwrap_or_default()
        .min(48);
    let mut text = String::new();
    for line in lines {
        text.push_str(&format!(
            "{:name_width$} = {:value_width$}  # {}\n",
            line.name,
            shown(line),
            line.source
        ));
    }
    text
}

fn quote(value: &str) -> String {
    if value == "(hidden)" {
        value.to_owned()
    } else {
        format!("{value:?}")
    }
}

/// `postgres://user:password@host` without the password.
fn without_password(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else {
        return value.to_owned();
    };
    let authority_length = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(authority_length);
    match authority
        .rsplit_once('@')
        .and_then(|(user, host)| Some((user.split_once(':')?.0, host)))
    {
        Some((user, host)) => format!("{scheme}://{user}:(hidden)@{host}{path}"),
        None => value.to_owned(),
    }
}
