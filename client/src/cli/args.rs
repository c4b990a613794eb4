//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use reelmeter_proto::generator::v1 as pb;
use reelmeter_rating::Money;

use crate::remote::Grouping;
use crate::report::Format;

/// What the client can be told beside its commands.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Config {
    /// The meter's address.
    #[arg(
        long,
        env,
        value_name = "URL",
        default_value = "http://127.0.0.1:50051"
    )]
    pub meter_addr: String,
    /// The generator's address.
    #[arg(
        long,
        env,
        value_name = "URL",
        default_value = "http://127.0.0.1:50052"
    )]
    pub generator_addr: String,
}

/// Watches what a video costs while it is being made; makes videos; prints and saves what was spent.
///
/// Without a command it watches the newest running session.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "client",
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong command line or settings, 3 cancelled or declined, 130 interrupted."
)]
pub struct Cli {
    /// The settings.
    #[command(flatten)]
    pub config: Config,
    /// Never touch the terminal: a line for each change.
    #[arg(long, global = true)]
    pub plain: bool,
    /// Write log lines to this file; while the screen is on they go nowhere else.
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Watch a session's figures live.
    Watch(WatchArgs),
    /// Make a video and watch its cost.
    Generate(Box<GenerateArgs>),
    /// Continue a failed, cancelled or interrupted video; what was bought is kept.
    Resume(ResumeArgs),
    /// Stop a video; what was bought is kept.
    Cancel(VideoArg),
    /// Give a video up: what was kept is deleted, its session ends.
    Discard(VideoArg),
    /// Print what a session costs.
    Summary(SummaryArgs),
    /// Save what a session costs as JSON, CSV, Markdown or HTML.
    Report(ReportArgs),
    /// Print what a session costs by stage, scene and attempt; or what it would cost by other prices.
    Receipt(ReceiptArgs),
    /// Print what was used in a time and what it cost.
    Query(QueryArgs),
    /// Save the ledger's events as JSON Lines or CSV.
    Export(ExportArgs),
    /// List the sessions, the newest first.
    Sessions(ListArgs),
    /// List the videos, the newest first.
    Videos(ListArgs),
    /// Count a session's usage from zero again; prices stay.
    Reset(SessionArg),
    /// End a session; its prices are frozen.
    End(SessionArg),
    /// Print the prices in force, or change them.
    Prices(PricesArgs),
    /// List the voices that can narrate.
    Voices(JsonArg),
}

/// A session that may be left out.
#[derive(Debug, Clone, Default, Args)]
pub struct WatchArgs {
    /// The session's id, the beginning of it, or `latest`. Left out: the newest running one, then the next.
    pub session: Option<String>,
    /// Save the last figures here, as JSON, CSV, Markdown or HTML by the name's ending.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// The picture's shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Aspect {
    /// For screens.
    #[value(name = "16:9")]
    Landscape,
    /// For phones.
    #[value(name = "9:16")]
    Portrait,
    /// Square.
    #[value(name = "1:1")]
    Square,
}

/// Which pipeline makes the video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PipelineName {
    /// Script, narration, images.
    Narrated,
    /// Rendered animation code.
    Animated,
}

/// What a video shall be. What is left out is as the generator is configured.
#[derive(Debug, Clone, Default, Args)]
pub struct SpecArgs {
    /// Which pipeline makes it.
    #[arg(long, value_name = "NAME")]
    pub pipeline: Option<PipelineName>,
    /// How many scenes or sections.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=60))]
    pub scenes: Option<i32>,
    /// How many images, spread over the scenes: one to four a scene.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=240))]
    pub images: Option<i32>,
    /// The picture's shape.
    #[arg(long, value_name = "W:H")]
    pub aspect: Option<Aspect>,
    /// The shorter side of the picture in pixels: 360, 480, 720 or 1080.
    #[arg(long, value_name = "PIXELS", value_parser = resolution)]
    pub resolution: Option<i32>,
    /// The narration's voice, an ElevenLabs voice ID; `client voices` lists them.
    #[arg(long, value_name = "ID")]
    pub voice: Option<String>,
    /// The language of the narration, for example `en` or `pt-BR`. Left out: that of the prompt.
    #[arg(long, value_name = "TAG")]
    pub language: Option<String>,
    /// Let a second model rephrase the narration.
    #[arg(long)]
    pub rephrase: bool,
    /// Complete an animated video without the sections that could not be made.
    #[arg(long)]
    pub allow_missing_sections: bool,
    /// A mark for the session, so that costs can be grouped by it. May be given again.
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
    pub labels: Vec<(String, String)>,
    /// The most that it may cost, in dollars.
    #[arg(long, value_name = "DOLLARS")]
    pub budget: Option<Money>,
}

