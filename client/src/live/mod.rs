//! What is known of a running session: the newest figures, the newest state of its video, both connections, the log.
//! The screen and the plain lines are two ways to show it; it knows neither.

mod desk;
mod spending;
mod state;

pub use desk::{Desk, Incoming};
pub use spending::Spending;
pub use state::{Ending, Errand, LOG_LINES_MAX, State, Subject};
