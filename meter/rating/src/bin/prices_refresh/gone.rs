//! Models that neither package lists any more: their last prices stay, since records of their time are still rated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use reelmeter_rating::price_book::Model;
use reelmeter_rating::rate::Source;
use reelmeter_rating::{Name, PriceBook, Rate};

/// What stays of an earlier book.
#[derive(Debug, Default)]
pub struct Gone {
    /// The rates, each with the source that it was last read from.
    pub rates: Vec<Arc<Rate>>,
    /// What is known of their models.
    pub models: Vec<Model>,
}

/// What stays of the earlier book, given the models that are listed now by service and name.
///
/// # Errors
/// A rate of the earlier book is none any more.
pub fn from(
    earlier: &PriceBook,
    listed: &BTreeSet<(String, String)>,
    as_of: Date,
) -> Result<Gone, String> {
    let mut gone = Gone::default();
    let mut models = BTreeMap::new();
    for rate in earlier.rates() {
        let Some(model) = &rate.model else { continue };
        if listed.contains(&(rate.service.to_string(), model.to_string())) {
            continue;
        }
        let mut spec = rate.spec().clone();
        spec.source = of_its_day(&spec.source);
        let kept = Rate::new(spec).map_err(|error| format!("{rate}: {error}"))?;
        gone.rates.push(Arc::new(kept));
        let key = (rate.service.clone(), model.clone());
        models
            .entry(key)
            .or_insert_with(|| known(earlier, &rate.service, model, as_of));
    }
    gone.models = models.into_values().collect();
    Ok(gone)
}

fn known(earlier: &PriceBook, service: &Name, model: &Name, as_of: Date) -> Model {
    let mut known = earlier.model(service, model).cloned().unwrap_or(Model {
        service: service.clone(),
        model: model.clone(),
        shut_down: None,
        credits_per_character: None,
        note: String::new(),
    });
    if known.note.is_empty() {
        known.note =
            format!("in neither list on {as_of}; the prices are the last that were listed");
    }
    known
}

/// The same source under a key that a later version of it does not have.
fn of_its_day(source: &Arc<Source>) -> Arc<Source> {
    match source.date {
        Some(date) if !source.id.contains('@') => Arc::new(Source {
            id: Name::from(format!("{}@{date}", source.id).as_str()),
            ..Source::clone(source)
        }),
        _ => Arc::clone(source),
    }
}
