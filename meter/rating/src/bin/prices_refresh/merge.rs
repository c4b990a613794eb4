//! Two packages, one book: genai-prices first, since it knows dates; LiteLLM for what it lacks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use reelmeter_rating::rate::Source;
use reelmeter_rating::usage::Variant;
use reelmeter_rating::{Name, Rate, RateSpec, metric};

use crate::listing::{Dated, Finding, LeftOut, Listing, ModelListing};

/// A price on which the packages disagree. The first one's is taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Disagreement {
    /// Which price.
    pub what: String,
    /// What genai-prices says, which is taken.
    pub taken: String,
    /// What LiteLLM says.
    pub other: String,
}

/// A model's rates and what is known of it, merged.
#[derive(Debug, Default)]
pub struct Merged {
    /// The rates, in the order of a book.
    pub rates: Vec<Arc<Rate>>,
    /// The day each model was shut down, with a note where the packages disagree on it.
    pub shut_downs: BTreeMap<(String, String), (Date, String)>,
    /// What was not taken over.
    pub left_out: BTreeSet<LeftOut>,
    /// What the packages disagree on.
    pub disagreements: BTreeSet<Disagreement>,
    /// Every model that either of them lists, by service and name.
    pub listed: BTreeSet<(String, String)>,
}

/// Where the two packages' rates say they come from.
pub struct Sources {
    /// For rates of genai-prices.
    pub genai: Arc<Source>,
    /// For rates of LiteLLM.
    pub litellm: Arc<Source>,
}

/// Merges two listings.
pub fn merge(genai: Listing, litellm: Listing, sources: &Sources, as_of: Date) -> Merged {
    let mut merged = Merged::default();
    merged.left_out.extend(genai.left_out);
    merged.left_out.extend(litellm.left_out);
    merged.listed = genai
        .models
        .keys()
        .chain(litellm.models.keys())
        .cloned()
        .collect();
    let nothing = ModelListing::default();
    for key in merged.listed.clone() {
        let first = genai.models.get(&key).unwrap_or(&nothing);
        let second = litellm.models.get(&key).unwrap_or(&nothing);
        model(&key, first, second, sources, as_of, &mut merged);
    }
    merged
}

fn model(
    key: &(String, String),
    first: &ModelListing,
    second: &ModelListing,
    sources: &Sources,
    as_of: Date,
    merged: &mut Merged,
) {
    let (service, name) = key;
    let mut findings: Vec<(Finding, &Arc<Source>)> = coalesced(&first.findings)
        .into_iter()
        .map(|finding| (finding, &sources.genai))
        .collect();
    // LiteLLM knows no dates: what it says is not believed beyond the next known change.
    let next_change = first
        .findings
        .iter()
        .filter_map(|finding| finding.when.start)
        .filter(|start| *start > as_of)
        .min();
    for finding in &second.findings {
        let is_same =
            |other: &&Finding| other.metric == finding.metric && other.variant == finding.variant;
        if !first.findings.iter().any(|other| is_same(&other)) {
            // Where the first package prices ordinary calls, a metric without a price of its own
            // costs what its stand-in costs: the second one's old figure would only blur that.
            let has_stand_in = metric::rated_as(&finding.metric).is_some_and(|stand_in| {
                first.findings.iter().any(|other| other.metric == stand_in)
            });
            if finding.variant == Variant::Standard && has_stand_in {
                if price_of_stand_in(finding, &first.findings).as_deref()
                    != Some(price(finding).as_str())
                {
                    merged.left_out.insert(LeftOut {
                        service: service.clone(),
                        model: name.clone(),
                        field: subject(finding),
                        amount: price(finding),
                        reason: "genai-prices has the model without it, so the metric is rated as its stand-in",
                    });
                }
                continue;
            }
            let when = Dated {
                start: None,
                end: next_change,
            };
            findings.push((
                Finding {
                    when,
                    ..finding.clone()
                },
                &sources.litellm,
            ));
            continue;
        }
        let current = first.findings.iter().filter(is_same).find(|other| {
            let begun = other.when.start.is_none_or(|start| start <= as_of);
            other.above == finding.above && begun && other.when.end.is_none_or(|end| as_of < end)
        });
        let taken = current.map_or("nothing".to_owned(), price);
        if taken != price(finding) {
            merged.disagreements.insert(Disagreement {
                what: format!("{service}/{name} {}", subject(finding)),
                taken,
                other: price(finding),
            });
        }
    }
    let whole: Vec<Finding> = findings
        .iter()
        .map(|(finding, _)| finding.clone())
        .collect();
    for (finding, source) in findings {
        let mut leave_out = |reason| {
            merged.left_out.insert(LeftOut {
                service: service.clone(),
                model: name.clone(),
                field: subject(&finding),
                amount: price(&finding),
                reason,
            });
        };
        if lacks_tier(&finding, &whole) {
            leave_out("the list has no price of this kind above the model's context tier");
            continue;
        }
        if repeats_stand_in(&finding.metric, &whole) {
            continue;
        }
        let mut spec = RateSpec::new(
            service,
            Some(name),
            &finding.metric,
            finding.amount,
            finding.per,
            Arc::clone(source),
        );
        spec.variant = finding.variant;
        spec.above_input_tokens = finding.above;
        spec.start = finding.when.start.and_then(midnight);
        spec.end = finding.when.end.and_then(midnight);
        match Rate::new(spec) {
            Ok(rate) => merged.rates.push(Arc::new(rate)),
            Err(_) => leave_out("not exact, or of a context tier that is not sorted by"),
        }
    }
    shut_down(key, first, second, as_of, merged);
}

