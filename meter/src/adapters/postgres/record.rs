//! Recording events: is it new, is it sound in its session, where does it count.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use reelmeter_rating::usage::rating_time;

use super::connection::Client;
use super::error::Result;
use super::event::EventRow;
use super::ledger::PostgresLedger;
use super::shared::Shared;
use super::stage::{self, KnownId, Replaced, Sessions, Staged};
use super::write;
use crate::adapters::columns::{self, damaged};
use crate::application::Error;
use crate::application::ports::{Answer, Recorded, Recording, ReportedBacklog, SessionKey};
use crate::domain::event::Event;
use crate::domain::limits::RECORDERS_PER_SESSION_MAX;
use crate::domain::problem::Problem;
use crate::domain::recorder::Backlog;
use crate::domain::rollup::generation_of;
use crate::domain::soundness;

/// Waits for whoever lists the whole ledger: they wait for this in turn, see `listing`.
const BEGIN: &str = "BEGIN; LOCK TABLE ONLY event IN ROW EXCLUSIVE MODE";

/// A recording and whose it is.
pub(super) type Owned = (Arc<str>, Recording);

/// What a transaction adds to the ledger, beside what its sessions gain.
#[derive(Debug, Default)]
pub(super) struct Added {
    pub(super) events: Vec<(i64, EventRow)>,
    /// What is replaced and by what: number and id of each.
    pub(super) corrections: Vec<(i64, String, i64, String)>,
    ids: HashMap<(i64, String), KnownId>,
    rows: HashMap<i64, usize>,
}

impl PostgresLedger {
    /// Records batches in one transaction and answers each.
    pub(super) fn record_all(
        &mut self,
        recordings: Vec<Owned>,
        now: Timestamp,
    ) -> Vec<std::result::Result<Answer, Error>> {
        if recordings.is_empty() {
            return Vec::new();
        }
        let recorded = self.make_tenants(&recordings).and_then(|()| {
            self.transact(BEGIN, async |client, shared| {
                batch(client, shared, &recordings, now).await
            })
        });
        match recorded {
            Ok((sessions, answers)) => {
                stage::publish(self.shared(), sessions);
                answers
                    .into_iter()
                    .map(|outcomes| Ok(Answer::Recorded(outcomes)))
                    .collect()
            }
            Err(error) => recordings.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    fn make_tenants(&mut self, recordings: &[Owned]) -> std::result::Result<(), Error> {
        let unknown: BTreeSet<&str> = recordings
            .iter()
            .filter(|(_, recording)| !recording.events.is_empty())
            .map(|(tenant, _)| &**tenant)
            .filter(|tenant| self.shared().known_tenant(tenant).is_none())
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        self.transact("BEGIN", async |client, shared| {
            for tenant in &unknown {
                shared.make_tenant(client, tenant).await?;
            }
            Ok(())
        })
    }
}

async fn batch(
    client: &Client,
    shared: &Shared,
    recordings: &[Owned],
    now: Timestamp,
) -> Result<(Sessions, Vec<Vec<Recorded>>)> {
    let mut wanted: BTreeMap<SessionKey, Option<bool>> = BTreeMap::new();
    let mut count = 0;
    for (tenant, recording) in recordings {
        let key = |session_id: &Arc<str>| SessionKey {
            tenant: Arc::clone(tenant),
            session_id: Arc::clone(session_id),
        };
        for event in &recording.events {
            count += 1;
            let simulated = wanted.entry(key(&event.shared.session_id)).or_default();
            simulated.get_or_insert(event.shared.simulated);
        }
        for backlog in &recording.backlogs {
            wanted.entry(key(&backlog.session_id)).or_default();
        }
    }
    let mut sessions = stage::lock_sessions(client, shared, &wanted, now).await?;
    let mut tenants: HashMap<&Arc<str>, i64> = HashMap::new();
    let mut ids: BTreeSet<(i64, String)> = BTreeSet::new();
    let mut replaced_ids: BTreeSet<(i64, String)> = BTreeSet::new();
    for (name, recording) in recordings {
        // Without a tenant there is no session and no event of it.
        let Some(tenant) = shared.tenant(client, name).await? else {
            continue;
        };
        tenants.insert(name, tenant);
        for event in &recording.events {
            ids.insert((tenant, event.event_id.to_text()));
            if let Some(replaced) = &event.replaces {
                replaced_ids.insert((tenant, replaced.clone()));
            }
        }
    }
    let (known, numbers) = if count == 0 {
        (HashMap::new(), Vec::new())
    } else {
        ids.extend(replaced_ids.iter().cloned());
        futures::try_join!(
            stage::find_ids(client, &ids),
            stage::event_numbers(client, count)
        )?
    };
    let numbers_replaced: Vec<i64> = replaced_ids
        .iter()
        .filter_map(|id| known.get(id))
        .map(|known| known.n)
        .collect();
    let mut batch = Batch {
        shared,
        now,
        known,
        replaced: stage::find_replaced(client, &numbers_replaced).await?,
        numbers: numbers.into_iter(),
        added: Added::default(),
    };
    let mut answers = Vec::with_capacity(recordings.len());
    for (name, recording) in recordings {
        let tenant = tenants.get(name).copied();
        let mut outcomes = Vec::with_capacity(recording.events.len());
        for event in &recording.events {
            let tenant = tenant.ok_or_else(|| damaged("a tenant", name))?;
            outcomes.push(batch.event(&mut sessions, name, tenant, event)?);
        }
        for backlog in &recording.backlogs {
            let key = SessionKey {
                tenant: Arc::clone(name),
                session_id: Arc::clone(&backlog.session_id),
            };
            if let Some(staged) = sessions.get_mut(&key).filter(|staged| staged.exists()) {
                note_backlog(staged, &recording.recorder_id, backlog, now);
            }
        }
        answers.push(outcomes);
    }
    let added = batch.added;
    stage::unmake(client, &mut sessions).await?;
    write::all(client, &mut sessions, &added, now).await?;
    Ok((sessions, answers))
}

struct Batch<'a> {
    shared: &'a Shared,
    now: Timestamp,
    known: HashMap<(i64, String), KnownId>,
    replaced: Replaced,
    numbers: std::vec::IntoIter<i64>,
    added: Added,
}

impl Batch<'_> {
    fn find(&self, id: &(i64, String)) -> Option<KnownId> {
        self.added
            .ids
            .get(id)
            .or_else(|| self.known.get(id))
            .copied()
    }

