//! The session without a screen: a line for each change, for pipes, logs and continuous integration. Nothing here
//! touches the terminal beyond writing lines.

mod reporter;

use std::time::Duration;

use reelmeter_service::{CancellationToken, Clock};

use crate::error::Error;
use crate::live::{Desk, Ending, State};
use crate::out::Out;
use crate::view::Ended;

pub use reporter::Reporter;

/// How often the time is looked at while nothing comes.
const TICK: Duration = Duration::from_millis(250);

/// Writes a line for each change until there is nothing more to come, or the program is asked to stop.
///
/// # Errors
/// The output takes no more lines.
pub async fn follow(
    desk: &mut Desk,
    state: &mut State,
    reporter: &mut Reporter,
    out: &Out,
    clock: &dyn Clock,
    shutdown: &CancellationToken,
) -> Result<Ended, Error> {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let incoming = tokio::select! {
            incoming = desk.next() => Some(incoming),
            _ = tick.tick() => None,
            () = shutdown.cancelled() => return Ok(Ended::Interrupted),
        };
        let now = clock.now();
        if let Some(incoming) = incoming
            && let Some(errand) = state.apply(&incoming, now)
        {
            desk.run(errand);
        }
        let over = state.ending(now) == Ending::Over;
        out.lines(reporter.lines(state, now, over))?;
        if over {
            return Ok(Ended::Over);
        }
    }
}
