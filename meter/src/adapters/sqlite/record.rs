//! Recording events: is it new, is it sound in its session, where does it count.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use reelmeter_rating::Name;
use reelmeter_rating::usage::rating_time;
use rusqlite::{OptionalExtension, params};

use super::backlog::make_room;
use super::codec;
use super::error::{Result, damaged};
use super::ledger::{Held, SqliteLedger};
use super::load::generation_of;
use super::row::{self, EventRow};
use super::soundness::{too_dear, unsound};
use super::tail::{FineKey, Newest, SessionTail, TailKey};
use super::tail_file;
use crate::application::Error;
use crate::application::ports::{Answer, Recorded, Recording, SessionKey};
use crate::domain::event::{Billed, Event};
use crate::domain::event_id::EventId;
use crate::domain::limits::RECORDERS_PER_SESSION_MAX;
use crate::domain::problem::Problem;
use crate::domain::recorder::Backlog;
use crate::domain::series::Series;
use crate::domain::session::Session;
use crate::domain::soundness;
use crate::domain::summary::Prices;
use crate::domain::usage::{SeriesId, SessionUsage, Sum};

/// What a transaction will have done to one session, once it is committed.
#[derive(Debug, Default)]
pub(super) struct Gain {
    /// The session as it was made, if the transaction made it.
    pub(super) created: Option<Box<SessionUsage>>,
    pub(super) tail: SessionTail,
    pub(super) series: Vec<(SeriesId, Arc<Series>)>,
    pub(super) names: BTreeMap<(Name, Name), Name>,
    pub(super) recorders: BTreeMap<Arc<str>, Backlog>,
    /// The newest event may have been replaced by an older one.
    pub(super) recount_newest: bool,
}

impl Gain {
    fn is_something(&self) -> bool {
        self.created.is_some() || self.tail.touched.is_some()
    }
}

/// What a transaction will have done, once it is committed. Until then readers see nothing of it.
#[derive(Debug, Default)]
pub(super) struct Staged {
    pub(super) gains: HashMap<SessionKey, Gain>,
    /// The ids that it has added to the tail's; taken out again if it fails.
    pub(super) keys: Vec<(i64, EventId)>,
}

/// Neighbouring events of one session: what they share is looked up once.
struct Neighbours {
    key: SessionKey,
    tenant: i64,
    /// The session, taken out of those that are held; `None` if it does not exist yet.
    held: Option<Held>,
    /// What readers know of it; `None` as long as it does not exist or nobody has asked.
    usage: Option<Arc<SessionUsage>>,
    gain: Gain,
    prices: Arc<Prices>,
    /// The series that the last event belonged to, by its fingerprint.
    last_series: Option<(u128, SeriesId)>,
    /// The sum of the last events that are rated alike.
    last_sum: Option<(FineKey, Sum)>,
}

impl Neighbours {
    /// Adds an event to the sums of its session.
    fn add(&mut self, key: FineKey, values: &[i64], billed: &[Billed]) {
        match &mut self.last_sum {
            Some((last, sum)) if *last == key => sum.add_event(values, billed),
            last => {
                if let Some((key, sum)) = last.replace((key, Sum::of(values, billed))) {
                    self.gain.tail.add_sum(key, &sum);
                }
            }
        }
    }
}

impl SqliteLedger {
    /// Records batches in one transaction and answers each.
    pub(super) fn record_all(
        &mut self,
        recordings: Vec<(Arc<str>, Recording)>,
        now: Timestamp,
    ) -> Vec<Result<Answer>> {
        if recordings.is_empty() {
            return Vec::new();
        }
        let count = recordings.len();
        let before = (self.last_event, self.last_series, self.last_session);
        let mut staged = Staged::default();
        let recorded = self.in_transaction(|ledger| {
            let mut answers = Vec::with_capacity(recordings.len());
            for (tenant, recording) in recordings {
                answers.push(ledger.record(&mut staged, &tenant, recording, now)?);
            }
            ledger.rows.write(&ledger.connection)?;
            ledger.settle_newest(&mut staged)?;
            Ok(answers)
        });
        match recorded {
            Ok(answers) => {
                self.publish(staged);
                answers
                    .into_iter()
                    .map(|outcomes| Ok(Answer::Recorded(outcomes)))
                    .collect()
            }
            Err(error) => {
                (self.last_event, self.last_series, self.last_session) = before;
                for key in staged.gains.keys() {
                    self.forget(key);
                }
                for id in &staged.keys {
                    self.tail.keys.remove(id);
                }
                (0..count).map(|_| Err(error.clone())).collect()
            }
        }
    }

