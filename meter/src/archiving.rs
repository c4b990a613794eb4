//! Moving old events out of the ledger while the meter runs, where a person has set an age.

use std::time::Duration;

use jiff::Timestamp;
use reelmeter_service::{CancellationToken, Clock, SystemClock};

use crate::adapters::sqlite::{self, Order, Step};
use crate::{Config, Store};

/// How often old events are looked for.
const EVERY: Duration = Duration::from_secs(3_600);
/// The first time after a start: a meter that just started has better things to do.
const FIRST_AFTER: Duration = Duration::from_secs(60);

/// Moves events out as they grow old enough, until the meter stops. Ends at once if no age is set.
pub(crate) async fn keep(config: Config, store: Store, stop: CancellationToken) {
    let Some(age) = config.meter_archive_after else {
        return;
    };
    let Store::Sqlite(file) = store else {
        return;
    };
    let mut wait = FIRST_AFTER;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        wait = EVERY;
        let now = SystemClock.now();
        let order = Order {
            recorded_before: now.saturating_sub(age).unwrap_or(Timestamp::MIN),
            to: config.meter_archive_to.clone(),
        };
        let (database, stopping) = (file.clone(), stop.clone());
        let moved = tokio::task::spawn_blocking(move || {
            // A meter that is told to stop does not begin another file.
            sqlite::archive(&database, &order, now, &mut |progress| {
                progress.step != Step::Intended || !stopping.is_cancelled()
            })
        });
        match moved.await {
            Ok(Ok(moved)) if moved.events > 0 => {
                tracing::info!(events = moved.events, files = moved.files.len(), to = %config.meter_archive_to.display(), "old events were moved out of the ledger");
            }
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "old events could not be moved out of the ledger; it will be tried again");
            }
            Err(error) => tracing::warn!(%error, "moving old events ended early"),
        }
    }
}
