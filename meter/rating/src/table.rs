//! A rate table: a price book under the overrides a person set, ready to answer.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::class::ContextTier;
use crate::name::Name;
use crate::overrides::{Layer, Overrides};
use crate::period::Boundaries;
use crate::price_book::PriceBook;
use crate::price_file::PriceFileError;
use crate::rate::Rate;
use crate::usage::Variant;

/// A price book and three layers of overrides, with an index over them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RateTable {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    book: PriceBook,
    file: Overrides,
    environment: Overrides,
    rpc: Overrides,
    /// Strongest first, as [`Layer::STRONGEST_FIRST`].
    indexes: [Index; 4],
    /// The rates of [`RateTable::under`], which go before them all.
    asked: Index,
    boundaries: Boundaries,
}

#[derive(Debug, Default)]
struct Index {
    services: HashMap<Name, ServiceIndex>,
}

#[derive(Debug, Default)]
struct ServiceIndex {
    models: HashMap<Name, Metrics>,
    wide: Metrics,
}

/// Per metric, the best answer first: the higher tier, then the later start.
type Metrics = HashMap<Name, Vec<Arc<Rate>>>;

/// Which of several possible keys a rate was found under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The model itself.
    Model,
    /// The whole service.
    Service,
}

#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) rate: Arc<Rate>,
    pub(crate) layer: Layer,
    pub(crate) reach: Reach,
}

/// The question a lookup asks, names borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    pub(crate) service: &'a str,
    /// What sets the price.
    pub(crate) priced_as: &'a str,
    /// The breakdown's key, which overrides may name too.
    pub(crate) model: &'a str,
    pub(crate) metric: &'a str,
    pub(crate) variant: Variant,
    pub(crate) tier: ContextTier,
    pub(crate) instant: Timestamp,
}

impl RateTable {
    /// A table of a book and its overrides.
    #[must_use]
    pub fn new(book: PriceBook, file: Overrides, environment: Overrides, rpc: Overrides) -> Self {
        let indexes = [rpc.rates(), environment.rates(), file.rates(), book.rates()].map(Index::of);
        let boundaries = Boundaries::new(
            [rpc.rates(), environment.rates(), file.rates(), book.rates()]
                .into_iter()
                .flatten()
                .flat_map(|rate| rate.start.into_iter().chain(rate.end)),
        );
        Self {
            inner: Arc::new(Inner {
                book,
                file,
                environment,
                rpc,
                indexes,
                asked: Index::default(),
                boundaries,
            }),
        }
    }

    /// The same table under the rates of one what-if question: they go before all others, read as
    /// [`Layer::Rpc`], and are no part of what the table lists, freezes or compares.
    #[must_use]
    pub fn under(&self, asked: &Overrides) -> Self {
        let Inner {
            book,
            file,
            environment,
            rpc,
            ..
        } = &*self.inner;
        let table = Self::new(book.clone(), file.clone(), environment.clone(), rpc.clone());
        let Some(mut inner) = Arc::into_inner(table.inner) else {
            // The table was made above and has no other owner.
            return self.clone();
        };
        let dates = asked
            .rates()
            .iter()
            .flat_map(|rate| rate.start.into_iter().chain(rate.end));
        inner.boundaries =
            Boundaries::new(inner.boundaries.instants().iter().copied().chain(dates));
        inner.asked = Index::of(asked.rates());
        Self {
            inner: Arc::new(inner),
        }
    }

    /// A table of a book alone.
    #[must_use]
    pub fn of_book(book: PriceBook) -> Self {
        Self::new(
            book,
            Overrides::none(),
            Overrides::none(),
            Overrides::none(),
        )
    }

    /// The same table under other run-time overrides.
    #[must_use]
    pub fn with_rpc(&self, rpc: Overrides) -> Self {
        Self::new(
            self.inner.book.clone(),
            self.inner.file.clone(),
            self.inner.environment.clone(),
            rpc,
        )
    }

    /// The price book.
    #[must_use]
    pub fn book(&self) -> &PriceBook {
        &self.inner.book
    }

    /// The overrides of a layer; `None` for [`Layer::Book`].
    #[must_use]
    pub fn overrides(&self, layer: Layer) -> Option<&Overrides> {
        match layer {
            Layer::Book => None,
            Layer::File => Some(&self.inner.file),
            Layer::Environment => Some(&self.inner.environment),
            Layer::Rpc => Some(&self.inner.rpc),
        }
    }

    /// Every rate with its layer, the strongest layer first.
    pub fn rates(&self) -> impl Iterator<Item = (Layer, &Arc<Rate>)> {
        Layer::STRONGEST_FIRST.into_iter().flat_map(|layer| {
            let rates = self
                .overrides(layer)
                .map_or(self.inner.book.rates(), Overrides::rates);
            rates.iter().map(move |rate| (layer, rate))
        })
    }

