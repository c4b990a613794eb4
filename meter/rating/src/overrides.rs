//! Rates that a person set, in three layers above the price book.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::environment::{self, EnvironmentError};
use crate::price_file::{self, PriceFileError};
use crate::price_text;
use crate::rate::Rate;

/// Where a rate stands: a later one beats an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// The price book.
    Book,
    /// A file of overrides.
    File,
    /// The environment.
    Environment,
    /// Set at run time.
    Rpc,
}

impl Layer {
    /// Every layer, the strongest first.
    pub const STRONGEST_FIRST: [Self; 4] = [Self::Rpc, Self::Environment, Self::File, Self::Book];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Book => "book",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Rpc => "rpc",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The rates of one layer of overrides.
///
/// Where two of them answer the same question, the one with the later start that has begun wins;
/// so a dated override takes over from an undated one at its date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    rates: Vec<Arc<Rate>>,
}

impl Overrides {
    /// No overrides.
    #[must_use]
    pub const fn none() -> Self {
        Self { rates: Vec::new() }
    }

    /// Reads a file of overrides: the `rates` and `sources` of a price book, nothing else.
    ///
    /// # Errors
    /// Every mistake of the file, each with file, line and reason.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, PriceFileError> {
        price_file::overrides(file, text)
    }

    /// Reads overrides from the value of an environment variable, see [`crate::environment`].
    ///
    /// # Errors
    /// The first mistake, with the variable, the entry and the reason.
    pub fn from_environment(variable: &str, value: &str) -> Result<Self, EnvironmentError> {
        environment::parse(variable, value)
    }

    /// The overrides as text that [`Overrides::from_toml`] reads back.
    #[must_use]
    pub fn to_toml(&self) -> String {
        price_text::overrides(&self.rates)
    }

    /// Sets a rate. One without dates takes the place of every other for the same question, since
    /// it is for all usage from now on; a dated one only of that with the same start.
    pub fn set(&mut self, rate: Rate) {
        let is_for_all_usage = rate.start.is_none() && rate.end.is_none();
        self.rates.retain(|kept| {
            let is_replaced =
                kept.is_about_the_same(&rate) && (is_for_all_usage || kept.start == rate.start);
            !is_replaced
        });
        self.rates.push(Arc::new(rate));
    }

    /// Takes overrides back: those of a service, or of one model of it, or of one metric.
    /// `model: Some(None)` names the service-wide ones. Returns how many there were.
    pub fn reset(
        &mut self,
        service: Option<&str>,
        model: Option<Option<&str>>,
        metric: Option<&str>,
    ) -> usize {
        let before = self.rates.len();
        self.rates.retain(|rate| {
            let named = service.is_none_or(|service| rate.service == service)
                && model.is_none_or(|model| rate.model.as_deref() == model)
                && metric.is_none_or(|metric| rate.metric == metric);
            !named
        });
        before - self.rates.len()
    }

    /// The rates, in the order they were set.
    #[must_use]
    pub fn rates(&self) -> &[Arc<Rate>] {
        &self.rates
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rates.is_empty()
    }
}

/// Rates as they were kept: of two for the same question with the same start the later one counts,
/// in whatever order the others come.
impl FromIterator<Rate> for Overrides {
    fn from_iter<I: IntoIterator<Item = Rate>>(rates: I) -> Self {
        let mut overrides = Self::none();
        for rate in rates {
            overrides
                .rates
                .retain(|kept| !(kept.is_about_the_same(&rate) && kept.start == rate.start));
            overrides.rates.push(Arc::new(rate));
        }
        overrides
    }
}

/// The first rate of a price book that answers a question which another answers at the same time,
/// with its place.
pub(crate) fn overlap(rates: &[Arc<Rate>]) -> Option<(usize, &Rate)> {
    first_clash(rates, Rate::overlaps)
}

/// The first override that answers the same question from the same start as another, with its
/// place. Different starts do not clash: the later one takes over.
pub(crate) fn repeated(rates: &[Arc<Rate>]) -> Option<(usize, &Rate)> {
    first_clash(rates, |one, two| one.start == two.start)
}

fn first_clash(
    rates: &[Arc<Rate>],
    clash: impl Fn(&Rate, &Rate) -> bool,
) -> Option<(usize, &Rate)> {
    let mut by_key: BTreeMap<_, Vec<(Option<Timestamp>, usize)>> = BTreeMap::new();
    for (place, rate) in rates.iter().enumerate() {
        by_key
            .entry(rate.key())
            .or_default()
            .push((rate.start, place));
    }
    let mut found: Option<(usize, &Rate)> = None;
    for places in by_key.values_mut() {
        places.sort_unstable();
        for pair in places.windows(2) {
            if let [(_, earlier), (_, later)] = pair
                && let (Some(one), Some(two)) = (rates.get(*earlier), rates.get(*later))
                && clash(one, two)
            {
                let place = *earlier.max(later);
                if found.is_none_or(|(first, _)| place < first) {
                    found = Some((place, two));
                }
            }
        }
    }
    found
}
