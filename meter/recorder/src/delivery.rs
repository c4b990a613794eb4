//! Bringing what the outbox holds to the meter: in order, in batches, for as long as it takes.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::TraceContextExt;
use prost::Message;
use reelmeter_proto::meter::v1::meter_service_client::MeterServiceClient;
use reelmeter_proto::meter::v1::{
    EndSessionRequest, EventOutcome, RecordStatus, RecordUsageRequest, ReleaseReservationRequest,
    ReportQuotaRequest, ReportRecorderStatusRequest, StartSessionRequest, UsageEvent,
};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::backoff::Backoff;
use crate::error::RecordError;
use crate::outbox::{Batch, Command, CommandKind};
use crate::recorder::Recorder;

/// Events in one request; the meter takes at most 1000.
const BATCH_EVENTS_MAX: usize = 500;
/// Bytes of events in one request, well below the message size that servers take.
const BATCH_BYTES_MAX: usize = 256 * 1024;
/// Words about sessions looked at in one round.
const COMMANDS_MAX: usize = 100;
/// How long one request may take: a meter that needs longer is asked again, with the same ids.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the meter hears of what is held when there is nothing to record. It calls a recorder silent after 30 s.
const STATUS_INTERVAL: Duration = Duration::from_secs(10);
/// Sessions in one report of what is held.
const STATUS_SESSIONS_MAX: usize = 1000;
/// How long the last delivery may take when the program stops; what is left waits for the next start.
const FAREWELL: Duration = Duration::from_secs(2);

/// The header that names the tenant; the contract's documents describe it.
const TENANT_HEADER: &str = "reelmeter-tenant";

/// Whether the meter can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Nothing was sent yet.
    Untried,
    /// The last request was answered.
    Connected,
    /// Requests fail; everything waits in the outbox.
    Away {
        /// Since when.
        since: SystemTime,
        /// What went wrong with the last one.
        reason: String,
    },
}

/// What one round did.
enum Round {
    /// Something was delivered; there may be more.
    Delivered,
    /// Nothing waits.
    Idle,
}

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error(transparent)]
    Outbox(#[from] RecordError),
    #[error("{0}")]
    Meter(String),
}

impl Recorder {
    /// Delivers until `shutdown`, then tries once more for a short time and returns. Everything that goes wrong is
    /// tried again and can be seen in [`Recorder::link`]; what is still there at the end waits for the next start.
    ///
    /// Run one of these for an outbox. `token` is shown to the meter as a bearer token.
    pub async fn deliver(
        self,
        channel: Channel,
        token: Option<String>,
        shutdown: CancellationToken,
    ) {
        let mut delivery = Delivery {
            recorder: self,
            client: MeterServiceClient::new(channel),
            token,
        };
        delivery.run(&shutdown).await;
        // The farewell: a video that has just ended is settled more often than not.
        let deadline = Instant::now() + FAREWELL;
        while let Ok(Ok(Round::Delivered)) = timeout_at(deadline, delivery.round()).await {}
    }
}

struct Delivery {
    recorder: Recorder,
    client: MeterServiceClient<Channel>,
    token: Option<String>,
}

