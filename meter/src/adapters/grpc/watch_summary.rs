//! `WatchSummary` as a stream of messages.

use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, stream};
use reelmeter_proto::meter::v1 as wire;
use reelmeter_service::CancellationToken;
use tonic::Status;

use super::shared_summary::{SharedMessage, encoded};
use super::status::status;
use super::{from_wire, to_wire};
use crate::application::watch_summary::{Update, UpdateKind, WatchRequest};
use crate::application::{Error, Meter};
use crate::domain::problem::Problem;
use crate::domain::usage::SessionUsage;

/// The messages of a watch. The stream ends by itself as the contract says, and with UNAVAILABLE when the meter stops.
pub(super) async fn answers(
    meter: Meter,
    request: wire::WatchSummaryRequest,
    shutdown: CancellationToken,
) -> Result<impl Stream<Item = Result<SharedMessage, Status>> + Send, Error> {
    let interval = from_wire::duration("min_interval", request.min_interval)?;
    if interval.is_some_and(|interval| interval.is_negative()) {
        return Err(Problem::new("min_interval", "must not be negative").into());
    }
    if request.resume_revision < 0 {
        return Err(Problem::new("resume_revision", "must not be negative").into());
    }
    let request = WatchRequest {
        session_id: request.session_id,
        interval: interval.map(|interval| Duration::try_from(interval).unwrap_or(Duration::MAX)),
        resume_revision: request.resume_revision,
        follow: request.follow,
    };
    let maker = meter.clone();
    let make =
        move |usage: &SessionUsage| encoded(to_wire::summary(usage, &maker.prices(), maker.now()));
    let watch = meter.watch(request, make, shutdown).await?;
    Ok(stream::unfold(
        (watch, meter),
        |(mut watch, meter)| async move {
            let next = watch.next().await?;
            let message = next.map(|update| message(&update, &meter)).map_err(status);
            Some((message, (watch, meter)))
        },
    ))
}

fn message(update: &Update<Bytes>, meter: &Meter) -> SharedMessage {
    let kind = match update.kind {
        UpdateKind::Snapshot => wire::SummaryUpdateKind::Snapshot,
        UpdateKind::Change => wire::SummaryUpdateKind::Change,
        UpdateKind::Heartbeat => wire::SummaryUpdateKind::Heartbeat,
        UpdateKind::Settled => wire::SummaryUpdateKind::Settled,
    };
    let own = wire::WatchSummaryResponse {
        kind: kind.into(),
        server_time: Some(to_wire::time(meter.now())),
        summary: None,
    };
    SharedMessage::new(&own, update.summary.as_deref().cloned())
}