impl SpecArgs {
    /// The request.
    #[must_use]
    pub fn video(&self, prompt: &str) -> crate::remote::NewVideo {
        let spec = pb::VideoSpec {
            prompt: prompt.to_owned(),
            pipeline: match self.pipeline {
                None => pb::Pipeline::Unspecified,
                Some(PipelineName::Narrated) => pb::Pipeline::Narrated,
                Some(PipelineName::Animated) => pb::Pipeline::Animated,
            }
            .into(),
            voice_id: self.voice.clone().unwrap_or_default(),
            scene_count: self.scenes.unwrap_or(0),
            image_count: self.images.unwrap_or(0),
            aspect_ratio: match self.aspect {
                None => pb::AspectRatio::Unspecified,
                Some(Aspect::Landscape) => pb::AspectRatio::Landscape,
                Some(Aspect::Portrait) => pb::AspectRatio::Portrait,
                Some(Aspect::Square) => pb::AspectRatio::Square,
            }
            .into(),
            resolution_px: self.resolution.unwrap_or(0),
            language: self.language.clone().unwrap_or_default(),
            rephrase: self.rephrase,
            labels: self.labels.iter().cloned().collect(),
            allow_missing_sections: self.allow_missing_sections,
            ..Default::default()
        };
        crate::remote::NewVideo {
            spec,
            budget: self.budget,
        }
    }
}

/// Makes a video.
#[derive(Debug, Clone, Args)]
pub struct GenerateArgs {
    /// What the video is about.
    pub prompt: String,
    /// What it shall be.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Do not ask before money is spent.
    #[arg(long, short)]
    pub yes: bool,
    /// Save the finished MP4 here.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Save the final figures here, as JSON, CSV, Markdown or HTML by the name's ending.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Start it and come back at once.
    #[arg(long)]
    pub detach: bool,
}

/// Continues a video.
#[derive(Debug, Clone, Args)]
pub struct ResumeArgs {
    /// The video's id or the beginning of it. Left out: the newest that can be continued.
    pub video: Option<String>,
    /// Save the finished MP4 here.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Save the final figures here, as JSON, CSV, Markdown or HTML by the name's ending.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Continue it and come back at once.
    #[arg(long)]
    pub detach: bool,
}

/// A video.
#[derive(Debug, Clone, Args)]
pub struct VideoArg {
    /// The video's id or the beginning of it.
    pub video: String,
}

/// A session.
#[derive(Debug, Clone, Args)]
pub struct SessionArg {
    /// The session's id, the beginning of it, or `latest`.
    pub session: String,
}

/// A session and the form of the answer.
#[derive(Debug, Clone, Args)]
pub struct SummaryArgs {
    /// The session's id, the beginning of it, or `latest`, which is what it is when left out.
    #[arg(default_value = "latest")]
    pub session: String,
    /// Print JSON for a program.
    #[arg(long)]
    pub json: bool,
}

/// A report.
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// The session's id, the beginning of it, or `latest`, which is what it is when left out.
    #[arg(default_value = "latest")]
    pub session: String,
    /// The form. Left out: as the file's name ends, or JSON.
    #[arg(long, value_name = "FORM")]
    pub format: Option<Format>,
    /// Save it here instead of printing it.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// By stage, scene and attempt, as `client receipt` prints it.
    #[arg(long)]
    pub attempts: bool,
    /// Other prices than its own; the report is then that of a receipt.
    #[command(flatten)]
    pub what_if: WhatIfArgs,
}

/// Other prices than a session's own: a report that is recorded nowhere.
#[derive(Debug, Clone, Default, Args)]
pub struct WhatIfArgs {
    /// What if: as though this model had made the calls; MODEL=OTHER for one model alone. May be given again.
    #[arg(long = "as", value_name = "MODEL")]
    pub models: Vec<String>,
    /// What if: the prices of another book; `client prices` names those that there are.
    #[arg(long, value_name = "NAME")]
    pub price_book: Option<String>,
    /// What if: a rate, as SERVICE/MODEL/METRIC=DOLLARS/UNITS. May be given again.
    #[arg(long = "rate", value_name = "RATE")]
    pub rates: Vec<String>,
}

impl WhatIfArgs {
    /// Whether nothing is supposed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.models.is_empty() && self.price_book.is_none() && self.rates.is_empty()
    }
}

/// A receipt.
#[derive(Debug, Clone, Args)]
pub struct ReceiptArgs {
    /// The session's id, the beginning of it, or `latest`, which is what it is when left out.
    #[arg(default_value = "latest")]
    pub session: String,
    /// The form. Left out: as the file's name ends, or lines for a terminal.
    #[arg(long, value_name = "FORM")]
    pub format: Option<Format>,
    /// Save it here instead of printing it.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Other prices than its own.
    #[command(flatten)]
    pub what_if: WhatIfArgs,
}

