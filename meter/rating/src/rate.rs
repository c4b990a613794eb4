//! A rate: an amount of money for a unit size of one metric, from a date.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::class::ContextTier;
use crate::money::Money;
use crate::name::Name;
use crate::usage::Variant;

/// The largest unit size, a trillion.
pub const MAX_UNIT_SIZE: u64 = 1_000_000_000_000;

/// Where a rate was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// Its key in the price file, for instance `litellm`.
    pub id: Name,
    /// What it is, for a person: `LiteLLM 1.109.1, model_prices_and_context_window_backup.json`.
    pub title: String,
    /// Where to look it up; empty when there is no such place.
    pub url: String,
    /// The day it was read.
    pub date: Option<Date>,
}

impl Source {
    /// A source that is known by one phrase: `set at run time`.
    #[must_use]
    pub fn named(title: &str) -> Arc<Self> {
        Arc::new(Self {
            id: Name::from(title),
            title: title.to_owned(),
            url: String::new(),
            date: None,
        })
    }
}

/// Everything that a rate says, before it is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateSpec {
    /// The service it is for.
    pub service: Name,
    /// The model it is for; `None` for every model of the service.
    pub model: Option<Name>,
    /// The metric it is for, by exact name.
    pub metric: Name,
    /// The way of processing it is for.
    pub variant: Variant,
    /// The rate applies to requests with strictly more input tokens than this, of all input
    /// metrics together. One of [`ContextTier::THRESHOLDS`]; `None` for requests of any size that
    /// have no higher tier of their own.
    pub above_input_tokens: Option<u64>,
    /// The money for [`RateSpec::unit_size`] units.
    pub amount: Money,
    /// How many units the amount is for, made of twos and fives: 1, 1,000, 1,000,000.
    pub unit_size: u64,
    /// When it starts to apply; `None` for always.
    pub start: Option<Timestamp>,
    /// When it ceases to apply; `None` for never.
    pub end: Option<Timestamp>,
    /// Where it was read.
    pub source: Arc<Source>,
    /// Anything a reader should know; empty for nothing.
    pub note: String,
}

impl RateSpec {
    /// An undated standard rate for any request size; set the other fields as needed.
    #[must_use]
    pub fn new(
        service: &str,
        model: Option<&str>,
        metric: &str,
        amount: Money,
        unit_size: u64,
        source: Arc<Source>,
    ) -> Self {
        Self {
            service: Name::from(service),
            model: model.map(Name::from),
            metric: Name::from(metric),
            variant: Variant::Standard,
            above_input_tokens: None,
            amount,
            unit_size,
            start: None,
            end: None,
            source,
            note: String::new(),
        }
    }
}

/// Why a rate was refused. Each names the field in question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// A name is empty, too long or holds control characters.
    #[error("{field} `{name}` must be 1 to {max} bytes without spaces at its ends or control characters", max = Name::MAX_LEN_BYTES)]
    Name {
        /// `service`, `model` or `metric`.
        field: &'static str,
        /// The name, escaped.
        name: String,
    },
    /// A metric is not written as metrics are.
    #[error("metric `{0}` must be lower-case letters, digits and underscores, like input_tokens")]
    Metric(String),
    /// The amount is below nothing.
    #[error("amount {0} is negative; a rate costs nothing or something")]
    Negative(Money),
    /// The unit size is not made of twos and fives.
    #[error(
        "unit size {0} is not made of twos and fives (1, 1000, 1000000), so costs would not end; leave such a rate out"
    )]
    UnitSize(u64),
    /// The unit size is zero or too large.
    #[error("unit size {0} must be 1 to {MAX_UNIT_SIZE}")]
    UnitSizeRange(u64),
    /// The price of one unit has more than 24 decimal places.
    #[error(
        "amount {amount} for {unit_size} units has more than 24 decimal places a unit, which is not exact; nothing is rounded here"
    )]
    NotExact {
        /// The amount.
        amount: Money,
        /// For how many units.
        unit_size: u64,
    },
    /// The tier's threshold is not one that events are sorted by.
    #[error("above_input_tokens {0} is not a known context tier; it is one of {known}", known = ContextTier::known())]
    Tier(u64),
    /// The rate ends before it starts.
    #[error("the rate ends at {end}, which is not after its start {start}")]
    EndsBeforeStart {
        /// When it starts.
        start: Timestamp,
        /// When it ends.
        end: Timestamp,
    },
}

/// A checked rate. Its fields are read through [`RateSpec`]; they cannot change any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    spec: RateSpec,
    per_unit: Money,
}

