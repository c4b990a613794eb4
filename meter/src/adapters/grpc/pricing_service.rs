//! `reelmeter.meter.v1.PricingService`.

use reelmeter_proto::meter::v1 as wire;
use reelmeter_proto::meter::v1::pricing_service_server::PricingService;
use reelmeter_rating::{Layer, Overrides, QuantityView, RateTable, Usage, Variant, classify};
use reelmeter_service::door::Caller;
use tonic::{Request, Response, Status};

use super::status::status;
use super::{from_wire, to_wire};
use crate::application::ports::RateFilter;
use crate::application::{Error, Meter};
use crate::domain::event::Sent;
use crate::domain::limits::{ESTIMATED_CALLS_MAX, QUANTITIES_MAX, RATES_MAX};
use crate::domain::problem::Problem;
use crate::domain::summary::{Line, Pricer, Prices, book_reference};
use crate::domain::{text, validate};

/// The pricing API over a connection.
#[derive(Clone, Debug)]
pub struct PricingApi {
    meter: Meter,
}

impl PricingApi {
    /// The API of a meter.
    #[must_use]
    pub fn new(meter: Meter) -> Self {
        Self { meter }
    }

    /// The same API for whoever the door let through: their tenant's prices, under their name.
    fn asked_by<T>(&self, request: &Request<T>) -> Result<Self, Status> {
        let caller = Caller::of(request)?;
        Ok(Self::new(self.meter.asked_by(&caller.tenant, &caller.name)))
    }

    fn book(&self, request: wire::GetPriceBookRequest) -> Result<wire::PriceBook, Error> {
        text::optional_name("name", &request.name)?;
        let as_of = from_wire::time("as_of_time", request.as_of_time)?;
        if request.name.is_empty() {
            let prices = self.meter.prices();
            return Ok(to_wire::price_book(&prices.table, prices.revision, as_of));
        }
        let table = RateTable::of_book(self.meter.book(&request.name)?.clone());
        Ok(to_wire::price_book(
            &table,
            self.meter.prices().revision,
            as_of,
        ))
    }

