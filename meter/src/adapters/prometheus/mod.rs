//! The meter's metrics. docs/operating.md lists them; the dashboard and the alert rules in `ops/` are made of them.

mod follow;

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::application::gauges::Observer;
use crate::application::ports::Recorded;

pub use follow::{Followed, follow};

/// A metric's labels.
type Labels = Vec<(&'static str, String)>;
/// A figure with a fraction, by labels.
type Figures = Family<Labels, Gauge<f64, std::sync::atomic::AtomicU64>>;
/// The shortest commit that is told apart, in seconds, and how many times each bucket is wider than the one before: from a
/// quarter of a millisecond to eight seconds.
const COMMIT_BUCKETS: (f64, f64, u16) = (0.000_25, 2.0, 16);

/// What the meter counts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Metrics {
    events: Family<Labels, Counter>,
    commits: Histogram,
    requests: Counter,
    waiting: Gauge,
    watchers: Gauge,
    sessions: Family<Labels, Gauge>,
    ledger_bytes: Gauge,
    healthy: Gauge,
    month_cost: Figures,
    month_unpriced: Family<Labels, Gauge>,
    budget_used: Figures,
    book_age_days: Gauge,
    overrides: Gauge,
}

impl Metrics {
    /// The metrics and the registry that they are read from.
    #[must_use]
    pub fn new() -> (Self, Registry) {
        let (start, factor, length) = COMMIT_BUCKETS;
        let metrics = Self {
            events: Family::default(),
            commits: Histogram::new(exponential_buckets(start, factor, length)),
            requests: Counter::default(),
            waiting: Gauge::default(),
            watchers: Gauge::default(),
            sessions: Family::default(),
            ledger_bytes: Gauge::default(),
            healthy: Gauge::default(),
            month_cost: Figures::default(),
            month_unpriced: Family::default(),
            budget_used: Figures::default(),
            book_age_days: Gauge::default(),
            overrides: Gauge::default(),
        };
        let registry = metrics.registry();
        (metrics, registry)
    }

    fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("reelmeter_meter");
        let to = &mut registry;
        to.register(
            "events",
            "Events by what became of them",
            self.events.clone(),
        );
        to.register_with_unit(
            "commit_duration",
            "How long transactions of the ledger took",
            Unit::Seconds,
            self.commits.clone(),
        );
        to.register(
            "requests_committed",
            "Requests that the ledger has carried out",
            self.requests.clone(),
        );
        to.register(
            "events_waiting",
            "Events that wait for the ledger",
            self.waiting.clone(),
        );
        to.register(
            "watchers",
            "Streams that watch a session",
            self.watchers.clone(),
        );
        to.register(
            "sessions",
            "Sessions held in memory, by whether they have ended",
            self.sessions.clone(),
        );
        to.register(
            "ledger_size_bytes",
            "The ledger's file with its write-ahead log",
            self.ledger_bytes.clone(),
        );
        to.register(
            "ledger_writable",
            "1 while the ledger can be written",
            self.healthy.clone(),
        );
        to.register(
            "month_cost_usd",
            "What this month (UTC) has cost so far, by tenant, service and model; `other` for those beyond the first fifty",
            self.month_cost.clone(),
        );
        to.register(
            "month_unpriced_metrics",
            "Metrics used this month that have no price, by tenant and service",
            self.month_unpriced.clone(),
        );
        to.register(
            "budget_used_ratio",
            "The fullest budget of a running session, 1 for all of it, by tenant",
            self.budget_used.clone(),
        );
        to.register(
            "price_book_age_days",
            "Days since the prices in force were collected",
            self.book_age_days.clone(),
        );
        to.register(
            "price_overrides",
            "Overrides in force for the default tenant",
            self.overrides.clone(),
        );
        registry
    }
}

impl Observer for Metrics {
    fn committed(&self, requests: usize, took: Duration) {
        self.commits.observe(took.as_secs_f64());
        self.requests
            .inc_by(u64::try_from(requests).unwrap_or(u64::MAX));
    }

    fn recorded(&self, outcomes: &[Recorded]) {
        let words = [
            ("recorded", count(outcomes, |it| *it == Recorded::New)),
            (
                "duplicate",
                count(outcomes, |it| *it == Recorded::Duplicate),
            ),
            (
                "conflict",
                count(outcomes, |it| matches!(it, Recorded::Conflict(_))),
            ),
            (
                "invalid",
                count(outcomes, |it| matches!(it, Recorded::Invalid(_))),
            ),
        ];
        for (word, count) in words.into_iter().filter(|(_, count)| *count > 0) {
            let labels = vec![("outcome", word.to_owned())];
            self.events.get_or_create(&labels).inc_by(count);
        }
    }
}

fn count(outcomes: &[Recorded], is_one: impl Fn(&Recorded) -> bool) -> u64 {
    let found = outcomes.iter().filter(|outcome| is_one(outcome)).count();
    u64::try_from(found).unwrap_or(u64::MAX)
}
