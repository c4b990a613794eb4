//! A video as it is being made.

use std::sync::Arc;
use std::time::Duration;

use futures::Stream;
use reelmeter_proto::generator::v1 as wire;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::convert;
use crate::adapters::meter::Costs;
use crate::application::Board;

/// At most ten messages a second.
const INTERVAL_MIN: Duration = Duration::from_millis(100);
/// A heartbeat at least every five seconds, with room for a slow network.
const HEARTBEAT: Duration = Duration::from_secs(4);
/// How long a finished video's stream waits for the meter's figures before it ends with its own.
const SETTLING: Duration = Duration::from_secs(5);
/// How often the meter is asked for them meanwhile.
const SETTLING_INTERVAL: Duration = Duration::from_millis(250);

/// The whole video at once and after each change, until it has ended. A watcher that reads slowly skips to the newest.
pub(super) fn stream(
    board: Arc<Board>,
    costs: Costs,
    after_log_number: u64,
    shutdown: CancellationToken,
) -> impl Stream<Item = Result<wire::WatchVideoResponse, Status>> + Send + use<> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let stopped = tokio::select! {
            () = watch(&board, &costs, after_log_number, &sender) => false,
            () = sender.closed() => false,
            () = shutdown.cancelled() => true,
        };
        if stopped {
            let status =
                Status::unavailable("the generator is stopping; watch again when it is back");
            let _ = timeout(Duration::from_secs(1), sender.send(Err(status))).await;
        }
    });
    ReceiverStream::new(receiver)
}

type Sender = mpsc::Sender<Result<wire::WatchVideoResponse, Status>>;

async fn watch(board: &Board, costs: &Costs, mut logged: u64, sender: &Sender) {
    let mut changes = board.changes();
    let mut settling_until = None;
    loop {
        changes.mark_unchanged();
        let began = Instant::now();
        let job = board.job();
        let cost = costs.of(&job).await;
        let ended = job.state.is_final();
        let settled = cost.settled || !job.session_started || costs.is_meter_away();
        let lines = board.log_after(logged);
        logged = lines.last().map_or(logged, |line| line.number);
        let message = wire::WatchVideoResponse {
            video: Some(convert::video(&job, Some(cost))),
            log_lines: lines.iter().map(convert::log_line).collect(),
            server_time: Some(convert::timestamp(board.now())),
        };
        if sender.send(Ok(message)).await.is_err() {
            return;
        }
        if ended {
            let until = *settling_until.get_or_insert(began + SETTLING);
            if settled || Instant::now() >= until {
                return;
            }
            sleep(SETTLING_INTERVAL).await;
            continue;
        }
        sleep_until(began + INTERVAL_MIN).await;
        while timeout(HEARTBEAT, changes.changed()).await.is_err() {
            let heartbeat = wire::WatchVideoResponse {
                video: None,
                log_lines: Vec::new(),
                server_time: Some(convert::timestamp(board.now())),
            };
            if sender.send(Ok(heartbeat)).await.is_err() {
                return;
            }
        }
    }
}
