//! A price book: a dated set of rates with their sources.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::credits::Multiplier;
use crate::name::Name;
use crate::overrides::overlap;
use crate::price_file::{self, PriceFileError};
use crate::price_text;
use crate::rate::{Rate, Source};
use crate::usage::UnknownWord;
use crate::utc;

/// A book older than this is marked, since providers move their prices.
pub const STALE_AFTER_DAYS: i64 = 60;

/// How a service bills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Billing {
    /// Each use costs money; a metric without a rate is unpriced.
    PayPerUse,
    /// A plan is paid for; use is counted and has no dollar figure unless a person gives a rate.
    Subscription,
    /// Nothing is paid: a local model.
    Free,
}

impl Billing {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::PayPerUse, Self::Subscription, Self::Free];

    /// The word that price files use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PayPerUse => "pay_per_use",
            Self::Subscription => "subscription",
            Self::Free => "free",
        }
    }
}

impl std::str::FromStr for Billing {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|billing| billing.as_str() == word)
            .ok_or_else(|| UnknownWord {
                word: word.to_owned(),
                what: "billing mode",
                allowed: Self::ALL.map(Self::as_str).join(", "),
            })
    }
}

/// What a book says of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The name for a screen: `ElevenLabs`.
    pub display_name: String,
    /// How it bills.
    pub billing: Billing,
    /// The model whose rates are taken for a model that the book has no rates for. Every figure
    /// from it is marked.
    pub default_model: Option<Name>,
}

/// What a book says of a model beside its rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// Its service.
    pub service: Name,
    /// Its name.
    pub model: Name,
    /// The day its provider shut it down, or said it would.
    pub shut_down: Option<Date>,
    /// The provider's published credits for one character.
    pub credits_per_character: Option<Multiplier>,
    /// Anything a reader should know; empty for nothing.
    pub note: String,
}

/// Everything that a price book says, before it is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookSpec {
    /// Its name: `documented`, `list`, or a person's own.
    pub name: String,
    /// What it is, for a person.
    pub title: String,
    /// The day its prices were last compared with their sources.
    pub as_of: Date,
    /// The sources that rates refer to.
    pub sources: Vec<Arc<Source>>,
    /// How each service bills.
    pub services: BTreeMap<Name, Service>,
    /// What is known of models beside their rates.
    pub models: Vec<Model>,
    /// The rates.
    pub rates: Vec<Arc<Rate>>,
}

/// A checked price book. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PriceBook {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    spec: BookSpec,
    models: HashMap<Name, HashMap<Name, usize>>,
}

/// Why a book was refused: what contradicts what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// Two rates answer the same question at the same time.
    #[error("two rates for {0} are in force at the same time; give the earlier one an `until`")]
    Overlap(String),
    /// A rate's service is not in the book.
    #[error("service `{0}` of a rate has no entry under services, which says how it bills")]
    UnknownService(String),
    /// A default model has no rates.
    #[error("default model `{model}` of service `{service}` has no rates in this book")]
    DefaultWithoutRates {
        /// The service.
        service: String,
        /// Its default.
        model: String,
    },
    /// A model is described twice.
    #[error("model `{0}` is described twice")]
    DuplicateModel(String),
    /// Two different sources have one key.
    #[error("two different sources are called `{0}`")]
    DuplicateSource(String),
}

/// The file name that the book of the project's documents is known by in messages.
const DOCUMENTED_FILE: &str = "documented.toml";
/// The file name that the book of published list prices is known by in messages.
const LIST_FILE: &str = "list.toml";

impl PriceBook {
    /// The prices of the project's own documents, the default.
    ///
    /// # Errors
    /// Never in a released build: a test reads it.
    pub fn documented() -> Result<Self, PriceFileError> {
        Self::from_toml(
            DOCUMENTED_FILE,
            include_str!("../../prices/documented.toml"),
        )
    }

    /// Published list prices, dated and sourced.
    ///
    /// # Errors
    /// Never in a released build: a test reads it.
    pub fn list() -> Result<Self, PriceFileError> {
        Self::from_toml(LIST_FILE, include_str!("../../prices/list.toml"))
    }

