//! What a session has used, added up by class: its size follows the number of models, stages and metrics, never the
//! number of events.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use reelmeter_rating::class::ClassifyError;
use reelmeter_rating::{
    Basis, Boundaries, ContextTier, EventTraits, Name, Period, QuantityView, Usage, UsageClass,
};

use super::budget::{Cap, Reservation};
use super::decimal::Decimal;
use super::event::Billed;
use super::quota::Quota;
use super::recorder::Backlog;
use super::series::Series;
use super::session::Session;

/// The number of a series within its store.
pub type SeriesId = i64;

/// The events whose quantities may be added up place by place: those of one series that are rated alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassKey {
    /// The series.
    pub series: SeriesId,
    /// The context tier of the whole request.
    pub tier: ContextTier,
    /// The rate period of the event's time.
    pub period: Period,
    /// Whether pictures were recorded both as tokens and as images.
    pub pictures_twice: bool,
    /// Whether the recorder's clock was ahead, so that the time of receipt was taken instead.
    pub clock_ahead: bool,
}

impl ClassKey {
    /// The class of an event of a series, rated at a time.
    ///
    /// # Errors
    /// A negative quantity.
    pub fn of(
        id: SeriesId,
        series: &Series,
        values: &[i64],
        rated: Timestamp,
        clock_ahead: bool,
        boundaries: &Boundaries,
    ) -> Result<Self, ClassifyError> {
        // Nearly every event has few quantities: no need to ask for memory.
        const FEW: usize = 8;
        const NONE: QuantityView<'_> = QuantityView {
            metric: "",
            value: 0,
            basis: Basis::Reported,
        };
        let (mut few, mut many) = ([NONE; FEW], Vec::new());
        let quantities = match few.get_mut(..series.metrics.len()) {
            Some(few) => {
                for (place, quantity) in few.iter_mut().zip(series.quantities(values)) {
                    *place = quantity;
                }
                &*few
            }
            None => {
                many.extend(series.quantities(values));
                many.as_slice()
            }
        };
        let traits = EventTraits::of(
            &Usage {
                service: &series.service,
                model: &series.model,
                rate_model: series.rate_model.as_deref().unwrap_or_default(),
                variant: series.variant,
                time: rated,
                clock: clock_ahead,
                quantities,
            },
            boundaries,
        )?;
        Ok(Self {
            series: id,
            tier: traits.tier,
            period: traits.period,
            pictures_twice: traits.pictures_twice,
            clock_ahead,
        })
    }

    /// The rating class of the quantity at a place of the series.
    #[must_use]
    pub fn usage_class(&self, series: &Series, position: usize) -> Option<UsageClass> {
        let (metric, basis) = series.metrics.get(position)?;
        let traits = EventTraits {
            tier: self.tier,
            period: self.period,
            pictures_twice: self.pictures_twice,
        };
        Some(UsageClass {
            service: series.service.clone(),
            model: series.model.clone(),
            rate_model: series.rate_model.clone(),
            metric: metric.clone(),
            tier: self.tier,
            variant: series.variant,
            period: self.period,
            basis: *basis,
            pictures_twice: series.is_half_of_pictures(position, &traits),
            clock: self.clock_ahead,
        })
    }
}

/// Billed figures of one place and unit, added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BilledSum {
    /// The place of the quantity in the series.
    pub position: usize,
    /// The unit.
    pub unit: Name,
    /// What was billed.
    pub value: Decimal,
    /// What the published multipliers give, for those events where that is known.
    pub expected: Decimal,
    /// How many events say what they were billed.
    pub events: i64,
    /// For how many of them the expected figure is known.
    pub events_expected: i64,
    /// For how many of those it is another.
    pub events_differing: i64,
}

impl BilledSum {
    /// The sum of a single figure.
    #[must_use]
    pub fn of(billed: &Billed) -> Self {
        Self {
            position: billed.position,
            unit: billed.unit.clone(),
            value: billed.value,
            expected: billed.expected.unwrap_or_default(),
            events: 1,
            events_expected: i64::from(billed.expected.is_some()),
            events_differing: i64::from(
                billed
                    .expected
                    .is_some_and(|expected| expected != billed.value),
            ),
        }
    }

    /// Adds another sum of the same unit, `sign` times. A sum beyond 1.7·10¹⁴ stays there: it is shown beside our own
    /// figure and never added to it.
    pub fn add(&mut self, other: &Self, sign: i64) {
        let add = |a: Decimal, b: Decimal| {
            Decimal::from_units(
                a.units()
                    .saturating_add(b.units().saturating_mul(i128::from(sign))),
            )
        };
        self.value = add(self.value, other.value);
        self.expected = add(self.expected, other.expected);
        self.events += sign * other.events;
        self.events_expected += sign * other.events_expected;
        self.events_differing += sign * other.events_differing;
    }

    /// Whether nothing is left. A correction that came after its event's own sum was written is a difference: as many
    /// events more as fewer, but another figure.
    fn is_empty(&self) -> bool {
        self.events == 0
            && self.events_expected == 0
            && self.events_differing == 0
            && self.value == Decimal::ZERO
            && self.expected == Decimal::ZERO
    }
}

/// A class's events added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many events.
    pub events: i64,
    /// How much of each metric of the series, in its order.
    pub values: Vec<i128>,
    /// What providers say that they billed.
    pub billed: Vec<BilledSum>,
}

impl Sum {
    /// The sum of a single event.
    #[must_use]
    pub fn of(values: &[i64], billed: &[Billed]) -> Self {
        Self {
            events: 1,
            values: values.iter().map(|value| i128::from(*value)).collect(),
            billed: billed.iter().map(BilledSum::of).collect(),
        }
    }

