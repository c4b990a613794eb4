//! Price files that change while the meter runs. A mistake in one changes nothing and is said.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use reelmeter_rating::RateTable;
use reelmeter_service::CancellationToken;

use crate::application::Meter;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What tells one version of a file from another.
type Version = Option<(SystemTime, u64)>;

/// Reads prices anew when one of the files has changed, until the meter stops.
pub async fn watch(
    meter: Meter,
    files: Vec<PathBuf>,
    read: impl Fn() -> Result<RateTable, String> + Send + Sync + 'static,
    shutdown: CancellationToken,
) {
    if files.is_empty() {
        return;
    }
    let mut seen = versions(&files);
    let mut looks = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = looks.tick() => {}
        }
        let now = versions(&files);
        if now == seen {
            continue;
        }
        seen = now;
        match read() {
            Ok(table) => match meter.reprice(table).await {
                Ok(prices) => tracing::info!(
                    price_revision = prices.revision,
                    "the price files have changed: running sessions are priced anew"
                ),
                Err(error) => {
                    tracing::error!(%error, "the new prices could not be kept; it will be tried again");
                    seen.clear();
                }
            },
            Err(mistake) => {
                tracing::error!(
                    "the price files have changed and are not used, the old prices stay: {mistake}"
                );
            }
        }
    }
}

fn versions(files: &[PathBuf]) -> Vec<Version> {
    let version = |file: &PathBuf| {
        let found = fs::metadata(file).ok()?;
        Some((found.modified().ok()?, found.len()))
    };
    files.iter().map(version).collect()
}