    fn record(
        &mut self,
        staged: &mut Staged,
        tenant: &Arc<str>,
        recording: Recording,
        now: Timestamp,
    ) -> Result<Vec<Recorded>> {
        let mut outcomes = Vec::with_capacity(recording.events.len());
        let mut events = recording.events.into_iter().peekable();
        while let Some(first) = events.peek() {
            let mut neighbours = self.meet(staged, tenant, Arc::clone(&first.shared.session_id))?;
            let session_id = Arc::clone(&neighbours.key.session_id);
            let is_neighbour = |event: &Event| {
                Arc::ptr_eq(&event.shared.session_id, &session_id)
                    || event.shared.session_id == session_id
            };
            while let Some(event) = events.next_if(is_neighbour) {
                outcomes.push(self.record_event(staged, &mut neighbours, event, now)?);
            }
            self.part(staged, neighbours);
        }
        for backlog in recording.backlogs {
            let key = SessionKey {
                tenant: Arc::clone(tenant),
                session_id: Arc::clone(&backlog.session_id),
            };
            self.note_backlog(staged, key, &recording.recorder_id, &backlog, now)?;
        }
        Ok(outcomes)
    }

    /// Takes a session and what the transaction has done to it so far. After an error it is read from the file again.
    fn meet(
        &mut self,
        staged: &mut Staged,
        tenant_name: &Arc<str>,
        session_id: Arc<str>,
    ) -> Result<Neighbours> {
        let tenant = self.tenant(tenant_name)?;
        let key = SessionKey {
            tenant: Arc::clone(tenant_name),
            session_id,
        };
        self.session(&key)?;
        let held = self.sessions.pop(&key);
        Ok(Neighbours {
            tenant,
            usage: held
                .as_ref()
                .and_then(|held| held.live.as_ref())
                .map(|live| live.usage()),
            held,
            gain: staged.gains.remove(&key).unwrap_or_default(),
            prices: self.shared.prices(tenant_name),
            last_series: None,
            last_sum: None,
            key,
        })
    }

    /// Puts a session back.
    fn part(&mut self, staged: &mut Staged, neighbours: Neighbours) {
        let Neighbours {
            key,
            held,
            mut gain,
            last_sum,
            ..
        } = neighbours;
        if let Some((key, sum)) = last_sum {
            gain.tail.add_sum(key, &sum);
        }
        if let Some(held) = held {
            self.sessions.put(key.clone(), held);
        }
        if gain.is_something() {
            staged.gains.insert(key, gain);
        }
    }

    fn record_event(
        &mut self,
        staged: &mut Staged,
        neighbours: &mut Neighbours,
        event: Event,
        now: Timestamp,
    ) -> Result<Recorded> {
        let id_key = (neighbours.tenant, event.event_id.clone());
        if let Some(known) = self.find(&id_key)? {
            return Ok(if known.hash == event.content_hash {
                Recorded::Duplicate
            } else {
                Recorded::Conflict(soundness::conflict())
            });
        }
        let replaced = match &event.replaces {
            Some(replaced) => match self.replaceable(neighbours, replaced)? {
                Ok(row) => Some(row),
                Err(problem) => return Ok(Recorded::Invalid(problem)),
            },
            None => None,
        };
        let held = neighbours.held.as_ref();
        let problem = unsound(held, &event, replaced.as_ref()).or_else(|| {
            let (usage, prices) = (neighbours.usage.as_deref(), &neighbours.prices);
            too_dear(held, usage, &event, prices, &self.sorted_by, now)
        });
        if let Some(problem) = problem {
            return Ok(Recorded::Invalid(problem));
        }
        if held.is_none() {
            self.create_session(neighbours, event.shared.simulated, now)?;
        }
        self.append(staged, neighbours, id_key, event, replaced, now)?;
        Ok(Recorded::New)
    }

