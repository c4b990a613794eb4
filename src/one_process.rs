//! One command: services up, one video made and shown, services down.

use std::io;
use std::path::PathBuf;

use reelmeter_client::{Consent, End, GenerateOptions, Job, Shown, Target, generate};
use reelmeter_rating::Money;
use reelmeter_service::settings::Source;
use reelmeter_service::{CancellationToken, Settings, secret};

use crate::claim::{self, Claim, ClaimError};
use crate::cli::Cli;
use crate::services::{self, Services, ServicesError};

/// The command that continues a video, as a person types it.
const RESUME_COMMAND: &str = "cargo run --release -- --resume";
/// What a video may cost where the keys are real and the person named no other cap, in dollars.
const DEFAULT_BUDGET_DOLLARS: &str = "1";

/// Why it could not be done. A video that fails is no error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refuses signal handlers.
    #[error("cannot set up signals: {0}")]
    Signals(#[source] io::Error),
    /// The data folder cannot be used.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The services cannot be started, or one of them failed.
    #[error(transparent)]
    Services(#[from] ServicesError),
    /// The client failed.
    #[error(transparent)]
    Client(#[from] reelmeter_client::Error),
    /// One of two keys is missing.
    #[error(
        "{missing} is missing, though {present} is set: set both to use the real providers, or neither to use the simulator"
    )]
    OneKey {
        /// The key that is there.
        present: &'static str,
        /// The key that is not.
        missing: &'static str,
    },
    /// The default cap is no amount: a mistake of ours.
    #[error("the default budget is no amount of money: {0}")]
    Budget(#[from] reelmeter_rating::money::MoneyError),
}

/// Whether the screen will be used.
#[must_use]
pub fn shows_a_screen(cli: &Cli) -> bool {
    shown(cli).on_screen()
}

/// Where log lines go while the screen is on.
#[must_use]
pub fn log_file(cli: &Cli) -> PathBuf {
    services::data_folder(&cli.services).join("reelmeter.log")
}

fn shown(cli: &Cli) -> Shown {
    if cli.plain { Shown::Plain } else { Shown::Auto }
}

/// Starts the services, makes the video, shows it, and stops the services.
///
/// # Errors
/// See [`Error`].
pub async fn run(settings: Settings<Cli>, shutdown: CancellationToken) -> Result<End, Error> {
    let real = has_real_keys(&settings)?;
    match claim::claim(&services::data_folder(&settings.cli.services))? {
        Claim::Theirs(addresses) => {
            let target = target(&settings, addresses.meter, addresses.generator);
            let mut options = options(&settings.cli, target, real)?;
            options.runs_without_us = true;
            options.notices.push(
                "the data folder belongs to a reelmeter that runs: this one is its client"
                    .to_owned(),
            );
            Ok(generate(options, shutdown).await?.end)
        }
        Claim::Ours(mut owner) => {
            let services = Services::start(&settings, real).await?;
            owner
                .publish(&services.addresses)
                .map_err(ServicesError::Publish)?;
            let target = target(
                &settings,
                services.addresses.meter.clone(),
                services.addresses.generator.clone(),
            );
            let mut options = options(&settings.cli, target, real)?;
            options.notices.clone_from(&services.notices);
            let outcome = tokio::select! {
                outcome = generate(options, shutdown) => outcome.map_err(Error::from),
                error = services.failed() => Err(error.into()),
            };
            // The books are closed whatever the client ended with.
            let stopped = services.stop().await;
            let outcome = outcome?;
            stopped?;
            Ok(outcome.end)
        }
    }
}

fn options(cli: &Cli, target: Target, real: bool) -> Result<GenerateOptions, Error> {
    let job = match (&cli.resume, &cli.prompt) {
        (Some(video), _) => Job::Resume(video.clone()),
        (None, prompt) => {
            let mut new = cli.spec.video(prompt.as_deref().unwrap_or_default());
            if real && new.budget.is_none() {
                new.budget = Some(DEFAULT_BUDGET_DOLLARS.parse::<Money>()?);
            }
            Job::New(Box::new(new))
        }
    };
    let mut options = GenerateOptions::new(target, job);
    options.shown = shown(cli);
    options.consent = if cli.yes { Consent::Show } else { Consent::Ask };
    options.runs_without_us = false;
    options.resume_command = RESUME_COMMAND.to_owned();
    options.output.clone_from(&cli.output);
    options.report.clone_from(&cli.report);
    Ok(options)
}

fn target(settings: &Settings<Cli>, meter_addr: String, generator_addr: String) -> Target {
    Target {
        meter_addr,
        generator_addr,
        token: settings.secrets.get(secret::REELMETER_TOKEN),
        tls: settings.common.tls(),
    }
}

/// Whether the real providers are called. A single key is refused here as well as in the generator, before any port
/// is opened.
fn has_real_keys(settings: &Settings<Cli>) -> Result<bool, Error> {
    let has = |name| settings.secrets.get(name).is_some();
    match (has(secret::GEMINI_API_KEY), has(secret::ELEVENLABS_API_KEY)) {
        (true, true) => Ok(true),
        (false, false) => Ok(false),
        (true, false) => Err(Error::OneKey {
            present: secret::GEMINI_API_KEY,
            missing: secret::ELEVENLABS_API_KEY,
        }),
        (false, true) => Err(Error::OneKey {
            present: secret::ELEVENLABS_API_KEY,
            missing: secret::GEMINI_API_KEY,
        }),
    }
}

/// Whether a person chose the setting, by whatever way.
#[must_use]
pub fn is_chosen(settings: &Settings<Cli>, name: &str) -> bool {
    settings
        .source(name)
        .is_some_and(|source| *source != Source::Default)
}