/// The earlier of two days wins, and both are told.
fn shut_down(
    key: &(String, String),
    first: &ModelListing,
    second: &ModelListing,
    as_of: Date,
    merged: &mut Merged,
) {
    // Called gone without a day: gone by the day the list was read.
    let first_day = first.shut_down.or(first.retired.then_some(as_of));
    let entry = match (first_day, second.shut_down) {
        (Some(one), Some(two)) if one != two => (
            one.min(two),
            format!("shut down on {one} by genai-prices, on {two} by LiteLLM"),
        ),
        (Some(day), _) | (None, Some(day)) => (day, String::new()),
        (None, None) => return,
    };
    merged.shut_downs.insert(key.clone(), entry);
}

/// Joins periods that follow each other at the same price.
fn coalesced(findings: &[Finding]) -> Vec<Finding> {
    let mut sorted = findings.to_vec();
    sorted.sort_by(|a, b| {
        (&a.metric, a.variant, a.above, a.when.start).cmp(&(
            &b.metric,
            b.variant,
            b.above,
            b.when.start,
        ))
    });
    let mut joined: Vec<Finding> = Vec::new();
    for finding in sorted {
        match joined.last_mut() {
            Some(last)
                if (
                    &last.metric,
                    last.variant,
                    last.above,
                    last.amount,
                    last.per,
                ) == (
                    &finding.metric,
                    finding.variant,
                    finding.above,
                    finding.amount,
                    finding.per,
                ) && last.when.end.is_some()
                    && last.when.end == finding.when.start =>
            {
                last.when.end = finding.when.end;
            }
            _ => joined.push(finding),
        }
    }
    joined
}

/// Whether a variant's price is known only for short requests of a model that has a dearer tier:
/// taken over, it would be the price of long ones too, and wrong.
fn lacks_tier(finding: &Finding, whole: &[Finding]) -> bool {
    let tiers = |variant: Variant| -> BTreeSet<Option<u64>> {
        let same = whole
            .iter()
            .filter(|other| other.metric == finding.metric && other.variant == variant);
        same.map(|other| other.above).collect()
    };
    finding.variant != Variant::Standard
        && !tiers(Variant::Standard).is_subset(&tiers(finding.variant))
}

/// Whether a metric is priced exactly as the one that stands in for it. Its own rate would only
/// keep an override of the other from reaching it.
fn repeats_stand_in(metric: &str, whole: &[Finding]) -> bool {
    let Some(stand_in) = metric::rated_as(metric) else {
        return false;
    };
    whole
        .iter()
        .filter(|finding| finding.metric == metric)
        .all(|finding| {
            whole.iter().any(|other| {
                other.metric == stand_in
                    && (other.variant, other.above, other.amount, other.per)
                        == (finding.variant, finding.above, finding.amount, finding.per)
                    && (other.when == finding.when
                        || finding.when.start.is_none() && other.when.end == finding.when.end)
            })
        })
}

fn price_of_stand_in(finding: &Finding, first: &[Finding]) -> Option<String> {
    let stand_in = metric::rated_as(&finding.metric)?;
    let same = |other: &&Finding| {
        (other.metric.as_str(), other.variant, other.above)
            == (stand_in, finding.variant, finding.above)
    };
    first.iter().find(same).map(price)
}

fn subject(finding: &Finding) -> String {
    let variant = if finding.variant == Variant::Standard {
        String::new()
    } else {
        format!(", {}", finding.variant)
    };
    let tier = finding
        .above
        .map(|above| format!(", above {above}"))
        .unwrap_or_default();
    format!("{}{variant}{tier}", finding.metric)
}

fn price(finding: &Finding) -> String {
    format!("{} per {}", finding.amount, finding.per)
}

fn midnight(day: Date) -> Option<Timestamp> {
    Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()
}