    /// The instants at which any rate starts or ends.
    #[must_use]
    pub fn boundaries(&self) -> &Boundaries {
        &self.inner.boundaries
    }

    /// The complete dated rates as text, for a session that ends. The same rates give the same
    /// text, so that a store can keep it once by its hash.
    #[must_use]
    pub fn freeze(&self) -> String {
        let frozen = Frozen {
            book: self.inner.book.to_toml(),
            file: self.inner.file.to_toml(),
            environment: self.inner.environment.to_toml(),
            rpc: self.inner.rpc.to_toml(),
        };
        // Four strings always serialise.
        toml::to_string(&frozen).unwrap_or_default()
    }

    /// Reads back what [`RateTable::freeze`] wrote.
    ///
    /// # Errors
    /// What is wrong with the text, which a store then has damaged.
    pub fn thaw(text: &str) -> Result<Self, PriceFileError> {
        let frozen: Frozen = toml::from_str(text).map_err(|error| {
            PriceFileError::single("frozen rates", 1, error.message().to_owned())
        })?;
        Ok(Self::new(
            PriceBook::from_toml("frozen price book", &frozen.book)?,
            Overrides::from_toml("frozen file overrides", &frozen.file)?,
            Overrides::from_toml("frozen environment overrides", &frozen.environment)?,
            Overrides::from_toml("frozen run-time overrides", &frozen.rpc)?,
        ))
    }

    /// The strongest rate for a metric of its own: RPC override, environment, file, price book;
    /// within each the model before the service.
    pub(crate) fn find(&self, question: &Question<'_>) -> Option<Found> {
        let set = Layer::STRONGEST_FIRST.into_iter().zip(&self.inner.indexes);
        for (layer, index) in std::iter::once((Layer::Rpc, &self.inner.asked)).chain(set) {
            let Some(service) = index.services.get(question.service) else {
                continue;
            };
            let by_model = |model: &str| {
                service
                    .models
                    .get(model)
                    .and_then(|metrics| answer(metrics, question))
            };
            let mut found = by_model(question.priced_as);
            // A person may set a rate for a voice by the ID the screen shows. A book may not: its
            // rates are for the models that set a price.
            if found.is_none() && layer != Layer::Book && question.model != question.priced_as {
                found = by_model(question.model);
            }
            if let Some(rate) = found {
                return Some(Found {
                    rate,
                    layer,
                    reach: Reach::Model,
                });
            }
            if let Some(rate) = answer(&service.wide, question) {
                return Some(Found {
                    rate,
                    layer,
                    reach: Reach::Service,
                });
            }
        }
        None
    }

    /// Whether the book has any rate for a model: if it has, its service's default is not for it.
    pub(crate) fn book_has_model(&self, service: &str, model: &str) -> bool {
        let [.., book] = &self.inner.indexes;
        book.services
            .get(service)
            .is_some_and(|service| service.models.contains_key(model))
    }
}

impl PartialEq for RateTable {
    fn eq(&self, other: &Self) -> bool {
        let parts = |table: &Self| {
            let Inner {
                book,
                file,
                environment,
                rpc,
                ..
            } = &*table.inner;
            (book.clone(), file.clone(), environment.clone(), rpc.clone())
        };
        parts(self) == parts(other)
    }
}

fn answer(metrics: &Metrics, question: &Question<'_>) -> Option<Arc<Rate>> {
    metrics
        .get(question.metric)?
        .iter()
        .find(|rate| {
            rate.variant == question.variant
                && rate.covers(question.tier)
                && rate.is_in_force(question.instant)
        })
        .cloned()
}

impl Index {
    fn of(rates: &[Arc<Rate>]) -> Self {
        let mut index = Self::default();
        for rate in rates {
            let service = index.services.entry(rate.service.clone()).or_default();
            let metrics = match &rate.model {
                Some(model) => service.models.entry(model.clone()).or_default(),
                None => &mut service.wide,
            };
            metrics
                .entry(rate.metric.clone())
                .or_default()
                .push(Arc::clone(rate));
        }
        for service in index.services.values_mut() {
            for metrics in service
                .models
                .values_mut()
                .chain(std::iter::once(&mut service.wide))
            {
                for rates in metrics.values_mut() {
                    rates.sort_by(|a, b| {
                        (b.above_input_tokens, b.start).cmp(&(a.above_input_tokens, a.start))
                    });
                }
            }
        }
        index
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Frozen {
    book: String,
    file: String,
    environment: String,
    rpc: String,
}