    /// Whether an id is in the ledger.
    fn find(&self, id: &(i64, EventId)) -> Result<Option<TailKey>> {
        if let Some(known) = self.tail.keys.get(id) {
            return Ok(Some(*known));
        }
        if let Some(known) = self.recent.get(id) {
            return Ok(Some(known));
        }
        // Time-ordered ids are nearly always newer than all that lie before those: no need to look.
        if self.is_newer_than_all_folded(id) {
            return Ok(None);
        }
        let Some(n) = self.keys.find(&self.connection, id.0, &id.1)? else {
            return Ok(None);
        };
        let hash = self
            .connection
            .prepare_cached(
                "SELECT hash FROM event WHERE n = ?1 UNION ALL SELECT hash FROM archived_event WHERE n = ?1",
            )?
            .query_row(params![n], |row| row.get(0));
        Ok(hash.optional()?.map(|hash| TailKey { n, hash }))
    }

    fn is_newer_than_all_folded(&self, (tenant, id): &(i64, EventId)) -> bool {
        match id {
            EventId::Uuid(_) => self
                .newest_folded
                .get(tenant)
                .is_none_or(|newest| id > newest),
            EventId::Text(_) => false,
        }
    }

    /// The event that another one wants to replace; or why it cannot.
    fn replaceable(
        &mut self,
        neighbours: &Neighbours,
        replaced: &str,
    ) -> Result<std::result::Result<EventRow, Problem>> {
        let refuse = |reason: &str| Ok(Err(Problem::new("replaces_event_id", reason)));
        let Some(known) = self.find(&(neighbours.tenant, EventId::of(replaced)))? else {
            return refuse("names an event that was never recorded; record that one first");
        };
        // It may be an event of this very transaction.
        self.rows.write(&self.connection)?;
        let later: Option<EventId> = self
            .connection
            .prepare_cached("SELECT id FROM event WHERE replaces = ?1")?
            .query_row(params![known.n], |row| row.get(0))
            .optional()?;
        if let Some(later) = later {
            return refuse(&format!(
                "names an event that `{}` replaces already; replace that one",
                later.to_text()
            ));
        }
        let Some(row) = EventRow::get(&self.connection, known.n)? else {
            return refuse(
                "names an event that was moved out of the ledger into a file, and can no longer be corrected; record what is missing as an event of its own",
            );
        };
        match &neighbours.held {
            Some(session) if session.series.contains_key(&row.series) => Ok(Ok(row)),
            _ => refuse("names an event of another session; corrections stay within their session"),
        }
    }

    /// Makes a session for the first event that names it.
    fn create_session(
        &mut self,
        neighbours: &mut Neighbours,
        simulated: bool,
        now: Timestamp,
    ) -> Result<()> {
        let session = Session {
            session_id: Arc::clone(&neighbours.key.session_id),
            title: Arc::from(""),
            labels: Arc::default(),
            simulated,
            started: now,
            ended: None,
        };
        // The event's own transaction makes it revision 1.
        let held = self.insert_session(neighbours.tenant, &session, None, 0, now)?;
        neighbours.held = Some(held);
        neighbours.gain.created = Some(Box::new(SessionUsage::new(session, 0)));
        Ok(())
    }

