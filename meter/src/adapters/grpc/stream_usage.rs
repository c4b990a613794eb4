//! `StreamUsage`: batches are answered in order while later ones are already on their way to the ledger.

use futures::{Stream, StreamExt, stream};
use reelmeter_proto::meter::v1 as wire;
use reelmeter_service::CancellationToken;
use tokio::sync::mpsc;
use tonic::Status;

use super::batch::SentBatch;
use super::meter_service::record_status;
use super::status::status;
use crate::application::record_usage::RecordingUsage;
use crate::application::{Error, Meter};
use crate::domain::limits::EVENTS_PER_STREAM_BATCH_MAX;

/// Batches of one stream that are on their way at once; the next is read when one of them is answered.
const BATCHES_IN_HAND_MAX: usize = 8;

/// A batch that was taken, in its place among the answers.
type Taken = (i64, Result<RecordingUsage, Error>);

/// The answers to a stream of batches. After the meter begins to stop no further batch is taken; those that were are
/// answered, and then the stream fails with UNAVAILABLE.
pub(super) fn answers(
    meter: Meter,
    batches: impl Stream<Item = Result<SentBatch, Status>> + Send + Unpin + 'static,
    shutdown: CancellationToken,
) -> impl Stream<Item = Result<wire::StreamUsageResponse, Status>> + Send {
    let (sender, receiver) = mpsc::channel(BATCHES_IN_HAND_MAX);
    tokio::spawn(take(meter, batches, shutdown, sender));
    stream::unfold(receiver, |mut receiver| async move {
        let taken = receiver.recv().await?;
        Some((taken, receiver))
    })
    .then(|taken| async move {
        match taken {
            Ok((batch_number, recording)) => answer(batch_number, recording).await,
            Err(status) => Err(status),
        }
    })
    .scan(false, |failed, answer| {
        // A stream says one error, and nothing after it.
        let over = std::mem::replace(failed, answer.is_err());
        std::future::ready((!over).then_some(answer))
    })
}

/// Reads batches and puts them into the ledger's queue, in order, until the caller or the meter has had enough.
async fn take(
    meter: Meter,
    mut batches: impl Stream<Item = Result<SentBatch, Status>> + Send + Unpin + 'static,
    shutdown: CancellationToken,
    taken: mpsc::Sender<Result<Taken, Status>>,
) {
    loop {
        // Room among the answers first: a batch that is read can then be taken.
        let Ok(room) = taken.reserve().await else {
            return;
        };
        let next = tokio::select! {
            biased;
            () = shutdown.cancelled() => Err(status(Error::Stopping)),
            next = batches.next() => next.transpose(),
        };
        let request = match next {
            Ok(Some(request)) => request,
            Ok(None) => return,
            Err(error) => return room.send(Err(error)),
        };
        let recording = meter
            .enqueue(request.batch, EVENTS_PER_STREAM_BATCH_MAX)
            .await;
        room.send(Ok((request.number, recording)));
    }
}

async fn answer(
    batch_number: i64,
    recording: Result<RecordingUsage, Error>,
) -> Result<wire::StreamUsageResponse, Status> {
    let recorded = recording
        .map_err(status)?
        .outcomes()
        .await
        .map_err(status)?;
    let mut response = wire::StreamUsageResponse {
        batch_number,
        statuses: Vec::with_capacity(recorded.len()),
        problems: Vec::new(),
    };
    for (place, recorded) in recorded.into_iter().enumerate() {
        let (status, problem) = record_status(recorded);
        response.statuses.push(status.into());
        if let Some(problem) = problem {
            response.problems.push(wire::EventProblem {
                event_index: i32::try_from(place).unwrap_or(i32::MAX),
                field: problem.field,
                reason: problem.reason,
            });
        }
    }
    Ok(response)
}
