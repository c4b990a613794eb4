//! Several meters over one database.

use std::time::{Duration, Instant};

use reelmeter_proto::meter::v1 as pb;
use reelmeter_proto::meter::v1::RecordStatus::{Duplicate, Recorded};
use reelmeter_proto::meter::v1::SummaryUpdateKind;
use tonic::Code;

use crate::server::{
    Meter, PATIENCE, Server, batch, dollars, event, eventually, record, start, summary, total,
};
use crate::support::postgres;

/// Meters over a database of their own.
pub async fn replicas(count: usize, flags: &[&str]) -> (String, Vec<Server>) {
    let server = postgres::Server::shared();
    let database = server.database();
    let url = server.url(&database);
    let mut replicas = Vec::new();
    for _ in 0..count {
        let mut all = vec!["--meter-store", url.as_str()];
        all.extend(flags);
        replicas.push(Server::start_with(&all).await);
    }
    (database, replicas)
}

pub async fn watch(
    meter: &mut Meter,
    session: &str,
    resume: i64,
) -> tonic::Streaming<pb::WatchSummaryResponse> {
    let request = pb::WatchSummaryRequest {
        session_id: session.to_owned(),
        resume_revision: resume,
        min_interval: Some(prost_types::Duration {
            seconds: 0,
            nanos: 20_000_000,
        }),
        ..Default::default()
    };
    meter.watch_summary(request).await.unwrap().into_inner()
}

