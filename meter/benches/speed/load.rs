//! Load: calls one by one, and streams of batches.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reelmeter_proto::meter::v1 as pb;
use reelmeter_proto::meter::v1::meter_service_client::MeterServiceClient;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};

use crate::events::{Events, Ids};

pub type Client = MeterServiceClient<Channel>;

/// Connections of the calls one by one.
const CONNECTIONS: usize = 4;
/// Calls at once.
pub const CALLS_IN_FLIGHT: usize = 256;
/// Streams at once.
pub const STREAMS: usize = 4;
/// Events of a batch.
pub const BATCH: usize = 1_000;
/// Batches of a stream that wait for their answer.
const BATCHES_IN_FLIGHT: usize = 8;

/// Until when a load goes on.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    After(Duration),
    /// So many events of all streams together, about.
    Events(u64),
}

pub async fn connect(address: &str) -> Client {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let channel = endpoint.tcp_nodelay(true).connect().await.unwrap();
    MeterServiceClient::new(channel).max_decoding_message_size(64 * 1024 * 1024)
}

/// Calls a second of `RecordUsage` with one event each, over [`CONNECTIONS`] connections.
pub async fn calls(address: &str, turn: Duration) -> f64 {
    let began = Instant::now();
    side_by_side(
        address,
        CONNECTIONS,
        began,
        move |client, number| async move {
            let callers: Vec<_> = (0..CALLS_IN_FLIGHT / CONNECTIONS)
                .map(|_| tokio::spawn(one_caller(client.clone(), number, began, turn)))
                .collect();
            let mut count = 0;
            for caller in callers {
                count += caller.await.unwrap();
            }
            count
        },
    )
    .await
}

/// What so many programs side by side have done, a second. Each has a connection and one thread, as the load programs of
/// the field have: one pool of threads for all would hand callers to and fro between its threads, and be measured itself.
async fn side_by_side<F>(
    address: &str,
    programs: usize,
    began: Instant,
    program: impl Fn(Client, usize) -> F + Copy + Send + 'static,
) -> f64
where
    F: Future<Output = u64>,
{
    let running: Vec<_> = (0..programs)
        .map(|number| {
            let address = address.to_owned();
            // A thread for blocking work, and a runtime on it.
            tokio::task::spawn_blocking(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(async move { program(connect(&address).await, number).await })
            })
        })
        .collect();
    let mut count = 0;
    for program in running {
        count += program.await.unwrap();
    }
    count as f64 / began.elapsed().as_secs_f64()
}

async fn one_caller(mut client: Client, number: usize, began: Instant, turn: Duration) -> u64 {
    let mut events = Events::new(&format!("calls-{number}"), Ids::TimeOrdered);
    let mut count = 0;
    while began.elapsed() < turn {
        let request = pb::RecordUsageRequest {
            events: vec![events.one()],
            ..Default::default()
        };
        let response = client.record_usage(request).await.unwrap().into_inner();
        assert_eq!(response.outcomes[0].status(), pb::RecordStatus::Recorded);
        count += 1;
    }
    count
}

/// Events a second of `StreamUsage`, in batches over [`STREAMS`] streams, each of a session of its own.
pub async fn stream(address: &str, ids: Ids, until: Until) -> f64 {
    let began = Instant::now();
    side_by_side(address, STREAMS, began, move |client, number| {
        one_stream(client, format!("stream-{number}"), ids, began, until)
    })
    .await
}

async fn one_stream(
    mut client: Client,
    session_id: String,
    ids: Ids,
    began: Instant,
    until: Until,
) -> u64 {
    let (sender, receiver) = mpsc::channel(BATCHES_IN_FLIGHT);
    let room = Arc::new(Semaphore::new(BATCHES_IN_FLIGHT));
    let sending = tokio::spawn({
        let room = Arc::clone(&room);
        async move {
            let mut events = Events::new(&session_id, ids);
            let mut sent = 0_u64;
            loop {
                let over = match until {
                    Until::After(turn) => began.elapsed() >= turn,
                    Until::Events(count) => sent >= count / STREAMS as u64,
                };
                if over {
                    return;
                }
                room.acquire().await.unwrap().forget();
                let batch = events.batch(BATCH);
                sent += BATCH as u64;
                let request = pb::StreamUsageRequest {
                    batch_number: i64::try_from(sent).unwrap(),
                    events: batch,
                    ..Default::default()
                };
                if sender.send(request).await.is_err() {
                    return;
                }
            }
        }
    });
    let mut answers = client
        .stream_usage(ReceiverStream::new(receiver))
        .await
        .unwrap()
        .into_inner();
    let mut count = 0;
    while let Some(answer) = answers.message().await.unwrap() {
        room.add_permits(1);
        assert!(
            answer
                .statuses()
                .all(|status| status == pb::RecordStatus::Recorded)
        );
        count += answer.statuses.len() as u64;
    }
    sending.await.unwrap();
    count
}