    /// Adds a single event.
    pub fn add_event(&mut self, values: &[i64], billed: &[Billed]) {
        if !billed.is_empty() {
            return self.add(&Self::of(values, billed), 1);
        }
        self.events += 1;
        if self.values.len() < values.len() {
            self.values.resize(values.len(), 0);
        }
        for (sum, value) in self.values.iter_mut().zip(values) {
            // Each value is at most an i64 and there are fewer than 2^63 of them.
            *sum += i128::from(*value);
        }
    }

    /// Adds another sum, `sign` (1 or -1) times.
    pub fn add(&mut self, other: &Self, sign: i64) {
        self.events += sign * other.events;
        if self.values.len() < other.values.len() {
            self.values.resize(other.values.len(), 0);
        }
        for (sum, value) in self.values.iter_mut().zip(&other.values) {
            // Each value is at most an i64 and there are fewer than 2^63 of them.
            *sum += i128::from(sign) * value;
        }
        for billed in &other.billed {
            let same =
                |sum: &&mut BilledSum| sum.position == billed.position && sum.unit == billed.unit;
            match self.billed.iter_mut().find(same) {
                Some(sum) => sum.add(billed, sign),
                None => {
                    let mut sum = BilledSum {
                        value: Decimal::ZERO,
                        expected: Decimal::ZERO,
                        events: 0,
                        events_expected: 0,
                        events_differing: 0,
                        ..billed.clone()
                    };
                    sum.add(billed, sign);
                    // In one order, whatever came first: the same sums are equal.
                    let place = self.billed.partition_point(|known| {
                        (known.position, &known.unit) < (sum.position, &sum.unit)
                    });
                    self.billed.insert(place, sum);
                }
            }
        }
        self.billed.retain(|sum| !sum.is_empty());
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events == 0 && self.values.iter().all(|value| *value == 0) && self.billed.is_empty()
    }
}

/// Sums by class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    sums: HashMap<ClassKey, Sum>,
}

impl Tally {
    /// Adds events of a class, `sign` (1 or -1) times.
    pub fn add(&mut self, key: ClassKey, sum: &Sum, sign: i64) {
        let kept = self.sums.entry(key).or_default();
        kept.add(sum, sign);
        if kept.is_empty() {
            self.sums.remove(&key);
        }
    }

    /// The sums.
    pub fn iter(&self) -> impl Iterator<Item = (&ClassKey, &Sum)> {
        self.sums.iter()
    }

    /// How many classes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sums.len()
    }

    /// Whether nothing was used.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// How many events count.
    #[must_use]
    pub fn events(&self) -> i64 {
        self.sums.values().map(|sum| sum.events).sum()
    }

    /// All quantities of all metrics together: the figure that must stay within
    /// [`super::limits::SESSION_QUANTITY_MAX`].
    #[must_use]
    pub fn all_quantities(&self) -> i128 {
        self.sums.values().flat_map(|sum| &sum.values).sum()
    }
}

/// Everything that a session's summary is made from, as of one committed transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionUsage {
    /// The session.
    pub session: Session,
    /// One more with each transaction that changed its usage, state, budget or quota.
    pub revision: i64,
    /// The series that its events belong to, in the order in which each was first recorded.
    pub series: BTreeMap<SeriesId, Arc<Series>>,
    /// What counts.
    pub counted: Tally,
    /// What was recorded before the last reset. It still weighs on the budget: a cap is a cap.
    pub before_reset: Tally,
    /// When usage was last counted from zero again.
    pub reset: Option<Timestamp>,
    /// The time of the newest event that counts.
    pub last_event: Option<Timestamp>,
    /// The newest display name of each service's model.
    pub display_names: BTreeMap<(Name, Name), Name>,
    /// What recorders hold.
    pub recorders: BTreeMap<Arc<str>, Backlog>,
    /// What providers say of their quotas, in the order in which each was first reported.
    pub quotas: Vec<Quota>,
    /// The cap.
    pub budget: Option<Cap>,
    /// The leases on it.
    pub reservations: BTreeMap<Name, Reservation>,
}

impl SessionUsage {
    /// A session that has used nothing.
    #[must_use]
    pub fn new(session: Session, revision: i64) -> Self {
        Self {
            session,
            revision,
            series: BTreeMap::new(),
            counted: Tally::default(),
            before_reset: Tally::default(),
            reset: None,
            last_event: None,
            display_names: BTreeMap::new(),
            recorders: BTreeMap::new(),
            quotas: Vec::new(),
            budget: None,
            reservations: BTreeMap::new(),
        }
    }

    /// How many events recorders say are still on their way.
    #[must_use]
    pub fn pending(&self) -> i64 {
        self.recorders
            .values()
            .fold(0, |sum, backlog| sum.saturating_add(backlog.pending))
    }

    /// Whether the session has ended and nothing is on its way any more.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.session.ended.is_some() && self.pending() == 0
    }

    /// When the next recorder will count as silent, if nothing is heard until then.
    #[must_use]
    pub fn next_silence(&self, now: Timestamp) -> Option<Timestamp> {
        self.recorders
            .values()
            .filter_map(Backlog::silent_from)
            .filter(|from| *from > now)
            .min()
    }

    /// Starts to count from zero again.
    pub fn start_again(&mut self, now: Timestamp) {
        let counted = std::mem::take(&mut self.counted);
        for (key, sum) in counted.iter() {
            self.before_reset.add(*key, sum, 1);
        }
        self.reset = Some(now);
        self.last_event = None;
    }
}