    fn event(
        &mut self,
        sessions: &mut Sessions,
        name: &Arc<str>,
        tenant: i64,
        event: &Event,
    ) -> Result<Recorded> {
        let id = (tenant, event.event_id.to_text());
        if let Some(known) = self.find(&id) {
            return Ok(if known.hash == event.content_hash {
                Recorded::Duplicate
            } else {
                Recorded::Conflict(soundness::conflict())
            });
        }
        let key = SessionKey {
            tenant: Arc::clone(name),
            session_id: Arc::clone(&event.shared.session_id),
        };
        let staged = sessions
            .get_mut(&key)
            .ok_or_else(|| Error::Internal("a session was not locked".to_owned()))?;
        let replaced = match &event.replaces {
            Some(replaced) => match self.replaceable(staged, tenant, replaced) {
                Ok(row) => Some(row),
                Err(problem) => return Ok(Recorded::Invalid(problem)),
            },
            None => None,
        };
        let values = replaced.as_ref().map_or(&[][..], |row| &row.values);
        let mixed = staged
            .exists()
            .then(|| soundness::mixed(staged.simulated(), event))
            .flatten();
        let problem = mixed
            .or_else(|| soundness::too_much(staged.quantities, event, values))
            .or_else(|| {
                let ended = staged.usage.session.ended.as_ref();
                let current = self.shared.prices(name);
                let prices = ended.map_or(&*current, |ended| &ended.prices);
                soundness::too_dear(event, prices, &staged.boundaries, self.now)
            });
        if let Some(problem) = problem {
            return Ok(Recorded::Invalid(problem));
        }
        self.append(staged, id, event, replaced)?;
        Ok(Recorded::New)
    }

    /// The event that another one wants to replace; or why it cannot.
    fn replaceable(
        &self,
        staged: &Staged,
        tenant: i64,
        replaced: &str,
    ) -> std::result::Result<EventRow, Problem> {
        let refuse = |reason: &str| Problem::new("replaces_event_id", reason);
        let known = self.find(&(tenant, replaced.to_owned())).ok_or_else(|| {
            refuse("names an event that was never recorded; record that one first")
        })?;
        if let Some(later) = self.replaced.by.get(&known.n) {
            return Err(refuse(&format!(
                "names an event that `{later}` replaces already; replace that one"
            )));
        }
        let added = self
            .added
            .rows
            .get(&known.n)
            .and_then(|place| self.added.events.get(*place))
            .map(|(_, row)| row);
        let row = added
            .or_else(|| self.replaced.rows.get(&known.n))
            .ok_or_else(|| {
                refuse("names an event that was moved out of the ledger; it can no longer be corrected")
            })?;
        if row.session != staged.head.row {
            return Err(refuse(
                "names an event of another session; corrections stay within their session",
            ));
        }
        Ok(row.clone())
    }

