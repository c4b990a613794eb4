//! Where an event counts: the row of the rollups that it is added up in, and what it adds there.

use jiff::Timestamp;
use reelmeter_rating::Boundaries;
use reelmeter_rating::class::ClassifyError;

use super::event::Billed;
use super::series::Series;
use super::usage::{ClassKey, SeriesId, Sum};

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// The day of a time, counted from 1970-01-01, UTC.
#[must_use]
pub fn day(time: Timestamp) -> i64 {
    time.as_microsecond().div_euclid(DAY_US)
}

/// When a day begins, in microseconds since 1970.
#[must_use]
pub fn day_start_us(day: i64) -> i64 {
    day.saturating_mul(DAY_US)
}

/// How many of the resets of a session, each named by the last event before it, an event comes after.
#[must_use]
pub fn generation_of(resets: &[i64], n: i64) -> i64 {
    let before = resets.partition_point(|last| *last < n);
    i64::try_from(before).unwrap_or(i64::MAX)
}

/// Whether a new date puts events of a session into another rate period: those of a session that is sorted by `known` and
/// whose events are rated by times from `first` to `last`. A date before all of them does, too, unless a known one comes
/// after it.
#[must_use]
pub fn sorts_anew(
    date: Timestamp,
    known: &Boundaries,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
) -> bool {
    let (Some(first), Some(last)) = (first, last) else {
        return false;
    };
    let begins_their_period = || {
        let start = known.period_of(first).start();
        start.is_none_or(|start| start < date)
    };
    date <= last && (first < date || begins_their_period())
}

/// What decides in which rollup row an event is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FineKey {
    /// How often the session had been reset.
    pub generation: i64,
    /// What decides how it is rated.
    pub class: ClassKey,
    /// The day of the time that it is rated by.
    pub day: i64,
    /// The scene.
    pub scene: u32,
    /// The attempt.
    pub attempt: u32,
}

/// What an event, or a correction of one, adds to its session.
#[derive(Clone, Debug)]
pub struct Delta {
    /// Where it counts.
    pub key: FineKey,
    /// What it adds.
    pub sum: Sum,
    /// 1, or -1 for an event that another one replaces.
    pub sign: i64,
}

/// An event as far as it decides where it counts.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    /// The number of its series in the store.
    pub id: SeriesId,
    /// Its series.
    pub series: &'a Series,
    /// Its quantities.
    pub values: &'a [i64],
    /// What providers say that they billed.
    pub billed: &'a [Billed],
    /// The time that it is rated by.
    pub rated: Timestamp,
    /// Whether its own time was not believed.
    pub clock_ahead: bool,
    /// The scene.
    pub scene: u32,
    /// The attempt.
    pub attempt: u32,
}

impl Placed<'_> {
    /// Where it counts, in a generation and sorted by these boundaries.
    ///
    /// # Errors
    /// A negative quantity.
    pub fn key(&self, boundaries: &Boundaries, generation: i64) -> Result<FineKey, ClassifyError> {
        let class = ClassKey::of(
            self.id,
            self.series,
            self.values,
            self.rated,
            self.clock_ahead,
            boundaries,
        )?;
        Ok(FineKey {
            generation,
            class,
            day: day(self.rated),
            scene: self.scene,
            attempt: self.attempt,
        })
    }

    /// What it adds to its session, `sign` (1 or -1) times.
    ///
    /// # Errors
    /// A negative quantity.
    pub fn delta(
        &self,
        boundaries: &Boundaries,
        generation: i64,
        sign: i64,
    ) -> Result<Delta, ClassifyError> {
        Ok(Delta {
            key: self.key(boundaries, generation)?,
            sum: Sum::of(self.values, self.billed),
            sign,
        })
    }
}

/// When an event happened, by its own account and for rating.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// By its own account.
    pub occurred: Timestamp,
    /// For rating.
    pub rated: Timestamp,
}

/// The newest time of an event that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Newest {
    /// That of the file, or this one if it is newer.
    AtLeast(Option<Timestamp>),
    /// This one, whatever the file says: the newest event was replaced by an older one.
    Exactly(Option<Timestamp>),
}

impl Default for Newest {
    fn default() -> Self {
        Self::AtLeast(None)
    }
}

impl Newest {
    /// Notes an event that counts.
    pub fn note(&mut self, occurred: Timestamp) {
        let (Self::AtLeast(newest) | Self::Exactly(newest)) = self;
        *newest = (*newest).max(Some(occurred));
    }

    /// The newest time, given that of the file.
    #[must_use]
    pub fn over(self, file: Option<Timestamp>) -> Option<Timestamp> {
        match self {
            Self::AtLeast(newest) => file.max(newest),
            Self::Exactly(newest) => newest,
        }
    }
}
