//! What lies beneath the flags: the environment, then the file. Both become clap's defaults, so that clap parses
//! and checks every value in one place, whatever it came from.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{OsStr, PossibleValue, StyledStr};
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command};

use super::file::{self, Entry};
use super::print::{Line, Source};
use super::{FILE_NAME, SettingsError, Surroundings, known, within};
use crate::Program;
use crate::secret::{self, Secrets};

/// The value that a setting has where no flag is given, and where it came from.
#[derive(Debug, Clone)]
struct Layer {
    id: String,
    values: Vec<OsString>,
    source: Source,
}

/// The values from the environment and the file.
#[derive(Debug, Clone)]
pub(super) struct Layers {
    /// The names of all settings of the program.
    ids: Vec<String>,
    layers: Vec<Layer>,
    /// Entries `…_file` of secrets.
    secret_files: Vec<Entry>,
}

impl Layers {
    pub(super) fn read(
        program: Program,
        command: &Command,
        secrets: &[&'static str],
        from: &Surroundings,
    ) -> Result<Self, SettingsError> {
        let named = named_file(&from.arguments);
        let shown = named.clone().unwrap_or_else(|| PathBuf::from(FILE_NAME));
        let entries = file::read(&within(&from.directory, &shown), &shown, named.is_some())?;
        let known_here: Vec<&str> = settings(command).map(|arg| arg.get_id().as_str()).collect();
        let mut secret_files = Vec::new();
        let mut file_values = Vec::new();
        for entry in entries {
            if known_here.contains(&entry.key.as_str()) {
                file_values.push(entry);
            } else if known::is_secret(&entry.key) {
                return Err(SettingsError::SecretInFile {
                    place: entry.place,
                    key: entry.key,
                });
            } else if known::is_secret_file(&entry.key) {
                if secrets
                    .iter()
                    .any(|name| entry.key.eq_ignore_ascii_case(&format!("{name}_file")))
                {
                    secret_files.push(entry);
                }
            } else if !known::belongs_to_another(program, &entry.key) {
                let hint = known::nearest(&entry.key, known_here.iter().copied());
                return Err(SettingsError::UnknownKey {
                    place: entry.place,
                    key: entry.key,
                    hint,
                });
            }
        }
        let layers = settings(command)
            .filter_map(|arg| layer(arg, from, &file_values))
            .collect();
        let ids = known_here.into_iter().map(str::to_owned).collect();
        Ok(Self {
            ids,
            layers,
            secret_files,
        })
    }

    /// The command with these values as its defaults. The environment is in them already, so clap no longer looks.
    pub(super) fn apply(&self, mut command: Command) -> Result<Command, SettingsError> {
        for id in &self.ids {
            let layer = self.find(id);
            let mut wrong = None;
            command = command.mut_arg(id, |arg| {
                let arg = describe(arg, layer);
                let Some(layer) = layer else { return arg };
                match defaults(&arg, layer) {
                    Ok(values) => arg.required(false).default_values(values),
                    Err(error) => {
                        wrong = Some(error);
                        arg
                    }
                }
            });
            if let Some(error) = wrong {
                return Err(error);
            }
        }
        Ok(command)
    }

    /// Whether an argument of that name is a setting.
    pub(super) fn is_setting(&self, id: &str) -> bool {
        self.ids.iter().any(|known| known == id)
    }

    /// Where the setting's value comes from if no flag gives it.
    pub(super) fn source(&self, id: &str) -> Option<&Source> {
        self.find(id).map(|layer| &layer.source)
    }

    /// A mistake in a value is told with the place where the value stands, not with a flag nobody gave.
    pub(super) fn explain(&self, command: &Command, error: clap::Error) -> SettingsError {
        let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else {
            return SettingsError::Clap(error);
        };
        let arg = command
            .get_arguments()
            .find(|arg| arg.to_string() == *shown);
        let layer = arg.and_then(|arg| self.find(arg.get_id().as_str()));
        let Some(layer) = layer else {
            return SettingsError::Clap(error);
        };
        let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) else {
            return SettingsError::Clap(error);
        };
        // The value may come from a flag that overrules this layer; then clap's own words are right.
        if !layer
            .values
            .iter()
            .any(|known| known.to_string_lossy().contains(value.as_str()))
        {
            return SettingsError::Clap(error);
        }
        let reason = match (
            error.get(ContextKind::ValidValue),
            std::error::Error::source(&error),
        ) {
            (Some(ContextValue::Strings(valid)), _) if !valid.is_empty() => {
                format!("one of {} is expected", valid.join(", "))
            }
            (_, Some(source)) => source.to_string(),
            _ => "the setting does not take it".to_owned(),
        };
        let message = format!("{value:?} cannot be used for {}: {reason}", layer.id);
        SettingsError::Value {
            place: layer.source.to_string(),
            message,
        }
    }