impl Rate {
    /// Checks a rate.
    ///
    /// # Errors
    /// A [`RateError`] that names the field and the rule.
    pub fn new(spec: RateSpec) -> Result<Self, RateError> {
        check_name("service", &spec.service)?;
        if let Some(model) = &spec.model {
            check_name("model", model)?;
        }
        check_name("metric", &spec.metric)?;
        if !spec
            .metric
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        {
            return Err(RateError::Metric(spec.metric.to_string()));
        }
        if spec.amount.is_negative() {
            return Err(RateError::Negative(spec.amount));
        }
        if spec.unit_size == 0 || spec.unit_size > MAX_UNIT_SIZE {
            return Err(RateError::UnitSizeRange(spec.unit_size));
        }
        if !is_made_of_twos_and_fives(spec.unit_size) {
            return Err(RateError::UnitSize(spec.unit_size));
        }
        let per_unit = spec
            .amount
            .checked_div_exact(i128::from(spec.unit_size))
            .ok_or(RateError::NotExact {
                amount: spec.amount,
                unit_size: spec.unit_size,
            })?;
        if let Some(threshold) = spec.above_input_tokens
            && !ContextTier::THRESHOLDS.contains(&threshold)
        {
            return Err(RateError::Tier(threshold));
        }
        if let (Some(start), Some(end)) = (spec.start, spec.end)
            && end <= start
        {
            return Err(RateError::EndsBeforeStart { start, end });
        }
        Ok(Self { spec, per_unit })
    }

    /// The exact price of one unit.
    #[must_use]
    pub const fn per_unit(&self) -> Money {
        self.per_unit
    }

    /// What the rate says.
    #[must_use]
    pub const fn spec(&self) -> &RateSpec {
        &self.spec
    }

    /// Whether the rate is in force at an instant: from its start on, until before its end.
    #[must_use]
    pub fn is_in_force(&self, instant: Timestamp) -> bool {
        self.spec.start.is_none_or(|start| start <= instant)
            && self.spec.end.is_none_or(|end| instant < end)
    }

    /// Whether the rate is for this context tier or a lower one.
    #[must_use]
    pub fn covers(&self, tier: ContextTier) -> bool {
        self.spec.above_input_tokens.unwrap_or(0) <= tier.above()
    }

    /// Whether two rates answer the same question, dates apart.
    #[must_use]
    pub fn is_about_the_same(&self, other: &Self) -> bool {
        self.key() == other.key()
    }

    /// What the rate is about, dates apart.
    pub(crate) fn key(&self) -> (&Name, &Option<Name>, &Name, Variant, Option<u64>) {
        let RateSpec {
            service,
            model,
            metric,
            variant,
            above_input_tokens,
            ..
        } = &self.spec;
        (service, model, metric, *variant, *above_input_tokens)
    }

    /// Whether the periods of two rates share an instant.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let starts_before_end = |one: &Self, two: &Self| match (one.spec.start, two.spec.end) {
            (Some(start), Some(end)) => start < end,
            _ => true,
        };
        starts_before_end(self, other) && starts_before_end(other, self)
    }
}

impl Deref for Rate {
    type Target = RateSpec;

    fn deref(&self) -> &RateSpec {
        &self.spec
    }
}

/// `gemini/gemini-2.5-pro input_tokens (batch, above 200000 input tokens)`, to name it in messages.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let model = self.spec.model.as_deref().unwrap_or("*");
        write!(f, "{}/{} {}", self.spec.service, model, self.spec.metric)?;
        if self.spec.variant != Variant::Standard {
            write!(f, ", {}", self.spec.variant)?;
        }
        if let Some(threshold) = self.spec.above_input_tokens {
            write!(f, ", above {threshold} input tokens")?;
        }
        Ok(())
    }
}

pub(crate) fn check_name(field: &'static str, name: &str) -> Result<(), RateError> {
    let sound = !name.is_empty()
        && name.len() <= Name::MAX_LEN_BYTES
        && !name.chars().any(char::is_control)
        && name.trim() == name;
    if sound {
        return Ok(());
    }
    let shown: String = name.escape_debug().take(Name::MAX_LEN_BYTES).collect();
    Err(RateError::Name { field, name: shown })
}

fn is_made_of_twos_and_fives(mut size: u64) -> bool {
    for factor in [2, 5] {
        while size.is_multiple_of(factor) && size > 1 {
            size /= factor;
        }
    }
    size == 1
}
