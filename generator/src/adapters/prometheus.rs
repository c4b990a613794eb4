//! The generator's metrics. docs/operating.md lists them; the dashboard and the alert rules in `ops/` are made of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use reelmeter_recorder::{Link, Recorder};
use tokio_util::sync::CancellationToken;

use crate::application::Studio;
use crate::application::ports::Ending;
use crate::domain::job::JobState;
use crate::domain::usage::Provider;

/// How often what is not counted is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A metric's labels.
type Labels = Vec<(&'static str, String)>;

/// What the generator counts. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    calls: Family<Labels, Counter>,
    outbox: Family<Labels, Gauge>,
    videos: Family<Labels, Gauge>,
    reachable: Gauge,
}

impl Metrics {
    /// The registry that they are read from.
    #[must_use]
    pub fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("reelmeter_generator");
        registry.register(
            "provider_calls",
            "Calls of providers that have ended, by how they ended",
            self.calls.clone(),
        );
        registry.register(
            "outbox_events",
            "Events that the outbox holds, by why",
            self.outbox.clone(),
        );
        registry.register("videos", "Videos by their state", self.videos.clone());
        registry.register(
            "meter_reachable",
            "1 while the meter answers, 0 while usage waits for it",
            self.reachable.clone(),
        );
        registry
    }

    /// Counts a call that has ended.
    pub fn called(&self, provider: Provider, ending: Ending) {
        let outcome = match ending {
            Ending::Succeeded => "succeeded",
            Ending::Failed => "failed",
            Ending::Discarded => "discarded",
            Ending::Unconfirmed => "unconfirmed",
        };
        let labels = vec![
            ("provider", provider.as_str().to_owned()),
            ("outcome", outcome.to_owned()),
        ];
        self.calls.get_or_create(&labels).inc();
    }

    /// Keeps the gauges up to date until the generator stops.
    pub async fn follow(
        self,
        studio: Arc<Studio>,
        recorder: Recorder,
        shutdown: CancellationToken,
    ) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = looks.tick() => {}
            }
            let away = matches!(*recorder.link().borrow(), Link::Away { .. });
            self.reachable.set(i64::from(!away));
            match recorder.totals().await {
                Ok(totals) => {
                    for (state, count) in [
                        ("open", totals.open_calls),
                        ("waiting", totals.pending_events),
                        ("refused", totals.refused_events),
                        ("unconfirmed", totals.unconfirmed_calls),
                    ] {
                        let labels = vec![("state", state.to_owned())];
                        self.outbox.get_or_create(&labels).set(count);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the outbox cannot be counted for the metrics")
                }
            }
            let mut states: BTreeMap<&str, i64> = BTreeMap::new();
            for board in studio.all() {
                let state = match board.read(|job| job.state) {
                    JobState::Queued => "queued",
                    JobState::Running => "running",
                    JobState::Succeeded => "succeeded",
                    JobState::Failed => "failed",
                    JobState::Cancelled => "cancelled",
                    JobState::Discarded => "discarded",
                };
                *states.entry(state).or_default() += 1;
            }
            self.videos.clear();
            for (state, count) in states {
                let labels = vec![("state", state.to_owned())];
                self.videos.get_or_create(&labels).set(count);
            }
        }
    }
}
