//! Prices between the metering contract and the rating: what a price book over the wire stands for, and how a rated
//! quantity is told.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use reelmeter_proto::meter::v1 as wire;
use reelmeter_rating::price_book::{Billing, BookSpec, Model, Service};
use reelmeter_rating::rate::Source;
use reelmeter_rating::{
    Basis, CostLine, Layer, Money, Name, Overrides, PriceBook, Rate, RateSpec, RateTable, Variant,
};

pub(crate) fn dollars(money: Money) -> wire::Money {
    wire::Money {
        currency_code: "USD".to_owned(),
        amount: money.to_string(),
    }
}

pub(crate) fn count(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

pub(crate) fn billing_mode(table: &RateTable, service: &str) -> wire::BillingMode {
    match table.book().service(service).map(|service| service.billing) {
        Some(Billing::PayPerUse) => wire::BillingMode::PayPerUse,
        Some(Billing::Subscription) => wire::BillingMode::Subscription,
        Some(Billing::Free) => wire::BillingMode::Free,
        None => wire::BillingMode::Unspecified,
    }
}

/// The price book as a summary names it.
#[must_use]
pub fn reference(table: &RateTable, now: Timestamp) -> wire::PriceBookReference {
    let book = table.book();
    let overrides = table
        .rates()
        .filter(|(layer, _)| *layer != Layer::Book)
        .count();
    wire::PriceBookReference {
        name: book.name().to_owned(),
        as_of_date: book.as_of().to_string(),
        age_days: book.age_days(now),
        stale: book.is_stale(now),
        override_count: i64::try_from(overrides).unwrap_or(i64::MAX),
        frozen: false,
    }
}

pub(crate) fn cost_line(line: &CostLine, table: &RateTable) -> wire::CostLine {
    let class = &line.class;
    let applied = line.applied();
    let name = |name: &Name| name.to_string();
    wire::CostLine {
        service: class.service.to_string(),
        model: class.model.to_string(),
        rate_model: class
            .rate_model
            .as_ref()
            .unwrap_or(&class.model)
            .to_string(),
        metric: class.metric.to_string(),
        quantity: count(line.quantity),
        basis: match class.basis {
            Basis::Reported => wire::QuantityBasis::Reported,
            Basis::Counted => wire::QuantityBasis::Counted,
            Basis::Estimated => wire::QuantityBasis::Estimated,
        }
        .into(),
        state: crate::summary::state(line.state()).into(),
        cost: line.cost.map(dollars),
        rate: applied.map(|applied| rate(&applied.rate, applied.layer)),
        rated_as: applied
            .and_then(|applied| applied.rated_as.as_ref())
            .map(name)
            .unwrap_or_default(),
        service_default: applied.is_some_and(|applied| applied.service_default.is_some()),
        price_book: table.book().name().to_owned(),
        variant: variant(class.variant).into(),
        model_retired: line.resolution.marks.retired_on.is_some(),
        clock_ahead: class.clock,
        provider_billed: Vec::new(),
        provider_billed_differs: false,
    }
}

fn variant(variant: Variant) -> wire::RateVariant {
    match variant {
        Variant::Standard => wire::RateVariant::Standard,
        Variant::Batch => wire::RateVariant::Batch,
        Variant::Flex => wire::RateVariant::Flex,
        Variant::Priority => wire::RateVariant::Priority,
    }
}

fn rate(rate: &Rate, layer: Layer) -> wire::Rate {
    let spec = rate.spec();
    wire::Rate {
        service: spec.service.to_string(),
        model: spec
            .model
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        metric: spec.metric.to_string(),
        amount: Some(dollars(spec.amount)),
        unit_size: count(i128::from(spec.unit_size)),
        variant: variant(spec.variant).into(),
        above_input_tokens: count(i128::from(spec.above_input_tokens.unwrap_or_default())),
        start_time: spec.start.map(timestamp),
        end_time: spec.end.map(timestamp),
        source: spec.source.title.clone(),
        source_date: spec
            .source
            .date
            .map(|date| date.to_string())
            .unwrap_or_default(),
        origin: match layer {
            Layer::Rpc => wire::RateOrigin::Rpc,
            Layer::Environment => wire::RateOrigin::Environment,
            Layer::File => wire::RateOrigin::File,
            Layer::Book => wire::RateOrigin::PriceBook,
        }
        .into(),
    }
}

/// A price book that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the price book {name} cannot be used: {reason}")]
pub struct PriceBookError {
    /// The book.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

/// The rates that a price book over the wire stands for, its overrides included.
///
/// # Errors
/// A rate or a date in it makes no sense.
pub fn table(book: &wire::PriceBook) -> Result<RateTable, PriceBookError> {
    read_table(book).map_err(|reason| PriceBookError {
        name: book.name.clone(),
        reason,
    })
}

fn read_table(book: &wire::PriceBook) -> Result<RateTable, String> {
    let mut layers: BTreeMap<Layer, Vec<Rate>> = BTreeMap::new();
    let mut sources: BTreeMap<(String, String), Arc<Source>> = BTreeMap::new();
    for rate in &book.rates {
        let layer = match rate.origin() {
            wire::RateOrigin::Rpc | wire::RateOrigin::Request => Layer::Rpc,
            wire::RateOrigin::Environment => Layer::Environment,
            wire::RateOrigin::File => Layer::File,
            wire::RateOrigin::PriceBook | wire::RateOrigin::Unspecified => Layer::Book,
        };
        let known = sources.len();
        let key = (rate.source.clone(), rate.source_date.clone());
        let source = sources.entry(key).or_insert_with(|| {
            Arc::new(Source {
                id: Name::from(format!("source-{known}").as_str()),
                title: rate.source.clone(),
                url: String::new(),
                date: rate.source_date.parse::<Date>().ok(),
            })
        });
        let read = read_rate(rate, source.clone());
        layers.entry(layer).or_default().push(read?);
    }
    let mut overrides = |layer| {
        layers
            .remove(&layer)
            .unwrap_or_default()
            .into_iter()
            .collect::<Overrides>()
    };
    let (file, environment, rpc) = (
        overrides(Layer::File),
        overrides(Layer::Environment),
        overrides(Layer::Rpc),
    );
    let spec = BookSpec {
        name: book.name.clone(),
        title: book.description.clone(),
        as_of: book
            .as_of_date
            .parse()
            .map_err(|_| format!("the price book's date {:?} is none", book.as_of_date))?,
        sources: Vec::new(),
        services: book.services.iter().map(service).collect(),
        models: book.models.iter().map(model).collect(),
        rates: layers
            .remove(&Layer::Book)
            .unwrap_or_default()
            .into_iter()
            .map(Arc::new)
            .collect(),
    };
    let book = PriceBook::new(spec).map_err(|error| error.to_string())?;
    Ok(RateTable::new(book, file, environment, rpc))
}

fn read_rate(rate: &wire::Rate, source: Arc<Source>) -> Result<Rate, String> {
    let amount = rate
        .amount
        .as_ref()
        .map(|money| money.amount.as_str())
        .unwrap_or_default();
    let amount: Money = amount
        .parse()
        .map_err(|_| format!("{amount:?} is no amount"))?;
    let unit_size = u64::try_from(rate.unit_size).unwrap_or_default();
    let model = (!rate.model.is_empty()).then_some(rate.model.as_str());
    let mut spec = RateSpec::new(
        &rate.service,
        model,
        &rate.metric,
        amount,
        unit_size,
        source,
    );
    spec.variant = match rate.variant() {
        wire::RateVariant::Batch => Variant::Batch,
        wire::RateVariant::Flex => Variant::Flex,
        wire::RateVariant::Priority => Variant::Priority,
        wire::RateVariant::Standard | wire::RateVariant::Unspecified => Variant::Standard,
    };
    spec.above_input_tokens = u64::try_from(rate.above_input_tokens)
        .ok()
        .filter(|tokens| *tokens > 0);
    spec.start = rate.start_time.as_ref().and_then(instant);
    spec.end = rate.end_time.as_ref().and_then(instant);
    Rate::new(spec).map_err(|error| error.to_string())
}

fn instant(time: &prost_types::Timestamp) -> Option<Timestamp> {
    Timestamp::new(time.seconds, time.nanos).ok()
}

fn service(pricing: &wire::ServicePricing) -> (Name, Service) {
    let billing = match pricing.billing_mode() {
        wire::BillingMode::Subscription => Billing::Subscription,
        wire::BillingMode::Free => Billing::Free,
        wire::BillingMode::PayPerUse | wire::BillingMode::Unspecified => Billing::PayPerUse,
    };
    let default = pricing.default_model.as_str();
    let service = Service {
        display_name: pricing.service.clone(),
        billing,
        default_model: (!default.is_empty()).then(|| Name::from(default)),
    };
    (Name::from(pricing.service.as_str()), service)
}

fn model(pricing: &wire::ModelPricing) -> Model {
    let shut_down = pricing.shutdown_time.as_ref().and_then(instant);
    Model {
        service: Name::from(pricing.service.as_str()),
        model: Name::from(pricing.model.as_str()),
        shut_down: shut_down.map(|time| jiff::tz::Offset::UTC.to_datetime(time).date()),
        credits_per_character: None,
        note: String::new(),
    }
}

pub(crate) fn timestamp(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: time.as_second(),
        nanos: time.subsec_nanosecond(),
    }
}

/// What quantities of events cost, one line for each rating class.
///
/// # Errors
/// A sum that is too large to be exact, or a quantity below zero.
pub fn lines(
    events: &[wire::UsageEvent],
    table: &RateTable,
    now: Timestamp,
) -> Result<Vec<wire::CostLine>, String> {
    let lines = crate::summary::rated(events, table, now)?;
    Ok(lines.iter().map(|line| cost_line(line, table)).collect())
}

/// What everything with a price costs.
///
/// # Errors
/// As [`lines`].
pub fn total(
    events: &[wire::UsageEvent],
    table: &RateTable,
    now: Timestamp,
) -> Result<wire::Money, String> {
    let lines = crate::summary::rated(events, table, now)?;
    let costs = lines.iter().filter_map(|line| line.cost);
    Money::checked_sum(costs)
        .map(dollars)
        .ok_or_else(|| "the sum is too large".to_owned())
}

/// The instant that the system's clock shows.
pub(crate) fn now() -> Timestamp {
    Timestamp::try_from(std::time::SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}