    /// The book that comes with the program under a name (`documented`, `list`), if there is one.
    ///
    /// # Errors
    /// Never in a released build: a test reads them.
    pub fn built_in(name: &str) -> Result<Option<Self>, PriceFileError> {
        match name {
            "documented" => Self::documented().map(Some),
            "list" => Self::list().map(Some),
            _ => Ok(None),
        }
    }

    /// Reads a price book.
    ///
    /// # Errors
    /// Every mistake of the file, each with file, line and reason.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, PriceFileError> {
        price_file::book(file, text)
    }

    /// The book as text that [`PriceBook::from_toml`] reads back as the same book. Two books with
    /// the same content have the same text.
    #[must_use]
    pub fn to_toml(&self) -> String {
        price_text::book(self.spec())
    }

    /// Checks a book that was put together by a program.
    ///
    /// # Errors
    /// A [`BookError`] that says what contradicts what.
    pub fn new(mut spec: BookSpec) -> Result<Self, BookError> {
        if let Some((_, rate)) = overlap(&spec.rates) {
            return Err(BookError::Overlap(rate.to_string()));
        }
        for rate in &spec.rates {
            if !spec.services.contains_key(&rate.service) {
                return Err(BookError::UnknownService(rate.service.to_string()));
            }
        }
        for (name, service) in &spec.services {
            if let Some(model) = &service.default_model
                && !spec
                    .rates
                    .iter()
                    .any(|rate| rate.service == *name && rate.model.as_ref() == Some(model))
            {
                return Err(BookError::DefaultWithoutRates {
                    service: name.to_string(),
                    model: model.to_string(),
                });
            }
        }
        let mut models: HashMap<Name, HashMap<Name, usize>> = HashMap::new();
        for (place, model) in spec.models.iter().enumerate() {
            if models
                .entry(model.service.clone())
                .or_default()
                .insert(model.model.clone(), place)
                .is_some()
            {
                return Err(BookError::DuplicateModel(model.model.to_string()));
            }
        }
        let used = spec.rates.iter().map(|rate| Arc::clone(&rate.source));
        spec.sources.extend(used.collect::<Vec<_>>());
        spec.sources.sort();
        spec.sources.dedup();
        for pair in spec.sources.windows(2) {
            if let [one, two] = pair
                && one.id == two.id
            {
                return Err(BookError::DuplicateSource(one.id.to_string()));
            }
        }
        Ok(Self {
            inner: Arc::new(Inner { spec, models }),
        })
    }

    /// What the book says.
    #[must_use]
    pub fn spec(&self) -> &BookSpec {
        &self.inner.spec
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.spec().name
    }

    /// The day its prices were last compared with their sources.
    #[must_use]
    pub fn as_of(&self) -> Date {
        self.spec().as_of
    }

    /// Its rates, as listed.
    #[must_use]
    pub fn rates(&self) -> &[Arc<Rate>] {
        &self.spec().rates
    }

    /// What it says of a service.
    #[must_use]
    pub fn service(&self, service: &str) -> Option<&Service> {
        self.spec().services.get(service)
    }

    /// What it says of a model beside its rates.
    #[must_use]
    pub fn model(&self, service: &str, model: &str) -> Option<&Model> {
        let place = self.inner.models.get(service)?.get(model)?;
        self.spec().models.get(*place)
    }

    /// Its age in whole days, by UTC dates; 0 for a book of today or later.
    #[must_use]
    pub fn age_days(&self, now: Timestamp) -> i64 {
        let today = utc::day(now);
        i64::from(today.since(self.as_of()).map_or(0, |span| span.get_days())).max(0)
    }

    /// Whether it is old enough to be marked.
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.age_days(now) > STALE_AFTER_DAYS
    }
}

impl PartialEq for PriceBook {
    fn eq(&self, other: &Self) -> bool {
        self.spec() == other.spec()
    }
}

impl Eq for PriceBook {}

/// `documented of 2026-11-23`.
impl fmt::Display for PriceBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.name(), self.as_of())
    }
}