    /// Appends an event that was found to be new and sound.
    fn append(
        &mut self,
        staged: &mut Staged,
        id: (i64, String),
        event: &Event,
        replaced: Option<EventRow>,
    ) -> Result<()> {
        let n = self
            .numbers
            .next()
            .ok_or_else(|| Error::Internal("an event got no number".to_owned()))?;
        let shared = &event.shared;
        let occurred = event.occurred.unwrap_or(self.now);
        let (_, clock_ahead) = rating_time(occurred, self.now);
        let row = EventRow {
            n,
            session: staged.head.row,
            series: staged.number(shared.series_fingerprint, &shared.series),
            id: event.event_id.to_text(),
            hash: event.content_hash,
            occurred,
            recorded: self.now,
            clock_ahead,
            scene: event.scene,
            attempt: event.attempt,
            values: event.values.to_vec(),
            replaces: replaced.as_ref().map(|replaced| replaced.n),
            extra: columns::extra_column(&event.labels, &event.billed),
        };
        staged.add(row.delta(
            &shared.series,
            &staged.boundaries,
            staged.head.generation,
            1,
        )?);
        if let Some(replaced) = replaced {
            let series = staged
                .series(replaced.series)
                .cloned()
                .ok_or_else(|| damaged("the series of an event", "missing"))?;
            let generation = generation_of(&staged.head.resets, replaced.n);
            staged.add(replaced.delta(&series, &staged.boundaries, generation, -1)?);
            staged.gain.recount_newest |= replaced.occurred > occurred;
            self.replaced.by.insert(replaced.n, row.id.clone());
            self.added
                .corrections
                .push((replaced.n, replaced.id, n, row.id.clone()));
        }
        let rated = row.rated();
        let (head, gain) = (&mut staged.head, &mut staged.gain);
        head.first_rated = Some(head.first_rated.map_or(rated, |first| first.min(rated)));
        head.last_rated = head.last_rated.max(Some(rated));
        gain.first_event.get_or_insert(n);
        gain.last_event = Some(n);
        gain.newest.note(occurred);
        gain.simulated.get_or_insert(shared.simulated);
        gain.events = true;
        gain.recorded += 1;
        if !shared.series.model_display_name.is_empty() {
            let model = (shared.series.service.clone(), shared.series.model.clone());
            let name = shared.series.model_display_name.clone();
            gain.names.insert(model, name);
        }
        let hash = row.hash;
        self.added.rows.insert(n, self.added.events.len());
        self.added.events.push((id.0, row));
        self.added.ids.insert(id, KnownId { n, hash });
        Ok(())
    }
}

/// Notes what a recorder says that it holds of a session.
fn note_backlog(
    staged: &mut Staged,
    recorder_id: &Arc<str>,
    reported: &ReportedBacklog,
    now: Timestamp,
) {
    let (usage, gain) = (&staged.usage, &mut staged.gain);
    let shown = gain
        .recorders
        .get_or_insert_with(|| usage.recorders.clone());
    if !shown.contains_key(recorder_id) && shown.len() >= RECORDERS_PER_SESSION_MAX {
        let idle = shown
            .iter()
            .filter(|(_, backlog)| !backlog.holds_something())
            .min_by_key(|(_, backlog)| backlog.reported)
            .map(|(id, _)| Arc::clone(id));
        let Some(idle) = idle else {
            tracing::warn!(%recorder_id, "a session shows as many recorders as it can; this one's backlog is not shown");
            return;
        };
        shown.remove(&idle);
        gain.reported.remove(&idle);
        gain.pushed_out.insert(idle);
    }
    let backlog = Backlog {
        pending: reported.pending,
        refused: reported.refused,
        unconfirmed: reported.unconfirmed,
        reported: now,
    };
    shown.insert(Arc::clone(recorder_id), backlog);
    gain.pushed_out.remove(recorder_id);
    gain.reported.insert(Arc::clone(recorder_id));
}
