//! Sums of exact amounts, and the equation that every summary must hold.

use std::collections::BTreeMap;

use reelmeter_proto::meter::v1 as pb;
use reelmeter_rating::Money;

/// An amount; nothing where there is none.
pub fn amount(money: Option<&pb::Money>) -> Money {
    money.map_or(Money::ZERO, |money| money.amount.parse().unwrap())
}

fn add_up<'a>(amounts: impl Iterator<Item = Option<&'a pb::Money>>) -> Money {
    amounts.fold(Money::ZERO, |sum, money| {
        sum.checked_add(amount(money)).unwrap()
    })
}

/// By model adds up to by service, and both to the total, exactly.
pub fn assert_adds_up(summary: &pb::Summary) {
    let total = amount(summary.total_cost.as_ref());
    let by_model = add_up(summary.by_model.iter().map(|entry| entry.cost.as_ref()));
    let by_service = add_up(summary.by_service.iter().map(|entry| entry.cost.as_ref()));
    let by_stage = add_up(summary.by_stage.iter().map(|entry| entry.cost.as_ref()));
    assert_eq!((by_model, by_service, by_stage), (total, total, total));
    let by_metric = add_up(
        summary
            .by_model
            .iter()
            .flat_map(|model| &model.metrics)
            .map(|metric| metric.cost.as_ref()),
    );
    assert_eq!(by_metric, total);
}

/// How much of each metric a session used, whatever its price.
pub fn quantities(summary: &pb::Summary) -> BTreeMap<String, i64> {
    let mut found = BTreeMap::new();
    for metric in summary.by_service.iter().flat_map(|entry| &entry.metrics) {
        *found.entry(metric.metric.clone()).or_default() += metric.quantity;
    }
    found
}
