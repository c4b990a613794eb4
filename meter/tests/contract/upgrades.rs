//! Upgrades: a ledger that an earlier meter wrote counts on, and knows its events again.
//!
//! `ledgers/layout-N/` is what the meter of layout N left of the story below: `ledger.sql`, the tables as text, and
//! `archive/`, the files that it moved events into. A layout that was released is never written again: a new one gets a
//! folder of its own, with `METER_WRITE_LEDGER=yes` before the command that runs these tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::SignedDuration;
use reelmeter_meter::application::ports::{Change, EventFilter, Recorded};
use reelmeter_meter::domain::budget::Cap;
use reelmeter_meter::domain::event::SentEvent;
use reelmeter_meter::domain::quota::Quota;
use reelmeter_rating::{Name, Outcome, PriceBook, RateTable, Variant};
use rusqlite::Connection;
use tempfile::TempDir;

use super::listings::all_events;
use super::reports::receipt_of;
use crate::support::{
    Archives, FLASH, Sqlite, Telling, Told, backlog, money, new_session, noon, rate, seconds, sent,
    time,
};

/// The layout that this meter writes.
const LAYOUT: u32 = 4;
/// Layouts of which no meter has left a ledger: none was released. What they lack is taken out of today's.
const NEVER_RELEASED: std::ops::Range<u32> = 1..4;

/// A book of this test's own: another price must not look like another layout.
const PRICES: &str = r#"
name = "fixture"
title = "The prices of a ledger that is kept"
as_of = 2026-11-01
currency = "USD"

[sources.here]
title = "made up"
date = 2026-11-01

[services.gemini]
display_name = "Gemini"
billing = "pay_per_use"

[services.elevenlabs]
display_name = "ElevenLabs"
billing = "subscription"

[[rates]]
service = "gemini"
model = "gemini-2.5-flash"
metric = "input_tokens"
amount = "0.30"
per = 1_000_000
source = "here"

[[rates]]
service = "gemini"
model = "gemini-2.5-flash"
metric = "output_tokens"
amount = "2.50"
per = 1_000_000
source = "here"

[[rates]]
service = "gemini"
model = "gemini-2.5-flash"
metric = "images"
amount = "0.039"
per = 1
source = "here"
"#;

fn prices() -> RateTable {
    RateTable::of_book(PriceBook::from_toml("fixture.toml", PRICES).unwrap())
}

/// What the story's sessions cost, as was known when its ledger was written.
const TOTALS: [(&str, &str); 3] = [("film", "0.08417"), ("draft", "0.041"), ("old", "0.078")];

/// What the story records, in its order.
fn events() -> Vec<SentEvent> {
    vec![
        // Moved out into a file later.
        sent("an old picture", "old")
            .metric("images", 1)
            .at(time("2026-11-20T08:00:00Z"))
            .stage("image", 1, 1),
        sent("0199c3f2-7d4a-7c11-8a3e-5b0f6c1d2e3f", "old")
            .metric("images", 1)
            .at(time("2026-11-20T08:00:01.5Z"))
            .stage("image", 1, 2)
            .label("retry", "yes"),
        sent("script", "film")
            .metric("input_tokens", 1_000)
            .metric("cached_input_tokens", 400)
            .metric("output_tokens", 2_000)
            .metric("thinking_tokens", 300)
            .metric("requests", 1)
            .estimated("seconds", 7)
            .at(time("2026-11-23T11:59:00Z"))
            .shown_as("Gemini 2.5 Flash")
            .stage("script", 0, 1)
            .paid_from("lease"),
        sent("0199c3f2-7d4a-7c11-8a3e-5b0f6c1d2e40", "film")
            .metric("images", 2)
            .stage("image", 1, 1)
            .outcome(Outcome::Failed)
            .at(time("2026-11-23T11:59:10Z")),
        sent("0199C3F2-7D4A-7C11-8A3E-5B0F6C1D2E41", "film")
            .metric("images", 2)
            .stage("image", 1, 2)
            .variant(Variant::Batch)
            .at(time("2026-11-23T11:59:20Z")),
        sent("speech", "film")
            .by("elevenlabs", "eleven_multilingual_v2")
            .metric("characters", 900)
            .billed("450", "900")
            .stage("narration", 1, 1)
            .at(time("2026-11-23T11:59:30Z")),
        sent("lost", "film")
            .outcome(Outcome::Unconfirmed)
            .stage("image", 2, 1),
        sent("draft", "draft").metric("input_tokens", 5_000),
        sent("a clock ahead", "draft")
            .metric("input_tokens", 5_000)
            .at(time("2026-12-24T00:00:00Z")),
        // Corrects what is in the rollups by then.
        sent("speech, corrected", "film")
            .by("elevenlabs", "eleven_multilingual_v2")
            .metric("characters", 800)
            .billed("400", "800")
            .stage("narration", 1, 1)
            .replacing("speech")
            .at(time("2026-11-23T11:59:30Z")),
        sent("draft, again", "draft").metric("input_tokens", 5_000),
        // Not in the rollups yet.
        sent("0199c3f2-7d4a-7c11-8a3e-5b0f6c1d2e42", "draft").metric("images", 1),
    ]
}