/// The next summary of a stream.
pub async fn shown(updates: &mut tonic::Streaming<pb::WatchSummaryResponse>) -> pb::Summary {
    loop {
        let update = tokio::time::timeout(PATIENCE, updates.message())
            .await
            .expect("a message comes")
            .unwrap()
            .expect("the stream goes on");
        if let Some(summary) = update.summary {
            return summary;
        }
        assert_eq!(update.kind(), SummaryUpdateKind::Heartbeat);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_replica_records_every_other_shows_at_once_and_streams_soon() {
    for (how, flags) in [
        ("notified", &[][..]),
        ("polling", &["--meter-store-listen", "false"][..]),
    ] {
        let (_, mut replicas) = replicas(3, flags).await;
        let mut meters = Vec::new();
        for replica in &replicas {
            meters.push(replica.meter().await);
        }
        start(&mut meters[0], "s").await;
        let mut streams = Vec::new();
        for meter in &mut meters[1..] {
            streams.push(watch(meter, "s", 0).await);
        }
        for stream in &mut streams {
            assert_eq!(shown(stream).await.event_count, 0);
        }
        let mut waits = Vec::new();
        for number in 0..20_i64 {
            let began = Instant::now();
            record(
                &mut meters[0],
                vec![event(&format!("e{number}"), "s", "images", 1)],
            )
            .await;
            for meter in &mut meters {
                assert_eq!(
                    summary(meter, "s").await.event_count,
                    number + 1,
                    "what was acknowledged is seen by whoever asks, wherever"
                );
            }
            for stream in &mut streams {
                while shown(stream).await.event_count <= number {}
                if number >= 10 {
                    waits.push(began.elapsed());
                }
            }
        }
        waits.sort();
        println!(
            "{how}: streams of other replicas show an event after {:?} in the middle, {:?} at most",
            waits[waits.len() / 2],
            waits.last().unwrap()
        );
        // One that watches nothing in particular learns of sessions that start elsewhere.
        let mut any = watch(&mut meters[2], "", 0).await;
        assert_eq!(shown(&mut any).await.session.unwrap().session_id, "s");
        let request = pb::EndSessionRequest {
            session_id: "s".to_owned(),
        };
        meters[0].end_session(request).await.unwrap();
        for stream in &mut streams {
            while !shown(stream).await.settled {}
        }
        start(&mut meters[1], "next").await;
        while shown(&mut any).await.session.unwrap().session_id != "next" {}
        drop(any);
        for replica in &mut replicas {
            replica.stop().await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_notifications_another_replicas_stream_shows_an_event_within_100_ms_in_the_middle()
{
    let (_, replicas) = replicas(2, &["--meter-store-listen", "false"]).await;
    let mut writer = replicas[0].meter().await;
    start(&mut writer, "s").await;
    let mut watcher = replicas[1].meter().await;
    let mut stream = watch(&mut watcher, "s", 0).await;
    assert_eq!(shown(&mut stream).await.event_count, 0);
    let mut waits = Vec::new();
    for number in 0..40_i64 {
        // At all moments between two looks. Nobody else asks the watcher's replica, which would make it look.
        tokio::time::sleep(Duration::from_millis(number.unsigned_abs() * 37 % 150)).await;
        let events = vec![event(&format!("e{number}"), "s", "images", 1)];
        record(&mut writer, events).await;
        let acknowledged = Instant::now();
        while shown(&mut stream).await.event_count <= number {}
        waits.push(acknowledged.elapsed());
    }
    waits.sort();
    let (middle, most) = (waits[waits.len() / 2], waits[waits.len() - 1]);
    println!("polling alone: {middle:?} in the middle, {most:?} at most");
    assert!(middle < Duration::from_millis(100), "{waits:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_that_moves_between_replicas_never_sees_a_revision_go_back() {
    let (_, replicas) = replicas(3, &[]).await;
    let mut writer = replicas[0].meter().await;
    start(&mut writer, "s").await;
    let writing = tokio::spawn(async move {
        for number in 0..300 {
            record(
                &mut writer,
                vec![event(&format!("e{number}"), "s", "images", 1)],
            )
            .await;
        }
    });
    let mut meters = Vec::new();
    for replica in &replicas {
        meters.push(replica.meter().await);
    }
    let (mut revision, mut events, mut moves) = (0, 0, 0);
    while !writing.is_finished() || events < 300 {
        let meter = &mut meters[moves % 3];
        let mut stream = watch(meter, "s", revision).await;
        for _ in 0..2 {
            let seen = shown(&mut stream).await;
            assert!(
                seen.revision >= revision && seen.event_count >= events,
                "revision {} after {revision}, {} events after {events}",
                seen.revision,
                seen.event_count
            );
            (revision, events) = (seen.revision, seen.event_count);
            if events == 300 {
                break;
            }
        }
        moves += 1;
    }
    writing.await.unwrap();
    assert!(moves > 3, "the watcher moved, {moves} times");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_events_at_every_replica_at_once_count_once() {
    let (_, replicas) = replicas(3, &[]).await;
    let mut senders = Vec::new();
    for sender in 0..9_usize {
        let mut meter = replicas[sender % 3].meter().await;
        senders.push(tokio::spawn(async move {
            let mut recorded = 0;
            for round in 0..20 {
                // Everybody sends the same ids, each in another order, over three sessions.
                let mut events: Vec<pb::UsageEvent> = (0..40)
                    .map(|number| {
                        event(
                            &format!("r{round} e{number}"),
                            &format!("s{}", number % 3),
                            "images",
                            1,
                        )
                    })
                    .collect();
                events.rotate_left(sender * 4);
                let said = record(&mut meter, events).await;
                assert!(
                    said.iter()
                        .all(|status| matches!(status, Recorded | Duplicate)),
                    "{said:?}"
                );
                recorded += said.iter().filter(|status| **status == Recorded).count();
            }
            recorded
        }));
    }
    let mut recorded = 0;
    for sender in senders {
        recorded += sender.await.unwrap();
    }
    assert_eq!(recorded, 800, "each event is recorded by exactly one");
    let mut meter = replicas[1].meter().await;
    let mut counted = 0;
    for session in ["s0", "s1", "s2"] {
        counted += summary(&mut meter, session).await.event_count;
    }
    assert_eq!(counted, 800);
}

#[tokio::test(flavor = "multi_thread")]
async fn reservations_at_several_replicas_cannot_break_a_cap_together() {
    let (_, replicas) = replicas(3, &[]).await;
    let mut meter = replicas[0].meter().await;
    start(&mut meter, "s").await;
    let cap = pb::SetBudgetRequest {
        session_id: "s".to_owned(),
        budget: Some(pb::Budget {
            limit: Some(pb::budget::Limit::Money(dollars("1"))),
        }),
    };
    meter.set_budget(cap).await.unwrap();
    let mut asking = Vec::new();
    for asker in 0..12_usize {
        let mut meter = replicas[asker % 3].meter().await;
        asking.push(tokio::spawn(async move {
            let request = pb::ReserveBudgetRequest {
                session_id: "s".to_owned(),
                reservation_id: format!("r{asker}"),
                amount: Some(pb::Budget {
                    limit: Some(pb::budget::Limit::Money(dollars("0.30"))),
                }),
                lifetime: Some(prost_types::Duration {
                    seconds: 60,
                    nanos: 0,
                }),
                recorder_id: String::new(),
            };
            match meter.reserve_budget(request).await {
                Ok(_) => true,
                Err(status) => {
                    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
                    false
                }
            }
        }));
    }
    let mut granted = 0;
    for one in asking {
        granted += usize::from(one.await.unwrap());
    }
    assert_eq!(granted, 3, "a dollar holds three times thirty cents");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_override_set_at_one_replica_prices_at_all() {
    let (_, replicas) = replicas(2, &[]).await;
    let mut meter = replicas[1].meter().await;
    record(&mut meter, vec![event("a", "s", "input_tokens", 1_000_000)]).await;
    let mut stream = watch(&mut meter, "s", 0).await;
    assert_eq!(total(&shown(&mut stream).await), "0.5");
    let rate = pb::Rate {
        service: "gemini".to_owned(),
        model: "gemini-2.5-flash".to_owned(),
        metric: "input_tokens".to_owned(),
        amount: Some(dollars("9")),
        unit_size: 1_000_000,
        ..Default::default()
    };
    let mut pricing = replicas[0].pricing().await;
    pricing
        .set_rates(pb::SetRatesRequest { rates: vec![rate] })
        .await
        .unwrap();
    while total(&shown(&mut stream).await) != "9" {}
    // Whoever ends the session freezes the prices of the store, whatever it knew of them.
    let mut other = replicas[0].meter().await;
    assert_eq!(total(&crate::server::end(&mut other, "s").await), "9");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_with_another_price_book_does_not_start_and_names_both() {
    let (_, mut replicas) = replicas(1, &[]).await;
    replicas[0].channel().await;
    let store = replicas[0].config().meter_store;
    let mut other =
        Server::start_with(&["--meter-store", &store, "--meter-price-book", "list"]).await;
    let said = other.ended().await.unwrap_err().to_string();
    assert!(
        said.contains("`documented`") && said.contains("`list`"),
        "{said}"
    );
    // Where nobody else is, the new book is taken.
    replicas[0].stop().await.unwrap();
    let mut alone =
        Server::start_with(&["--meter-store", &store, "--meter-price-book", "list"]).await;
    let mut meter = alone.meter().await;
    record(&mut meter, vec![event("a", "s", "input_tokens", 1_000_000)]).await;
    let book = summary(&mut meter, "s").await.price_book.unwrap();
    assert_eq!(book.name, "list");
    alone.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_watched_at_one_replica_is_not_ended_as_idle_by_another() {
    let (_, replicas) = replicas(2, &["--meter-session-idle", "1s"]).await;
    let mut watching = replicas[0].meter().await;
    start(&mut watching, "watched").await;
    start(&mut watching, "idle").await;
    let mut stream = watch(&mut watching, "watched", 0).await;
    shown(&mut stream).await;
    let mut other = replicas[1].meter().await;
    let ended = |summary: &pb::Summary| summary.ended;
    eventually("the idle session is ended", || {
        let mut other = other.clone();
        async move { ended(&summary(&mut other, "idle").await).then_some(()) }
    })
    .await;
    assert!(!ended(&summary(&mut other, "watched").await));
    drop(stream);
    eventually("it is ended when nobody watches it any more", || {
        let mut other = other.clone();
        async move { ended(&summary(&mut other, "watched").await).then_some(()) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_of_the_whole_ledger_goes_past_no_event_that_comes_late() {
    let (_, replicas) = replicas(3, &[]).await;
    let mut writers = Vec::new();
    for writer in 0..6_usize {
        let mut meter = replicas[writer % 3].meter().await;
        writers.push(tokio::spawn(async move {
            for round in 0..40 {
                let events = (0..5)
                    .map(|number| {
                        event(
                            &format!("w{writer} r{round} e{number}"),
                            &format!("s{writer}"),
                            "images",
                            1,
                        )
                    })
                    .collect();
                meter.record_usage(batch(events)).await.unwrap();
            }
        }));
    }
    let mut meter = replicas[1].meter().await;
    let mut seen = std::collections::BTreeSet::new();
    let mut token = String::new();
    let began = Instant::now();
    loop {
        let finished = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let request = pb::ListEventsRequest {
            page_size: 50,
            page_token: token.clone(),
            ..Default::default()
        };
        let page = meter.list_events(request).await.unwrap().into_inner();
        for found in page.events {
            let id = found.event.unwrap().event_id;
            assert!(seen.insert(id.clone()), "{id} came twice");
        }
        if page.next_page_token.is_empty() {
            if finished {
                break;
            }
            seen.clear();
            token.clear();
        } else {
            token = page.next_page_token;
        }
        assert!(began.elapsed() < Duration::from_secs(60));
    }
    assert_eq!(
        seen.len(),
        6 * 40 * 5,
        "a walk that began before the last was written has them all, or ends before"
    );
}
