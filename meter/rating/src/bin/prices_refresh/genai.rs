//! What genai-prices knows: rates with dates, whole-request tiers and batch variants.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use reelmeter_rating::usage::Variant;
use reelmeter_rating::{Money, metric};

use crate::listing::{Dated, Finding, LeftOut, Listing};
use crate::python::Value;

/// The price keys that a metric of ours counts, all for a million tokens.
const METRICS: [(&str, &str); 9] = [
    ("input_mtok", metric::INPUT_TOKENS),
    ("cache_read_mtok", metric::CACHED_INPUT_TOKENS),
    ("cache_write_mtok", metric::CACHE_WRITE_INPUT_TOKENS),
    ("input_audio_mtok", metric::AUDIO_INPUT_TOKENS),
    ("input_image_mtok", metric::IMAGE_INPUT_TOKENS),
    ("input_video_mtok", metric::VIDEO_INPUT_TOKENS),
    ("output_mtok", metric::OUTPUT_TOKENS),
    ("output_image_mtok", metric::IMAGE_OUTPUT_TOKENS),
    ("output_audio_mtok", metric::AUDIO_OUTPUT_TOKENS),
];

/// How the names of the models start that Google's own API serves.
const FAMILIES: [&str; 7] = [
    "gemini-",
    "imagen-",
    "veo-",
    "nano-banana-",
    "gemma-",
    "lyria-",
    "deep-research-",
];

/// Reads a provider's models into a listing.
///
/// # Errors
/// What in the module is not as expected.
pub fn read(providers: &Value, provider: &str, service: &str) -> Result<Listing, String> {
    let found = providers
        .list()
        .iter()
        .find(|entry| entry.get("id").and_then(Value::text) == Some(provider));
    let found = found.ok_or_else(|| format!("genai-prices has no provider `{provider}`"))?;
    let mut listing = Listing::default();
    for model in found.get("models").map(Value::list).unwrap_or_default() {
        read_model(model, service, &mut listing)?;
    }
    Ok(listing)
}

fn read_model(model: &Value, service: &str, listing: &mut Listing) -> Result<(), String> {
    let id = model
        .get("id")
        .and_then(Value::text)
        .ok_or("a model has no id")?;
    let names = exact_names(id, model.get("match"));
    let comment = model
        .get("price_comments")
        .and_then(Value::text)
        .unwrap_or_default();
    let standard = periods(model.get("prices"))?;
    let mut findings = Vec::new();
    let mut left_out = Vec::new();
    for (start, end, prices) in &standard {
        rates_of(
            prices,
            Variant::Standard,
            *start,
            *end,
            &mut findings,
            &mut left_out,
        )?;
    }
    for (variant, (start, end, prices)) in variants(model, &standard)? {
        rates_of(&prices, variant, start, end, &mut findings, &mut left_out)?;
    }
    let retired = matches!(model.get("deprecated"), Some(Value::Name(word)) if word == "True");
    // The same provider sells other makers' models elsewhere, not by this API.
    for name in names
        .into_iter()
        .filter(|name| FAMILIES.iter().any(|family| name.starts_with(family)))
    {
        let entry = listing
            .models
            .entry((service.to_owned(), name.clone()))
            .or_default();
        for finding in &findings {
            entry.findings.push(finding.clone());
        }
        if retired {
            entry.shut_down = shut_down_day(comment);
            entry.retired = true;
        }
        for (key, amount, reason) in &left_out {
            listing.left_out.insert(LeftOut {
                service: service.to_owned(),
                model: name.clone(),
                field: key.clone(),
                amount: amount.clone(),
                reason,
            });
        }
    }
    Ok(())
}

/// The names that the package matches exactly, and the model's own. Prefixes and patterns are left
/// alone: a name that merely looks familiar is not matched.
fn exact_names(id: &str, clause: Option<&Value>) -> BTreeSet<String> {
    let mut names = BTreeSet::from([id.to_owned()]);
    let mut add = |clause: &Value| {
        if clause.is_call("ClauseEquals")
            && let Some(name) = clause.get("equals").and_then(Value::text)
        {
            names.insert(name.to_owned());
        }
    };
    if let Some(clause) = clause {
        add(clause);
        if clause.is_call("ClauseOr") {
            clause
                .get("or_")
                .map(Value::list)
                .unwrap_or_default()
                .iter()
                .for_each(add);
        }
    }
    names
}

type Prices = BTreeMap<String, Value>;
type Period = (Option<Date>, Option<Date>, Prices);

