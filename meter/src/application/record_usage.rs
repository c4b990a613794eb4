//! Recording usage: what breaks a rule is turned away here, the rest goes to the ledger, and each event gets its answer.

use std::sync::Arc;

use super::Error;
use super::meter::{Meter, unexpected};
use super::ports::{Answer, Change, Recorded, Recording, ReportedBacklog, Request};
use super::writer::{Waiting, Writer};
use crate::domain::event::{Event, SentEvent};
use crate::domain::limits::BACKLOGS_MAX;
use crate::domain::problem::Problem;
use crate::domain::{text, validate};

/// A backlog as a recorder tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentBacklog {
    /// The session.
    pub session_id: String,
    /// Events that are still on their way.
    pub pending: i64,
    /// Events that the meter refused.
    pub refused: i64,
    /// Calls that nobody knows the usage of.
    pub unconfirmed: i64,
}

/// A batch as a caller sent it.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The events.
    pub events: Vec<SentEvent>,
    /// The recorder; empty for none that keeps anything.
    pub recorder_id: String,
    /// What it still holds.
    pub backlogs: Vec<SentBacklog>,
}

/// A batch whose events were looked at one by one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckedBatch {
    /// The events; in the place of one that breaks a rule, the rule.
    pub events: Vec<Result<Event, Problem>>,
    /// The recorder; empty for none that keeps anything.
    pub recorder_id: String,
    /// What it still holds.
    pub backlogs: Vec<SentBacklog>,
}

impl From<Batch> for CheckedBatch {
    fn from(batch: Batch) -> Self {
        Self {
            events: batch.events.into_iter().map(validate::event).collect(),
            recorder_id: batch.recorder_id,
            backlogs: batch.backlogs,
        }
    }
}

/// A batch on its way to the ledger.
#[derive(Debug)]
pub struct RecordingUsage {
    waiting: Waiting,
    /// For each event what breaks a rule, if something does.
    refused: Vec<Option<Problem>>,
    writer: Writer,
}

impl RecordingUsage {
    /// What became of each event, in their order.
    ///
    /// # Errors
    /// The ledger failed: nothing of the batch was recorded.
    pub async fn outcomes(self) -> Result<Vec<Recorded>, Error> {
        let recorded = match self.waiting.answer().await? {
            Answer::Recorded(recorded) => recorded,
            other => return Err(unexpected(&other)),
        };
        let mut recorded = recorded.into_iter();
        let outcomes: Result<Vec<Recorded>, Error> = self
            .refused
            .into_iter()
            .map(|problem| match problem {
                Some(problem) => Ok(Recorded::Invalid(problem)),
                None => recorded
                    .next()
                    .ok_or_else(|| Error::Internal("an event got no answer".to_owned())),
            })
            .collect();
        if let (Ok(outcomes), Some(observer)) = (&outcomes, self.writer.observer()) {
            observer.recorded(outcomes);
        }
        outcomes
    }
}

impl Meter {
    /// Records a batch; waits a moment for room in the queue, and for the commit.
    ///
    /// # Errors
    /// The request as a whole breaks a rule, there is no room, or the ledger failed.
    pub async fn record(
        &self,
        batch: impl Into<CheckedBatch>,
        events_max: usize,
    ) -> Result<Vec<Recorded>, Error> {
        let (request, refused) = self.recording(batch.into(), events_max)?;
        let waiting = self.parts.writer.enqueue_in_time(request).await?;
        self.answered(waiting, refused).outcomes().await
    }

    /// Puts a batch into the queue as soon as there is room. Batches of one caller are recorded in the order in which
    /// they were put in.
    ///
    /// # Errors
    /// The request as a whole breaks a rule, or the meter is stopping.
    pub async fn enqueue(
        &self,
        batch: impl Into<CheckedBatch>,
        events_max: usize,
    ) -> Result<RecordingUsage, Error> {
        let (request, refused) = self.recording(batch.into(), events_max)?;
        let waiting = self.parts.writer.enqueue(request).await?;
        Ok(self.answered(waiting, refused))
    }

    fn answered(&self, waiting: Waiting, refused: Vec<Option<Problem>>) -> RecordingUsage {
        RecordingUsage {
            waiting,
            refused,
            writer: self.parts.writer.clone(),
        }
    }

    /// What the ledger is asked, and for each event what breaks a rule, if something does.
    fn recording(
        &self,
        batch: CheckedBatch,
        events_max: usize,
    ) -> Result<(Request, Vec<Option<Problem>>), Error> {
        let count = batch.events.len();
        if count == 0 || count > events_max {
            return Err(Problem::new(
                "events",
                format!("has {count} entries; send 1 to {events_max}"),
            )
            .into());
        }
        let backlogs = check_backlogs(&batch.recorder_id, batch.backlogs)?;
        let mut events = Vec::with_capacity(count);
        let mut refused = Vec::with_capacity(count);
        for event in batch.events {
            match event {
                Ok(event) => {
                    events.push(event);
                    refused.push(None);
                }
                Err(problem) => refused.push(Some(problem)),
            }
        }
        let recording = Recording {
            events,
            recorder_id: Arc::from(batch.recorder_id),
            backlogs,
        };
        Ok((self.request(Change::Record(recording)), refused))
    }

    /// Notes what a recorder holds.
    ///
    /// # Errors
    /// A broken rule, or the ledger failed.
    pub async fn report_status(
        &self,
        recorder_id: String,
        backlogs: Vec<SentBacklog>,
    ) -> Result<(), Error> {
        text::name("recorder_id", &recorder_id)?;
        let backlogs = check_backlogs(&recorder_id, backlogs)?;
        let change = Change::Report {
            recorder_id: Arc::from(recorder_id),
            backlogs,
        };
        self.parts
            .writer
            .submit(self.request(change))
            .await
            .map(|_| ())
    }
}

fn check_backlogs(
    recorder_id: &str,
    backlogs: Vec<SentBacklog>,
) -> Result<Vec<ReportedBacklog>, Error> {
    text::optional_name("recorder_id", recorder_id)?;
    if backlogs.is_empty() {
        return Ok(Vec::new());
    }
    if recorder_id.is_empty() {
        return Err(Problem::new(
            "recorder_id",
            "must name the recorder whose backlogs these are",
        )
        .into());
    }
    if backlogs.len() > BACKLOGS_MAX {
        return Err(Problem::new(
            "backlogs",
            format!(
                "has {} entries; at most {BACKLOGS_MAX} are read",
                backlogs.len()
            ),
        )
        .into());
    }
    let check = |(place, backlog): (usize, SentBacklog)| {
        let here = format!("backlogs[{place}]");
        text::name("session_id", &backlog.session_id).map_err(|problem| problem.within(&here))?;
        let counts = [
            ("pending_event_count", backlog.pending),
            ("refused_event_count", backlog.refused),
            ("unconfirmed_call_count", backlog.unconfirmed),
        ];
        for (field, count) in counts {
            if count < 0 {
                return Err(Problem::new(field, "must not be negative").within(&here));
            }
        }
        Ok(ReportedBacklog {
            session_id: Arc::from(backlog.session_id),
            pending: backlog.pending,
            refused: backlog.refused,
            unconfirmed: backlog.unconfirmed,
        })
    };
    let checked: Result<Vec<_>, Problem> = backlogs.into_iter().enumerate().map(check).collect();
    Ok(checked?)
}
