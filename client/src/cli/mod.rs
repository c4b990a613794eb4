//! The commands.

mod args;
mod find;
mod list;
mod prices;
mod query;
mod receipt;

use std::process::ExitCode;
use std::sync::Arc;

use jiff::tz::TimeZone;
use reelmeter_service::{CancellationToken, Common, Settings, SystemClock, secret};

pub use args::{
    Aspect, Cli, Command, Config, ExportArgs, GenerateArgs, JsonArg, ListArgs, Moment,
    PipelineName, PricesArgs, PricesCommand, QueryArgs, ReceiptArgs, ReportArgs, ResetPriceArgs,
    ResumeArgs, SessionArg, SetPriceArgs, SpecArgs, SummaryArgs, VideoArg, WatchArgs, WhatIfArgs,
};
pub use prices::applies;

use crate::breakdown;
use crate::error::Error;
use crate::generate::{Consent, GenerateOptions, Job, generate};
use crate::live::Subject;
use crate::out::Out;
use crate::remote::{Remote, Target};
use crate::report::{self, Format};
use crate::view::{self, Ended, Shown, View};

/// The secrets that the client may read.
pub const SECRETS: [&str; 1] = [secret::REELMETER_TOKEN];

impl Config {
    /// Where the services are and who calls.
    #[must_use]
    pub fn target(&self, common: &Common, token: Option<reelmeter_service::Secret>) -> Target {
        Target {
            meter_addr: self.meter_addr.clone(),
            generator_addr: self.generator_addr.clone(),
            token,
            tls: common.tls(),
        }
    }
}

impl Cli {
    /// Whether the command shows a screen on this terminal.
    #[must_use]
    pub fn shows_a_screen(&self) -> bool {
        let may = match &self.command {
            None | Some(Command::Watch(_)) => true,
            Some(Command::Generate(args)) => !args.detach,
            Some(Command::Resume(args)) => !args.detach,
            Some(_) => false,
        };
        may && self.shown().on_screen()
    }

    fn shown(&self) -> Shown {
        if self.plain {
            Shown::Plain
        } else {
            Shown::Auto
        }
    }
}

/// Does what the command line says. Gives the exit code.
///
/// # Errors
/// See [`Error`].
pub async fn run(settings: Settings<Cli>, shutdown: CancellationToken) -> Result<ExitCode, Error> {
    let cli = &settings.cli;
    let target = cli.config.target(
        &settings.common,
        settings.secrets.get(secret::REELMETER_TOKEN),
    );
    let job = Commands {
        target,
        shown: cli.shown(),
        out: Out::stdout(),
        notes: Out::stderr(),
        zone: TimeZone::system(),
    };
    let default = Command::Watch(WatchArgs::default());
    job.run(cli.command.as_ref().unwrap_or(&default), shutdown)
        .await
}

/// What every command needs.
#[derive(Debug, Clone)]
pub struct Commands {
    /// Where the services are.
    pub target: Target,
    /// On the screen or plainly.
    pub shown: Shown,
    /// Where lines go.
    pub out: Out,
    /// Where a warning goes that must not stand among the lines.
    pub notes: Out,
    /// The time zone of times.
    pub zone: TimeZone,
}

