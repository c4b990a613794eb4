//! The command line of the one-process program.

use std::path::PathBuf;

use clap::Parser;
use reelmeter_client::cli::SpecArgs;
use reelmeter_service::settings::Together;

/// The settings of all services.
pub type ServiceConfigs = Together<
    reelmeter_meter::Config,
    Together<reelmeter_generator::Config, reelmeter_simulator::Config>,
>;

/// Makes a video and shows what it costs while it is being made: meter, generator and client in one process.
///
/// Without provider keys a simulator answers instead of the providers, and every screen says so.
#[derive(Debug, Clone, Parser)]
#[command(
    override_usage = "reelmeter [OPTIONS] <PROMPT>\n       reelmeter [OPTIONS] --resume [VIDEO]",
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong command line or settings, 3 cancelled or declined, 130 interrupted."
)]
pub struct Cli {
    /// What the video is about.
    #[arg(required_unless_present = "resume", conflicts_with = "resume")]
    pub prompt: Option<String>,
    /// Continue a video that failed, was cancelled or was interrupted. Without an id: the newest.
    #[arg(long, value_name = "VIDEO", num_args = 0..=1, default_missing_value = "")]
    pub resume: Option<String>,
    /// What the video shall be.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Do not ask before money is spent.
    #[arg(long, short)]
    pub yes: bool,
    /// Never touch the terminal: a line for each change, for pipes and logs.
    #[arg(long)]
    pub plain: bool,
    /// Save a copy of the finished MP4 here.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Save the final figures here, as JSON, CSV or Markdown by the name's ending.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// The settings of the services.
    #[command(flatten)]
    pub services: ServiceConfigs,
}
