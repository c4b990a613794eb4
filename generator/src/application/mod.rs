//! In what order a video is made: what is asked, when it is paid for, what is kept.

mod animated;
mod board;
mod call;
mod casting;
mod making;
mod narrated;
mod pace;
pub mod ports;
mod setup;
mod sizing;
mod studio;

pub use board::{Board, LogLevel, LogLine};
pub use setup::{Limits, Preferences, Setup};
pub use sizing::Sizing;
pub use studio::{CreateError, Studio, StudioError};
