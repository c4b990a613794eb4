//! FFmpeg: from pictures and narrations to a finished video.
//!
//! [`Tools::find`] sees that the programs are there; [`Compiler`] does the work.
//! Nothing that is bought reaches a shell, a filter or a playlist: files are opened
//! under names of ours, as the format that their bytes say, and nothing but files may
//! be opened. Letters of subtitles come from the fonts that are installed, found by
//! fontconfig; letters that no font has are named in [`CompiledVideo::notes`].

mod args;
mod clip;
mod compile;
mod complaint;
mod error;
mod files;
mod footage;
mod join;
mod letters;
mod loudness;
mod narration;
mod notes;
mod picture;
mod probe;
mod process;
mod progress;
mod segment;
mod tools;
mod verify;

pub(crate) use clip::{Clip, look_at_clip};
pub use compile::{CompiledVideo, Compiler};
pub use error::{Error, INSTALL_COMMAND};
pub use narration::NarrationInfo;
pub use picture::{ImageFormat, ImageInfo};
pub use progress::{Progress, Stage};
pub use tools::Tools;
