//! Gauges follow what they show every few seconds: a scrape never waits for the disk.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use reelmeter_rating::{Money, PricingState};
use reelmeter_service::CancellationToken;
use tokio::sync::watch;

use super::Metrics;
use crate::application::Meter;
use crate::application::writer::Health;
use crate::domain::query::Row;

/// How often what is in memory is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often the month is added up, and never for more than a twentieth of the time, however many sessions it has.
const MONTH_EVERY: Duration = Duration::from_secs(15);
const MONTH_SHARE: u32 = 20;
/// Services and models of one tenant that are shown by name: labels must stay few, and names come from callers.
const MODELS_NAMED_MAX: usize = 50;
/// Tenants that are shown by name.
const TENANTS_NAMED_MAX: usize = 50;
/// For those beyond.
const OTHER: &str = "other";
/// A dollar in the units in which money is kept.
const UNITS_PER_DOLLAR: f64 = 1e24;

/// What is followed.
#[derive(Debug)]
pub struct Followed {
    /// The use cases.
    pub meter: Meter,
    /// Whether the ledger can be written.
    pub health: watch::Receiver<Health>,
    /// The ledger's files.
    pub files: Vec<PathBuf>,
}

/// Keeps the gauges up to date until the meter stops.
pub async fn follow(metrics: Metrics, followed: Followed, shutdown: CancellationToken) {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    let mut month_due = Instant::now();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = looks.tick() => {}
        }
        metrics.look(&followed);
        if Instant::now() >= month_due {
            let started = Instant::now();
            metrics.add_up_the_month(&followed.meter).await;
            month_due = Instant::now() + MONTH_EVERY.max(started.elapsed() * MONTH_SHARE);
        }
    }
}

impl Metrics {
    fn look(&self, followed: &Followed) {
        let gauges = followed.meter.gauges();
        self.waiting.set(whole(gauges.events_waiting));
        self.watchers.set(whole(gauges.watchers));
        let ended = gauges.sessions_held - gauges.sessions_active;
        for (state, count) in [("active", gauges.sessions_active), ("ended", ended)] {
            let labels = vec![("state", state.to_owned())];
            self.sessions.get_or_create(&labels).set(whole(count));
        }
        let sizes = followed.files.iter().map(std::fs::metadata);
        let bytes: u64 = sizes.flatten().map(|found| found.len()).sum();
        self.ledger_bytes
            .set(i64::try_from(bytes).unwrap_or(i64::MAX));
        let writable = *followed.health.borrow() == Health::Serving;
        self.healthy.set(i64::from(writable));
        let book = followed.meter.book_in_force();
        self.book_age_days.set(book.age_days);
        self.overrides.set(whole(book.overrides));
        self.budget_used.clear();
        for (tenant, status) in gauges.budgets.iter().take(TENANTS_NAMED_MAX) {
            let cap = status.cap.units();
            // The only rounding of the meter's figures, and none is ever read back: an alert asks for about how much.
            let used = if cap == 0 {
                1.0
            } else {
                status.spent.units() as f64 / cap as f64
            };
            let gauge = self
                .budget_used
                .get_or_create(&vec![("tenant", tenant.to_string())]);
            gauge.set(gauge.get().max(used));
        }
    }

    async fn add_up_the_month(&self, meter: &Meter) {
        let mut tenants = meter.gauges().tenants;
        tenants.insert(std::sync::Arc::from(""));
        let mut added_up = Vec::new();
        for tenant in tenants.into_iter().take(TENANTS_NAMED_MAX) {
            match meter
                .asked_by(&tenant, &std::sync::Arc::default())
                .month(false)
                .await
            {
                Ok(rows) => added_up.push((tenant, rows)),
                Err(error) => {
                    tracing::warn!(%error, "the month was not added up for the metrics; it will be tried again");
                    return;
                }
            }
        }
        self.month_cost.clear();
        self.month_unpriced.clear();
        for (tenant, mut rows) in added_up {
            rows.sort_by_key(|row| std::cmp::Reverse(row.entry.cost));
            for (place, row) in rows.iter().enumerate() {
                self.show(&tenant, row, place < MODELS_NAMED_MAX);
            }
        }
    }

    fn show(&self, tenant: &str, row: &Row, named: bool) {
        let name = |place: usize| match row.values.get(place) {
            Some(name) if named => name.clone(),
            _ => OTHER.to_owned(),
        };
        let labels = vec![
            ("tenant", tenant.to_owned()),
            ("service", name(0)),
            ("model", name(1)),
        ];
        if let Some(cost) = row.entry.cost {
            self.month_cost.get_or_create(&labels).inc_by(dollars(cost));
        }
        let unpriced = row.entry.metrics.iter();
        let unpriced = unpriced
            .filter(|metric| metric.state == PricingState::Unpriced)
            .count();
        if unpriced > 0 {
            let labels = vec![("tenant", tenant.to_owned()), ("service", name(0))];
            self.month_unpriced
                .get_or_create(&labels)
                .inc_by(whole(unpriced));
        }
    }
}

/// Exact money as a float, at the very edge: Prometheus knows nothing else. Nothing that is kept or shown elsewhere comes
/// from here.
fn dollars(money: Money) -> f64 {
    money.units() as f64 / UNITS_PER_DOLLAR
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