impl Commands {
    /// Does one command.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(
        &self,
        command: &Command,
        shutdown: CancellationToken,
    ) -> Result<ExitCode, Error> {
        let remote = Remote::new(&self.target)?;
        match command {
            Command::Watch(args) => return self.watch(remote, args, shutdown).await,
            Command::Generate(args) => return self.generate(args, shutdown).await,
            Command::Resume(args) => return self.resume(&remote, args, shutdown).await,
            Command::Cancel(args) => {
                let video = find::video(&remote, &args.video).await?;
                let video = remote.cancel_video(&video).await?;
                self.out.line(&format!(
                    "video {} is {}; continue it with: client resume {}",
                    video.id,
                    video.state.word(),
                    video.id
                ))?;
            }
            Command::Discard(args) => {
                let video = find::video(&remote, &args.video).await?;
                let video = remote.discard_video(&video).await?;
                self.out
                    .line(&format!("video {} is {}", video.id, video.state.word()))?;
            }
            Command::Summary(args) => {
                let session = find::session(&remote, &args.session).await?;
                let summary = remote.summary(&session).await?;
                if args.json {
                    self.out
                        .text(&report::render(&summary, None, Format::Json))?;
                } else {
                    self.out
                        .lines(breakdown::lines(&summary, None, &self.zone))?;
                }
            }
            Command::Report(args) => self.report(&remote, args).await?,
            Command::Receipt(args) => receipt::run(self, &remote, args).await?,
            Command::Query(args) => query::run(self, &remote, args).await?,
            Command::Export(args) => query::export(self, &remote, args).await?,
            Command::Sessions(args) => list::sessions(self, &remote, args).await?,
            Command::Videos(args) => list::videos(self, &remote, args).await?,
            Command::Voices(args) => list::voices(self, &remote, args).await?,
            Command::Reset(args) => {
                let session = find::session(&remote, &args.session).await?;
                let summary = remote.reset_session(&session).await?;
                self.out.line(&format!(
                    "session {} counts from zero again",
                    summary.session.id
                ))?;
            }
            Command::End(args) => {
                let session = find::session(&remote, &args.session).await?;
                let summary = remote.end_session(&session).await?;
                self.out
                    .lines(breakdown::lines(&summary, None, &self.zone))?;
            }
            Command::Prices(args) => prices::run(self, &remote, args).await?,
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn watch(
        &self,
        remote: Remote,
        args: &WatchArgs,
        shutdown: CancellationToken,
    ) -> Result<ExitCode, Error> {
        let subject = match &args.session {
            None => Subject::Newest,
            Some(wanted) => Subject::Session(find::session(&remote, wanted).await?),
        };
        let view = View {
            remote,
            subject,
            shown: self.shown,
            runs_without_us: true,
            notices: Vec::new(),
            out: self.out.clone(),
            zone: self.zone.clone(),
            clock: Arc::new(SystemClock),
        };
        let (state, ended) = view::show(&view, &shutdown).await?;
        if let Some(summary) = state.figures() {
            let video = state.video.as_deref();
            report::log(summary);
            self.out.line("")?;
            self.out
                .lines(breakdown::lines(summary, video, &self.zone))?;
            if let Some(path) = &args.report {
                report::save(summary, video, Format::of(path), path)?;
                self.out.line(&format!("Report      {}", path.display()))?;
            }
        }
        Ok(match ended {
            Ended::Over | Ended::Left => ExitCode::SUCCESS,
            Ended::Interrupted => ExitCode::from(130),
        })
    }

    async fn generate(
        &self,
        args: &GenerateArgs,
        shutdown: CancellationToken,
    ) -> Result<ExitCode, Error> {
        let job = Job::New(Box::new(args.spec.video(&args.prompt)));
        let mut options = GenerateOptions::new(self.target.clone(), job);
        options.shown = self.shown;
        options.consent = if args.yes {
            Consent::Show
        } else {
            Consent::Ask
        };
        options.detach = args.detach;
        options.output.clone_from(&args.output);
        options.report.clone_from(&args.report);
        options.out = self.out.clone();
        Ok(ExitCode::from(
            generate(options, shutdown).await?.end.exit_code(),
        ))
    }

    async fn resume(
        &self,
        remote: &Remote,
        args: &ResumeArgs,
        shutdown: CancellationToken,
    ) -> Result<ExitCode, Error> {
        let video = match &args.video {
            Some(wanted) => find::video(remote, wanted).await?,
            None => String::new(),
        };
        let mut options = GenerateOptions::new(self.target.clone(), Job::Resume(video));
        options.shown = self.shown;
        options.detach = args.detach;
        options.output.clone_from(&args.output);
        options.report.clone_from(&args.report);
        options.out = self.out.clone();
        Ok(ExitCode::from(
            generate(options, shutdown).await?.end.exit_code(),
        ))
    }

    async fn report(&self, remote: &Remote, args: &ReportArgs) -> Result<(), Error> {
        if args.attempts || !args.what_if.is_empty() {
            let by_name = args.output.as_deref().map_or(Format::Json, Format::of);
            let of_attempts = ReceiptArgs {
                session: args.session.clone(),
                format: Some(args.format.unwrap_or(by_name)),
                output: args.output.clone(),
                what_if: args.what_if.clone(),
            };
            return receipt::run(self, remote, &of_attempts).await;
        }
        let session = find::session(remote, &args.session).await?;
        let summary = remote.summary(&session).await?;
        let by_name = args.output.as_deref().map_or(Format::Json, Format::of);
        let format = args.format.unwrap_or(by_name);
        match &args.output {
            Some(path) => {
                report::save(&summary, None, format, path)?;
                self.out.line(&format!(
                    "{} of session {} saved to {}",
                    crate::figure::headline(&summary),
                    summary.session.id,
                    path.display()
                ))?;
            }
            None => self.out.text(&report::render(&summary, None, format))?,
        }
        Ok(())
    }
}
