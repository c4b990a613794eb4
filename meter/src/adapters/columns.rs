//! Values as columns, the same in every store: times, words, and the small JSON that any SQL tool can read.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::Timestamp;
use reelmeter_rating::{Basis, ContextTier, Name, Period};
use serde::{Deserialize, Serialize};

use crate::application::Error;
use crate::domain::budget::Cap;
use crate::domain::decimal::Decimal;
use crate::domain::event::Billed;
use crate::domain::usage::BilledSum;

pub(crate) use crate::domain::rollup::{day, day_start_us};

/// Within the stores: an error that has already been put into the meter's words.
type Result<T> = std::result::Result<T, Error>;

/// A row that does not read as it was written.
pub(crate) fn damaged(what: &str, text: &str) -> Error {
    let shown: String = text.escape_debug().take(100).collect();
    Error::StorageUnavailable(format!(
        "the ledger is damaged: {what} reads `{shown}`; restore it from a backup"
    ))
}

/// The column value of the period before the first boundary.
const FIRST_PERIOD: i64 = i64::MIN;

/// A time as its column has it.
pub(crate) fn us(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// A time from its column.
pub(crate) fn time(us: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(us).map_err(|_| damaged("a time", &us.to_string()))
}

/// A time from its column, where there may be none.
pub(crate) fn optional_time(us: Option<i64>) -> Result<Option<Timestamp>> {
    us.map(time).transpose()
}

pub(crate) fn period_column(period: Period) -> i64 {
    period.start().map_or(FIRST_PERIOD, us)
}

pub(crate) fn period(column: i64) -> Result<Period> {
    Ok(if column == FIRST_PERIOD {
        Period::FIRST
    } else {
        Period::starting(time(column)?)
    })
}

pub(crate) fn tier_column(tier: ContextTier) -> i64 {
    i64::try_from(tier.above()).unwrap_or(i64::MAX)
}

pub(crate) fn tier(column: i64) -> Result<ContextTier> {
    u64::try_from(column)
        .ok()
        .and_then(ContextTier::from_above)
        .ok_or_else(|| damaged("a context tier", &column.to_string()))
}

/// A word of a closed list from its column.
pub(crate) fn word<T: FromStr>(what: &str, text: &str) -> Result<T> {
    text.parse().map_err(|_| damaged(what, text))
}

fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    // Maps with text keys, lists, numbers and texts always serialise.
    serde_json::to_string(value).unwrap_or_default()
}

fn from_json<'a, T: Deserialize<'a>>(what: &str, text: &'a str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| damaged(what, text))
}

pub(crate) fn labels_column(labels: &BTreeMap<String, String>) -> String {
    to_json(labels)
}

pub(crate) fn labels(text: &str) -> Result<BTreeMap<String, String>> {
    from_json("labels", text)
}

pub(crate) fn metrics_column(metrics: &[(Name, Basis)]) -> String {
    to_json(metrics)
}

pub(crate) fn metrics(text: &str) -> Result<Vec<(Name, Basis)>> {
    from_json("metrics", text)
}

pub(crate) fn numbers_column(numbers: &[i64]) -> String {
    to_json(numbers)
}

pub(crate) fn numbers(text: &str) -> Result<Vec<i64>> {
    from_json("quantities", text)
}

/// Sums as their column has them. They stay within 64 bits, as [`crate::domain::limits::SESSION_QUANTITY_MAX`] sees to.
pub(crate) fn sums_column(sums: &[i128]) -> Result<String> {
    let narrow: std::result::Result<Vec<i64>, _> =
        sums.iter().map(|sum| i64::try_from(*sum)).collect();
    narrow
        .map(|sums| to_json(&sums))
        .map_err(|_| Error::Internal("a rollup grew beyond 64 bits".to_owned()))
}

/// What an event rarely has.
#[derive(Serialize, Deserialize, Default)]
struct Extra {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    billed: Vec<(usize, Decimal, Name, Option<Decimal>)>,
}

pub(crate) fn extra_column(labels: &BTreeMap<String, String>, billed: &[Billed]) -> Option<String> {
    if labels.is_empty() && billed.is_empty() {
        return None;
    }
    let billed = billed
        .iter()
        .map(|one| (one.position, one.value, one.unit.clone(), one.expected))
        .collect();
    Some(to_json(&Extra {
        labels: labels.clone(),
        billed,
    }))
}

pub(crate) fn extra(text: Option<&str>) -> Result<(BTreeMap<String, String>, Vec<Billed>)> {
    let Some(text) = text else {
        return Ok(Default::default());
    };
    let Extra { labels, billed } = from_json("an event's extra", text)?;
    let billed = billed
        .into_iter()
        .map(|(position, value, unit, expected)| Billed {
            position,
            value,
            unit,
            expected,
        })
        .collect();
    Ok((labels, billed))
}

type BilledRow = (usize, Name, Decimal, Decimal, i64, i64, i64);

pub(crate) fn billed_column(billed: &[BilledSum]) -> Option<String> {
    let rows: Vec<BilledRow> = billed
        .iter()
        .map(|sum| {
            let unit = sum.unit.clone();
            (
                sum.position,
                unit,
                sum.value,
                sum.expected,
                sum.events,
                sum.events_expected,
                sum.events_differing,
            )
        })
        .collect();
    (!rows.is_empty()).then(|| to_json(&rows))
}

pub(crate) fn billed(text: Option<&str>) -> Result<Vec<BilledSum>> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let rows: Vec<BilledRow> = from_json("billed figures", text)?;
    let sum =
        |(position, unit, value, expected, events, events_expected, events_differing)| BilledSum {
            position,
            unit,
            value,
            expected,
            events,
            events_expected,
            events_differing,
        };
    Ok(rows.into_iter().map(sum).collect())
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum CapColumn {
    Money(Decimal),
    Metric {
        service: Name,
        metric: Name,
        value: i64,
    },
}

pub(crate) fn cap_column(cap: &Cap) -> String {
    to_json(&match cap {
        Cap::Money(money) => CapColumn::Money(*money),
        Cap::Metric {
            service,
            metric,
            value,
        } => CapColumn::Metric {
            service: service.clone(),
            metric: metric.clone(),
            value: *value,
        },
    })
}

pub(crate) fn cap(text: &str) -> Result<Cap> {
    Ok(match from_json("a budget", text)? {
        CapColumn::Money(money) => Cap::Money(money),
        CapColumn::Metric {
            service,
            metric,
            value,
        } => Cap::Metric {
            service,
            metric,
            value,
        },
    })
}
