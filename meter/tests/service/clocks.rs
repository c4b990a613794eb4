//! A clock that is set back and forward under a running meter: nothing is lost, nothing counts twice, nothing goes back.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use reelmeter_meter::adapters::sqlite::verify;
use reelmeter_meter::{Config, Error, World, serve};
use reelmeter_proto::meter::v1::RecordStatus::{Duplicate, Recorded};
use reelmeter_service::clock::ManualClock;
use reelmeter_service::settings::from_flags;
use reelmeter_service::{CancellationToken, Common, UuidIds, listen};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::server::{self, Meter, event, record, summary};

/// A meter whose clock a test sets.
struct Clocked {
    clock: ManualClock,
    database: PathBuf,
    running: Option<(CancellationToken, JoinHandle<Result<(), Error>>)>,
}

impl Clocked {
    async fn start(&mut self) -> Meter {
        let store = format!("sqlite://{}", self.database.display());
        // Longer than the clock is ever set forward: here nothing is to end by itself.
        let config: Config =
            from_flags(&["--meter-store", &store, "--meter-session-idle", "87600h"]).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let world = World {
            clock: Arc::new(self.clock.clone()),
            ids: Arc::new(UuidIds),
            ..World::default()
        };
        let (shutdown, common) = (CancellationToken::new(), Common::default());
        let stop = shutdown.clone();
        let running = tokio::spawn(async move {
            let incoming = listen::incoming(listener, 1_000);
            serve(world, config, common, &address.to_string(), incoming, stop).await
        });
        self.running = Some((shutdown, running));
        Meter::new(server::channel(address).await)
    }

    async fn stop(&mut self) {
        let (shutdown, running) = self.running.take().unwrap();
        shutdown.cancel();
        running.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_and_forward_changes_no_total() {
    let folder = tempfile::tempdir().unwrap();
    let noon: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
    let mut clocked = Clocked {
        clock: ManualClock::new(noon),
        database: folder.path().join("meter.db"),
        running: None,
    };
    let year = SignedDuration::from_hours(24 * 365);
    let mut meter = clocked.start().await;
    let mut revision = 0;
    // A year ahead, two years back, to the leap second that no clock shows, and home again.
    let leap = "2016-12-31T23:59:59Z".parse().unwrap();
    for (step, now) in [noon, noon + year, noon - year, leap, noon]
        .into_iter()
        .enumerate()
    {
        clocked.clock.set(now);
        let mut own_time = event(&format!("own {step}"), "s", "images", 1);
        own_time.occur_time = Some(prost_types::Timestamp {
            seconds: noon.as_second() + 60,
            nanos: 0,
        });
        let events = vec![
            event(&format!("a {step}"), "s", "images", 1),
            own_time,
            event(&format!("b {step}"), "s", "images", 1),
        ];
        assert_eq!(
            record(&mut meter, events.clone()).await,
            [Recorded, Recorded, Recorded]
        );
        assert_eq!(
            record(&mut meter, events).await,
            [Duplicate, Duplicate, Duplicate],
            "an id is known whatever the clock says"
        );
        let summary = summary(&mut meter, "s").await;
        assert_eq!(
            summary.event_count,
            i64::try_from(step).unwrap() * 3 + 3,
            "at {now}"
        );
        assert!(summary.revision > revision, "at {now}");
        assert!(!summary.ended, "at {now}");
        revision = summary.revision;
    }
    // And over a stop and a start with the clock set back meanwhile.
    clocked.stop().await;
    clocked.clock.set(noon - year);
    let mut meter = clocked.start().await;
    let again = summary(&mut meter, "s").await;
    assert_eq!((again.event_count, again.revision), (15, revision));
    assert_eq!(
        record(&mut meter, vec![event("last", "s", "images", 1)]).await,
        [Recorded]
    );
    assert!(summary(&mut meter, "s").await.revision > revision);
    clocked.stop().await;
    let verified = verify(&clocked.database).unwrap();
    assert!(verified.is_sound(), "{:?}", verified.differences);
}
