//! What happens because time passes: recorders fall silent, idle sessions end.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use reelmeter_service::CancellationToken;

use super::meter::Meter;
use super::ports::{Change, SessionKey};

/// How often recorders are looked at. A recorder's silence is shown this much later at most.
const SILENCE_EVERY: Duration = Duration::from_secs(1);
/// How often idle sessions are looked for, at most.
const IDLE_EVERY_MAX: Duration = Duration::from_secs(60);

impl Meter {
    /// Wakes those who watch a session in which a recorder has fallen silent; ends sessions that were idle for so long.
    /// Runs until the meter stops.
    pub async fn keep_house(&self, idle: SignedDuration, shutdown: CancellationToken) {
        let idle_every = (idle.unsigned_abs() / 10).clamp(SILENCE_EVERY, IDLE_EVERY_MAX);
        let mut silences = tokio::time::interval(SILENCE_EVERY);
        let mut idles = tokio::time::interval(idle_every);
        let mut silent: HashSet<(SessionKey, Arc<str>)> = HashSet::new();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = silences.tick() => self.note_silence(&mut silent),
                _ = idles.tick() => {
                    if let Err(error) = self.parts.writer.submit(self.request(Change::EndIdle(idle))).await {
                        tracing::warn!(%error, "idle sessions could not be ended; it will be tried again");
                    }
                }
            }
        }
    }

    fn note_silence(&self, silent: &mut HashSet<(SessionKey, Arc<str>)>) {
        let now = self.now();
        let mut still = HashSet::new();
        for live in self.parts.library.live().all() {
            if !live.is_watched() {
                continue;
            }
            let usage = live.usage();
            let mut changed = false;
            for (recorder, _) in usage
                .recorders
                .iter()
                .filter(|(_, backlog)| backlog.is_silent(now))
            {
                let key = (live.key().clone(), Arc::clone(recorder));
                changed |= !silent.contains(&key);
                still.insert(key);
            }
            if changed {
                live.wake();
            }
        }
        *silent = still;
    }
}
