//! Events for tests, in few words.
#![allow(dead_code, reason = "each test file uses what it needs")]

use jiff::Timestamp;
use reelmeter_rating::{
    Basis, Breakdown, CostLine, Money, QuantityView, RateTable, Usage, UsageClass, Variant,
    classify,
};

/// The day on which the facts were collected.
pub fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

pub fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// One provider call.
#[derive(Clone, Debug)]
pub struct Event {
    service: String,
    model: String,
    rate_model: String,
    variant: Variant,
    time: Timestamp,
    quantities: Vec<(String, i64, Basis)>,
}

impl Event {
    pub fn new(service: &str, model: &str) -> Self {
        Self {
            service: service.to_owned(),
            model: model.to_owned(),
            rate_model: String::new(),
            variant: Variant::Standard,
            time: now(),
            quantities: Vec::new(),
        }
    }

    pub fn gemini(model: &str) -> Self {
        Self::new("gemini", model)
    }

    pub fn rate_model(mut self, model: &str) -> Self {
        self.rate_model = model.to_owned();
        self
    }

    pub fn variant(mut self, variant: Variant) -> Self {
        self.variant = variant;
        self
    }

    pub fn at(mut self, time: &str) -> Self {
        self.time = time.parse().unwrap();
        self
    }

    pub fn with(self, metric: &str, value: i64) -> Self {
        self.with_basis(metric, value, Basis::Reported)
    }

    pub fn with_basis(mut self, metric: &str, value: i64, basis: Basis) -> Self {
        self.quantities.push((metric.to_owned(), value, basis));
        self
    }

    pub fn classes(&self, table: &RateTable) -> Vec<(UsageClass, i64)> {
        let quantities: Vec<_> = self
            .quantities
            .iter()
            .map(|(metric, value, basis)| QuantityView {
                metric,
                value: *value,
                basis: *basis,
            })
            .collect();
        let usage = Usage {
            service: &self.service,
            model: &self.model,
            rate_model: &self.rate_model,
            variant: self.variant,
            time: self.time,
            clock: false,
            quantities: &quantities,
        };
        classify(&usage, table.boundaries()).unwrap()
    }

    pub fn lines(&self, table: &RateTable) -> Vec<CostLine> {
        let classes = self.classes(table);
        classes
            .iter()
            .map(|(class, value)| table.rate(class, i128::from(*value), now()).unwrap())
            .collect()
    }

    pub fn breakdown(&self, table: &RateTable) -> Breakdown {
        Breakdown::of(self.lines(table)).unwrap()
    }
}
