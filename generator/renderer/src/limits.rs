//! What a scene may use.

use std::time::Duration;

const MIB: u64 = 1 << 20;

/// What a scene may use. The defaults fit one section of a video at 1080p60 with room to spare: such a render keeps about
/// 650 MB in memory, writes a few megabytes and starts a thread or two for each core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Address space in bytes. Libraries reserve much more than they touch: below about 3 GiB numpy and the encoder's
    /// threads begin to fail.
    pub memory_bytes: u64,
    /// Everything that it may write together, in bytes; it is kept in memory.
    pub disk_bytes: u64,
    /// The largest file, in bytes.
    pub file_bytes: u64,
    /// Open files: Manim holds fewer than fifty.
    pub open_files: u64,
    /// Threads in all: the encoder, numpy and Typst each start about one for a core.
    pub threads: u64,
    /// What it may print, in bytes: a traceback in Manim's frame has six thousand.
    pub printed_bytes: u64,
    /// The largest picture that is taken out, in bytes.
    pub picture_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 4_096 * MIB,
            disk_bytes: 256 * MIB,
            file_bytes: 128 * MIB,
            open_files: 256,
            threads: 128,
            printed_bytes: MIB,
            picture_bytes: 64 * MIB,
        }
    }
}

/// Processor seconds that a run of this length may use: every core all the time, at most sixteen of them.
pub(crate) fn cpu_seconds(time_max: Duration) -> u64 {
    let cores = std::thread::available_parallelism().map_or(1, |count| count.get().min(16) as u64);
    // A limit of none at all would end the interpreter before its first line.
    (time_max.as_secs().saturating_mul(cores)).max(1)
}
