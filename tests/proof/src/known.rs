//! What the callers know of one ledger: what was acknowledged, what nobody knows, and what a watcher was shown.

use std::collections::BTreeMap;

use reelmeter_proto::meter::v1 as pb;

use crate::event::{self, SESSIONS, Tally};
use crate::load::WRITERS;
use crate::{Failure, Result};

/// What a watcher was shown of a session. None of it may ever be taken back.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown {
    /// The revision.
    pub revision: i64,
    /// The events that counted.
    pub events: i64,
}

/// A batch on its way: new events, and perhaps one that was acknowledged before.
#[derive(Clone, Debug)]
pub struct Batch {
    /// New events, in their order.
    pub numbers: Vec<u64>,
    /// An event that is sent again, and the place that it takes in the batch.
    pub again: Option<(usize, u64)>,
}

impl Batch {
    /// What is sent.
    #[must_use]
    pub fn events(&self) -> Vec<pb::UsageEvent> {
        let mut events: Vec<_> = self.numbers.iter().copied().map(event::event).collect();
        if let Some((place, number)) = self.again {
            events.insert(place, event::event(number));
        }
        events
    }

    /// What the answer must say, event by event.
    fn expected(&self) -> Vec<pb::RecordStatus> {
        let mut expected = vec![pb::RecordStatus::Recorded; self.numbers.len()];
        if let Some((place, _)) = self.again {
            expected.insert(place, pb::RecordStatus::Duplicate);
        }
        expected
    }
}

/// What the callers of one ledger know.
#[derive(Debug, Default)]
pub struct Known {
    /// How many events each writer has sent.
    next: [u64; WRITERS],
    /// The newest acknowledged event of each writer.
    newest: [Option<u64>; WRITERS],
    /// Acknowledged since the last start.
    pub fresh: Vec<u64>,
    /// Sent, and no answer came: by the number of the first event.
    unknown: BTreeMap<u64, Vec<u64>>,
    /// What was acknowledged before the last start.
    pub settled: [Tally; SESSIONS],
    /// What watchers were shown.
    pub shown: [Shown; SESSIONS],
    /// Everything that was ever acknowledged to a writer.
    pub acknowledged: u64,
    /// Events without an answer that were sent again.
    pub sent_again: u64,
}

impl Known {
    /// The next batch of a writer.
    pub fn take(&mut self, writer: usize, size: u64) -> Batch {
        let first = self.next[writer];
        self.next[writer] += size;
        let numbers: Vec<u64> = (first..first + size)
            .map(|place| event::number(writer, place))
            .collect();
        self.unknown.insert(numbers[0], numbers.clone());
        let again = self.newest[writer].filter(|_| size > 1).map(|newest| {
            // Anywhere in the batch, so that outcomes in the wrong order show.
            let place = usize::try_from(first / size).unwrap_or(0) % (numbers.len() + 1);
            (place, newest)
        });
        Batch { numbers, again }
    }

    /// Notes the answer to a batch.
    ///
    /// # Errors
    /// It is not what it must be.
    pub fn answered(&mut self, writer: usize, batch: &Batch, statuses: &[i32]) -> Result<()> {
        let expected = batch.expected();
        let statuses: Vec<pb::RecordStatus> = statuses
            .iter()
            .map(|status| pb::RecordStatus::try_from(*status).unwrap_or_default())
            .collect();
        if statuses != expected {
            let first = statuses
                .iter()
                .zip(&expected)
                .position(|(is, must)| is != must);
            return Err(Failure::Broken(format!(
                "a batch of {} new events with one sent again at {:?} got {} outcomes, the first wrong one at {first:?}",
                batch.numbers.len(),
                batch.again.map(|(place, _)| place),
                statuses.len(),
            )));
        }
        self.unknown.remove(&batch.numbers[0]);
        self.fresh.extend(&batch.numbers);
        self.newest[writer] = batch.numbers.last().copied();
        self.acknowledged += batch.numbers.len() as u64;
        Ok(())
    }

    /// Notes a summary that a watcher was shown.
    ///
    /// # Errors
    /// It takes something back.
    pub fn saw(&mut self, session: usize, summary: &pb::Summary) -> Result<()> {
        let shown = &mut self.shown[session];
        if summary.revision < shown.revision || summary.event_count < shown.events {
            return Err(Failure::Broken(format!(
                "session {session} went back: revision {} after {}, {} events after {}",
                summary.revision, shown.revision, summary.event_count, shown.events
            )));
        }
        *shown = Shown {
            revision: summary.revision,
            events: summary.event_count,
        };
        Ok(())
    }

    /// What was acknowledged, by session.
    #[must_use]
    pub fn acknowledged_by_session(&self) -> [Tally; SESSIONS] {
        let mut tallies = self.settled;
        for number in &self.fresh {
            tallies[event::session(*number)].add(*number);
        }
        tallies
    }

    /// Events without an answer, in the order in which each writer sent them.
    #[must_use]
    pub fn without_answer(&self) -> Vec<u64> {
        self.unknown.values().flatten().copied().collect()
    }

    /// Everything that was sent is in the ledger now. What was just sent again is as fresh as what comes now.
    pub fn settle(&mut self) {
        self.settled = self.acknowledged_by_session();
        self.fresh = self.without_answer();
        self.sent_again += self.fresh.len() as u64;
        self.unknown.clear();
        for (writer, next) in self.next.iter().enumerate() {
            self.newest[writer] = next
                .checked_sub(1)
                .map(|place| event::number(writer, place));
        }
    }

    /// Every number that was ever sent.
    pub fn all(&self) -> impl Iterator<Item = u64> + '_ {
        let numbers = |(writer, next): (usize, &u64)| {
            (0..*next).map(move |place| event::number(writer, place))
        };
        self.next.iter().enumerate().flat_map(numbers)
    }
}
