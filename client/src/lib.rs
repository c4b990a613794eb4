//! The terminal client: live view, breakdown, reports.
//!
//! A library, so that the one-process program can show what the `client` binary shows:
//!
//! - [`generate()`] makes a video, shows it with its cost, and prints the final breakdown;
//! - [`cli::run`] is the whole of the `client` binary.
//!
//! What the services say is read into [`facts`] once; [`live`] keeps the newest of it; the screen and the
//! plain lines are two ways to show it.

pub mod breakdown;
pub mod cli;
mod download;
mod error;
pub mod facts;
pub mod figure;
mod generate;
pub mod live;
mod out;
pub mod plain;
pub mod printable;
pub mod remote;
pub mod report;
pub mod table;
pub mod tui;
pub mod view;

pub use cli::{Cli, Config};
pub use error::Error;
pub use generate::{Consent, End, GenerateOptions, Job, Outcome, estimate_lines, generate};
pub use out::{Out, Written};
pub use remote::{NewVideo, Target};
pub use view::Shown;
