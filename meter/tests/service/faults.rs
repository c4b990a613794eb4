//! A disk that is full, a file that is locked: a clear answer, NOT_SERVING, and back again without a hand.

use std::fs;
use std::path::Path;
use std::process::Command;

use reelmeter_meter::{Config, run};
use reelmeter_proto::meter::v1::RecordStatus::{Duplicate, Recorded};
use reelmeter_service::settings::from_flags;
use reelmeter_service::{CancellationToken, Common};
use tokio::net::TcpListener;
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

use crate::server::{self, Meter, Server, batch, event, eventually, record, summary};

pub async fn health(channel: Channel) -> ServingStatus {
    let request = HealthCheckRequest {
        service: "reelmeter.meter.v1.MeterService".to_owned(),
    };
    HealthClient::new(channel)
        .check(request)
        .await
        .unwrap()
        .into_inner()
        .status()
}

pub async fn becomes(channel: &Channel, wanted: ServingStatus) {
    eventually(&format!("health says {wanted:?}"), || async {
        (health(channel.clone()).await == wanted).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_of_another_program_is_named_and_waited_out() {
    let server = Server::start().await;
    let channel = server.channel().await;
    let mut meter = Meter::new(channel.clone());
    record(&mut meter, vec![event("a", "s", "images", 1)]).await;
    let other = rusqlite::Connection::open(server.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = meter
        .record_usage(batch(vec![event("b", "s", "images", 1)]))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::Unavailable, "{error:?}");
    assert!(
        error.message().contains("another program"),
        "{}",
        error.message()
    );
    assert!(
        error
            .get_details_retry_info()
            .unwrap()
            .retry_delay
            .is_some()
    );
    becomes(&channel, ServingStatus::NotServing).await;
    assert_eq!(
        summary(&mut meter, "s").await.event_count,
        1,
        "what is there can be read meanwhile"
    );
    other.execute_batch("COMMIT").unwrap();
    becomes(&channel, ServingStatus::Serving).await;
    let again = vec![event("a", "s", "images", 1), event("b", "s", "images", 1)];
    assert_eq!(record(&mut meter, again).await, [Duplicate, Recorded]);
    assert_eq!(summary(&mut meter, "s").await.event_count, 2);
}

/// A file system of a few megabytes that goes with the test.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(at: &'a Path) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "reelmeter-test"])
            .arg(at)
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then_some(Self(at))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-l"]).arg(self.0).output();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_and_nothing_is_acknowledged_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_disk) = SmallDisk::mount(folder.path()) else {
        return crate::broken_disk::skipped("a_full_disk_…", "this user cannot mount a tmpfs");
    };
    let database = folder.path().join("meter.db");
    let config: Config =
        from_flags(&["--meter-store", &format!("sqlite://{}", database.display())]).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(run(config, Common::default(), listener, shutdown.clone()));
    let channel = server::channel(address).await;
    let mut meter = Meter::new(channel.clone());

    // Somebody else's file leaves only a little room.
    let ballast = folder.path().join("ballast");
    fs::write(&ballast, vec![0; 2 * 1024 * 1024]).unwrap();
    let mut acknowledged = Vec::new();
    let mut number = 0;
    let error = loop {
        let events: Vec<_> = (number..number + 200)
            .map(|number| {
                let mut event = event(&format!("e{number}"), "s", "images", 1);
                event.labels.insert("weight".to_owned(), "x".repeat(200));
                event
            })
            .collect();
        number += 200;
        match meter.record_usage(batch(events.clone())).await {
            Ok(_) => acknowledged.extend(events),
            Err(error) => break error,
        }
        assert!(number < 100_000, "the disk is never full");
    };
    assert_eq!(error.code(), Code::ResourceExhausted, "{error:?}");
    assert!(error.message().contains("full"), "{}", error.message());
    assert!(error.get_details_retry_info().is_some());
    becomes(&channel, ServingStatus::NotServing).await;
    let known = i64::try_from(acknowledged.len()).unwrap();
    assert_eq!(
        summary(&mut meter, "s").await.event_count,
        known,
        "what was refused does not count"
    );

    // It does not call itself well again while the disk is full, however small a write might still fit.
    let watched = std::time::Instant::now();
    while watched.elapsed() < std::time::Duration::from_millis(2_500) {
        assert_eq!(health(channel.clone()).await, ServingStatus::NotServing);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }

    fs::remove_file(&ballast).unwrap();
    becomes(&channel, ServingStatus::Serving).await;
    assert_eq!(
        record(&mut meter, vec![event("after", "s", "images", 1)]).await,
        [Recorded]
    );
    for events in acknowledged.chunks(1_000) {
        let outcomes = record(&mut meter, events.to_vec()).await;
        assert!(
            outcomes.iter().all(|outcome| *outcome == Duplicate),
            "everything acknowledged is there"
        );
    }
    assert_eq!(summary(&mut meter, "s").await.event_count, known + 1);
    shutdown.cancel();
    running.await.unwrap().unwrap();
}
