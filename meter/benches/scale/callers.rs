//! Those who record, each at one of the meters.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use clap::ValueEnum;
use reelmeter_proto::meter::v1 as pb;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;

use crate::events::{Events, Ids};
use crate::load::{Client, connect};

/// How long a caller waits that was told to come again.
const AGAIN_AFTER: Duration = Duration::from_millis(5);
/// Batches of a stream that wait for their answer.
const BATCHES_IN_FLIGHT: usize = 4;
/// Sessions of each caller that has some of its own.
const SESSIONS: usize = 4;

/// What is asked of the meters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Load {
    /// Sixteen callers, `RecordUsage` with 100 events, 64 sessions.
    Batches,
    /// Eight streams, `StreamUsage` in batches of 500, 32 sessions.
    Streams,
    /// Sixteen callers of one session, `RecordUsage` with 10 events.
    Hot,
    /// One caller at each meter, one event a call, a session of its own.
    Alone,
}

impl std::fmt::Display for Load {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Batches => "16 callers, 100 events a call, 64 sessions",
            Self::Streams => "8 streams, batches of 500, 32 sessions",
            Self::Hot => "16 callers of one session, 10 events a call",
            Self::Alone => "1 caller a meter, 1 event a call",
        })
    }
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    counted: AtomicU64,
    refused: AtomicU64,
}

/// The callers of one turn.
pub struct Callers {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

impl Load {
    pub const ALL: [Self; 4] = [Self::Batches, Self::Streams, Self::Hot, Self::Alone];

    /// Lets everybody begin, each at the next of the meters.
    pub async fn begin(self, meters: &[String]) -> Callers {
        let (callers, events, streams) = match self {
            Self::Batches => (16, 100, false),
            Self::Streams => (8, 500, true),
            Self::Hot => (16, 10, false),
            Self::Alone => (meters.len(), 1, false),
        };
        let shared = Arc::new(Shared::default());
        let mut tasks = JoinSet::new();
        for caller in 0..callers {
            let client = connect(&meters[caller % meters.len()]).await;
            let sessions = match self {
                Self::Hot => vec!["hot".to_owned()],
                Self::Alone => vec![format!("alone {caller}")],
                Self::Batches | Self::Streams => (0..SESSIONS)
                    .map(|session| format!("caller {caller} session {session}"))
                    .collect(),
            };
            let work = Work {
                client,
                shared: Arc::clone(&shared),
                sessions: sessions
                    .iter()
                    .map(|session| Events::new(session, Ids::TimeOrdered))
                    .collect(),
                events,
                next: 0,
            };
            if streams {
                tasks.spawn(work.stream());
            } else {
                tasks.spawn(work.call());
            }
        }
        Callers { shared, tasks }
    }
}

impl Callers {
    /// Events that were acknowledged so far.
    pub fn counted(&self) -> u64 {
        self.shared.counted.load(Ordering::Acquire)
    }

    /// Ends them, and says how many deliveries were refused and repeated.
    pub async fn end(mut self) -> u64 {
        self.shared.stop.store(true, Ordering::Release);
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        self.shared.refused.load(Ordering::Acquire)
    }
}

struct Work {
    client: Client,
    shared: Arc<Shared>,
    sessions: Vec<Events>,
    events: usize,
    next: usize,
}

impl Work {
    /// The next batch: one session after the other.
    fn batch(&mut self) -> Vec<pb::UsageEvent> {
        self.next = (self.next + 1) % self.sessions.len();
        self.sessions[self.next].batch(self.events)
    }

    fn is_over(&self) -> bool {
        self.shared.stop.load(Ordering::Acquire)
    }

    fn count(&self, statuses: impl Iterator<Item = pb::RecordStatus>) {
        let mut events = 0;
        for status in statuses {
            // What is repeated may have been recorded before.
            let taken = [pb::RecordStatus::Recorded, pb::RecordStatus::Duplicate];
            assert!(taken.contains(&status), "{status:?}");
            events += 1;
        }
        self.shared.counted.fetch_add(events, Ordering::AcqRel);
    }

    async fn call(mut self) {
        while !self.is_over() {
            let events = self.batch();
            loop {
                let request = pb::RecordUsageRequest {
                    events: events.clone(),
                    ..Default::default()
                };
                match self.client.record_usage(request).await {
                    Ok(response) => {
                        let outcomes = response.into_inner().outcomes;
                        self.count(outcomes.iter().map(pb::EventOutcome::status));
                        break;
                    }
                    Err(status) if status.code() == tonic::Code::Unavailable => {
                        self.shared.refused.fetch_add(1, Ordering::AcqRel);
                        tokio::time::sleep(AGAIN_AFTER).await;
                    }
                    Err(status) => panic!("{status:?}"),
                }
            }
        }
    }

    async fn stream(mut self) {
        let (sender, receiver) = mpsc::channel(BATCHES_IN_FLIGHT);
        let receiver = ReceiverStream::new(receiver);
        let answers = self.client.stream_usage(receiver).await.unwrap();
        let mut answers = answers.into_inner();
        let mut in_flight = VecDeque::new();
        let mut batch_number = 0;
        loop {
            while in_flight.len() < BATCHES_IN_FLIGHT && !self.is_over() {
                batch_number += 1;
                in_flight.push_back(batch_number);
                let request = pb::StreamUsageRequest {
                    batch_number,
                    events: self.batch(),
                    ..Default::default()
                };
                sender.send(request).await.unwrap();
            }
            let Some(wanted) = in_flight.pop_front() else {
                return;
            };
            let answer = answers.message().await.unwrap().unwrap();
            assert_eq!(answer.batch_number, wanted);
            self.count(answer.statuses());
        }
    }
}