    /// The secrets that the program asked for, and a line for each that says where it came from.
    pub(super) fn secrets(
        &self,
        names: &[&'static str],
        from: &Surroundings,
    ) -> Result<(Secrets, Vec<Line>), SettingsError> {
        let mut secrets = Secrets::default();
        let mut lines = Vec::new();
        for name in names.iter().copied() {
            let variable = format!("{name}_FILE");
            let value = from.variable(name);
            let entry = self
                .secret_files
                .iter()
                .find(|entry| entry.key.eq_ignore_ascii_case(&variable));
            let in_file = entry.and_then(|entry| {
                Some((PathBuf::from(entry.values.first()?), entry.place.clone()))
            });
            let (path, place) = match (from.variable(&variable), in_file) {
                (Some(path), _) => (Some(PathBuf::from(path)), Source::Environment(variable)),
                // The environment beats the file, also where it gives the secret itself.
                (None, Some((path, place))) if value.is_none() => (Some(path), Source::File(place)),
                (None, _) => (None, Source::Environment(name.to_owned())),
            };
            let text = value.map(|value| value.to_string_lossy());
            let path = path.map(|path| within(&from.directory, &path));
            let secret = secret::read(name, text.as_deref(), path.as_deref())?;
            lines.push(match secret {
                Some(_) => Line {
                    name: name.to_ascii_lowercase(),
                    value: Some("(hidden)".to_owned()),
                    source: place,
                },
                None => Line {
                    name: name.to_ascii_lowercase(),
                    value: None,
                    source: Source::Default,
                },
            });
            if let Some(secret) = secret {
                secrets.insert(name, secret);
            }
        }
        Ok((secrets, lines))
    }

    fn find(&self, id: &str) -> Option<&Layer> {
        self.layers.iter().find(|layer| layer.id == id)
    }
}

/// The arguments that are settings: those that name a variable.
fn settings(command: &Command) -> impl Iterator<Item = &Arg> {
    command
        .get_arguments()
        .filter(|arg| arg.get_env().is_some())
}

/// `--config FILE` must be known before clap has read the arguments, since the file makes clap's defaults.
fn named_file(arguments: &[OsString]) -> Option<PathBuf> {
    let mut rest = arguments.iter().take_while(|argument| *argument != "--");
    while let Some(argument) = rest.next() {
        if argument == "--config" {
            return rest.next().map(PathBuf::from);
        }
        if let Some(path) = argument
            .to_str()
            .and_then(|text| text.strip_prefix("--config="))
        {
            return Some(PathBuf::from(path));
        }
    }
    None
}

fn layer(arg: &Arg, from: &Surroundings, file: &[Entry]) -> Option<Layer> {
    let id = arg.get_id().to_string();
    let variable = arg.get_env()?.to_string_lossy().into_owned();
    if let Some(value) = from.variable(&variable) {
        return Some(Layer {
            id,
            values: vec![value.clone()],
            source: Source::Environment(variable),
        });
    }
    let entry = file.iter().find(|entry| entry.key == id)?;
    let values = entry.values.iter().map(OsString::from).collect();
    Some(Layer {
        id,
        values,
        source: Source::File(entry.place.clone()),
    })
}

/// The layer's values as clap takes them. Switches know more words for yes and no than clap's own parser.
fn defaults(arg: &Arg, layer: &Layer) -> Result<Vec<OsStr>, SettingsError> {
    if !is_yes_or_no(arg) {
        return Ok(layer
            .values
            .iter()
            .map(|value| OsStr::from(value.clone()))
            .collect());
    }
    let text = layer
        .values
        .first()
        .map(|value| value.to_string_lossy().to_ascii_lowercase())
        .unwrap_or_default();
    match text.as_str() {
        "1" | "true" | "yes" | "on" => Ok(vec![OsStr::from("true")]),
        "0" | "false" | "no" | "off" => Ok(vec![OsStr::from("false")]),
        _ => Err(SettingsError::Value {
            place: layer.source.to_string(),
            message: format!(
                "{text:?} cannot be used for {}: true or false is expected",
                layer.id
            ),
        }),
    }
}

fn is_yes_or_no(arg: &Arg) -> bool {
    let switch = matches!(arg.get_action(), ArgAction::SetTrue | ArgAction::SetFalse);
    let possible = arg.get_possible_values();
    switch
        || possible
            .iter()
            .map(PossibleValue::get_name)
            .eq(["true", "false"])
}

/// Clap shows the variable beside an argument only while it reads it itself; the help text keeps it.
fn describe(arg: Arg, layer: Option<&Layer>) -> Arg {
    let Some(variable) = arg
        .get_env()
        .map(|name| name.to_string_lossy().into_owned())
    else {
        return arg;
    };
    let note = match layer.map(|layer| &layer.source) {
        Some(Source::File(place)) => format!(" [env: {variable}] [set in {place}]"),
        Some(_) => format!(" [env: {variable}, set]"),
        None => format!(" [env: {variable}]"),
    };
    let help = arg
        .get_help()
        .map(|help| help.ansi().to_string())
        .unwrap_or_default();
    let long = arg
        .get_long_help()
        .map(|help| StyledStr::from(format!("{}{note}", help.ansi())));
    let arg = arg
        .help(StyledStr::from(format!("{help}{note}")))
        .env(None::<&str>);
    match long {
        Some(long) => arg.long_help(long),
        None => arg,
    }
}
