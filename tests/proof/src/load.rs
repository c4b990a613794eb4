//! Callers at work: several writers, one event or many at a time, in single calls and in streams, and watchers.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reelmeter_proto::meter::v1 as pb;
use reelmeter_proto::meter::v1::meter_service_client::MeterServiceClient;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

use crate::event::{self, SESSIONS};
use crate::known::{Batch, Known};
use crate::{Failure, Result};

/// A connection to the meter.
pub type Client = MeterServiceClient<Channel>;

/// How many write at once.
pub const WRITERS: usize = 6;
/// Writers from this one on send corrections: their batches hold both events of one.
pub const CORRECTING_FROM: u64 = 3;
/// Batches of a stream that are on their way at once.
const IN_FLIGHT_MAX: usize = 4;
/// Nothing takes longer unless it is broken; a machine in software emulation takes its time.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What each writer does: events in a batch, 1 or even; and whether it streams.
pub type Shapes = [(u64, bool); WRITERS];
/// As much as a meter on its own machine takes.
pub const LARGE: Shapes = [
    (1, false),
    (1, false),
    (6, false),
    (50, false),
    (200, true),
    (500, true),
];
/// What a machine in software emulation takes, some thirty times slower.
pub const SMALL: Shapes = [
    (1, false),
    (1, false),
    (2, false),
    (6, false),
    (10, true),
    (50, true),
];

/// The callers of one run of the meter.
#[derive(Debug)]
pub struct Load {
    tasks: JoinSet<Result<()>>,
    /// Set just before the meter is cut off: from then on an error is what must come.
    cut: Arc<AtomicBool>,
}

/// What is known, whatever became of the others who use it.
pub fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Connects, within [`PATIENCE`].
///
/// # Errors
/// The meter is not there.
pub async fn connect(address: &str) -> Result<Client> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))
        .map_err(Failure::setup("the meter's address"))?
        .timeout(PATIENCE);
    let began = Instant::now();
    loop {
        match endpoint.connect().await {
            Ok(channel) => return Ok(MeterServiceClient::new(channel)),
            // A machine that has just come up may refuse the first.
            Err(_) if began.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => return Err(Failure::setup("the meter does not answer")(error)),
        }
    }
}

impl Load {
    /// Lets everybody begin.
    ///
    /// # Errors
    /// The meter is not there.
    pub async fn start(address: &str, known: &Arc<Mutex<Known>>, shapes: Shapes) -> Result<Self> {
        let cut = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for (writer, (size, streams)) in shapes.into_iter().enumerate() {
            let caller = Caller {
                client: connect(address).await?,
                known: Arc::clone(known),
                cut: Arc::clone(&cut),
                writer,
                size,
            };
            if streams {
                tasks.spawn(caller.stream());
            } else {
                tasks.spawn(caller.call());
            }
        }
        for session in 0..SESSIONS {
            let client = connect(address).await?;
            tasks.spawn(watch(client, Arc::clone(known), Arc::clone(&cut), session));
        }
        Ok(Self { tasks, cut })
    }

    /// Waits until so many events were acknowledged since the last start, or [`PATIENCE`] is over.
    pub async fn acknowledged(&self, known: &Mutex<Known>, events: usize) {
        let before = lock(known).acknowledged;
        let began = Instant::now();
        let reached = || lock(known).acknowledged >= before + events as u64;
        while !reached() && began.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// To be called just before the meter is cut off.
    pub fn about_to_cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }

    /// Waits until everybody has noticed that the meter is gone.
    ///
    /// # Errors
    /// What one of them saw that must not be.
    pub async fn ended(mut self) -> Result<()> {
        while let Some(ended) = self.tasks.join_next().await {
            ended.map_err(Failure::setup("a caller failed"))??;
        }
        Ok(())
    }
}

/// An error is what must come once the meter is cut off, and nothing else before.
fn gone(cut: &AtomicBool, error: &Status) -> Result<()> {
    if cut.load(Ordering::SeqCst) {
        return Ok(());
    }
    Err(Failure::Broken(format!(
        "the meter refused a call while nothing was wrong: {error}"
    )))
}

struct Caller {
    client: Client,
    known: Arc<Mutex<Known>>,
    cut: Arc<AtomicBool>,
    writer: usize,
    size: u64,
}

impl Caller {
    fn take(&self) -> Batch {
        lock(&self.known).take(self.writer, self.size)
    }

    /// One batch after the other, each in a call.
    async fn call(mut self) -> Result<()> {
        loop {
            let batch = self.take();
            let request = pb::RecordUsageRequest {
                events: batch.events(),
                ..Default::default()
            };
            match self.client.record_usage(request).await {
                Ok(response) => {
                    let outcomes = response.into_inner().outcomes;
                    let statuses: Vec<i32> =
                        outcomes.iter().map(|outcome| outcome.status).collect();
                    lock(&self.known).answered(self.writer, &batch, &statuses)?;
                }
                Err(error) => return gone(&self.cut, &error),
            }
        }
    }

    /// Batches in a stream, several on their way.
    async fn stream(mut self) -> Result<()> {
        let (sender, receiver) = mpsc::channel(IN_FLIGHT_MAX);
        let answers = self
            .client
            .stream_usage(ReceiverStream::new(receiver))
            .await;
        let mut answers = match answers {
            Ok(answers) => answers.into_inner(),
            Err(error) => return gone(&self.cut, &error),
        };
        let mut in_flight: VecDeque<(i64, Batch)> = VecDeque::new();
        let mut batch_number = 0;
        loop {
            while in_flight.len() < IN_FLIGHT_MAX {
                let batch = self.take();
                batch_number += 1;
                let request = pb::StreamUsageRequest {
                    batch_number,
                    events: batch.events(),
                    ..Default::default()
                };
                in_flight.push_back((batch_number, batch));
                // The other side is gone: the answers say why.
                if sender.send(request).await.is_err() {
                    break;
                }
            }
            let answer = match answers.message().await {
                Ok(Some(answer)) => answer,
                Ok(None) => return gone(&self.cut, &Status::cancelled("the stream ended")),
                Err(error) => return gone(&self.cut, &error),
            };
            match in_flight.pop_front() {
                Some((number, batch)) if number == answer.batch_number => {
                    lock(&self.known).answered(self.writer, &batch, &answer.statuses)?;
                }
                other => {
                    return Err(Failure::Broken(format!(
                        "batch {} was answered when {:?} was next",
                        answer.batch_number,
                        other.map(|(number, _)| number)
                    )));
                }
            }
        }
    }
}

/// Watches a session, from what was shown of it before.
async fn watch(
    mut client: Client,
    known: Arc<Mutex<Known>>,
    cut: Arc<AtomicBool>,
    session: usize,
) -> Result<()> {
    let request = || pb::WatchSummaryRequest {
        session_id: event::session_id(session),
        resume_revision: lock(&known).shown[session].revision,
        ..Default::default()
    };
    // Until its first event a session is not there.
    let mut updates = loop {
        match client.watch_summary(request()).await {
            Ok(updates) => break updates.into_inner(),
            Err(error) if error.code() == tonic::Code::NotFound => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Err(error) => return gone(&cut, &error),
        }
    };
    loop {
        match updates.message().await {
            Ok(Some(update)) => {
                if let Some(summary) = update.summary {
                    lock(&known).saw(session, &summary)?;
                }
            }
            Ok(None) => return gone(&cut, &Status::cancelled("the summaries ended")),
            Err(error) => return gone(&cut, &error),
        }
    }
}
