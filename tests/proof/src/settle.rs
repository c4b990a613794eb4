//! After a start: what was acknowledged is there, nothing is there twice, and what nobody knows is settled by sending it
//! again.

use std::sync::Mutex;

use reelmeter_proto::meter::v1 as pb;
use reelmeter_proto::meter::v1::RecordStatus::{Duplicate, Recorded};

use crate::event::{self, SESSIONS, Tally};
use crate::known::Known;
use crate::load::{self, Client};
use crate::{Failure, Result};

/// Events of one request; the meter takes 1,000.
const EVENTS_PER_REQUEST: usize = 500;

/// Compares a meter that has just started with what its callers know.
///
/// # Errors
/// A promise is broken.
pub async fn settle(address: &str, known: &Mutex<Known>) -> Result<()> {
    let mut client = load::connect(address).await?;
    let (mut fresh, without_answer, acknowledged) = {
        let known = load::lock(known);
        (
            known.fresh.clone(),
            known.without_answer(),
            known.acknowledged_by_session(),
        )
    };
    fresh.sort_unstable();
    let mut sent = acknowledged;
    for number in &without_answer {
        sent[event::session(*number)].add(*number);
    }
    let counts = counts(&mut client, known, &acknowledged, &sent).await;
    // Whatever the totals say: which events are gone is what the callers want to hear.
    let statuses = record(&mut client, &fresh).await?;
    let lost = statuses
        .iter()
        .filter(|status| **status == Recorded)
        .count();
    if lost > 0 {
        return Err(Failure::Lost {
            lost,
            acknowledged: fresh.len(),
        });
    }
    if let Some(other) = statuses.iter().find(|status| **status != Duplicate) {
        return Err(Failure::Broken(format!(
            "an acknowledged event that is sent again is {other:?}"
        )));
    }
    counts?;
    let statuses = record(&mut client, &without_answer).await?;
    if let Some(other) = statuses
        .iter()
        .find(|status| !matches!(status, Recorded | Duplicate))
    {
        return Err(Failure::Broken(format!(
            "an event without an answer that is sent again is {other:?}"
        )));
    }
    for (session, expected) in sent.iter().enumerate() {
        let summary = summary(&mut client, session).await?;
        load::lock(known).saw(session, &summary)?;
        let counted = tally(&summary);
        if counted != *expected {
            return Err(Failure::Broken(format!(
                "session {session} counts {counted:?} where {expected:?} was sent"
            )));
        }
    }
    load::lock(known).settle();
    Ok(())
}

/// The totals as the meter found them: at least what was acknowledged, at most what was sent, and nothing taken back
/// that a watcher was shown.
async fn counts(
    client: &mut Client,
    known: &Mutex<Known>,
    acknowledged: &[Tally; SESSIONS],
    sent: &[Tally; SESSIONS],
) -> Result<()> {
    for session in 0..SESSIONS {
        let summary = summary(client, session).await?;
        let (least, most) = (acknowledged[session].events, sent[session].events);
        if !(least..=most).contains(&summary.event_count) {
            return Err(Failure::Broken(format!(
                "session {session} counts {} events where {least} were acknowledged and {most} sent",
                summary.event_count
            )));
        }
        load::lock(known).saw(session, &summary)?;
    }
    Ok(())
}

fn tally(summary: &pb::Summary) -> Tally {
    let tokens = summary.tokens.unwrap_or_default();
    Tally {
        events: summary.event_count,
        input: tokens.input_token_count,
        output: tokens.output_token_count,
    }
}

/// A session's summary; an empty one if the session is not there.
async fn summary(client: &mut Client, session: usize) -> Result<pb::Summary> {
    let request = pb::GetSummaryRequest {
        session_id: event::session_id(session),
    };
    match client.get_summary(request).await {
        Ok(response) => Ok(response.into_inner().summary.unwrap_or_default()),
        Err(status) if status.code() == tonic::Code::NotFound => Ok(pb::Summary::default()),
        Err(status) => Err(Failure::Broken(format!(
            "the summary of session {session}: {status}"
        ))),
    }
}

/// Sends events and gives what became of each.
async fn record(client: &mut Client, numbers: &[u64]) -> Result<Vec<pb::RecordStatus>> {
    let mut statuses = Vec::with_capacity(numbers.len());
    for numbers in numbers.chunks(EVENTS_PER_REQUEST) {
        let request = pb::RecordUsageRequest {
            events: numbers.iter().copied().map(event::event).collect(),
            ..Default::default()
        };
        let response = client.record_usage(request).await.map_err(|status| {
            Failure::Broken(format!("a meter that has started refuses events: {status}"))
        })?;
        let outcomes = response.into_inner().outcomes;
        statuses.extend(outcomes.iter().map(pb::EventOutcome::status));
    }
    Ok(statuses)
}
