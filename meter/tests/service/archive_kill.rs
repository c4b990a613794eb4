//! The real `meter archive`, killed at random moments while it moves events out of a ledger that a meter serves.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reelmeter_meter::commands;
use reelmeter_proof::dice::Dice;
use reelmeter_proto::meter::v1 as pb;
use serde_json::Value;

use crate::server::{Server, event, record, summary, total};

/// More than two files of twenty thousand.
const EVENTS: usize = 45_000;
/// Kills at most: the time between them grows, so that it comes to an end before.
const KILLS_MAX: u64 = 60;
/// Some of them must have met it at work.
const KILLS_MIN: u64 = 5;

fn archive(server: &Server, to: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_meter"))
        .arg("--meter-store")
        .arg(format!("sqlite://{}", server.database().display()))
        .args(["archive", "--older-than", "1s", "--to"])
        .arg(to)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The ids of all events in the files that have their names.
fn ids(folder: &Path) -> Vec<String> {
    let mut ids = Vec::new();
    for file in fs::read_dir(folder).into_iter().flatten() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|end| end != "jsonl") {
            continue;
        }
        for line in fs::read_to_string(path).unwrap().lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            ids.push(line["event_id"].as_str().unwrap().to_owned());
        }
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_moves_events_out_it_loses_and_doubles_none() {
    let mut server = Server::start().await;
    let mut meter = server.meter().await;
    for first in (0..EVENTS).step_by(1_000) {
        let events = (first..first + 1_000).map(|number| {
            event(
                &format!("call {number}"),
                &format!("s{}", number % 7),
                "images",
                1,
            )
        });
        record(&mut meter, events.collect()).await;
    }
    // What is not in the totals yet is not moved: a stop puts it there.
    server.stop().await.unwrap();
    server.start_again().await;
    let mut meter = server.meter().await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let before = summary(&mut meter, "s3").await;
    let folder = server.folder.path().join("archive");
    let seed = Dice::any_seed();
    let mut dice = Dice::new(seed);
    let mut kills = 0;
    let ended = loop {
        let mut mover = archive(&server, &folder);
        let longer = 20 + 20 * kills;
        tokio::time::sleep(Duration::from_millis(dice.below(longer))).await;
        if kills == KILLS_MAX || mover.try_wait().unwrap().is_some() {
            break mover.wait().unwrap();
        }
        mover.kill().unwrap();
        mover.wait().unwrap();
        kills += 1;
        let now = summary(&mut meter, "s3").await;
        assert_eq!(now.event_count, before.event_count, "seed {seed}, {kills}");
        assert_eq!(total(&now), total(&before), "seed {seed}, {kills}");
    };
    assert!(ended.success(), "seed {seed}: {ended}");
    assert!(kills >= KILLS_MIN, "seed {seed}: only {kills} kills");
    let ids = ids(&folder);
    let unlike: HashSet<&String> = ids.iter().collect();
    assert_eq!((ids.len(), unlike.len()), (EVENTS, EVENTS), "seed {seed}");
    let page = meter.list_events(pb::ListEventsRequest::default()).await;
    assert!(page.unwrap().into_inner().events.is_empty(), "seed {seed}");
    let again = (0..1_000).map(|number| {
        let session = format!("s{}", number % 7);
        event(&format!("call {number}"), &session, "images", 1)
    });
    let again = record(&mut meter, again.collect()).await;
    assert!(
        again
            .iter()
            .all(|status| *status == pb::RecordStatus::Duplicate)
    );
    commands::run(
        &commands::Command::Verify,
        &server.config(),
        &reelmeter_service::Common::default(),
    )
    .unwrap();
}