/// The order of a book: service, model, metric as a screen lists them, variant, tier, date.
pub fn in_book_order(rates: &mut [Arc<Rate>]) {
    rates.sort_by_cached_key(|rate| {
        let place = metric::rank(&rate.metric);
        let model: Option<Name> = rate.model.clone();
        (
            rate.service.clone(),
            model,
            place,
            rate.metric.clone(),
            rate.variant,
            rate.above_input_tokens,
            rate.start,
        )
    });
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn finding(
        metric: &str,
        variant: Variant,
        above: Option<u64>,
        amount: &str,
        when: Dated,
    ) -> Finding {
        Finding {
            metric: metric.to_owned(),
            variant,
            above,
            amount: amount.parse().unwrap(),
            per: 1_000_000,
            when,
        }
    }

    fn always(metric: &str, variant: Variant, above: Option<u64>, amount: &str) -> Finding {
        finding(metric, variant, above, amount, Dated::default())
    }

    fn listing(findings: Vec<Finding>) -> Listing {
        let mut listing = Listing::default();
        let model = ModelListing {
            findings,
            ..ModelListing::default()
        };
        listing
            .models
            .insert(("gemini".to_owned(), "m".to_owned()), model);
        listing
    }

    fn merged(first: Vec<Finding>, second: Vec<Finding>) -> Merged {
        let sources = Sources {
            genai: Source::named("genai-prices"),
            litellm: Source::named("litellm"),
        };
        merge(listing(first), listing(second), &sources, day("2026-11-12"))
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn shown(merged: &Merged) -> Vec<String> {
        let show = |rate: &Rate| format!("{rate} = {} ({})", rate.amount, rate.source.id);
        let mut rates: Vec<_> = merged.rates.iter().map(|rate| show(rate)).collect();
        rates.sort();
        rates
    }

    use Variant::{Flex, Standard};

    #[test]
    fn the_first_package_wins_and_the_disagreement_is_told() {
        let merged = merged(
            vec![always("input_tokens", Standard, None, "0.30")],
            vec![
                always("input_tokens", Standard, None, "0.25"),
                always("images", Standard, None, "0.04"),
            ],
        );
        assert_eq!(
            shown(&merged),
            [
                "gemini/m images = 0.04 (litellm)",
                "gemini/m input_tokens = 0.3 (genai-prices)"
            ]
        );
        let told = merged.disagreements.iter().next().unwrap();
        assert_eq!(
            (told.taken.as_str(), told.other.as_str()),
            ("0.3 per 1000000", "0.25 per 1000000")
        );
    }

    #[test]
    fn a_metric_that_the_first_package_rates_as_another_stays_so() {
        let merged = merged(
            vec![always("input_tokens", Standard, None, "0.30")],
            vec![
                always("cached_input_tokens", Standard, None, "0.03"),
                always("cached_input_tokens", Flex, None, "0.01"),
            ],
        );
        assert_eq!(
            shown(&merged),
            [
                "gemini/m cached_input_tokens, flex = 0.01 (litellm)",
                "gemini/m input_tokens = 0.3 (genai-prices)"
            ]
        );
        assert_eq!(merged.left_out.len(), 1);
    }

    #[test]
    fn an_undated_price_is_not_believed_beyond_the_next_known_change() {
        let change = Some(day("2027-01-01"));
        let merged = merged(
            vec![
                finding(
                    "input_tokens",
                    Standard,
                    None,
                    "0.75",
                    Dated {
                        start: None,
                        end: change,
                    },
                ),
                finding(
                    "input_tokens",
                    Standard,
                    None,
                    "1.50",
                    Dated {
                        start: change,
                        end: None,
                    },
                ),
            ],
            vec![always("input_tokens", Flex, None, "0.375")],
        );
        let flex = merged
            .rates
            .iter()
            .find(|rate| rate.variant == Flex)
            .unwrap();
        assert_eq!(flex.end, change.and_then(midnight));
    }

    #[test]
    fn a_variant_without_its_tier_is_left_out() {
        let tiered = vec![
            always("input_tokens", Standard, None, "1"),
            always("input_tokens", Standard, Some(200_000), "2"),
        ];
        let merged = merged(tiered, vec![always("input_tokens", Flex, None, "0.5")]);
        assert_eq!(merged.rates.len(), 2);
        assert_eq!(
            merged.left_out.len(),
            1,
            "it would price long requests at half of their price"
        );
    }

    #[test]
    fn a_rate_that_repeats_its_stand_in_is_not_listed() {
        let both = |thinking| {
            vec![
                always("output_tokens", Standard, None, "2.5"),
                always("thinking_tokens", Standard, None, thinking),
            ]
        };
        assert_eq!(merged(both("2.5"), Vec::new()).rates.len(), 1);
        assert_eq!(merged(both("3.5"), Vec::new()).rates.len(), 2);
    }

    #[test]
    fn periods_that_follow_at_the_same_price_are_one() {
        let change = Some(day("2026-01-05"));
        let merged = merged(
            vec![
                finding(
                    "input_tokens",
                    Standard,
                    None,
                    "0.5",
                    Dated {
                        start: None,
                        end: change,
                    },
                ),
                finding(
                    "input_tokens",
                    Standard,
                    None,
                    "0.5",
                    Dated {
                        start: change,
                        end: None,
                    },
                ),
            ],
            Vec::new(),
        );
        assert_eq!(merged.rates.len(), 1);
        assert_eq!((merged.rates[0].start, merged.rates[0].end), (None, None));
    }
}