    /// Appends an event that was found to be new and sound.
    fn append(
        &mut self,
        staged: &mut Staged,
        neighbours: &mut Neighbours,
        id_key: (i64, EventId),
        event: Event,
        replaced: Option<EventRow>,
        now: Timestamp,
    ) -> Result<()> {
        let held = neighbours
            .held
            .as_mut()
            .ok_or_else(|| Error::Internal("a session was lost".to_owned()))?;
        let gain = &mut neighbours.gain;
        let shared = &*event.shared;
        let series = match neighbours.last_series {
            Some((fingerprint, series)) if fingerprint == shared.series_fingerprint => series,
            _ => {
                let number = match held.numbers.get(&shared.series_fingerprint) {
                    Some(number) => *number,
                    None => {
                        self.last_series += 1;
                        let number = self.last_series;
                        row::insert_series(&self.connection, number, held.row, &shared.series)?;
                        held.numbers.insert(shared.series_fingerprint, number);
                        held.series.insert(number, Arc::clone(&shared.series));
                        gain.series.push((number, Arc::clone(&shared.series)));
                        number
                    }
                };
                if !shared.series.model_display_name.is_empty() {
                    let model = (shared.series.service.clone(), shared.series.model.clone());
                    let name = shared.series.model_display_name.clone();
                    gain.names.insert(model, name);
                }
                number
            }
        };
        neighbours.last_series = Some((shared.series_fingerprint, series));
        self.last_event += 1;
        let occurred = event.occurred.unwrap_or(now);
        let (_, clock_ahead) = rating_time(occurred, now);
        let first = gain.tail.transactions == 0;
        gain.tail.transactions = 1;
        let flags = if clock_ahead { row::CLOCK_AHEAD } else { 0 }
            | if first { row::FIRST_IN_TRANSACTION } else { 0 };
        let row = EventRow {
            n: self.last_event,
            id: id_key.1.clone(),
            hash: event.content_hash,
            series,
            occurred,
            recorded: now,
            flags,
            scene: event.scene,
            attempt: event.attempt,
            values: event.values,
            replaces: replaced.as_ref().map(|replaced| replaced.n),
            extra: codec::extra_column(&event.labels, &event.billed),
        };
        let key = row.fine_key(&shared.series, &held.boundaries, held.generation)?;
        held.quantities += row
            .values
            .iter()
            .map(|value| i128::from(*value))
            .sum::<i128>();
        if let Some(replaced) = replaced {
            let series = held
                .series
                .get(&replaced.series)
                .ok_or_else(|| damaged("the series of an event", "missing"))?;
            let generation = generation_of(&held.resets, replaced.n);
            let delta = replaced.delta(series, &held.boundaries, generation, -1)?;
            if generation == held.generation {
                held.quantities -= delta.sum.values.iter().sum::<i128>();
            }
            gain.tail.add(&delta);
            gain.recount_newest |= replaced.occurred > occurred;
        }
        gain.tail.note(row.n, row.times());
        gain.tail.touched = Some(now);
        neighbours.add(key, &row.values, &event.billed);
        let known = TailKey {
            n: row.n,
            hash: row.hash,
        };
        self.rows.add(&self.connection, row)?;
        staged.keys.push(id_key.clone());
        self.tail.keys.insert(id_key, known);
        Ok(())
    }

    /// Where the newest event was replaced by an older one, finds out which is the newest now; and keeps the names.
    fn settle_newest(&mut self, staged: &mut Staged) -> Result<()> {
        for (key, gain) in &mut staged.gains {
            let Some(held) = self.sessions.peek(key) else {
                continue;
            };
            if gain.recount_newest {
                gain.tail.newest =
                    Newest::Exactly(tail_file::newest_counting(&self.connection, held.row)?);
            }
            let shown = held.live.as_ref().map(|live| live.usage());
            gain.names.retain(|model, name| {
                shown
                    .as_ref()
                    .is_none_or(|usage| usage.display_names.get(model) != Some(name))
            });
            for ((service, model), name) in &gain.names {
                self.connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO display_name (session, service, model, display_name) VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute(params![held.row, &**service, &**model, &**name])?;
            }
        }
        Ok(())
    }

    /// After the commit: lets readers see what was done, and wakes those who watch.
    fn publish(&mut self, staged: Staged) {
        let mut started = false;
        for (key, mut gain) in staged.gains {
            let Some(held) = self.sessions.get_mut(&key) else {
                continue;
            };
            if let Some(created) = gain.created.take() {
                held.live = Some(self.shared.live.hold(key.clone(), || *created));
                started = true;
            }
            let generation = held.generation;
            if let Some(live) = &held.live {
                live.update(|usage| {
                    for (key, sum) in &gain.tail.sums {
                        let tally = if key.generation == generation {
                            &mut usage.counted
                        } else {
                            &mut usage.before_reset
                        };
                        tally.add(key.class, sum, 1);
                    }
                    usage.revision += gain.tail.transactions;
                    usage.last_event = gain.tail.newest.over(usage.last_event);
                    usage.series.extend(gain.series);
                    usage.display_names.extend(gain.names);
                    if usage.recorders.len() + gain.recorders.len() > RECORDERS_PER_SESSION_MAX {
                        make_room(&mut usage.recorders, &gain.recorders);
                    }
                    usage.recorders.extend(gain.recorders);
                });
            }
            self.tail
                .sessions
                .entry(held.row)
                .or_default()
                .merge(gain.tail);
        }
        if started {
            self.shared.live.announce();
        }
    }
}