    async fn set(&self, request: wire::SetRatesRequest) -> Result<wire::SetRatesResponse, Error> {
        let count = request.rates.len();
        if count == 0 || count > RATES_MAX {
            return Err(Problem::new(
                "rates",
                format!("has {count} entries; set 1 to {RATES_MAX}"),
            )
            .into());
        }
        let mut rates = Vec::with_capacity(count);
        let mut problems = Vec::new();
        for (place, rate) in request.rates.into_iter().enumerate() {
            match from_wire::rate(&format!("rates[{place}]"), rate) {
                Ok(rate) => rates.push(rate),
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let prices = self.meter.set_rates(rates).await?;
        Ok(wire::SetRatesResponse {
            overrides: overrides(&prices),
            price_revision: prices.revision,
        })
    }

    async fn reset(
        &self,
        request: wire::ResetRatesRequest,
    ) -> Result<wire::ResetRatesResponse, Error> {
        let named = |field: &str, name: String| -> Result<Option<String>, Problem> {
            text::optional_name(field, &name)?;
            Ok((!name.is_empty()).then_some(name))
        };
        let filter = RateFilter {
            service: named("service", request.service)?,
            model: named("model", request.model)?,
            metric: named("metric", request.metric)?,
        };
        if filter.service.is_none() && (filter.model.is_some() || filter.metric.is_some()) {
            return Err(
                Problem::new("service", "must name the service of the model or metric").into(),
            );
        }
        let (prices, removed) = self.meter.reset_rates(filter).await?;
        Ok(wire::ResetRatesResponse {
            overrides: overrides(&prices),
            price_revision: prices.revision,
            removed_count: i32::try_from(removed).unwrap_or(i32::MAX),
        })
    }

    fn estimate(
        &self,
        request: wire::EstimateCostRequest,
    ) -> Result<wire::EstimateCostResponse, Error> {
        let count = request.calls.len();
        if count == 0 || count > ESTIMATED_CALLS_MAX {
            return Err(Problem::new(
                "calls",
                format!("has {count} entries; send 1 to {ESTIMATED_CALLS_MAX}"),
            )
            .into());
        }
        let (prices, now) = (self.meter.prices(), self.meter.now());
        let mut pricer = Pricer::new(&prices.table, now);
        let mut total = reelmeter_rating::Money::ZERO;
        let mut lines = Vec::new();
        for (place, call) in request.calls.into_iter().enumerate() {
            let classes = estimated(call, &prices, now)
                .map_err(|problem| problem.within(&format!("calls[{place}]")))?;
            for (class, quantity) in classes {
                let (line, unpriced_because) = pricer.line(&class, i128::from(quantity));
                // The pricer lets in only what fits together.
                total = total
                    .checked_add(line.cost.unwrap_or_default())
                    .unwrap_or(total);
                let line = Line {
                    line,
                    billed: Vec::new(),
                    unpriced_because,
                };
                lines.push(to_wire::cost_line(&line, prices.table.book().name()));
            }
        }
        Ok(wire::EstimateCostResponse {
            lines,
            total_cost: Some(to_wire::money(total)),
            price_book: Some(to_wire::book_reference(&book_reference(
                &prices, now, false,
            ))),
        })
    }
}

/// The classes of a call that was not made.
fn estimated(
    call: wire::EstimatedCall,
    prices: &Prices,
    now: jiff::Timestamp,
) -> Result<Vec<(reelmeter_rating::UsageClass, i64)>, Problem> {
    text::name("service", &call.service)?;
    text::name("model", &call.model)?;
    text::optional_name("rate_model", &call.rate_model)?;
    if call.quantities.len() > QUANTITIES_MAX {
        return Err(Problem::new(
            "quantities",
            format!(
                "has {} entries; at most {QUANTITIES_MAX} are read",
                call.quantities.len()
            ),
        ));
    }
    let variant = validate::word(
        "variant",
        from_wire::variant(call.variant),
        Variant::Standard,
    )?;
    let occurred = from_wire::time("occur_time", call.occur_time)?.unwrap_or(now);
    let mut quantities = Vec::with_capacity(call.quantities.len());
    for (place, quantity) in call.quantities.into_iter().enumerate() {
        let mut quantity = from_wire::quantity(quantity);
        if quantity.basis == Sent::Unspecified {
            quantity.basis = Sent::Known(reelmeter_rating::Basis::Estimated);
        }
        let basis = validate::check_quantity(&quantity)
            .map_err(|problem| problem.within(&format!("quantities[{place}]")))?;
        quantities.push((quantity, basis));
    }
    let views: Vec<QuantityView<'_>> = quantities
        .iter()
        .map(|(quantity, basis)| QuantityView {
            metric: &quantity.metric,
            value: quantity.value,
            basis: *basis,
        })
        .collect();
    let usage = Usage {
        service: &call.service,
        model: &call.model,
        rate_model: &call.rate_model,
        variant,
        // A price of the future may be asked for on purpose: the tolerance is for clocks, not for questions.
        time: occurred,
        clock: false,
        quantities: &views,
    };
    classify(&usage, prices.table.boundaries())
        .map_err(|error| Problem::new("quantities", error.to_string()))
}

fn overrides(prices: &Prices) -> Vec<wire::Rate> {
    let set = prices
        .table
        .overrides(Layer::Rpc)
        .map(Overrides::rates)
        .unwrap_or_default();
    set.iter()
        .map(|rate| to_wire::rate(rate, wire::RateOrigin::Rpc))
        .collect()
}

#[tonic::async_trait]
impl PricingService for PricingApi {
    async fn get_price_book(
        &self,
        request: Request<wire::GetPriceBookRequest>,
    ) -> Result<Response<wire::GetPriceBookResponse>, Status> {
        let api = self.asked_by(&request)?;
        let price_book = api.book(request.into_inner()).map_err(status)?;
        Ok(Response::new(wire::GetPriceBookResponse {
            price_book: Some(price_book),
        }))
    }

    async fn list_price_books(
        &self,
        request: Request<wire::ListPriceBooksRequest>,
    ) -> Result<Response<wire::ListPriceBooksResponse>, Status> {
        let api = self.asked_by(&request)?;
        let (prices, now) = (api.meter.prices(), api.meter.now());
        let reference = |book: &reelmeter_rating::PriceBook| {
            // Overrides are over the book in force alone.
            let in_force = book.name() == prices.table.book().name();
            let table = if in_force {
                prices.table.clone()
            } else {
                RateTable::of_book(book.clone())
            };
            to_wire::book_reference(&book_reference(
                &Prices::new(table, prices.revision),
                now,
                false,
            ))
        };
        let price_books = api.meter.books().iter().map(reference).collect();
        Ok(Response::new(wire::ListPriceBooksResponse { price_books }))
    }

    async fn set_rates(
        &self,
        request: Request<wire::SetRatesRequest>,
    ) -> Result<Response<wire::SetRatesResponse>, Status> {
        let api = self.asked_by(&request)?;
        api.set(request.into_inner())
            .await
            .map(Response::new)
            .map_err(status)
    }

    async fn reset_rates(
        &self,
        request: Request<wire::ResetRatesRequest>,
    ) -> Result<Response<wire::ResetRatesResponse>, Status> {
        let api = self.asked_by(&request)?;
        api.reset(request.into_inner())
            .await
            .map(Response::new)
            .map_err(status)
    }

    async fn estimate_cost(
        &self,
        request: Request<wire::EstimateCostRequest>,
    ) -> Result<Response<wire::EstimateCostResponse>, Status> {
        let api = self.asked_by(&request)?;
        api.estimate(request.into_inner())
            .map(Response::new)
            .map_err(status)
    }
}