/// Everything that a ledger can hold; what is old may be moved out into a file.
fn story(archived: bool) -> Told<Sqlite> {
    let mut told = Told::<Sqlite>::with(prices());
    let mut film = new_session("film");
    film.title = "How does a heat pump work?".to_owned();
    film.labels.insert("customer".to_owned(), "acme".to_owned());
    film.budget = Some(Cap::Money(money("2.50")));
    told.session(Change::Start(film));
    told.session(Change::Reserve {
        session_id: Arc::from("film"),
        reservation_id: Name::from("lease"),
        amount: Some(Cap::Money(money("1"))),
        lifetime: SignedDuration::from_hours(1),
        recorder_id: "generator".to_owned(),
    });
    let mut events = events().into_iter();
    let mut next = |count: usize| events.by_ref().take(count).collect::<Vec<_>>();
    told.record(next(7));
    told.pass(seconds(1));
    told.record(next(2));
    told.session(Change::Reset(Arc::from("draft")));
    told.session(Change::Quota(
        Arc::from("film"),
        Quota {
            service: "elevenlabs".to_owned(),
            metric: "characters".to_owned(),
            used: 900,
            limit: 10_000,
            renews: Some(time("2026-12-01T00:00:00Z")),
            observed: told.now,
            first_used: 0,
            tier: "creator".to_owned(),
        },
    ));
    told.ask(Change::Report {
        recorder_id: Arc::from("generator"),
        backlogs: vec![backlog("draft", 3)],
    })
    .unwrap();
    told.end("old");
    told.fold();
    told.pass(seconds(60));
    // Only sessions that have not ended follow it.
    told.ask(Change::SetRates(vec![rate(
        FLASH,
        "input_tokens",
        "0.40",
        Some(told.now),
    )]))
    .unwrap();
    told.tenant = Arc::from("acme");
    told.new_event(sent("draft", "draft").metric("images", 1));
    told.tenant = Arc::from("");
    told.record(next(1));
    told.end("film");
    told.record(next(1));
    told.fold();
    if archived {
        let moved = told
            .store
            .move_out(noon().checked_add(seconds(1)).unwrap(), None);
        assert_eq!(moved.unwrap().events, 7);
    }
    told.record(next(1));
    told
}