/// The model's prices in order of time, each with its first day and the first day it no longer
/// applies.
fn periods(prices: Option<&Value>) -> Result<Vec<Period>, String> {
    let Some(prices) = prices else {
        return Ok(Vec::new());
    };
    if prices.is_call("ModelPrice") {
        return Ok(vec![(None, None, price_map(prices))]);
    }
    let mut starts: Vec<(Option<Date>, Prices)> = Vec::new();
    for conditional in prices.list() {
        let start = match conditional.get("constraint") {
            None => None,
            Some(Value::Name(word)) if word == "None" => None,
            Some(constraint) => Some(start_date(constraint)?),
        };
        let prices = conditional
            .get("prices")
            .ok_or("a conditional price has no prices")?;
        starts.push((start, price_map(prices)));
    }
    starts.sort_by_key(|(start, _)| *start);
    let ends: Vec<_> = starts
        .iter()
        .skip(1)
        .map(|(start, _)| *start)
        .chain([None])
        .collect();
    Ok(starts
        .into_iter()
        .zip(ends)
        .map(|((start, prices), end)| (start, end, prices))
        .collect())
}

/// The batch prices: over the standard ones of their time, as the package itself resolves them.
fn variants(model: &Value, standard: &[Period]) -> Result<Vec<(Variant, Period)>, String> {
    let mut batches: Vec<(Option<Date>, Prices)> = Vec::new();
    for variant in model
        .get("price_variants")
        .map(Value::list)
        .unwrap_or_default()
    {
        let is_batch = match variant.get("when") {
            Some(Value::Dict(when)) => {
                matches!(when.as_slice(), [(key, value)] if key.text() == Some("processing") && value.text() == Some("batch"))
            }
            _ => false,
        };
        if !is_batch {
            continue;
        }
        let start = variant.get("constraint").map(start_date).transpose()?;
        let prices = variant
            .get("prices")
            .ok_or("a price variant has no prices")?;
        batches.push((start, price_map(prices)));
    }
    batches.sort_by_key(|(start, _)| *start);
    let mut periods = Vec::new();
    for (place, (batch_start, batch)) in batches.iter().enumerate() {
        let batch_end = batches.get(place + 1).and_then(|(start, _)| *start);
        for (start, end, prices) in standard {
            let start = (*start).max(*batch_start);
            let end = match (*end, batch_end) {
                (Some(one), Some(two)) => Some(one.min(two)),
                (one, two) => one.or(two),
            };
            if start.is_some() && end.is_some() && start >= end {
                continue;
            }
            let mut over = prices.clone();
            over.extend(batch.clone());
            periods.push((Variant::Batch, (start, end, over)));
        }
    }
    Ok(periods)
}

fn price_map(prices: &Value) -> Prices {
    match prices {
        Value::Call(_, arguments) => arguments.iter().cloned().collect(),
        _ => Prices::new(),
    }
}

