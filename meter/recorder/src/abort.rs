//! Named points at which a test lets the process die, as if by `kill -9`.
//!
//! Without the feature `abort-points` nothing of this is compiled in and [`point`] is empty.

/// The variable that names the point, with the passage at which to die: `recorder.intended`, or
/// `recorder.intended:3` for the third time it is passed.
#[cfg(feature = "abort-points")]
pub const VARIABLE: &str = "REELMETER_ABORT_AT";

/// Ends the process at once if the test asked for it here: no destructor runs, no buffer is flushed.
#[cfg(feature = "abort-points")]
pub fn point(name: &str) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static PASSED: AtomicU64 = AtomicU64::new(0);

    let Ok(wanted) = std::env::var(VARIABLE) else {
        return;
    };
    let (wanted_name, passage) = match wanted.split_once(':') {
        Some((wanted_name, passage)) => (wanted_name, passage.parse().unwrap_or(1)),
        None => (wanted.as_str(), 1),
    };
    if wanted_name == name && PASSED.fetch_add(1, Ordering::SeqCst) + 1 == passage {
        std::process::abort();
    }
}

/// Does nothing in this build.
#[cfg(not(feature = "abort-points"))]
#[inline]
pub fn point(_name: &str) {}