/// The tables as text, as SQLite's own shell dumps them, with the folder's name taken out.
fn dump(folder: &Path) -> String {
    let ledger = Connection::open(folder.join("meter.db")).unwrap();
    let rows = |sql: &str| -> Vec<(String, String)> {
        let mut statement = ledger.prepare(sql).unwrap();
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        rows.map(Result::unwrap).collect()
    };
    let own = "name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name";
    let tables = rows(&format!(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND {own}"
    ));
    let mut text = String::new();
    for (_, sql) in &tables {
        text.push_str(&format!("{sql};\n"));
    }
    // The numbers that the audit trail has given.
    let sequences = ("sqlite_sequence".to_owned(), String::new());
    for (table, _) in tables.iter().chain([&sequences]) {
        let columns: String = ledger
            .query_row(
                "SELECT group_concat('quote(\"' || name || '\")', ' || '', '' || ') FROM pragma_table_info(?1)",
                [table],
                |row| row.get(0),
            )
            .unwrap();
        for (row, _) in rows(&format!("SELECT {columns}, '' FROM \"{table}\"")) {
            text.push_str(&format!("INSERT INTO \"{table}\" VALUES ({row});\n"));
        }
    }
    for (_, sql) in rows(&format!(
        "SELECT name, sql FROM sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL AND {own}"
    )) {
        text.push_str(&format!("{sql};\n"));
    }
    for pragma in ["application_id", "user_version"] {
        let value: i64 = ledger
            .query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0))
            .unwrap();
        text.push_str(&format!("PRAGMA {pragma} = {value};\n"));
    }
    text.replace(&folder.display().to_string(), FOLDER)
}

/// Stands for the folder in a ledger that is kept.
const FOLDER: &str = "/the/folder";

fn kept(layout: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/contract/ledgers/layout-{layout}"))
}

/// A kept ledger in a folder of its own.
fn unpacked(layout: u32) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(kept(layout).join("ledger.sql")).unwrap();
    let text = text.replace(FOLDER, &folder.path().display().to_string());
    Connection::open(folder.path().join("meter.db"))
        .unwrap()
        .execute_batch(&text)
        .unwrap();
    copy_files(
        &kept(layout).join("archive"),
        &folder.path().join("archive"),
    );
    folder
}

fn copy_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn told_on(folder: TempDir, as_of: &Told<Sqlite>) -> Told<Sqlite> {
    let told = Told {
        store: Sqlite::on(folder, &as_of.prices),
        now: as_of.now,
        tenant: Arc::from(""),
        prices: as_of.prices.clone(),
    };
    // Its rollups, keys and files are checked on the way.
    told.crash()
}

/// Everything that the ledger answers is what the story's own answers, and it goes on as that would.
fn counts_on(mut told: Told<Sqlite>, story: &Told<Sqlite>) {
    for (session, total) in TOTALS {
        assert_eq!(told.usage(session), story.usage(session), "{session}");
        assert_eq!(told.summary(session), story.summary(session), "{session}");
        assert_eq!(
            format!("{:?}", receipt_of(&told, session, None)),
            format!("{:?}", receipt_of(story, session, None)),
            "{session}"
        );
        assert_eq!(told.total(session), total, "{session}");
    }
    assert_eq!(
        all_events(&told, &EventFilter::default(), 100),
        all_events(story, &EventFilter::default(), 100)
    );
    let events = events();
    assert_eq!(
        told.record(events.clone()),
        vec![Recorded::Duplicate; events.len()],
        "each event is known again"
    );
    for event in events {
        let altered = event.label("said", "otherwise");
        let answers = told.record(vec![altered]);
        assert!(
            matches!(answers.as_slice(), [Recorded::Conflict(_)]),
            "{answers:?}"
        );
    }
    told.new_event(sent("after the upgrade", "draft").metric("images", 1));
    told.new_event(
        sent("draft, corrected", "draft")
            .metric("input_tokens", 10_000)
            .replacing("after the upgrade"),
    );
    told.fold();
    let told = told.crash();
    assert_eq!(told.usage("draft").counted.events(), 3);
}

#[test]
fn a_ledger_that_an_earlier_meter_wrote_counts_on_and_knows_its_events() {
    for layout in NEVER_RELEASED.end..=LAYOUT {
        let story = story(true);
        counts_on(told_on(unpacked(layout), &story), &story);
    }
}