type Left = (String, String, &'static str);

fn rates_of(
    prices: &Prices,
    variant: Variant,
    start: Option<Date>,
    end: Option<Date>,
    findings: &mut Vec<Finding>,
    left_out: &mut Vec<Left>,
) -> Result<(), String> {
    for (key, price) in prices {
        let Some((_, metric)) = METRICS.iter().find(|(known, _)| known == key) else {
            let amount = price
                .decimal()
                .or_else(|| price.get("base").and_then(Value::decimal))
                .unwrap_or("?")
                .to_owned();
            let reason = if key.ends_with("_hours") || key.ends_with("_minutes") {
                "a price per hour or minute does not end per second"
            } else {
                "no metric counts it"
            };
            left_out.push((key.clone(), amount, reason));
            continue;
        };
        let mut add = |above: Option<u64>, amount: &str| -> Result<(), String> {
            let amount: Money = amount
                .parse()
                .map_err(|error| format!("{key} {amount}: {error}"))?;
            let when = Dated { start, end };
            findings.push(Finding {
                metric: (*metric).to_owned(),
                variant,
                above,
                amount,
                per: 1_000_000,
                when,
            });
            Ok(())
        };
        if let Some(amount) = price.decimal() {
            add(None, amount)?;
        } else if price.is_call("TieredPrices") {
            add(
                None,
                price
                    .get("base")
                    .and_then(Value::decimal)
                    .ok_or("a tiered price has no base")?,
            )?;
            for tier in price.get("tiers").map(Value::list).unwrap_or_default() {
                let start = tier
                    .get("start")
                    .and_then(Value::decimal)
                    .and_then(|start| start.parse().ok());
                let amount = tier.get("price").and_then(Value::decimal);
                add(
                    Some(start.ok_or("a tier has no start")?),
                    amount.ok_or("a tier has no price")?,
                )?;
            }
        } else {
            return Err(format!("{key} is neither a decimal nor tiered"));
        }
    }
    Ok(())
}

fn start_date(constraint: &Value) -> Result<Date, String> {
    let date = constraint
        .get("start_date")
        .filter(|_| constraint.is_call("StartDateConstraint"));
    let numbers: Vec<i16> = match date {
        Some(Value::Call(_, arguments)) => arguments
            .iter()
            .filter_map(|(_, value)| value.decimal()?.parse().ok())
            .collect(),
        _ => return Err("a price has a constraint that is not a start date".to_owned()),
    };
    match numbers.as_slice() {
        [year, month, day] => {
            let (month, day) = (i8::try_from(*month), i8::try_from(*day));
            let (Ok(month), Ok(day)) = (month, day) else {
                return Err("not a date".to_owned());
            };
            Date::new(*year, month, day).map_err(|error| error.to_string())
        }
        _ => Err("a start date has not three numbers".to_owned()),
    }
}

/// The day in a comment by which the model was seen to be gone: "shut down Oct 2, 2026",
/// "Checked 2026-10-15", "retired 2025-07-15".
fn shut_down_day(comment: &str) -> Option<Date> {
    let words: Vec<&str> = comment
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | ';'))
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| !word.is_empty())
        .collect();
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let written = words.windows(5).find_map(|window| match window {
        ["shut", "down", month, day, year] => {
            let month = MONTHS.iter().position(|name| month.starts_with(name))? + 1;
            Date::new(
                year.parse().ok()?,
                i8::try_from(month).ok()?,
                day.parse().ok()?,
            )
            .ok()
        }
        _ => None,
    });
    written.or_else(|| {
        words.windows(2).find_map(|window| match window {
            ["Checked" | "retired", day] => day.parse().ok(),
            _ => None,
        })
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::python::assigned;

    #[test]
    fn a_price_that_doubles_on_a_known_date_is_two_periods_and_batch_follows_it() {
        let module = "providers = [Provider(id='google', models=[ModelInfo(id='gemini-m', match=ClauseOr(or_=[\
            ClauseEquals(equals='gemini-m-alias'), ClauseStartsWith(starts_with='m-')]), prices=[\
            ConditionalPrice(prices=ModelPrice(input_mtok=Decimal('0.75'), cache_read_mtok=Decimal('0.075'))),\
            ConditionalPrice(constraint=StartDateConstraint(start_date=datetime.date(2027, 1, 1)), \
            prices=ModelPrice(input_mtok=Decimal('1.5'), cache_read_mtok=Decimal('0.15')))],\
            price_variants=[PriceVariant(when={'processing': 'batch'}, prices=ModelPrice(input_mtok=Decimal('0.375')),\
            constraint=StartDateConstraint(start_date=datetime.date(2026, 10, 14)))])])]";
        let listing = read(&assigned(module, "providers").unwrap(), "google", "gemini").unwrap();
        let names: Vec<_> = listing
            .models
            .keys()
            .map(|(_, name)| name.as_str())
            .collect();
        assert_eq!(names, ["gemini-m", "gemini-m-alias"], "a prefix is no name");
        let found: Vec<_> = listing.models[&("gemini".to_owned(), "gemini-m".to_owned())]
            .findings
            .iter()
            .map(|f| {
                format!(
                    "{} {} {} {:?} {:?}",
                    f.metric, f.variant, f.amount, f.when.start, f.when.end
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                "cached_input_tokens standard 0.075 None Some(2027-01-01)",
                "input_tokens standard 0.75 None Some(2027-01-01)",
                "cached_input_tokens standard 0.15 Some(2027-01-01) None",
                "input_tokens standard 1.5 Some(2027-01-01) None",
                "cached_input_tokens batch 0.075 Some(2026-10-14) Some(2027-01-01)",
                "input_tokens batch 0.375 Some(2026-10-14) Some(2027-01-01)",
                "cached_input_tokens batch 0.15 Some(2027-01-01) None",
                "input_tokens batch 0.375 Some(2027-01-01) None",
            ]
        );
    }

    #[test]
    fn the_day_a_model_went_is_read_from_the_comment() {
        let day = |text: &str| shut_down_day(text).map(|day| day.to_string());
        assert_eq!(
            day("(DEPRECATED — shut down Oct 2, 2026); migrate").as_deref(),
            Some("2026-10-02")
        );
        assert_eq!(
            day("catalog. Checked 2026-10-15; kept for").as_deref(),
            Some("2026-10-15")
        );
        assert_eq!(
            day("should be retired 2025-07-15").as_deref(),
            Some("2025-07-15")
        );
        assert_eq!(day("Listed as \"(Shut down)\""), None);
    }
}
