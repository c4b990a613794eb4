//! From a record to its summary, with many who watch.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reelmeter_proto::meter::v1 as pb;
use tokio::sync::mpsc;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic_prost::ProstCodec;

use crate::Options;
use crate::events::{Events, Ids};
use crate::load::connect;
use crate::programs::Program;
use crate::table::{Table, percentile};

const PATH: &str = "/reelmeter.meter.v1.MeterService/WatchSummary";
const SESSION: &str = "watched";
/// Between two changes: ten a second.
const CHANGE_EVERY: Duration = Duration::from_millis(100);
/// As little as the contract allows: what is measured is the way, not the wait that a watcher asks for.
const INTERVAL_NANOS: i32 = 20_000_000;
/// Watchers of one connection.
const WATCHERS_PER_CONNECTION: usize = 500;
/// How long all watchers may take to be there.
const PATIENCE: Duration = Duration::from_secs(60);

/// As much of a `WatchSummaryResponse` as is needed: five thousand watchers in one program must not be slower than what
/// they measure.
#[derive(Clone, PartialEq, prost::Message)]
struct Response {
    #[prost(message, optional, tag = "3")]
    summary: Option<Summary>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Summary {
    #[prost(message, optional, tag = "1")]
    session: Option<Session>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Session {
    #[prost(int64, tag = "8")]
    revision: i64,
}

pub async fn measure(options: &Options, folder: &Path, table: &mut Table) {
    let counts: &[(usize, &str, &str)] = if options.smoke {
        &[(10, "p99 under 25 ms", "10 ms")]
    } else {
        &[
            (100, "p99 under 25 ms", "10 ms"),
            (1_000, "p99 under 60 ms", "50 ms"),
            (5_000, "p99 under 200 ms", "150 ms"),
        ]
    };
    for (watchers, least, aim) in counts {
        let meter = Program::meter(&folder.join(format!("watched-{watchers}.db")));
        let mut p99 = Vec::new();
        for _ in 0..options.rounds {
            let latencies = latencies_ms(options, &meter, *watchers).await;
            p99.push((
                percentile(&latencies, 0.99),
                percentile(&latencies, 0.5),
                latencies.len(),
            ));
        }
        meter.stop();
        p99.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (middle, half, count) = p99[p99.len() / 2];
        table.add(
            &format!("acknowledged record to its summary at {watchers} watchers, 10 changes a second (measured from sending the record)"),
            least,
            aim,
            format!(
                "**p99 {middle:.1} ms** ({:.1} to {:.1}), median {half:.1} ms, of {count} summaries a round",
                p99[0].0,
                p99[p99.len() - 1].0
            ),
        );
    }
}

/// From the sending of each record to each watcher's first summary that shows it, sorted, in milliseconds.
async fn latencies_ms(options: &Options, meter: &Program, watchers: usize) -> Vec<f64> {
    let mut recorder = connect(&meter.address).await;
    let mut events = Events::new(SESSION, Ids::TimeOrdered);
    let mut record = async || {
        let request = pb::RecordUsageRequest {
            events: vec![events.one()],
            ..Default::default()
        };
        // Counted from here and not from the acknowledgement, which comes amid the summaries and often after them: what
        // is measured is never less than what is asked for.
        let began = Instant::now();
        recorder.record_usage(request).await.unwrap();
        began
    };
    record().await;
    let mut channels = Vec::new();
    let (ready, mut all_ready) = mpsc::unbounded_channel();
    let seen: Arc<Mutex<Vec<(i64, Instant)>>> = Arc::default();
    let mut watching = tokio::task::JoinSet::new();
    for watcher in 0..watchers {
        if watcher % WATCHERS_PER_CONNECTION == 0 {
            let endpoint =
                tonic::transport::Endpoint::from_shared(format!("http://{}", meter.address));
            let endpoint = endpoint
                .unwrap()
                .tcp_nodelay(true)
                .initial_stream_window_size(1 << 20);
            channels.push(
                endpoint
                    .initial_connection_window_size(1 << 24)
                    .connect()
                    .await
                    .unwrap(),
            );
        }
        let channel = channels[channels.len() - 1].clone();
        let (ready, seen) = (ready.clone(), Arc::clone(&seen));
        watching.spawn(async move {
            let mut grpc = Grpc::new(channel);
            grpc.ready().await.unwrap();
            let request = pb::WatchSummaryRequest {
                session_id: SESSION.to_owned(),
                min_interval: Some(prost_types::Duration {
                    seconds: 0,
                    nanos: INTERVAL_NANOS,
                }),
                ..Default::default()
            };
            let codec: ProstCodec<pb::WatchSummaryRequest, Response> = ProstCodec::default();
            let response = grpc
                .server_streaming(
                    tonic::Request::new(request),
                    PathAndQuery::from_static(PATH),
                    codec,
                )
                .await;
            let mut messages = response.unwrap().into_inner();
            let mut first = true;
            while let Ok(Some(message)) = messages.message().await {
                let now = Instant::now();
                let Some(session) = message.summary.and_then(|summary| summary.session) else {
                    continue;
                };
                if std::mem::take(&mut first) {
                    ready.send(session.revision).unwrap();
                } else {
                    seen.lock().unwrap().push((session.revision, now));
                }
            }
        });
    }
    let mut revision = 0;
    for _ in 0..watchers {
        let next = tokio::time::timeout(PATIENCE, all_ready.recv()).await;
        revision = next.expect("all watchers are there").unwrap().max(revision);
    }
    let changes = (options.seconds * 10.0).ceil() as usize;
    let mut recorded = Vec::new();
    let mut tick = tokio::time::interval(CHANGE_EVERY);
    // The first tick comes at once, while the pause that a watcher asks for after its snapshot has not passed yet.
    tick.tick().await;
    for _ in 0..changes {
        tick.tick().await;
        recorded.push(record().await);
    }
    // The last revision has reached everyone, or never will.
    let last = revision + changes as i64;
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let arrived = seen
            .lock()
            .unwrap()
            .iter()
            .filter(|(revision, _)| *revision == last)
            .count();
        if arrived == watchers {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    watching.abort_all();
    while watching.join_next().await.is_some() {}
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    // A watcher that was skipped ahead saw several records at once, the oldest of them the latest; what it was spared
    // cannot be told from here, so that one summary counts for its own record only.
    let mut latencies: Vec<f64> = seen
        .iter()
        .filter_map(|(seen_revision, at)| {
            let place = usize::try_from(seen_revision - revision - 1).ok()?;
            let recorded = recorded.get(place)?;
            Some(at.saturating_duration_since(*recorded).as_secs_f64() * 1e3)
        })
        .collect();
    latencies.sort_unstable_by(f64::total_cmp);
    latencies
}