#[test]
fn what_a_ledger_of_an_earlier_layout_lacks_is_added() {
    let new = dump(story(false).store.left().path());
    for layout in NEVER_RELEASED {
        let layout_now = |text: &str| -> Vec<String> {
            text.split_inclusive(";\n")
                .filter(|statement| !statement.starts_with("INSERT"))
                .map(str::to_owned)
                .collect()
        };
        let story = story(false);
        counts_on(told_on(story_taken_back_to(layout), &story), &story);
        let brought_up = told_on(story_taken_back_to(layout), &story);
        assert_eq!(
            layout_now(&dump(brought_up.store.left().path())),
            layout_now(&new),
            "from layout {layout}"
        );
    }
}

/// The story's ledger as a meter of an earlier layout would have left it.
fn story_taken_back_to(layout: u32) -> TempDir {
    let folder = story(false).store.left();
    let ledger = Connection::open(folder.path().join("meter.db")).unwrap();
    for (step, taken_out) in [
        (
            4,
            "DROP TABLE key_run; DROP TABLE key_block; ALTER TABLE tenant DROP COLUMN newest_id;",
        ),
        (
            3,
            "DROP TABLE archive; DROP TABLE archived_event; DROP TABLE archived_sum; DROP TABLE archived_session;",
        ),
        (2, "DROP TABLE audit;"),
    ] {
        if layout < step {
            ledger.execute_batch(taken_out).unwrap();
        }
    }
    ledger.pragma_update(None, "user_version", layout).unwrap();
    folder
}

#[test]
fn what_is_written_is_what_a_ledger_of_this_layout_holds() {
    let folder = story(true).store.left();
    let (text, kept) = (dump(folder.path()), kept(LAYOUT));
    if std::env::var_os("METER_WRITE_LEDGER").is_some() {
        copy_files(&folder.path().join("archive"), &kept.join("archive"));
        fs::write(kept.join("ledger.sql"), &text).unwrap();
    }
    let expected = fs::read_to_string(kept.join("ledger.sql")).unwrap();
    for (line, expected) in text.lines().zip(expected.lines()) {
        assert_eq!(
            line, expected,
            "ledgers of layout {LAYOUT} hold this otherwise: add a step in meter/migrations/sqlite, and say in the changelog what becomes of them"
        );
    }
    assert_eq!(text.len(), expected.len());
}

#[test]
fn ids_are_kept_in_runs_as_ledgers_of_this_layout_have_them() {
    let mut told = Told::<Sqlite>::with(prices());
    let event = |number: i64| {
        let id = match number % 3 {
            0 => format!("event {number}"),
            _ => format!("{:08x}-0000-7000-8000-{:012x}", number / 7, number * 7_919),
        };
        sent(&id, "s").metric("images", 1)
    };
    told.record((0..5_000).map(event).collect());
    told.fold();
    let folder = told.store.left();
    let ledger = Connection::open(folder.path().join("meter.db")).unwrap();
    let mut hash = blake3::Hasher::new();
    let mut runs = 0;
    for (table, columns) in [
        (
            "key_run",
            "id, entries, first_block, blocks, least_n, greatest_n, hex(first), hex(middle), hex(last), hex(fences), hex(filter)",
        ),
        ("key_block", "id, hex(keys)"),
    ] {
        let columns = columns.replace(", ", " || ' ' || ");
        let mut statement = ledger
            .prepare(&format!("SELECT {columns} FROM {table} ORDER BY id"))
            .unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            hash.update(row.get::<_, String>(0).unwrap().as_bytes());
            runs += usize::from(table == "key_run");
        }
    }
    assert_eq!(runs, 1);
    assert_eq!(
        hash.finalize().to_hex().as_str(),
        RUNS,
        "ledgers of layout {LAYOUT} hold ids otherwise: add a step that writes them anew"
    );
}

/// The hash of the runs of the ids above.
const RUNS: &str = "3920fff29b86ab946500d3e44a0d420d1840ad6a29f368560590deab37d12ced";