/// A day or a time on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub Timestamp);

/// A question about a time.
#[derive(Debug, Clone, Args)]
pub struct QueryArgs {
    /// A whole month, UTC: 2026-11, or this, or last.
    #[arg(long, value_name = "MONTH", conflicts_with_all = ["from", "to"])]
    pub month: Option<String>,
    /// From this day or time on, for example 2026-11-01. Left out: from the beginning.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub from: Option<Moment>,
    /// Before this day or time. Left out: until now.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub to: Option<Moment>,
    /// How to group, in this order.
    #[arg(
        long,
        value_name = "GROUPS",
        value_delimiter = ',',
        default_value = "service,model"
    )]
    pub group_by: Vec<Grouping>,
    /// The label to group by, where `--group-by` has `label`.
    #[arg(long, value_name = "KEY")]
    pub label_key: Option<String>,
    /// Only sessions with this label. May be given again.
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
    pub labels: Vec<(String, String)>,
    /// Only this service.
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// Count simulated calls instead of real ones.
    #[arg(long)]
    pub simulated: bool,
    /// Print JSON for a program.
    #[arg(long)]
    pub json: bool,
}

/// An export.
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// The session's id, the beginning of it, or `latest`. Left out: all sessions.
    pub session: Option<String>,
    /// CSV instead of JSON Lines; a file whose name ends in .csv is CSV too.
    #[arg(long)]
    pub csv: bool,
    /// Save it here instead of printing it.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Only events of this day or time or later.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub from: Option<Moment>,
    /// Only events before this day or time.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub to: Option<Moment>,
}

/// A listing.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// How many to list.
    #[arg(long, short, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub number: u16,
    /// Print JSON for a program.
    #[arg(long)]
    pub json: bool,
}

/// The form of the answer.
#[derive(Debug, Clone, Args)]
pub struct JsonArg {
    /// Print JSON for a program.
    #[arg(long)]
    pub json: bool,
}

/// Prices.
#[derive(Debug, Clone, Args)]
pub struct PricesArgs {
    /// Another price book than the one in force; `documented` and `list` come with the meter.
    #[arg(long, value_name = "NAME")]
    pub book: Option<String>,
    /// Print JSON for a program.
    #[arg(long)]
    pub json: bool,
    /// What to change.
    #[command(subcommand)]
    pub change: Option<PricesCommand>,
}

/// A change of prices.
#[derive(Debug, Clone, Subcommand)]
pub enum PricesCommand {
    /// Set a price; it goes before every other one and stays until it is reset.
    Set(SetPriceArgs),
    /// Take set prices back: all of them, or those of a service, model or metric.
    Reset(ResetPriceArgs),
}

/// A price.
#[derive(Debug, Clone, Args)]
pub struct SetPriceArgs {
    /// The service, for example `gemini`.
    pub service: String,
    /// The metric, for example `input_tokens`.
    pub metric: String,
    /// The price in dollars, for example 0.30.
    pub amount: Money,
    /// How many of the metric the price is for.
    #[arg(long, value_name = "N", default_value = "1000000", value_parser = clap::value_parser!(i64).range(1..))]
    pub per: i64,
    /// For this model alone. Left out: for every model of the service without a price of its own.
    #[arg(long, value_name = "NAME", default_value = "")]
    pub model: String,
    /// Only for usage from this time on, for example 2026-12-01T00:00Z. Left out: for all usage of running sessions.
    #[arg(long, value_name = "TIME")]
    pub from: Option<Timestamp>,
    /// Where the price comes from.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "set by hand with the client"
    )]
    pub source: String,
}

/// Prices to take back.
#[derive(Debug, Clone, Args)]
pub struct ResetPriceArgs {
    /// Only those of this service.
    #[arg(default_value = "")]
    pub service: String,
    /// Only those of this model.
    #[arg(long, value_name = "NAME", default_value = "", requires = "service")]
    pub model: String,
    /// Only those of this metric.
    #[arg(long, value_name = "NAME", default_value = "", requires = "service")]
    pub metric: String,
}

fn moment(text: &str) -> Result<Moment, String> {
    let day = || {
        let date: Date = text.parse().ok()?;
        Some(date.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp())
    };
    text.parse()
        .ok()
        .or_else(day)
        .map(Moment)
        .ok_or_else(|| "write a day like 2026-11-01 or a time like 2026-11-01T06:00Z".to_owned())
}

fn resolution(text: &str) -> Result<i32, String> {
    match text {
        "360" => Ok(360),
        "480" => Ok(480),
        "720" => Ok(720),
        "1080" => Ok(1080),
        _ => Err("write 360, 480, 720 or 1080".to_owned()),
    }
}

fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as key=value".to_owned()),
    }
}
