//! "What did this month cost?": usage of many sessions, grouped, each rated by its own prices.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use reelmeter_rating::Money;

use super::summary::part::{Figure, Part, parts, sum};
use super::summary::{Entry, Pricer, Prices, rated_now};
use super::usage::{ClassKey, SessionUsage, Sum};

/// The most rows of an answer.
pub const ROWS_MAX: usize = 10_000;
/// The day from which days are counted.
const FIRST_DAY: Date = Date::constant(1970, 1, 1);

/// What to group by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// The day, UTC.
    Day,
    /// The service.
    Service,
    /// The model.
    Model,
    /// The session.
    Session,
    /// The value of a session's label.
    Label(String),
}

/// How to group, and which usage to leave out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The groups, in this order; none: one row.
    pub group_by: Vec<Grouping>,
    /// Only this service; `None` for all.
    pub service: Option<String>,
}

/// A group's usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The group's values, in the order of the question.
    pub values: Vec<String>,
    /// Its figures.
    pub entry: Entry,
}

/// More groups than an answer may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyRows;

/// An answer while it is added up.
pub struct Answer<'a> {
    question: &'a Question,
    current: &'a Prices,
    now: Timestamp,
    rows: BTreeMap<Vec<String>, Part>,
    total: Money,
}

impl<'a> Answer<'a> {
    /// An answer without rows.
    #[must_use]
    pub fn new(question: &'a Question, current: &'a Prices, now: Timestamp) -> Self {
        Self {
            question,
            current,
            now,
            rows: BTreeMap::new(),
            total: Money::ZERO,
        }
    }

    /// Adds what a session has used, by day and class.
    ///
    /// # Errors
    /// [`TooManyRows`].
    pub fn add<'u>(
        &mut self,
        usage: &SessionUsage,
        used: impl IntoIterator<Item = (i64, &'u ClassKey, &'u Sum)>,
    ) -> Result<(), TooManyRows> {
        let (prices, rated) = rated_now(usage, self.current, self.now);
        let mut pricer = Pricer::new(&prices.table, rated);
        for (day, key, used) in used {
            let Some(series) = usage.series.get(&key.series) else {
                continue;
            };
            if self
                .question
                .service
                .as_deref()
                .is_some_and(|service| series.service != *service)
            {
                continue;
            }
            let values = self
                .question
                .group_by
                .iter()
                .map(|grouping| match grouping {
                    Grouping::Day => name_of(day),
                    Grouping::Service => series.service.to_string(),
                    Grouping::Model => series.model.to_string(),
                    Grouping::Session => usage.session.session_id.to_string(),
                    Grouping::Label(key) => {
                        usage.session.labels.get(key).cloned().unwrap_or_default()
                    }
                });
            let row = self.rows.entry(values.collect()).or_default();
            row.entry.events += used.events;
            if series.is_priced() {
                for (class, quantity) in parts(key, series, used) {
                    let figure = Figure::of(pricer.priced(&class), quantity, class.basis);
                    self.total = sum(self.total, figure.cost.unwrap_or_default());
                    row.add(&class.metric, &figure, None);
                }
            }
            if self.rows.len() > ROWS_MAX {
                return Err(TooManyRows);
            }
        }
        Ok(())
    }

    /// The rows, in the order of their groups, and the sum of their costs.
    #[must_use]
    pub fn finish(self) -> (Vec<Row>, Money) {
        let rows = self.rows.into_iter().map(|(values, part)| Row {
            values,
            entry: part.finish(),
        });
        (rows.collect(), self.total)
    }
}

/// A day as YYYY-MM-DD.
fn name_of(day: i64) -> String {
    FIRST_DAY
        .checked_add(SignedDuration::from_hours(day.saturating_mul(24)))
        .map_or_else(|_| day.to_string(), |date| date.to_string())
}
