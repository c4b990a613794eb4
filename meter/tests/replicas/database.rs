//! The database under the meters: it goes away and comes back, old events are dropped, and others look at it.

use reelmeter_proto::meter::v1::RecordStatus::{Duplicate, Recorded};
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

use crate::server::{Meter, Server, batch, event, eventually, record, summary};
use crate::support::postgres;
use crate::together::{replicas, shown, watch};

async fn becomes(channel: &Channel, wanted: ServingStatus) {
    eventually(&format!("health says {wanted:?}"), || async {
        let request = HealthCheckRequest {
            service: "reelmeter.meter.v1.MeterService".to_owned(),
        };
        let mut health = HealthClient::new(channel.clone());
        let status = health.check(request).await.ok()?.into_inner().status();
        (status == wanted).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_is_named_and_served_again_when_it_is_back() {
    let database = postgres::Server::start(true);
    let name = database.database();
    let mut server = Server::start_with(&["--meter-store", &database.url(&name)]).await;
    let channel = server.channel().await;
    let mut meter = Meter::new(channel.clone());
    assert_eq!(
        record(&mut meter, vec![event("a", "s", "images", 1)]).await,
        [Recorded]
    );
    let mut stream = watch(&mut meter, "s", 0).await;
    assert_eq!(shown(&mut stream).await.event_count, 1);
    database.down("immediate");
    // Nobody asks: the meter notices by itself.
    becomes(&channel, ServingStatus::NotServing).await;
    let error = meter
        .record_usage(batch(vec![event("b", "s", "images", 1)]))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::Unavailable, "{error:?}");
    assert!(
        error.message().contains("the database does not answer"),
        "{}",
        error.message()
    );
    assert!(error.message().contains("same ids"), "{}", error.message());
    assert!(error.get_details_retry_info().is_some());
    database.up();
    becomes(&channel, ServingStatus::Serving).await;
    let again = vec![event("a", "s", "images", 1), event("b", "s", "images", 1)];
    assert_eq!(record(&mut meter, again).await, [Duplicate, Recorded]);
    while shown(&mut stream).await.event_count != 2 {}
    assert_eq!(summary(&mut meter, "s").await.event_count, 2);
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn dropped_events_still_count_and_are_still_known() {
    let (database, mut replicas) = replicas(1, &[]).await;
    let mut meter = replicas[0].meter().await;
    let events: Vec<_> = (0..10)
        .map(|number| event(&format!("e{number}"), "s", "images", 1))
        .collect();
    record(&mut meter, events.clone()).await;
    let before = summary(&mut meter, "s").await;
    let server = postgres::Server::shared();
    let partition = server.ask(
        &database,
        "SELECT relname FROM pg_class JOIN pg_inherits ON inhrelid = pg_class.oid \
         WHERE inhparent = 'event'::regclass AND relname <> 'event_other' ORDER BY relname LIMIT 1",
    );
    assert_eq!(
        server.ask(&database, &format!("SELECT count(*) FROM {partition}")),
        "10"
    );
    server.ask(
        &database,
        &format!("ALTER TABLE event DETACH PARTITION {partition}; DROP TABLE {partition}"),
    );
    assert_eq!(record(&mut meter, events).await, [Duplicate; 10]);
    let mut corrected = event("later", "s", "images", 5);
    corrected.replaces_event_id = "e1".to_owned();
    let outcome = meter
        .record_usage(batch(vec![corrected]))
        .await
        .unwrap()
        .into_inner();
    assert!(
        format!("{outcome:?}").contains("moved out of the ledger"),
        "{outcome:?}"
    );
    let after = summary(&mut meter, "s").await;
    assert_eq!(
        (before.event_count, before.total_cost),
        (after.event_count, after.total_cost)
    );
    // The same after a start, from the sums alone.
    replicas[0].stop().await.unwrap();
    let store = replicas[0].config().meter_store;
    let again = Server::start_with(&["--meter-store", &store]).await;
    let mut meter = again.meter().await;
    assert_eq!(summary(&mut meter, "s").await.event_count, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_there_is_named_without_its_password() {
    let flags = [
        "--meter-store",
        "postgres://meter:geheim@127.0.0.1:1/ledger",
    ];
    let mut server = Server::start_with(&flags).await;
    let said = server.ended().await.unwrap_err().to_string();
    assert!(
        said.contains("127.0.0.1:1/ledger") && !said.contains("geheim"),
        "{said}"
    );
    assert!(said.contains("does not answer"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_moves_into_a_database_with_every_figure() {
    let mut old = Server::start().await;
    let mut meter = old.meter().await;
    let sessions = ["running", "ended", "reset"];
    for session in sessions {
        let mut first = event(&format!("{session} 1"), session, "input_tokens", 250_000);
        first.model_display_name = "Flash".to_owned();
        first.labels.insert("run".to_owned(), "7".to_owned());
        let second = event(&format!("{session} 2"), session, "images", 3);
        let mut corrected = event(&format!("{session} 3"), session, "images", 2);
        corrected.replaces_event_id = format!("{session} 2");
        record(&mut meter, vec![first, second, corrected]).await;
    }
    crate::server::end(&mut meter, "ended").await;
    let reset = reelmeter_proto::meter::v1::ResetSessionRequest {
        session_id: "reset".to_owned(),
    };
    meter.reset_session(reset).await.unwrap();
    // From the file alone: a running meter shows the nanoseconds of its own clock until it stops.
    old.stop().await.unwrap();
    old.start_again().await;
    let mut meter = old.meter().await;
    let mut before = Vec::new();
    for session in sessions {
        before.push(summary(&mut meter, session).await);
    }
    let database = postgres::Server::shared();
    let name = database.database();
    let (from, to) = (
        format!("sqlite://{}", old.database().display()),
        database.url(&name),
    );
    let migrate = || {
        std::process::Command::new(env!("CARGO_BIN_EXE_meter"))
            .args(["migrate", "--from", &from, "--to", &to])
            .output()
            .unwrap()
    };
    let said = migrate();
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(
        !said.status.success() && text.contains("meter"),
        "a meter runs on it: {text}"
    );
    old.stop().await.unwrap();
    let said = migrate();
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        said.status.success(),
        "{}",
        String::from_utf8_lossy(&said.stderr)
    );
    assert!(text.contains("9 events and 9 ids of 3 sessions"), "{text}");
    let twice = migrate();
    let text = String::from_utf8_lossy(&twice.stderr).into_owned();
    assert!(
        !twice.status.success() && text.contains("holds a ledger already"),
        "{text}"
    );
    let mut new = Server::start_with(&["--meter-store", &to]).await;
    let mut meter = new.meter().await;
    for (session, was) in sessions.into_iter().zip(before) {
        let is = summary(&mut meter, session).await;
        assert_eq!(was, is, "{session}");
        let again = event(&format!("{session} 9"), session, "images", 1);
        assert_eq!(record(&mut meter, vec![again]).await, [Recorded]);
        let known = event(&format!("{session} 2"), session, "images", 3);
        assert_eq!(record(&mut meter, vec![known]).await, [Duplicate]);
    }
    new.stop().await.unwrap();
}