impl Delivery {
    async fn run(&mut self, shutdown: &CancellationToken) {
        let mut backoff = Backoff::default();
        let mut reported = None;
        while !shutdown.is_cancelled() {
            let work = self.recorder.shared.work.clone();
            let outcome = tokio::select! {
                outcome = self.round() => outcome,
                () = shutdown.cancelled() => return,
            };
            let wait = match outcome {
                Ok(Round::Delivered) => {
                    self.connected();
                    backoff.reset();
                    continue;
                }
                Ok(Round::Idle) => match self.report(&mut reported).await {
                    Ok(wait) => {
                        backoff.reset();
                        wait
                    }
                    Err(error) => self.away(&error, &mut backoff),
                },
                Err(error) => self.away(&error, &mut backoff),
            };
            // While the meter is away, new work does not shorten the wait: it is durable where it is.
            let away = matches!(*self.recorder.shared.link.borrow(), Link::Away { .. });
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = work.notified(), if !away => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// Delivers the words whose turn it is, or else one batch of events.
    async fn round(&mut self) -> Result<Round, RoundError> {
        let writer = self.recorder.shared.writer.clone();
        let commands = writer.run(|store, _| store.commands(COMMANDS_MAX)).await?;
        if !commands.is_empty() {
            for command in commands {
                self.command(command).await?;
            }
            return Ok(Round::Delivered);
        }
        let batch = writer
            .run(|store, _| store.batch(BATCH_EVENTS_MAX, BATCH_BYTES_MAX))
            .await?;
        if batch.events.is_empty() {
            return Ok(Round::Idle);
        }
        self.batch(batch).await?;
        Ok(Round::Delivered)
    }

    async fn command(&mut self, command: Command) -> Result<(), RoundError> {
        let answer = match self.ask(&command).await {
            Ok(answer) => answer,
            Err(error) => {
                return self.answered(&command, Some(error.to_string())).await;
            }
        };
        match answer {
            Ok(()) => self.answered(&command, None).await,
            Err(status) if is_final(&status) => {
                tracing::warn!(
                    session_id = command.session_id,
                    kind = command.kind.as_str(),
                    reason = status.message(),
                    "the meter refused a word about a session"
                );
                self.answered(&command, Some(status.message().to_owned()))
                    .await
            }
            Err(status) => Err(failure(&status)),
        }
    }

    /// The outer error is a stored message that cannot be read, which no repetition makes better.
    async fn ask(&mut self, command: &Command) -> Result<Result<(), Status>, prost::DecodeError> {
        let payload = command.payload.as_slice();
        let answer = match command.kind {
            CommandKind::Start => {
                let request = self.request(StartSessionRequest::decode(payload)?, &command.tenant);
                self.client.start_session(request).await.map(drop)
            }
            CommandKind::End => {
                let request = self.request(EndSessionRequest::decode(payload)?, &command.tenant);
                self.client.end_session(request).await.map(drop)
            }
            CommandKind::Quota => {
                let request = self.request(ReportQuotaRequest::decode(payload)?, &command.tenant);
                self.client.report_quota(request).await.map(drop)
            }
            CommandKind::Release => {
                let request =
                    self.request(ReleaseReservationRequest::decode(payload)?, &command.tenant);
                self.client.release_reservation(request).await.map(drop)
            }
        };
        Ok(answer)
    }

    async fn answered(
        &mut self,
        command: &Command,
        refused: Option<String>,
    ) -> Result<(), RoundError> {
        let (number, session_id) = (command.number, command.session_id.clone());
        let now = self.recorder.shared.world.now();
        let noted = self.recorder.shared.writer.run(move |store, touched| {
            touched.sessions.insert(session_id);
            store.answered(number, refused.as_deref(), now)
        });
        Ok(noted.await?)
    }

    /// Sends a batch. One that the meter refuses as a whole is halved until the event that it cannot take stands alone.
    async fn batch(&mut self, batch: Batch) -> Result<(), RoundError> {
        let Batch {
            tenant,
            events,
            backlogs,
        } = batch;
        let mut parts = vec![events];
        while let Some(mut part) = parts.pop() {
            let request = RecordUsageRequest {
                events: part.iter().map(|(_, event)| event.clone()).collect(),
                recorder_id: self.recorder.shared.recorder_id.clone(),
                backlogs: backlogs.clone(),
            };
            let span =
                tracing::info_span!("deliver usage", otel.kind = "client", events = part.len());
            let request = span.in_scope(|| self.request(request, &tenant));
            match self.client.record_usage(request).instrument(span).await {
                Ok(response) => {
                    let outcomes = response.into_inner().outcomes;
                    self.note(&part, outcomes).await?;
                }
                Err(status) if is_about_the_content(&status) && part.len() > 1 => {
                    let second = part.split_off(part.len() / 2);
                    parts.push(second);
                    parts.push(part);
                }
                Err(status) if is_about_the_content(&status) => {
                    let outcomes = part.iter().map(|(_, event)| EventOutcome {
                        event_id: event.event_id.clone(),
                        status: RecordStatus::Invalid.into(),
                        field: String::new(),
                        reason: status.message().to_owned(),
                    });
                    let outcomes = outcomes.collect();
                    self.note(&part, outcomes).await?;
                }
                Err(status) => return Err(failure(&status)),
            }
        }
        Ok(())
    }

    async fn note(
        &mut self,
        part: &[(i64, UsageEvent)],
        outcomes: Vec<EventOutcome>,
    ) -> Result<(), RoundError> {
        if outcomes.len() != part.len() {
            return Err(RoundError::Meter(format!(
                "the meter answered {} of {} events; nothing of it is believed",
                outcomes.len(),
                part.len()
            )));
        }
        let mut notes = Vec::with_capacity(part.len());
        for ((number, event), outcome) in part.iter().zip(outcomes) {
            let refused = match outcome.status() {
                RecordStatus::Recorded | RecordStatus::Duplicate => None,
                RecordStatus::Conflict => Some(with_field("conflict", &outcome)),
                RecordStatus::Invalid => Some(with_field("invalid", &outcome)),
                RecordStatus::Unspecified => {
                    return Err(RoundError::Meter(format!(
                        "the meter did not say what became of event {}",
                        event.event_id
                    )));
                }
            };
            if let Some(reason) = &refused {
                tracing::warn!(event_id = event.event_id, session_id = event.session_id, %reason,
                    "the meter refused an event; it is kept in the outbox");
            }
            notes.push((*number, event.session_id.clone(), refused));
        }
        let now = self.recorder.shared.world.now();
        let noted = self.recorder.shared.writer.run(move |store, touched| {
            for (number, session_id, refused) in notes {
                store.answered(number, refused.as_deref(), now)?;
                touched.sessions.insert(session_id);
            }
            Ok(())
        });
        Ok(noted.await?)
    }

    /// Says what is held, if that has changed or was said long enough ago; gives the wait until it is due again.
    async fn report(&mut self, reported: &mut Option<Report>) -> Result<Duration, RoundError> {
        let writer = self.recorder.shared.writer.clone();
        let backlogs = writer
            .run(|store, _| store.backlogs(STATUS_SESSIONS_MAX))
            .await?;
        if backlogs.is_empty() {
            *reported = None;
            return Ok(STATUS_INTERVAL);
        }
        if let Some(last) = reported {
            let due = last.at + STATUS_INTERVAL;
            if last.backlogs == backlogs && Instant::now() < due {
                return Ok(due - Instant::now());
            }
        }
        let tenants = self.recorder.shared.writer.run({
            let backlogs = backlogs.clone();
            move |store, _| {
                let mut tenants: BTreeMap<String, Vec<_>> = BTreeMap::new();
                for backlog in backlogs {
                    let tenant = store.owner(&backlog.session_id)?;
                    tenants.entry(tenant).or_default().push(backlog);
                }
                Ok(tenants)
            }
        });
        for (tenant, backlogs) in tenants.await? {
            let request = ReportRecorderStatusRequest {
                recorder_id: self.recorder.shared.recorder_id.clone(),
                backlogs,
            };
            let request = self.request(request, &tenant);
            match self.client.report_recorder_status(request).await {
                Ok(_) => self.connected(),
                // A meter that knows nothing of reports still records.
                Err(status) if is_final(&status) => {
                    tracing::debug!(%status, "the meter refused a report of what is held");
                }
                Err(status) => return Err(failure(&status)),
            }
        }
        *reported = Some(Report {
            at: Instant::now(),
            backlogs,
        });
        Ok(STATUS_INTERVAL)
    }

    fn request<T>(&self, message: T, tenant: &str) -> Request<T> {
        let request = authorized(message, self.token.as_deref(), REQUEST_TIMEOUT);
        for_tenant(request, tenant)
    }

    fn connected(&self) {
        let world = &self.recorder.shared.world;
        self.recorder.shared.link.send_if_modified(|link| {
            if let Link::Away { since, .. } = link {
                let away = world.now().duration_since(*since);
                let away_s = away.unwrap_or_default().as_secs();
                tracing::info!(away_s, "the meter is back");
            }
            let changed = *link != Link::Connected;
            *link = Link::Connected;
            changed
        });
    }

    fn away(&self, error: &RoundError, backoff: &mut Backoff) -> Duration {
        let world = &self.recorder.shared.world;
        let wait = backoff.next(world.chance());
        self.recorder.shared.link.send_if_modified(|link| {
            let since = match link {
                Link::Away { since, .. } => *since,
                Link::Untried | Link::Connected => {
                    tracing::warn!(%error, "the meter cannot be reached; usage waits in the outbox");
                    world.now()
                }
            };
            let now = Link::Away {
                since,
                reason: error.to_string(),
            };
            let changed = *link != now;
            *link = now;
            changed
        });
        wait
    }
}

/// What was said of the sessions, and when.
struct Report {
    at: Instant,
    backlogs: Vec<reelmeter_proto::meter::v1::SessionBacklog>,
}

/// A request with a deadline and, where there is one, the bearer token.
pub fn authorized<T>(message: T, token: Option<&str>, deadline: Duration) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(deadline);
    if let Some(trace) = trace_of(&tracing::Span::current()) {
        request.metadata_mut().insert("traceparent", trace);
    }
    if let Some(token) = token {
        match format!("Bearer {token}").parse::<tonic::metadata::AsciiMetadataValue>() {
            Ok(mut value) => {
                value.set_sensitive(true);
                request.metadata_mut().insert("authorization", value);
            }
            Err(_) => {
                tracing::error!("the token holds characters that cannot be sent; it is left out")
            }
        }
    }
    request
}

/// The trace of a span as the W3C header says it; `None` where nobody traces.
fn trace_of(span: &tracing::Span) -> Option<tonic::metadata::AsciiMetadataValue> {
    let context = span.context();
    let span = context.span();
    let span = span.span_context();
    if !span.is_valid() {
        return None;
    }
    let (trace, id, flags) = (span.trace_id(), span.span_id(), span.trace_flags().to_u8());
    format!("00-{trace}-{id}-{flags:02x}").parse().ok()
}

/// Says whose session a request is about, where it is not the default tenant's. The meter believes it of a token that is
/// for every tenant, and of no other.
pub fn for_tenant<T>(mut request: Request<T>, tenant: &str) -> Request<T> {
    if !tenant.is_empty() {
        match tenant.parse::<tonic::metadata::AsciiMetadataValue>() {
            Ok(value) => {
                request.metadata_mut().insert(TENANT_HEADER, value);
            }
            Err(_) => tracing::error!(tenant, "the tenant's name cannot be sent; it is left out"),
        }
    }
    request
}

/// No repetition changes the meter's mind.
fn is_final(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::FailedPrecondition
            | Code::OutOfRange
            | Code::Unimplemented
    )
}

/// The meter cannot take this request, and may be able to take a part of it.
fn is_about_the_content(status: &Status) -> bool {
    matches!(status.code(), Code::InvalidArgument | Code::OutOfRange)
}

fn failure(status: &Status) -> RoundError {
    RoundError::Meter(told(status))
}

/// A status in words for a person.
pub(crate) fn told(status: &Status) -> String {
    format!("{}: {}", status.code(), innermost(status))
}

/// "transport error" says nothing; what caused it does.
fn innermost(status: &Status) -> String {
    let mut said = status.message().to_owned();
    let mut error: Option<&dyn std::error::Error> = std::error::Error::source(status);
    while let Some(cause) = error {
        said = cause.to_string();
        error = cause.source();
    }
    said
}

fn with_field(what: &str, outcome: &EventOutcome) -> String {
    match (outcome.field.as_str(), outcome.reason.as_str()) {
        ("", "") => what.to_owned(),
        ("", reason) => format!("{what}: {reason}"),
        (field, reason) => format!("{what}: {field}: {reason}"),
    }
}
