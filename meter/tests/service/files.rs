//! Looking after the file: a copy of a running ledger, a check of every total, and how much room an event takes.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use jiff::SignedDuration;
use reelmeter_meter::commands::{self, Command};
use reelmeter_proto::meter::v1 as pb;
use reelmeter_service::settings::from_flags;

use crate::server::{Server, batch, event, eventually, quantity, record, summary, total};

fn run(command: &Command, config: &reelmeter_meter::Config) -> Result<(), reelmeter_meter::Error> {
    commands::run(command, config, &reelmeter_service::Common::default())
}

fn config(path: &std::path::Path) -> reelmeter_meter::Config {
    from_flags(&["--meter-store", &format!("sqlite://{}", path.display())]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_ledger_is_copied_as_it_is_at_one_moment() {
    let mut server = Server::start().await;
    let mut meter = server.meter().await;
    record(
        &mut meter,
        (0..50)
            .map(|number| event(&format!("e{number}"), "s", "images", 1))
            .collect(),
    )
    .await;
    let copy = server.folder.path().join("copy.db");
    let backup = Command::Backup { to: copy.clone() };
    run(&backup, &server.config()).unwrap();
    assert_eq!(
        fs::metadata(&copy).unwrap().permissions().mode() & 0o777,
        0o600
    );
    record(&mut meter, vec![event("later", "s", "images", 1)]).await;
    let said = run(&backup, &server.config()).unwrap_err().to_string();
    assert!(said.contains("exists"), "{said}");
    run(&Command::Verify, &config(&copy)).unwrap();
    server.stop().await.unwrap();
    fs::copy(&copy, server.database()).unwrap();
    server.start_again().await;
    assert_eq!(
        summary(&mut server.meter().await, "s").await.event_count,
        50,
        "the copy is a ledger"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_total_that_is_not_that_of_the_events_is_found() {
    let mut server = Server::start().await;
    let mut meter = server.meter().await;
    record(
        &mut meter,
        vec![event("a", "s", "images", 1), event("b", "s", "images", 2)],
    )
    .await;
    server.stop().await.unwrap();
    run(&Command::Verify, &server.config()).unwrap();
    let tamper = |sql: &str| {
        rusqlite::Connection::open(server.database())
            .unwrap()
            .execute_batch(sql)
            .unwrap()
    };
    for (harm, heal) in [
        (
            "UPDATE rollup SET quantities = '[4]'",
            "UPDATE rollup SET quantities = '[3]'",
        ),
        (
            "UPDATE rollup SET events = 1",
            "UPDATE rollup SET events = 2",
        ),
        (
            "UPDATE event SET q1 = 5 WHERE q1 = 2",
            "UPDATE event SET q1 = 2 WHERE q1 = 5",
        ),
        (
            "UPDATE session SET last_event_at = last_event_at - 1",
            "UPDATE session SET last_event_at = last_event_at + 1",
        ),
        (
            "CREATE TABLE kept AS SELECT * FROM event_key; DELETE FROM event_key",
            "INSERT INTO event_key SELECT * FROM kept",
        ),
    ] {
        tamper(harm);
        let said = run(&Command::Verify, &server.config())
            .unwrap_err()
            .to_string();
        assert!(said.contains("1 thing"), "{harm}: {said}");
        tamper(heal);
        run(&Command::Verify, &server.config()).unwrap();
    }
    let nowhere = run(
        &Command::Verify,
        &config(&server.folder.path().join("nowhere.db")),
    )
    .unwrap_err();
    assert!(nowhere.to_string().contains("no ledger"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_takes_less_than_130_bytes_of_the_file() {
    const EVENTS: u64 = 12_000;
    let mut server = Server::start().await;
    let mut meter = server.meter().await;
    for batch in 0..EVENTS / 1_000 {
        let events = (0..1_000).map(|place| {
            let number = batch * 1_000 + place;
            // Time-ordered UUIDs, as a recorder makes them.
            let id = format!(
                "{:08x}-{:04x}-7{:03x}-8{:03x}-{:012x}",
                0x0199_c3f2_u64,
                number / 8,
                number % 4096,
                number % 4096,
                number * 0x9e37_79b9
            );
            let mut event = event(
                &id,
                "s",
                "input_tokens",
                i64::try_from(1_000 + number % 3_000).unwrap(),
            );
            event.quantities.push(quantity(
                "output_tokens",
                i64::try_from(number % 900).unwrap(),
            ));
            event.quantities.push(quantity(
                "thinking_tokens",
                i64::try_from(number % 500).unwrap(),
            ));
            event.stage = format!("stage {}", number % 6);
            event.scene = i32::try_from(number % 12).unwrap();
            event
        });
        record(&mut meter, events.collect()).await;
    }
    server.stop().await.unwrap();
    let bytes = fs::metadata(server.database()).unwrap().len();
    let each = bytes / EVENTS;
    assert!(each < 130, "{each} bytes an event");
}

#[tokio::test(flavor = "multi_thread")]
async fn old_events_are_moved_out_of_a_running_ledger_and_count_on() {
    let mut server = Server::start().await;
    let mut meter = server.meter().await;
    let events = || {
        vec![
            event("a", "s", "images", 1),
            event("b", "s", "images", 2),
            event("c", "other", "images", 3),
        ]
    };
    record(&mut meter, events()).await;
    let archive = Command::Archive {
        older_than: SignedDuration::ZERO,
        to: server.folder.path().join("archive"),
    };
    // What waits for its place in the totals is not moved yet.
    let mut lister = meter.clone();
    let page = eventually("all three are moved", || {
        run(&archive, &server.config()).unwrap();
        let mut lister = lister.clone();
        async move {
            let page = lister.list_events(pb::ListEventsRequest::default()).await;
            let page = page.unwrap().into_inner();
            let moved = page.moved_out.as_ref().map(|moved| moved.event_count);
            (moved == Some(3)).then_some(page)
        }
    })
    .await;
    assert!(page.events.is_empty());
    assert!(page.moved_out.unwrap().last_record_time.is_some());
    assert_eq!(total(&summary(&mut meter, "s").await), "0.12");
    assert_eq!(
        record(&mut meter, events()).await,
        [pb::RecordStatus::Duplicate; 3]
    );
    let correction = pb::UsageEvent {
        replaces_event_id: "a".to_owned(),
        ..event("d", "s", "images", 1)
    };
    let refused = meter.record_usage(batch(vec![correction])).await.unwrap();
    let refused = refused.into_inner().outcomes.remove(0);
    assert_eq!(refused.status(), pb::RecordStatus::Invalid);
    assert!(refused.reason.contains("moved out"), "{}", refused.reason);
    let of_session = pb::EventFilter {
        session_id: "s".to_owned(),
        ..Default::default()
    };
    let mut export = lister
        .export_events(pb::ExportEventsRequest {
            filter: Some(of_session),
            format: pb::ExportFormat::JsonLines.into(),
        })
        .await
        .unwrap()
        .into_inner();
    let first = export.message().await.unwrap().unwrap();
    assert!(first.data.is_empty());
    assert_eq!(first.moved_out.unwrap().event_count, 2);
    assert!(export.message().await.unwrap().is_none());
    run(&Command::Verify, &server.config()).unwrap();
    let file = fs::read_dir(server.folder.path().join("archive"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .next()
        .unwrap();
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("\"value\":1", "\"value\":9", 1)).unwrap();
    let said = run(&Command::Verify, &server.config())
        .unwrap_err()
        .to_string();
    assert!(said.contains("is not as it was made"), "{said}");
    fs::remove_file(&file).unwrap();
    run(&Command::Verify, &server.config()).unwrap();
    server.stop().await.unwrap();
    let tamper = |sql: &str| {
        rusqlite::Connection::open(server.database())
            .unwrap()
            .execute_batch(sql)
            .unwrap();
    };
    for (harm, heal) in [
        (
            "UPDATE archived_sum SET quantities = '[4]' WHERE quantities = '[3]'",
            "UPDATE archived_sum SET quantities = '[3]' WHERE quantities = '[4]'",
        ),
        (
            "UPDATE archived_session SET events = events + 1",
            "UPDATE archived_session SET events = events - 1",
        ),
        (
            "UPDATE event_key SET n = n + 1000 WHERE n = 1",
            "UPDATE event_key SET n = n - 1000 WHERE n = 1001",
        ),
    ] {
        tamper(harm);
        assert!(run(&Command::Verify, &server.config()).is_err(), "{harm}");
        tamper(heal);
        run(&Command::Verify, &server.config()).unwrap();
    }
    server.start_again().await;
    let mut meter = server.meter().await;
    assert_eq!(
        record(&mut meter, events()).await,
        [pb::RecordStatus::Duplicate; 3]
    );
    assert_eq!(summary(&mut meter, "s").await.event_count, 2);
}
