//! Protects a person who edits prices: every mistake is refused with file, line and reason, and a
//! sound file means exactly what it says, also after it was frozen and read back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use proptest::prelude::*;
use reelmeter_rating::{Overrides, PriceBook, RateTable};

/// A sound book. Lines of `rates` start at 10.
const HEAD: &str = "name = \"mine\"\nas_of = 2026-11-23\n\n[sources.s]\ntitle = \"a contract\"\n\n[services.gemini]\n\
                    billing = \"pay_per_use\"\n\n";

fn rate(extra: &str) -> String {
    format!(
        "[[rates]]\nservice = \"gemini\"\nmodel = \"m\"\nmetric = \"input_tokens\"\nsource = \"s\"\n{extra}\n"
    )
}

fn sound() -> String {
    rate("amount = \"0.30\"\nper = 1_000_000")
}

fn refused(text: &str) -> String {
    match PriceBook::from_toml("my.toml", text) {
        Ok(book) => panic!("was accepted: {book}\n{text}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_sound_book_is_read() {
    let book = PriceBook::from_toml("my.toml", &format!("{HEAD}{}", sound())).unwrap();
    assert_eq!(book.to_string(), "mine of 2026-11-23");
    assert_eq!(book.rates()[0].per_unit(), support::money("3e-7"));
}

#[test]
fn every_mistake_in_a_rate_is_refused_with_file_line_and_reason() {
    for (rates, says) in [
        (
            rate("amount = 0.30\nper = 1"),
            "my.toml:15: amount 0.30 is a floating-point number, which is not exact; put it in quotes: \"0.30\"",
        ),
        (
            rate("amount = \"0,30\"\nper = 1"),
            "my.toml:15: amount \"0,30\": not a decimal number",
        ),
        (
            rate("amount = \"1e-25\"\nper = 1"),
            "my.toml:15: amount \"1e-25\": more than 24 decimal places",
        ),
        (
            rate("amount = \"1e15\"\nper = 1"),
            "my.toml:15: amount \"1e15\": beyond the largest amount",
        ),
        (
            rate("amount = true\nper = 1"),
            "my.toml:15: amount must be a decimal in quotes, not true or false",
        ),
        (
            rate("amount = \"-0.30\"\nper = 1"),
            "my.toml:10: amount -0.3 is negative",
        ),
        (
            rate("amount = -1\nper = 1"),
            "my.toml:10: amount -1 is negative",
        ),
        (
            rate("amount = \"0.30\"\nper = 60"),
            "my.toml:10: unit size 60 is not made of twos and fives",
        ),
        (
            rate("amount = \"0.30\"\nper = 0"),
            "my.toml:10: unit size 0 must be 1 to",
        ),
        (
            rate("amount = \"0.30\"\nper = -5"),
            "my.toml:16: per -5 is not a whole number from 0 up",
        ),
        (
            rate("amount = \"0.30\"\nper = \"1\""),
            "my.toml:16: per must be a whole number, not a text",
        ),
        (
            rate("amount = \"0.30\"\nper = 99999999999999999999"),
            "my.toml:16: per 99999999999999999999 is not a whole number",
        ),
        (
            rate("amount = \"1e-20\"\nper = 1_000_000"),
            "my.toml:10: amount 0.00000000000000000001 for 1000000 units has more than 24 decimal places a unit",
        ),
        (rate("per = 1"), "my.toml:10: a rate needs `amount`"),
        (rate("amount = \"1\""), "my.toml:10: a rate needs `per`"),
        (
            rate("amount = \"1\"\nper = 1\nprice = \"1\""),
            "my.toml:17: a rate has no `price`; it has above_input_tokens, amount, from,",
        ),
        (
            rate("amount = \"1\"\nper = 1\nvariant = \"bulk\""),
            "my.toml:17: variant: `bulk` is not a variant; it is one of standard, batch, flex, priority",
        ),
        (
            rate("amount = \"1\"\nper = 1\nabove_input_tokens = 150_000"),
            "my.toml:10: above_input_tokens 150000 is not a known context tier",
        ),
        (
            rate("amount = \"1\"\nper = 1\nfrom = \"2026-01-01\""),
            "my.toml:17: from must be a date",
        ),
        (
            rate("amount = \"1\"\nper = 1\nfrom = 2026-01-01T00:00:00"),
            "my.toml:17: from must be a date",
        ),
        (
            rate("amount = \"1\"\nper = 1\nfrom = 2026-01-02\nuntil = 2026-01-01"),
            "my.toml:10: the rate ends at 2026-01-01T00:00:00Z, which is not after its start",
        ),
        (
            rate("amount = \"1\"\nper = 1").replace("= \"s\"", "= \"t\""),
            "my.toml:14: source `t` has no table [sources.t]",
        ),
        (
            rate("amount = \"1\"\nper = 1").replace("source = \"s\"", "note = \"\""),
            "my.toml:10: a rate of a price book needs `source`",
        ),
        (
            rate("amount = \"1\"\nper = 1").replace("input_tokens", "Input Tokens"),
            "my.toml:10: metric `Input Tokens` must be lower-case",
        ),
        (
            rate("amount = \"1\"\nper = 1").replace("\"m\"", "\"\""),
            "my.toml:10: model `` must be 1 to 128 bytes",
        ),
        (
            rate("amount = \"1\"\nper = 1").replace("\"m\"", "\"\\u001b[31m\""),
            "my.toml:10: model `\\u{1b}[31m` must be",
        ),
        (
            rate("amount = \"1\"\nper = 1").replace("gemini", "openai"),
            "my.toml:10: service `openai` has no table [services.openai]",
        ),
        (
            sound() + &sound(),
            "my.toml:17: a second rate for gemini/m input_tokens at the same time; give the earlier one an `until`",
        ),
        (
            sound() + &rate("amount = \"1\"\nper = 1\nfrom = 2027-01-01"),
            "my.toml:17: a second rate for gemini/m input_tokens",
        ),
        ("rates = 5".to_owned(), "a service has no `rates`"),
        ("[[rates]]\namount = \"1".to_owned(), "my.toml:11: "),
    ] {
        let error = refused(&format!("{HEAD}{rates}"));
        assert!(error.contains(says), "expected: {says}\ngot:      {error}");
    }
}

#[test]
fn every_mistake_in_the_rest_of_a_book_is_refused() {
    for (text, says) in [
        (
            HEAD.replace("name = \"mine\"\n", ""),
            "my.toml:1: a price book needs `name`",
        ),
        (
            HEAD.replace("as_of = 2026-11-23\n", ""),
            "my.toml:1: a price book needs `as_of`",
        ),
        (
            HEAD.replace("2026-11-23", "\"yesterday\""),
            "my.toml:2: as_of must be a date",
        ),
        (
            HEAD.replace("as_of", "currency = \"EUR\"\nas_of"),
            "my.toml:2: currency must be USD, not EUR",
        ),
        (
            HEAD.replace("pay_per_use", "barter"),
            "my.toml:8: billing: `barter` is not a billing mode; it is one of pay_per_use, subscription, free",
        ),
        (
            HEAD.replace("billing", "bills"),
            "my.toml:7: a service needs `billing`",
        ),
        (
            format!("{HEAD}default_model = \"x\"\n"),
            "my.toml:10: default_model `x` has no rates in this book",
        ),
        (
            format!("{HEAD}[[models]]\nservice = \"gemini\"\n"),
            "my.toml:10: a model needs `model`",
        ),
        (
            format!(
                "{HEAD}[[models]]\nservice = \"gemini\"\nmodel = \"m\"\ncredits_per_character = \"1/2\"\n"
            ),
            "my.toml:13: credits_per_character: a multiplier is a plain decimal",
        ),
        (
            format!(
                "{HEAD}{0}{0}",
                "[[models]]\nservice = \"gemini\"\nmodel = \"m\"\n"
            ),
            "my.toml:13: model `m` of gemini is described twice",
        ),
        (
            format!("colour = \"red\"\n{HEAD}"),
            "my.toml:1: a price book has no `colour`",
        ),
        ("name = \"a\"\nname = \"b\"".to_owned(), "my.toml:2: "),
        ("\u{0}".to_owned(), "my.toml:1: "),
        (
            "x".repeat(5 * 1024 * 1024),
            "my.toml:1: larger than 4194304 bytes",
        ),
    ] {
        let error = refused(&text);
        assert!(error.contains(says), "expected: {says}\ngot:      {error}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_lines() {
    let text = format!(
        "{HEAD}{}{}",
        rate("amount = 1.5\nper = 7"),
        rate("amount = \"x\"\nper = 1\ncolour = 1")
    );
    let error = PriceBook::from_toml("my.toml", &text).unwrap_err();
    let lines: Vec<_> = error
        .problems()
        .iter()
        .map(|problem| problem.line)
        .collect();
    assert_eq!(lines, [15, 22, 24]);
}

#[test]
fn a_file_of_overrides_refuses_what_belongs_into_a_book() {
    let error = Overrides::from_toml("o.toml", "name = \"x\"\n[services.a]\nbilling = \"free\"\n")
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("o.toml:1: `name` belongs into a price book"),
        "{text}"
    );
    assert!(
        text.contains("o.toml:2: `services` belongs into a price book"),
        "{text}"
    );
}

#[test]
fn the_built_in_books_are_read_back_as_they_are_written() {
    for name in ["documented", "list"] {
        let book = PriceBook::built_in(name).unwrap().unwrap();
        assert_eq!(book.name(), name);
        let text = book.to_toml();
        let again = PriceBook::from_toml(name, &text).unwrap();
        assert_eq!(again, book);
        assert_eq!(again.to_toml(), text);
    }
    assert!(PriceBook::built_in("guess").unwrap().is_none());
}

#[test]
fn the_committed_list_is_what_the_command_writes() {
    let committed = include_str!("../../prices/list.toml");
    let start = committed.find("name = ").unwrap();
    let written = PriceBook::list().unwrap().to_toml();
    assert_eq!(
        &committed[start..],
        written,
        "the list is written by prices-refresh; nothing is edited by hand"
    );
}

#[test]
fn frozen_rates_come_back_whole() {
    let environment =
        Overrides::from_environment("METER_RATES", "gemini/*/images=0.05/1 from 2026-11-01")
            .unwrap();
    let file = Overrides::from_toml(
        "o.toml",
        "[[rates]]\nservice = \"a\\u001b\\\"b\"\nmetric = \"m\"\namount = \"1\"\nper = 1\nfrom = 2026-01-01T00:00:00.5Z\n",
    );
    assert!(file.is_err(), "a control character is in no name");
    let file = Overrides::from_toml(
        "o \"quoted\" \\ \u{7f}.toml",
        "[[rates]]\nservice = \"a\\\"b\"\nmetric = \"m\"\namount = \"1\"\nper = 1\nfrom = 2026-01-01T00:00:00.5Z\n",
    )
    .unwrap();
    // Two sources of one name, as a person may give them at run time.
    let rpc = ["one", "two"].map(|title| {
        let mut source =
            reelmeter_rating::rate::Source::clone(&reelmeter_rating::rate::Source::named("mine"));
        source.title = title.to_owned();
        let amount = support::money("0.1");
        let spec = reelmeter_rating::RateSpec::new(
            "x",
            Some(title),
            "m",
            amount,
            1,
            std::sync::Arc::new(source),
        );
        reelmeter_rating::Rate::new(spec).unwrap()
    });
    let table = RateTable::new(
        PriceBook::list().unwrap(),
        file,
        environment,
        rpc.into_iter().collect(),
    );
    let frozen = table.freeze();
    let thawed = RateTable::thaw(&frozen).unwrap();
    assert_eq!(thawed.book(), table.book());
    assert_eq!(thawed.boundaries(), table.boundaries());
    let shown = |table: &RateTable| -> Vec<String> {
        let show = |layer, rate: &reelmeter_rating::Rate| {
            format!(
                "{layer} {rate} {} {} {:?} {:?} {}",
                rate.amount, rate.unit_size, rate.start, rate.end, rate.source.title
            )
        };
        table
            .rates()
            .map(|(layer, rate)| show(layer, rate))
            .collect()
    };
    assert_eq!(shown(&thawed), shown(&table));
    assert_eq!(
        thawed.freeze(),
        RateTable::thaw(&thawed.freeze()).unwrap().freeze()
    );
    assert!(RateTable::thaw("book = 5").is_err());
    assert!(
        RateTable::thaw(&frozen.replacen("0.3", "0.3.3", 1)).is_err(),
        "damage is noticed"
    );
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,300}") {
        let _ = PriceBook::from_toml("f", &text);
        let _ = Overrides::from_toml("f", &text);
        let _ = Overrides::from_environment("V", &text);
        let _ = RateTable::thaw(&text);
    }

    #[test]
    fn no_damage_to_a_sound_book_makes_the_reader_panic(at in 0_usize..700, with in "\\PC{0,3}", length in 0_usize..4) {
        let sound = include_str!("../../prices/documented.toml");
        let mut text = sound.to_owned();
        let start = (at..).find(|at| text.is_char_boundary(*at)).unwrap();
        let end = (start + length..).find(|at| text.is_char_boundary(*at)).unwrap();
        text.replace_range(start..end, &with);
        if let Err(error) = PriceBook::from_toml("f", &text) {
            prop_assert!(!error.problems().is_empty());
            prop_assert!(error.problems().iter().all(|problem| problem.line >= 1 && !problem.reason.is_empty()));
        }
    }
}
