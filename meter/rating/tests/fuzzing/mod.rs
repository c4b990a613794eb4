//! What is tried with any bytes at all: by the fuzzer (`fuzz/`), and by `tests/fuzz_corpus.rs` with what it has found.

use reelmeter_rating::{
    Basis, Breakdown, Money, Overrides, PriceBook, QuantityView, RateTable, Usage, Variant,
    classify, metric,
};

/// A price file: it is read or refused. What was read prices usage, and survives being frozen and written.
pub fn price_file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(overrides) = Overrides::from_toml("fuzz.toml", text) {
        let again = Overrides::from_toml("fuzz.toml", &overrides.to_toml()).unwrap();
        assert_eq!(again.rates(), overrides.rates());
    }
    let Ok(book) = PriceBook::from_toml("fuzz.toml", text) else {
        return;
    };
    let table = RateTable::of_book(book.clone());
    let thawed = RateTable::thaw(&table.freeze()).unwrap();
    assert_eq!(thawed.book().rates(), book.rates());
    for rate in book.rates().iter().take(20) {
        price(
            &table,
            rate.service.as_str(),
            rate.model.as_deref().unwrap_or("m"),
            Variant::Standard,
            &[(rate.metric.as_str(), 1_000)],
        );
    }
}

/// The variable with rates: it is read or refused.
pub fn environment(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(overrides) = Overrides::from_environment("METER_RATES", text) {
        let again = Overrides::from_toml("fuzz.toml", &overrides.to_toml()).unwrap();
        assert_eq!(again.rates().len(), overrides.rates().len());
    }
    if let Ok(money) = text.parse::<Money>() {
        assert_eq!(money.to_string().parse::<Money>(), Ok(money));
    }
}

/// A usage: two bytes choose a model and a variant, ten each a metric and its value. It is priced or refused, and what
/// is priced adds up.
pub fn usage(bytes: &[u8]) {
    thread_local! {
        static TABLE: RateTable = RateTable::of_book(PriceBook::list().unwrap());
    }
    let [model, variant, rest @ ..] = bytes else {
        return;
    };
    TABLE.with(|table| {
        let rates = table.book().rates();
        let rate = &rates[usize::from(*model) * rates.len() / 256];
        let variant = Variant::ALL[usize::from(*variant) % Variant::ALL.len()];
        let quantities: Vec<(&str, i64)> = rest
            .chunks_exact(9)
            .take(32)
            .map(|chunk| {
                let metric = metric::WELL_KNOWN[usize::from(chunk[0]) % metric::WELL_KNOWN.len()];
                let mut value = [0; 8];
                value.copy_from_slice(&chunk[1..]);
                (metric, i64::from_le_bytes(value))
            })
            .collect();
        price(
            table,
            rate.service.as_str(),
            rate.model.as_deref().unwrap_or("m"),
            variant,
            &quantities,
        );
    });
}

fn price(
    table: &RateTable,
    service: &str,
    model: &str,
    variant: Variant,
    quantities: &[(&str, i64)],
) {
    let now = "2026-11-25T00:00:00Z".parse().unwrap();
    let quantities: Vec<_> = quantities
        .iter()
        .map(|(metric, value)| QuantityView {
            metric,
            value: *value,
            basis: Basis::Reported,
        })
        .collect();
    let usage = Usage {
        service,
        model,
        rate_model: "",
        variant,
        time: now,
        clock: false,
        quantities: &quantities,
    };
    let Ok(classes) = classify(&usage, table.boundaries()) else {
        assert!(quantities.iter().any(|quantity| quantity.value < 0));
        return;
    };
    let mut lines = Vec::new();
    for (class, value) in classes {
        // Refused where it does not fit: never wrapped.
        let Ok(line) = table.rate(&class, i128::from(value), now) else {
            return;
        };
        assert!(line.cost.is_none_or(|cost| !cost.is_negative()));
        lines.push(line);
    }
    if let Ok(breakdown) = Breakdown::of(lines) {
        for parts in [&breakdown.services, &breakdown.models] {
            let sum = Money::checked_sum(parts.iter().filter_map(|entry| entry.cost));
            assert_eq!(sum, Some(breakdown.total));
        }
    }
}
